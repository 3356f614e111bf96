"""The linear system of what smaller windows hide: which of their people follow when a larger one shows some cells.

A column for each hidden cell of each sum, a row for each cell that the larger window shows (minus the shown cells
inside it), and rows for what the margins, and windows of sizes in between, reveal of the hidden cells together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools
from stream_app.core.privacy.disclosure import lines_of
from stream_app.core.releases.determined import KnownSums, SmallSums, distinct

Labels = tuple[str, ...]
People = dict[Labels, int]

_PAST = -(2**62)  # the start of what is summed up
_MOST_SUBSETS = 8  # groups of which every set is tested, of more those of one and two and what these leave


class Atom(NamedTuple):
    """A cell that several windows hide.

    Attributes:
        start_s: Start of the second smallest window around them.
        hidden: All cells that they hide.
        cell: The cell.
        n: People in it.
    """

    start_s: int
    hidden: frozenset[Labels]
    cell: Labels
    n: int


class Release(NamedTuple):
    """What a window, or running totals, inside a larger one showed of one table.

    Attributes:
        start_s: Its start.
        end_s: Its end.
        cells: The cells that it showed.
    """

    start_s: int
    end_s: int
    cells: frozenset[Labels]


class Past(NamedTuple):
    """What was counted in a time inside which nothing will be released any more.

    Of it only what running totals contain matters: how many people each cell has that no reader can compute.

    Attributes:
        people: The fewest of them that a later release could isolate, without those of windows that showed the cell;
            cells that readers can compute are left out.
        known: Sets of these cells whose sum readers can compute.
        guarded: The cells that readers must not learn, because a few people of the past would follow.
        beside: People whom the windows that hide a cell show only together with it: the sum over these windows follows
            with the cell. Cells with people who are shown together with nobody are left out.
    """

    people: Mapping[Labels, int] = {}
    known: tuple[frozenset[Labels], ...] = ()
    guarded: frozenset[Labels] = frozenset()
    beside: Mapping[Labels, int] = {}

    def without(self, shown: Collection[Labels]) -> Past:
        """Return what is still open when totals have shown some cells."""
        people = {cell: n for cell, n in self.people.items() if cell not in shown}
        known = tuple(dict.fromkeys(rest for cells in self.known if (rest := cells - set(shown))))
        beside = {cell: n for cell, n in self.beside.items() if cell in people}
        past = Past(people, known, self.guarded & people.keys(), beside)
        computed = {cell for cells in known if len(cells) == 1 for cell in cells}
        return past.without(computed) if computed else past


NO_PAST = Past()


class HiddenSystem:
    """The linear system of one table.

    Args:
        atoms: The hidden cells, without those of the past.
        releases: What windows of sizes in between showed.
        cells: All cells that the larger window may have.
        past: What was summed up before.
    """

    def __init__(
        self, atoms: Iterable[Atom], releases: Iterable[Release], cells: Iterable[Labels], past: Past = NO_PAST
    ) -> None:
        atoms = [*(Atom(_PAST, frozenset(), cell, n) for cell, n in past.people.items()), *atoms]
        self._past, self._atoms = past, atoms
        self._people = np.array([atom.n for atom in atoms], np.int64)
        self._starts_s = starts_s = np.array([atom.start_s for atom in atoms])
        numbers = {key: number for number, key in enumerate(dict.fromkeys(atom[:2] for atom in atoms))}
        self._windows = places = np.array([numbers[atom[:2]] for atom in atoms])
        hidden = list(dict.fromkeys(atom.cell for atom in atoms))
        self._of_cell = {cell: np.array([atom.cell == cell for atom in atoms]) for cell in hidden}
        lines = [self._columns(line) for line in lines_of(list(dict.fromkeys([*cells, *hidden])))]
        known = [line & (places == place) for line in lines for place in range(len(numbers))] + lines
        released: list[Bools] = []
        for start_s, end_s, were_shown in releases:
            inside = (start_s <= starts_s) & (starts_s < end_s)
            known += [line & inside for line in lines]
            released += [self._of_cell[cell] & inside for cell in hidden if cell in were_shown]
        known += released
        self._is_past = starts_s == _PAST
        known += [self._columns(cells) & self._is_past for cells in past.known]
        self._known = distinct(np.array(known))
        self._released = released
        self._guarded = self._guarded_sets()
        self._sums: SmallSums | None = None

    def cells_to_hide(self, shown: Collection[Labels], people: Mapping[Labels, int], k: int) -> set[Labels]:
        """Return one shown cell for each small sum that follows: one with the largest share in it."""
        cells = list(self._of_cell)
        if self._sums is None:
            sums = np.array(list(self._of_cell.values()))
            inside = self._starts_s == np.unique(self._starts_s)[:, None]
            parts = (sums[:, None, :] & inside[None, :, :]).reshape(-1, len(self._people))
            beside = self._beside(sums, k)
            targets = np.vstack([np.eye(len(self._people), dtype=np.bool_), sums, parts, self._known, beside])
            listed = [place for place, cell in enumerate(cells) if cell in people]
            self._sums = SmallSums(
                sums,
                self._people,
                targets,
                k,
                order=sorted(listed, key=lambda place: (people[cells[place]], cells[place])),
                known=self._known,
                guarded=self._guarded,
            )
        return {cells[place] for place in self._sums.to_hide(np.array([cell in shown for cell in cells]))}

    def summed(self, k: int) -> Past:
        """Return everything as a past: nothing will be released inside it any more.

        Args:
            k: Fewest people about which anything may follow.
        """
        sums = KnownSums(self._known, self._people)
        followed = [part & sums.is_full for part in np.eye(len(self._people), dtype=np.bool_) if sums.follows(part)]
        parts = np.array([*followed, *(self._known & sums.is_full)])
        left = {
            cell: _without_parts(columns & sums.is_full, parts)
            for cell, columns in self._of_cell.items()
            if not sums.follows(columns)
        }
        people = {cell: int(self._people[columns].sum()) for cell, columns in left.items()}
        beside = {cell: n for cell, columns in left.items() if (n := self._n_beside(cell, columns, parts)) is not None}
        known = [cells for cells in _sets_of(sorted(people)) if sums.follows(self._columns(cells))]
        least = tuple(cells for cells in known if not any(other < cells for other in known))
        shown = {cell for cell, n in people.items() if n >= k}
        while chosen := self.cells_to_hide(shown, people, k):
            shown -= chosen
        few = {cell for cell, n in beside.items() if 0 < n < k}
        return Past(people, least, frozenset((people.keys() - shown) | few), beside)

    def _n_beside(self, cell: Labels, columns: Bools, parts: Bools) -> int | None:
        """Return how many people follow with a cell: windows that hide it show it together with them."""
        n = 0
        if (columns & self._is_past).any():
            if cell not in self._past.beside:
                return None
            n += self._past.beside[cell]
        for start_s in np.unique(self._starts_s[columns & ~self._is_past]).tolist():
            others = (self._people > 0) & (self._starts_s == start_s) & ~columns
            n += int(self._people[_without_parts(others, parts)].sum())
        return n

    def _guarded_sets(self) -> Bools:
        """Return the sets of cells of the past that must not follow: one or two of which at least one is guarded."""
        guarded = [set(cells) for cells in _pairs_of(sorted(self._past.people)) if self._past.guarded & set(cells)]
        sets = [self._columns(cells) & self._is_past for cells in guarded if cells not in self._past.known]
        return np.array(sets, np.bool_).reshape(len(sets), len(self._atoms))

    def _beside(self, sums: Bools, k: int) -> Bools:
        """Return each cell in the windows that hide another one, where these are fewer than k people.

        If a larger window shows the other cell, it shows how many people this has in those windows together, and by
        the margins of those windows the rest follows, however many they are.
        """
        is_in = (self._windows == np.arange(self._windows.max() + 1)[:, None]).astype(np.float64)
        hides = distinct(np.array([*sums, *self._released]) @ is_in.T > 0)
        hides = hides[hides.sum(axis=1) > 1]
        n_people = hides @ ((sums * self._people) @ is_in.T).T
        number, place = np.nonzero((n_people > 0) & (n_people < k))
        inside: Bools = hides @ is_in > 0
        beside: Bools = sums[place] & inside[number]
        return beside

    def _columns(self, cells: Iterable[Labels]) -> Bools:
        columns = np.zeros(len(self._people), np.bool_)
        for cell in cells:
            if cell in self._of_cell:
                columns |= self._of_cell[cell]
        return columns


def _without_parts(columns: Bools, parts: Bools) -> Bools:
    """Return what is left of columns without the parts inside them that readers can compute, large ones first."""
    inside = parts[parts.any(axis=1) & ~(parts & ~columns).any(axis=1)]
    for part in sorted(inside, key=lambda part: -int(part.sum())):
        if not (part & ~columns).any():
            columns = columns & ~part
    return columns


def _pairs_of(cells: Sequence[Labels]) -> list[tuple[Labels, ...]]:
    return [*((cell,) for cell in cells), *combinations(cells, 2)]


def _sets_of(cells: Sequence[Labels]) -> list[frozenset[Labels]]:
    """Return sets of cells, small ones first: all of a few, of more those of one and two cells and what these leave."""
    if len(cells) <= _MOST_SUBSETS:
        return [frozenset(some) for size in range(1, len(cells) + 1) for some in combinations(cells, size)]
    some = [frozenset(each) for each in _pairs_of(cells)]
    return [*some, *(frozenset(cells) - each for each in some), frozenset(cells)]
