"""How the alerts of two runs differ: gained, lost, moved in time."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from stream_app.pipeline.disclosure.alerts import DisclosedAlert

_Pair = tuple[str, str, str]  # attribute, group, test


class AlertChange(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that two runs do not have in common.

    Attributes:
        attribute: Protected attribute.
        group: The group.
        test: Which sequential test.
        kind: ``gained``, ``lost`` or ``moved`` in time.
        original_s: When it was told in the first run, event time; None when it was not.
        what_if_s: When it was told in the second.
    """

    attribute: str
    group: str
    test: str
    kind: str
    original_s: int | None
    what_if_s: int | None


def compare_alerts(original: Iterable[DisclosedAlert], scenario: Iterable[DisclosedAlert]) -> list[AlertChange]:
    """Pair the breaches of two runs, in order of time; those of one test at one moment are the same."""
    before, after = _times(original), _times(scenario)
    changes = []
    for pair in sorted({*before, *after}):
        changes += _compare_times(pair, before.get(pair, []), after.get(pair, []))
    return changes


def _compare_times(pair: _Pair, ours: list[int], theirs: list[int]) -> list[AlertChange]:
    """Compare the moments of one test.

    >>> [(c.kind, c.original_s, c.what_if_s) for c in _compare_times(("a", "g", "gap_low"), [10, 50], [10, 70, 90])]
    [('moved', 50, 70), ('gained', None, 90)]
    """
    same = set(ours) & set(theirs)
    lost, gained = [at for at in ours if at not in same], [at for at in theirs if at not in same]
    n_moved = min(len(lost), len(gained))
    changes = [_change(pair, "moved", *times) for times in zip(lost, gained, strict=False)]
    changes += [_change(pair, "lost", at, None) for at in lost[n_moved:]]
    return changes + [_change(pair, "gained", None, at) for at in gained[n_moved:]]


def _times(alerts: Iterable[DisclosedAlert]) -> dict[_Pair, list[int]]:
    times: dict[_Pair, list[int]] = {}
    for own in sorted(alerts, key=lambda alert: alert.at_s):
        if own.change == "breach":
            times.setdefault((own.attribute, own.group, own.test), []).append(own.at_s)
    return times


def _change(pair: _Pair, kind: str, original_s: int | None, what_if_s: int | None) -> AlertChange:
    attribute, group, test = pair
    return AlertChange(
        attribute=attribute, group=group, test=test, kind=kind, original_s=original_s, what_if_s=what_if_s
    )
