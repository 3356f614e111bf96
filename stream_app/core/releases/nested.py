"""A window beside the smaller windows inside it: the hour minus its shown minutes must not be fewer than k people.

Of the smallest windows only the hidden cells matter: what they show, a reader subtracts. Windows that hide the same
cells are summed where nothing in between was released, because every combination that uses the hidden cells of one uses
those of the others too. What is left is a small linear system: a column for each hidden cell of each such sum, a row
for each cell that a larger window shows (minus the shown cells inside it), and rows for what the margins reveal of the
hidden cells together.

The same holds for running totals, which contain all windows since the beginning and are released again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools
from stream_app.core.privacy.disclosure import disclose_cells, lines_of
from stream_app.core.releases.determined import find_small_sums

Labels = tuple[str, ...]
People = dict[Labels, int]

_MOST_CELLS = 400  # beyond that a larger window shows only what the smallest ones showed
_NEVER = 2**62  # a start that no release contains


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


class HiddenParts:
    """What the smallest windows hide of one table, inside one larger window, and what was released in between.

    Args:
        sums: Start of the second smallest window that contains them, with the people of hidden cells.
        releases: What windows of sizes in between, or earlier running totals, showed.
        is_full: Whether there were too many, so that the sums no longer say everything.

    >>> parts = HiddenParts()
    >>> parts.add(0, {("a",): 6, ("b",): 12})
    >>> sorted(parts.shown_beside({("a",): 300, ("b",): 400, ("c",): 500}, {("a",), ("b",), ("c",)}, 10))
    [('c',)]
    """

    def __init__(
        self,
        sums: Iterable[tuple[int, Mapping[Labels, int]]] = (),
        releases: Iterable[tuple[int, int, Iterable[Labels]]] = (),
        *,
        is_full: bool = False,
    ) -> None:
        self.sums: dict[tuple[int, frozenset[Labels]], People] = {
            (start_s, frozenset(people)): dict(people) for start_s, people in sums
        }
        self.releases = [Release(start_s, end_s, frozenset(cells)) for start_s, end_s, cells in releases]
        self.is_full = is_full

    def add(self, start_s: int, hidden: Mapping[Labels, int]) -> None:
        """Take in one of the smallest windows, which has closed.

        Args:
            start_s: Start of the second smallest window that contains it.
            hidden: People of the cells that it hides, cells without people left out.
        """
        if not hidden:
            return
        _add(self.sums.setdefault((start_s, frozenset(hidden)), {}), hidden)
        self.is_full |= sum(map(len, self.sums.values())) > _MOST_CELLS
        if self.is_full:
            merged: People = {}
            for people in self.sums.values():
                _add(merged, people)
            self.sums, self.releases = {(0, frozenset(merged)): merged}, []

    def release(self, start_s: int, end_s: int, shown: Collection[Labels]) -> None:
        """Take in what a window of a size in between showed; without hidden cells in it that says nothing new."""
        if not self.is_full and any(start_s <= begin_s < end_s for begin_s, _ in self.sums):
            self.releases.append(Release(start_s, end_s, frozenset(shown)))

    def join(self, start_s: int, end_s: int) -> None:
        """Join what the windows of a range hide to one part: nothing will be released inside it any more."""
        sums, self.sums = self.sums, {}
        for (begin_s, cells), people in sums.items():
            joined_s = start_s if start_s <= begin_s < end_s else begin_s
            _add(self.sums.setdefault((joined_s, cells), {}), people)
        self.releases = [
            release
            for release in self.releases
            if not (start_s < release.start_s < end_s or start_s < release.end_s < end_s)
        ]

    def shown_beside(
        self, people: Mapping[Labels, int], shown: Collection[Labels], k: int, beyond: Mapping[Labels, int] = {}
    ) -> set[Labels]:
        """Return the cells that the larger window may show beside the smaller ones.

        Args:
            people: People of its cells.
            shown: Cells that it would show on its own.
            k: Fewest people about which anything may follow.
            beyond: People of its cells that no smaller window shows.
        """
        kept = set(shown)
        atoms = [(*key, cell, n) for key, cells in self.sums.items() for cell, n in cells.items()]
        late = frozenset(cell for cell, n in beyond.items() if n)
        atoms += [(_NEVER, late, cell, abs(beyond[cell])) for cell in late]
        if not atoms:
            return kept
        if self.is_full:
            return _hide(people, kept, {cell for _, _, cell, _ in atoms}, k)
        system = _System(atoms, self.releases, people)
        while chosen := system.cells_to_hide(kept, people, k):
            kept = _hide(people, kept, chosen, k)
        return kept


class _System:
    """The linear system of what is hidden inside: a column for each hidden cell of each sum."""

    def __init__(
        self,
        atoms: list[tuple[int, frozenset[Labels], Labels, int]],
        releases: list[Release],
        people: Mapping[Labels, int],
    ) -> None:
        self._people = np.array([n for _, _, _, n in atoms], np.int64)
        starts_s = np.array([start_s for start_s, _, _, _ in atoms])
        numbers = {key: number for number, key in enumerate(dict.fromkeys(atom[:2] for atom in atoms))}
        places = np.array([numbers[atom[:2]] for atom in atoms])
        cells = list(dict.fromkeys(cell for _, _, cell, _ in atoms))
        self._of_cell = {cell: np.array([other == cell for _, _, other, _ in atoms]) for cell in cells}
        lines = [self._columns(line) for line in lines_of(list(dict.fromkeys([*people, *cells])))]
        known = [line & (places == place) for line in lines for place in range(len(numbers))] + lines
        for start_s, end_s, were_shown in releases:
            inside = (start_s <= starts_s) & (starts_s < end_s)
            known += [line & inside for line in lines]
            known += [self._of_cell[cell] & inside for cell in cells if cell in were_shown]
        self._known = np.unique(np.array(known), axis=0)

    def cells_to_hide(self, shown: Collection[Labels], people: Mapping[Labels, int], k: int) -> set[Labels]:
        """Return one shown cell for each small sum that follows: the smallest that it is computed from."""
        released = [cell for cell in self._of_cell if cell in shown]
        rows = np.array([*(self._of_cell[cell] for cell in released), *self._known])
        targets = np.array([*np.eye(len(self._people), dtype=np.bool_), *self._of_cell.values(), *self._known])
        chosen = set()
        for finding in find_small_sums(rows, self._people, targets, k):
            used = [cell for cell, is_ in zip(released, finding.used.tolist(), strict=False) if is_]
            if used:
                chosen.add(min(used, key=lambda cell: (people[cell], cell)))
        return chosen

    def _columns(self, cells: Iterable[Labels]) -> Bools:
        columns = np.zeros(len(self._people), np.bool_)
        for cell in cells:
            if cell in self._of_cell:
                columns |= self._of_cell[cell]
        return columns


def _add(people: People, more: Mapping[Labels, int]) -> None:
    for cell, n in more.items():
        people[cell] = people.get(cell, 0) + n


def _hide(people: Mapping[Labels, int], shown: set[Labels], cells: Collection[Labels], k: int) -> set[Labels]:
    """Hide cells, and others so that these do not follow from the rest of the table."""
    hidden = (people.keys() - shown) | (set(cells) & people.keys())
    return shown & disclose_cells(people, k, withheld=hidden).shown
