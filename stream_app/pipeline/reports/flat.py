"""The single values of evidence, each with the command that prints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from stream_app.pipeline.reports.evidence import Evidence

Leaf = str | int | float | bool | None


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Yield every single value in a record, with its path.

    >>> list(leaves_of({"n": 3, "groups": [{"rate": 0.5}]}))
    [('n', 3), ('groups[0].rate', 0.5)]
    """
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves_of(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for number, member in enumerate(value):
            yield from leaves_of(member, f"{path}[{number}]")
    else:
        yield path, value


def value_rows(evidence: Iterable[Evidence]) -> list[dict[str, Leaf]]:
    """Return a row for each value of some evidence, for CSV; a missing value is one that is withheld or undefined."""
    return [
        {"evidence": one.kind, "line": number, "path": path, "value": value, "command": one.command}
        for one in evidence
        for number, record in enumerate(one.records, start=1)
        for path, value in leaves_of(record)
    ]
