"""Intersections of a window beside all tables of the next smaller windows inside it.

An hour minus its shown ten minutes is a release too: the black people of the rest, minus the black men of the rest. So
all tables of the window and of those inside it are one linear system over the cross of all attributes in each of these,
and shown intersections of the window are hidden until no set of fewer than k people follows. Windows inside it that
show the same cells are summed, because every combination that uses one of them uses the others too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from stream_app.core.arrays import Bools
from stream_app.core.privacy.disclosure import disclose_table
from stream_app.core.releases.determined import SmallSums
from stream_app.core.releases.joint import Labels, TableRelease

_MOST_CELLS = 400  # beyond that the windows of the fewest people are taken as known

ShownCells = frozenset[tuple[str, Labels]]  # name of the table, and the cell
Blocks = dict[ShownCells, dict[Labels, int]]  # people by the labels of all attributes, by what was shown of them


def add_block(blocks: Blocks, shown: ShownCells, people: Mapping[Labels, int]) -> None:
    """Take in a smaller window.

    Args:
        blocks: The former ones; changed in place.
        shown: The cells that it showed.
        people: Its people by the labels of all attributes.

    >>> blocks = {}
    >>> add_block(blocks, frozenset(), {("f", "a"): 3}), add_block(blocks, frozenset(), {("f", "a"): 4})
    (None, None)
    >>> blocks
    {frozenset(): {('f', 'a'): 7}}
    """
    block = blocks.setdefault(shown, {})
    for labels, n in people.items():
        block[labels] = block.get(labels, 0) + n
    while sum(map(len, blocks.values())) > _MOST_CELLS:
        del blocks[min(blocks, key=lambda cells: (sum(blocks[cells].values()), sorted(cells)))]


def protect_crossed(
    blocks: Blocks, tables: Mapping[str, TableRelease], shown: Mapping[str, set[Labels]], k: int
) -> dict[str, set[Labels]]:
    """Return the cells that each table of a window may show beside the windows inside it.

    Args:
        blocks: The windows inside it that hide anything.
        tables: The tables of the window, by name.
        shown: The cells that each would show.
        k: Fewest people about which anything may follow.
    """
    kept = {name: set(cells) for name, cells in shown.items()}
    crossed = {name for name, table in tables.items() if table.is_crossed}
    if not blocks or not any(kept[name] for name in crossed):
        return kept
    system = _System(blocks, tables, k)
    while chosen := system.cells_to_hide(kept):
        for name, cell in chosen:
            kept[name].discard(cell)
        for name in sorted({name for name, _ in chosen}):
            people = tables[name].people
            kept[name] &= disclose_table(people, k, withheld=people.keys() - kept[name]).shown
    return kept


class _System:
    """A column for each cell of the complete cross in each block, rows for what is known of them."""

    def __init__(self, blocks: Blocks, tables: Mapping[str, TableRelease], k: int) -> None:
        self._tables = tables
        n_people = np.array([n for people in blocks.values() for n in people.values()], np.int64)
        numbers = np.repeat(np.arange(len(blocks)), [len(people) for people in blocks.values()])
        row_of: dict[tuple[str, Labels], int] = {}
        places: dict[Labels, list[int]] = {}
        for labels in dict.fromkeys(labels for people in blocks.values() for labels in people):
            cells = [(name, tuple(labels[place] for place in table.places)) for name, table in tables.items()]
            places[labels] = [row_of.setdefault(cell, len(row_of)) for cell in cells]
        sums: Bools = np.zeros((len(row_of), len(n_people)), np.bool_)
        for column, labels in enumerate(labels for people in blocks.values() for labels in people):
            sums[places[labels], column] = True
        inside: Bools = numbers == np.arange(len(blocks))[:, None]
        known = [
            sums[row_of[cell]] & inside[number]
            for number, cells in enumerate(blocks)
            for cell in sorted(cells)
            if cell in row_of
        ]
        parts = (sums[:, None, :] & inside[None, :, :]).reshape(-1, len(n_people))
        targets = np.vstack([sums, parts, np.eye(len(n_people), dtype=np.bool_)])
        self._cells = list(row_of)
        crossed = [place for place, (name, _) in enumerate(self._cells) if tables[name].is_crossed]
        order = sorted(crossed, key=lambda place: self._size_of(self._cells[place]))
        known_rows = np.array([*inside, *known])
        self._sums = SmallSums(sums, n_people, targets, k, order=order, known=known_rows, parts=numbers)

    def cells_to_hide(self, shown: Mapping[str, Collection[Labels]]) -> list[tuple[str, Labels]]:
        """Return one shown intersection for each small sum that follows: one with the largest share in it."""
        is_released = np.array([cell in shown[name] for name, cell in self._cells])
        return [self._cells[place] for place in self._sums.to_hide(is_released)]

    def _size_of(self, cell: tuple[str, Labels]) -> tuple[int, tuple[str, Labels]]:
        return self._tables[cell[0]].people[cell[1]], cell
