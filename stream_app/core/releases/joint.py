"""All tables of one window against each other: a cell of one must not follow from the cells of others.

The tables are margins of the cross of all attributes: groups of each attribute, and intersections. Each of them hides
its own small cells (``core.privacy.disclosure``), but the shown cells of several tables can be combined: women of 30 to
44 minus those who are black minus those who are Asian. Here every shown cell is one row of a linear system over the
cross of all attributes, and shown intersections are hidden until no set of fewer than k people follows.

Groups of single attributes are never hidden here. Without intersections nothing can follow from them: a sum of
functions of one label each is 0 or 1 on the complete cross only where it depends on one attribute alone, and there the
hidden groups together have at least k people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stream_app.core.arrays import Bools
from stream_app.core.privacy.disclosure import disclose_table
from stream_app.core.releases.determined import SmallSums

Labels = tuple[str, ...]

_MOST_CELLS = 400  # beyond that the system takes too long for a window


@dataclass(frozen=True)
class TableRelease:
    """One table and what it shows.

    Attributes:
        places: Places of its attributes in the labels of the complete cross, ascending.
        people: People of its cells, unknown values included.
        shown: The cells that it shows.
    """

    places: tuple[int, ...]
    people: Mapping[Labels, int]
    shown: Collection[Labels]

    @property
    def is_crossed(self) -> bool:
        """Whether it is a table of intersections."""
        return len(self.places) > 1


def protect_jointly(people: Mapping[Labels, int], tables: Sequence[TableRelease], k: int) -> list[set[Labels]]:
    """Return the cells that each table may show beside the others.

    Args:
        people: People by the labels of all attributes, cells without people left out.
        tables: The tables of the window.
        k: Fewest people about which anything may follow.

    >>> people = {("f", "a"): 4, ("f", "b"): 30, ("m", "a"): 30, ("m", "b"): 40}
    >>> gender = TableRelease((0,), {("f",): 34, ("m",): 70}, {("f",), ("m",)})
    >>> race = TableRelease((1,), {("a",): 34, ("b",): 70}, {("a",), ("b",)})
    >>> both = TableRelease((0, 1), people, {("m", "b")})
    >>> protect_jointly(people, [gender, race, both], 10)[2]
    set()
    """
    shown = [set(table.shown) for table in tables]
    if not any(n < k for table in tables for n in table.people.values() if n) or not any(
        table.is_crossed and cells for table, cells in zip(tables, shown, strict=True)
    ):
        return shown
    if len(people) > _MOST_CELLS:
        _hide_incomplete(tables, shown)
        return shown
    system = _System(people, tables, shown, k)
    while chosen := system.cells_to_hide():
        for number in {number for number, _ in chosen}:
            before = shown[number]
            kept = before - {cell for where, cell in chosen if where == number}
            hidden = tables[number].people.keys() - kept
            shown[number] = kept & disclose_table(tables[number].people, k, withheld=hidden).shown
            system.hide(number, before - shown[number])
    return shown


class _System:
    """The linear system of a window: a column for each cell of the complete cross, a row for each cell of a table."""

    def __init__(
        self, people: Mapping[Labels, int], tables: Sequence[TableRelease], shown: Sequence[Collection[Labels]], k: int
    ) -> None:
        self._cells = [(number, cell) for number, table in enumerate(tables) for cell, n in table.people.items() if n]
        self._row_of = {item: row for row, item in enumerate(self._cells)}
        rows: Bools = np.zeros((len(self._cells) + 1, len(people)), np.bool_)
        rows[-1] = True  # everybody is known
        for number, table in enumerate(tables):
            own = {cell: row for row, (where, cell) in enumerate(self._cells) if where == number}
            places = table.places
            found = [own.get(tuple([labels[place] for place in places]), -1) for labels in people]
            row, column = np.array(found, np.intp), np.arange(len(found))
            rows[row[row >= 0], column[row >= 0]] = True
        n = np.array(list(people.values()), np.int64)
        crossed = [
            (tables[number].people[cell], number, cell, row)
            for row, (number, cell) in enumerate(self._cells)
            if tables[number].is_crossed
        ]
        order = [row for *_, row in sorted(crossed)]
        self._sums = SmallSums(rows, n, np.vstack([rows[:-1], np.eye(len(n), dtype=np.bool_)]), k, order=order)
        self._is_released: Bools = np.array([*(cell in shown[number] for number, cell in self._cells), True])

    def hide(self, number: int, cells: Collection[Labels]) -> None:
        """Hide cells of a table."""
        self._is_released[[self._row_of[number, cell] for cell in cells]] = False

    def cells_to_hide(self) -> list[tuple[int, Labels]]:
        """Return one shown intersection for each small sum that follows: one with the largest share in it."""
        return [self._cells[row] for row in self._sums.to_hide(self._is_released)]


def _hide_incomplete(tables: Sequence[TableRelease], shown: Sequence[set[Labels]]) -> None:
    """Hide every table of intersections that hides anything: what is left needs no system."""
    for table, cells in zip(tables, shown, strict=True):
        if table.is_crossed and any(n and cell not in cells for cell, n in table.people.items()):
            cells.clear()
