"""The linear system of pieces of time that are coupled by counts over several of them.

Pieces of the same system that are in the same counts are summed where there are too many: every combination that uses
one of them uses the others too.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.releases.overlaps.following import NEAR, RowSpace
from stream_app.core.releases.overlaps.nonnegative import always_empty
from stream_app.core.releases.overlaps.pieces import Computed, Pieces, Row

MOST_COLUMNS = 400  # of a linear system; of larger ones parts are tested
_PART_COLUMNS = 160  # of each part
_MOST_PIECES = 40  # of which every range is asked about
_NONE = 0.5  # people; numbers that follow are whole


class Leak(NamedTuple):
    """A set of a few people that follows.

    Attributes:
        rows: The rows of its system.
        shares: How much of each row makes it, shape (rows,).
        group: The pieces that it is about, shape (group,).
        cells: Its cells in each of these, shape (group, cells).
    """

    rows: list[Row]
    shares: Floats
    group: Ints
    cells: Bools


class Memory(Computed):
    """What was computed before: systems are alike in many windows, and most stay the same when some counts are hidden.

    Args:
        is_strict: Whether sets count as few of which only readers of live counters know how many they are.

    Attributes:
        safe: Systems from which nothing follows that is few.
    """

    def __init__(self, *, is_strict: bool = True) -> None:
        super().__init__()
        self.is_strict = is_strict
        self.safe: set[bytes] = set()


class Coupled(NamedTuple):
    """Pieces that are coupled.

    Attributes:
        pieces: All pieces.
        group: Places of those that are coupled, ascending.
        spans: The links that couple them.
    """

    pieces: Pieces
    group: Ints
    spans: Ints

    @property
    def key(self) -> bytes:
        """What the system depends on."""
        pieces, group = self.pieces, self.group
        arrays = (pieces.moments[group], self.spans[:, [0, 3]], pieces.moments[self.spans[:, 1:3]])
        of_group = (pieces.known[:, group], pieces.people[:, group], pieces.empty[group])
        return b"".join(array.tobytes() for array in (*arrays, *of_group))

    def is_in(self) -> Bools:
        """Return which pieces each link leaves open, shape (links, group)."""
        is_open: Bools = np.array([self.pieces.open_in(place)[self.group] for place in self.spans[:, 0].tolist()])
        return is_open & (self.spans[:, 1:2] <= self.group) & (self.group < self.spans[:, 2:3])

    def classes(self) -> Ints:
        """Return which pieces are summed, shape (group,): those with the same number, in order of the first of each."""
        pieces, group = self.pieces, self.group
        if (~pieces.empty[group]).sum() <= MOST_COLUMNS:
            return np.arange(len(group))
        columns = [column.tobytes() for column in self.is_in().T]
        keys = list(zip(pieces.patterns[group].tolist(), columns, strict=True))
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        return np.array([numbers[key] for key in keys], np.int64)

    def fitting(self) -> Iterator[Coupled]:
        """Yield these pieces; where their system would be too large, some that follow one another at a time."""
        n_cells = (~self.pieces.empty[self.group]).sum(axis=1)
        if n_cells[np.unique(self.classes(), return_index=True)[1]].sum() <= MOST_COLUMNS:
            yield self
            return
        is_in, n = self.is_in(), max(2, _PART_COLUMNS // int(n_cells.max()))
        for first in range(0, len(self.group) - n // 2, n // 2):
            is_own: Bools = np.zeros(len(self.group), np.bool_)
            is_own[first : first + n] = True
            is_inside = is_in.any(axis=1) & ~(is_in & ~is_own).any(axis=1)
            if is_inside.any():
                yield Coupled(self.pieces, self.group[is_own], self.spans[is_inside])


class System:
    """The linear system of coupled pieces.

    Args:
        coupled: The pieces.

    Attributes:
        key: What the system depends on.
    """

    def __init__(self, coupled: Coupled) -> None:
        self.key, self._is_in, self._classes = coupled.key, coupled.is_in(), coupled.classes()
        self._pieces, self._group, self._spans = coupled
        self._firsts = np.unique(self._classes, return_index=True)[1]
        self._is_there: Bools = ~self._pieces.empty[self._group[self._firsts]]  # of each class
        self._targets = self._pieces.universe.targets[1:]
        self._rows: list[Row] = []
        self._cells, self._people = self._fill()

    def take_empty(self) -> bool:
        """Take out the cells that have nobody because no count is negative; return whether there are any."""
        is_noted = ~np.isnan(self._people)
        cells = self._cells[is_noted]
        if not len(cells):
            return False
        none = always_empty(cells, self._people[is_noted])
        empty = np.zeros(self._is_there.shape, np.bool_)
        empty[self._is_there] = none
        self._pieces.empty[self._group] |= empty[self._classes]
        return bool(none.any())

    def leaks(self, k: int, *, is_strict: bool) -> Iterator[Leak]:
        """Yield the sets of fewer than k people that follow.

        Args:
            k: Fewest people that may follow.
            is_strict: Whether sets count as few of which only readers of live counters know how many they are.
        """
        is_noted = ~np.isnan(self._people)
        blocks = self._blocks()
        is_known: Bools = np.zeros((len(blocks), len(self._targets)), np.bool_)
        if is_noted.any():
            space = RowSpace(self._cells[is_noted])
            n = self._sums_of(space.solution_of(self._people[is_noted]), blocks)
            is_near = np.abs(self._sums_of(space.left, blocks)) < NEAR
            yield from self._that_follow(space, blocks, is_noted, is_near & (n > _NONE) & (n < k - _NONE))
            is_known = is_near
        if is_strict and not is_noted.all():
            space = RowSpace(self._cells)
            is_near = np.abs(self._sums_of(space.left, blocks)) < NEAR
            yield from self._that_follow(space, blocks, np.ones(len(is_noted), np.bool_), is_near & ~is_known)

    def _sums_of(self, of_cells: Floats, blocks: Bools) -> Floats:
        """Return the sums of something over each target in each choice of classes, shape (blocks, targets)."""
        everywhere = np.zeros(self._is_there.shape)
        everywhere[self._is_there] = of_cells
        sums: Floats = blocks @ (everywhere @ self._targets.T)
        return sums

    def _that_follow(self, space: RowSpace, blocks: Bools, is_used: Bools, is_asked: Bools) -> Iterator[Leak]:
        chosen, targets = np.nonzero(is_asked)
        every = blocks[chosen][:, :, None] & self._targets[targets][:, None, :]
        sets, of_all = every[:, self._is_there], (blocks[chosen][:, :, None] & self._is_there)[:, self._is_there]
        is_group = self._pieces.universe.is_group[1:][targets]
        asked = np.flatnonzero(sets.any(axis=1) & (is_group | (sets != of_all).any(axis=1)))
        packed = np.packbits(sets[asked], axis=1)
        asked = asked[np.unique(packed, axis=0, return_index=True)[1]] if len(asked) else asked
        rows = [row for row, is_own in zip(self._rows, is_used, strict=True) if is_own]
        for place, shares in zip(*space.that_follow(sets[asked]), strict=True):
            yield Leak(rows, shares, self._group, every[asked[place]][self._classes])

    def _fill(self) -> tuple[Bools, Floats]:
        """Return the cells and the people of each row."""
        pieces, group, masks = self._pieces, self._group, self._pieces.universe.masks
        cells: list[Bools] = []
        people: list[float] = []
        for number, first in enumerate(self._firsts.tolist()):
            own = group[self._classes == number]
            for place in np.flatnonzero(pieces.known[:, group[first]]).tolist():
                block = np.zeros(self._is_there.shape, np.bool_)
                block[number] = masks[place]
                cells.append(block[self._is_there])
                self._rows.append(pieces.row_of(place, int(own[0])))
                people.append(float(pieces.people[place, own].sum()))
        for (place, first, after, n), is_in in zip(self._spans.tolist(), self._is_in, strict=True):
            block = is_in[self._firsts][:, None] & masks[place]
            cells.append(block[self._is_there])
            self._rows.append(Row(place, first, after))
            values = pieces.values[pieces.universe.target_of[place], first:after]
            people.append(n - float(np.where(pieces.open_in(place)[first:after], 0, values).sum()))
        return np.array(cells), np.array(people)

    def _blocks(self) -> Bools:
        """Return which classes somebody may ask about at once, shape (blocks, classes): ranges, and pieces alike."""
        n_classes, n = len(self._firsts), len(self._group)
        if n <= _MOST_PIECES:
            runs = list(combinations(range(n + 1), 2))
        else:
            inside = [np.flatnonzero(each) for each in self._is_in]
            runs = [*((a, a + 1) for a in range(n)), (0, n), *((int(i[0]), int(i[-1]) + 1) for i in inside)]
        whole = np.bincount(self._classes, minlength=n_classes)
        counts = np.array([np.bincount(self._classes[a:b], minlength=n_classes) for a, b in runs])
        blocks = (counts > 0)[((counts == 0) | (counts == whole)).all(axis=1)]
        return np.unique(np.vstack([blocks, np.eye(n_classes, dtype=np.bool_)]), axis=0)
