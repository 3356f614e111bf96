"""What is withheld of the tables of a window beyond what each hides on its own, and whom a gate counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.pipeline.judge.gate.tables import Count, Labels, Shown, Tables, without
from stream_app.pipeline.records.results import FormerRelease, Result, Withheld

Rejudge = Callable[[Cells], list[Result]]


class CountedPart(NamedTuple):
    """People that a gate is about where these are not all that the cells count.

    Attributes:
        kind: The kind of its entries in the changelog topic.
        people_in: Returns the tables of some attributes in some cells.
    """

    kind: str
    people_in: Count


def without_groups(tables: Tables, shown: Shown, hidden: Mapping[str, set[Labels]], k: int) -> Shown:
    """Return what tables show without some more groups, and without what would reveal them."""
    return {name: without(tables[name], groups, hidden.get(name, set()), k) for name, groups in shown.items()}


def withheld_beyond(results: Iterable[Result], alone: Shown, shown: Shown, *, is_held: bool) -> dict[str, Withheld]:
    """Return what is withheld of each table beyond what it hides on its own.

    Args:
        results: What is shown.
        alone: What each table would show on its own.
        shown: What it may show.
        is_held: Whether ``results`` is shown instead of what was counted.
    """
    withheld = {}
    for result in results:
        name = result.attribute
        is_more = bool(alone[name] - shown[name])  # then all that is hidden is named: its own rule chooses differently
        hidden = {group.group for group in result.groups if group.n and group.labels not in shown[name]}
        groups = tuple(sorted(hidden)) if is_more else ()
        former = FormerRelease(start_s=result.start_s, end_s=result.end_s, groups=result.groups) if is_held else None
        if groups or is_held:
            withheld[name] = Withheld(groups=groups, is_held=is_held, former=former)
    return withheld


def without_late(cells: Cells, late: Cells, rejudge: Rejudge) -> tuple[Cells, list[Result]]:
    """Return the counts of a window without corrections that are not released, and the verdicts on them."""
    released = {code: list(vector) for code, vector in cells.items()}
    add_cells(released, late, sign=-1)
    return released, rejudge(released)
