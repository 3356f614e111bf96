"""Intersections of a window beside all tables of the smaller windows inside it.

An hour minus its shown ten minutes is a release too: the black people of the rest, minus the black men of the rest. So
all tables of the window and of those inside it, small and large, are one linear system over the cross of all attributes
in each of the smallest ones, and shown intersections of the window are hidden until no set of fewer than k people
follows. Only cells that do not follow from one of the windows alone are in it. Windows that leave the same cells open
beside the same shown ones are summed, because every combination that uses one of them uses the others too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Ints
from stream_app.core.privacy.disclosure import disclose_table
from stream_app.core.releases.determined import SmallSums, distinct
from stream_app.core.releases.joint import Labels, TableRelease

_MOST_CELLS = 400  # beyond that the windows of the fewest people are taken as known

ShownCells = frozenset[tuple[str, Labels]]  # name of the table, and the cell
People = dict[Labels, int]  # by the labels of all attributes


class Leaf(NamedTuple):
    """Windows without others inside them that are open in the same way.

    Attributes:
        around: Places of the releases that contain them.
        shown: Cells with open people that they showed.
        open: The labels of the cells that are open.
    """

    around: frozenset[int]
    shown: ShownCells
    open: frozenset[Labels]


class InnerTables:
    """What the windows inside a larger one leave open.

    Args:
        leaves: The open people of the smallest windows.
        releases: The cells that each larger window around some of them showed, inside the one that this is about.

    >>> inner, places = InnerTables(), {"sex": (0,), "age": (1,)}
    >>> inner.add(frozenset(), {("f", "a"): 4, ("f", "b"): 9}, places, 10)
    >>> inner.add(frozenset(), {("f", "a"): 11}, places, 10)
    >>> [dict(people) for people in inner.leaves.values()]
    [{('f', 'a'): 4, ('f', 'b'): 9}]
    """

    def __init__(
        self, leaves: Iterable[tuple[Leaf, Mapping[Labels, int]]] = (), releases: Iterable[ShownCells] = ()
    ) -> None:
        self.leaves: dict[Leaf, People] = {leaf: dict(people) for leaf, people in leaves}
        self.releases = list(releases)

    def add(
        self,
        shown: ShownCells,
        people: Mapping[Labels, int],
        places: Mapping[str, tuple[int, ...]],
        k: int,
        inside: InnerTables | None = None,
    ) -> None:
        """Take in a window of the next smaller size.

        Args:
            shown: The cells that it showed.
            people: Its people by the labels of all attributes.
            places: Places of the attributes of each table in these labels.
            k: Fewest people about which anything may follow.
            inside: What the windows inside it leave open; None where they leave nothing open, or there are none.
        """
        left = _open_cells(shown, people, places, k)
        if not left:
            return
        if inside is not None and inside.leaves and self.n_cells + inside.n_cells <= _MOST_CELLS:
            self._take(inside, shown)
        else:
            relevant = frozenset(cell for cells in map(_cells_by(places), left) for cell in cells) & shown
            self._merge(Leaf(frozenset(), relevant, frozenset(left)), left)
        while self.n_cells > _MOST_CELLS:
            del self.leaves[min(self.leaves, key=lambda leaf: (sum(self.leaves[leaf].values()), _sorted(leaf)))]

    @property
    def n_cells(self) -> int:
        """How many cells are open."""
        return sum(map(len, self.leaves.values()))

    def _take(self, inside: InnerTables, shown: ShownCells) -> None:
        """Take in what is open inside a window; one that is open like another adds to that."""
        n, last = len(self.releases), len(self.releases) + len(inside.releases)
        around = {leaf: frozenset({last, *(n + place for place in leaf.around)}) for leaf in inside.leaves}
        if len(inside.leaves) == 1 and not inside.releases:
            [only] = inside.leaves
            around[only] = next(self._like(only, shown), around[only])
        if not any(place < n for places in around.values() for place in places):
            self.releases += [*inside.releases, shown]
        for leaf, people in inside.leaves.items():
            self._merge(leaf._replace(around=around[leaf]), people)

    def _like(self, only: Leaf, shown: ShownCells) -> Iterator[frozenset[int]]:
        """Yield the places of releases that showed the same around a single leaf that is open in the same way."""
        for place, cells in enumerate(self.releases):
            if cells == shown and [leaf for leaf in self.leaves if place in leaf.around] == [
                only._replace(around=frozenset({place}))
            ]:
                yield frozenset({place})

    def _merge(self, leaf: Leaf, people: Mapping[Labels, int]) -> None:
        own = self.leaves.setdefault(leaf, {})
        for labels, n in people.items():
            own[labels] = own.get(labels, 0) + n


def protect_crossed(
    inner: InnerTables, tables: Mapping[str, TableRelease], shown: Mapping[str, set[Labels]], k: int
) -> dict[str, set[Labels]]:
    """Return the cells that each table of a window may show beside the windows inside it.

    Args:
        inner: What the windows inside it leave open.
        tables: The tables of the window, by name.
        shown: The cells that each would show.
        k: Fewest people about which anything may follow.
    """
    kept = {name: set(cells) for name, cells in shown.items()}
    crossed = {name for name, table in tables.items() if table.is_crossed}
    if not inner.leaves or not any(kept[name] for name in crossed):
        return kept
    system = _System(inner, tables, k)
    while chosen := system.cells_to_hide(kept):
        for name, cell in chosen:
            kept[name].discard(cell)
        for name in sorted({name for name, _ in chosen}):
            people = tables[name].people
            kept[name] &= disclose_table(people, k, withheld=people.keys() - kept[name]).shown
    return kept


class _System:
    """A column for each open cell of each leaf, rows for what is known of them."""

    def __init__(self, inner: InnerTables, tables: Mapping[str, TableRelease], k: int) -> None:
        self._tables, leaves = tables, inner.leaves
        n_people = np.array([n for people in leaves.values() for n in people.values()], np.int64)
        numbers = np.repeat(np.arange(len(leaves)), [len(people) for people in leaves.values()])
        cells_of = _cells_by({name: table.places for name, table in tables.items()})
        row_of: dict[tuple[str, Labels], int] = {}
        rows_of: dict[Labels, list[int]] = {}
        for labels in dict.fromkeys(labels for people in leaves.values() for labels in people):
            rows_of[labels] = [row_of.setdefault(cell, len(row_of)) for cell in cells_of(labels)]
        sums: Bools = np.zeros((len(row_of), len(n_people)), np.bool_)
        for column, labels in enumerate(labels for people in leaves.values() for labels in people):
            sums[rows_of[labels], column] = True
        inside: Bools = numbers == np.arange(len(leaves))[:, None]
        known = [
            sums[row_of[cell]] & inside[number]
            for number, leaf in enumerate(leaves)
            for cell in sorted(leaf.shown)
            if cell in row_of
        ]
        around = np.array([[place in leaf.around for leaf in leaves] for place in range(len(inner.releases))], np.bool_)
        within = around.reshape(-1, len(leaves))[:, numbers]
        known += [
            sums[row_of[cell]] & columns
            for columns, cells in zip(within, inner.releases, strict=True)
            for cell in sorted(cells)
            if cell in row_of and columns.any()
        ]
        is_open = sums.astype(np.float64) @ inside.T > 0
        is_open &= np.array([[cell not in leaf.shown for leaf in leaves] for cell in row_of], np.bool_)
        spans = distinct(np.vstack([inside, within, is_open[:, numbers]]))  # a cell minus all that show it, too
        parts = (sums[:, None, :] & spans[None, :, :]).reshape(-1, len(n_people))
        targets = np.vstack([sums, parts, np.eye(len(n_people), dtype=np.bool_)])
        self._cells = list(row_of)
        crossed = [place for place, (name, _) in enumerate(self._cells) if tables[name].is_crossed]
        order = sorted(crossed, key=lambda place: self._size_of(self._cells[place]))
        known_rows = np.array([*inside, *known])
        self._sums = SmallSums(
            sums, n_people, targets, k, order=order, known=known_rows, parts=_joined(within, numbers)
        )

    def cells_to_hide(self, shown: Mapping[str, Collection[Labels]]) -> list[tuple[str, Labels]]:
        """Return one shown intersection for each small sum that follows: one with the largest share in it."""
        is_released = np.array([cell in shown[name] for name, cell in self._cells])
        return [self._cells[place] for place in self._sums.to_hide(is_released)]

    def _size_of(self, cell: tuple[str, Labels]) -> tuple[int, tuple[str, Labels]]:
        return self._tables[cell[0]].people[cell[1]], cell


def _cells_by(places: Mapping[str, tuple[int, ...]]) -> Callable[[Labels], list[tuple[str, Labels]]]:
    """Return what says which cell of each table people are in."""
    return lambda labels: [(name, tuple([labels[place] for place in own])) for name, own in places.items()]


def _open_cells(
    shown: ShownCells, people: Mapping[Labels, int], places: Mapping[str, tuple[int, ...]], k: int
) -> People:
    """Return the people of cells that do not follow one by one: from a shown cell, or everybody, without known ones.

    A few people are open even if they are all in one cell, since readers do not know that the others are empty.
    """
    cells_of, left = _cells_by(places), {labels: n for labels, n in people.items() if n}
    rows = {labels: [cell for cell in cells_of(labels) if cell in shown] for labels in left}
    while left:
        n_open = Counter(cell for labels in left for cell in rows[labels])
        is_last = len(left) == 1 and sum(left.values()) >= k
        known = [labels for labels in left if is_last or any(n_open[cell] == 1 for cell in rows[labels])]
        if not known:
            break
        for labels in known:
            del left[labels]
    return left


def _joined(within: Bools, numbers: Ints) -> Ints:
    """Return the part of each column: leaves that a release contains together are one."""
    parts = numbers.copy()
    for columns in within:
        if columns.any():
            parts[np.isin(parts, parts[columns])] = parts[columns].min()
    return parts


def _sorted(leaf: Leaf) -> tuple[list[int], list[tuple[str, Labels]], list[Labels]]:
    return sorted(leaf.around), sorted(leaf.shown), sorted(leaf.open)
