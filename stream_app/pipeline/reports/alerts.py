"""Which breaches are open, from the alerts that a command printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]


def open_breaches(alerts: Iterable[Record], before_s: float | None = None) -> dict[tuple[str, str, str], Record]:
    """Return the breach of each attribute, group and test that no recovery has followed.

    Args:
        alerts: Alerts, oldest first; those that are sealed are left out.
        before_s: Only alerts before this time; None for all.

    >>> breach = {"attribute": "sex", "group": "f", "test": "ratio_low", "change": "breach", "at_s": 60}
    >>> list(open_breaches([breach])), list(open_breaches([breach, breach | {"change": "recovery", "at_s": 120}]))
    ([('sex', 'f', 'ratio_low')], [])
    >>> list(open_breaches([breach], before_s=60))
    []
    """
    newest: dict[tuple[str, str, str], Record] = {}
    for record in alerts:
        if "test" in record and (before_s is None or record["at_s"] < before_s):
            newest[record["attribute"], record["group"], record["test"]] = record
    return {key: record for key, record in newest.items() if record["change"] == "breach"}
