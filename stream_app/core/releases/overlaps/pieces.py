"""What follows within each piece of time between two moments: from counts of it, and from those that contain it.

Pieces of which the same sets are known are one linear system, which is solved once. A count over several pieces of
which all but one are known makes one more set of the last piece known, and so on, until nothing more follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.releases.overlaps.following import Following, that_follow
from stream_app.core.releases.overlaps.nonnegative import always_empty
from stream_app.core.releases.overlaps.running import Link
from stream_app.core.releases.overlaps.universe import Universe

_MOST_ROUNDS = 20  # of what follows from each other; more are not needed for less to be hidden
EVERYBODY = 0  # the place of the set


class Row(NamedTuple):
    """A row of a system.

    Attributes:
        place: Place of the set.
        first: First piece of its range.
        after: The piece after the last one.
        piece: The piece that it is a row of, where all others of its range are known; None where several are not.
    """

    place: int
    first: int
    after: int
    piece: int | None = None


class Computed:
    """What was computed before: pieces are alike in many windows, and most stay the same when some counts are hidden.

    Attributes:
        solved: What follows from the rows of a piece, without everybody where nobody has noted how many, and with it.
        empty: Cells of a piece that have nobody because no count is negative.
    """

    def __init__(self) -> None:
        self.solved: dict[bytes, tuple[Following, Following]] = {}
        self.empty: dict[bytes, Bools] = {}


class Pieces:
    """The pieces of time between all moments at which any range begins or ends.

    Args:
        universe: The cells.
        links: What is known of each set.
        moments: The moments, ascending, shape (pieces + 1,); those of all links are among them.
        computed: What was computed of other pieces of the same universe.

    Attributes:
        spans: Set, first piece and piece after the last one of each link that contains several, and its people, shape
            (links, 4).
        known: Sets that are rows of each piece, shape (sets, pieces).
        people: Their people, shape (sets, pieces); everybody is nan where nobody has noted how many there are.
        empty: Cells without people, shape (pieces, cells).
        follows: Targets that follow, shape (targets, pieces).
        values: Their people, shape (targets, pieces); nan where only readers of live counters know it.
    """

    def __init__(self, universe: Universe, links: Sequence[Link], moments: Floats, computed: Computed) -> None:
        self.universe, self.moments = universe, moments
        table = np.array([tuple(link) for link in links], np.float64).reshape(-1, 4)
        n_sets, n_pieces = len(universe.sets), max(len(self.moments) - 1, 0)
        spans = table.copy()
        spans[:, 1:3] = np.searchsorted(self.moments, table[:, 1:3])
        spans = spans.astype(np.int64)
        self.known: Bools = np.zeros((n_sets, n_pieces), np.bool_)
        self.known[EVERYBODY] = True
        self.people: Floats = np.zeros((n_sets, n_pieces))
        self.people[EVERYBODY] = np.nan
        self.empty: Bools = np.zeros((n_pieces, universe.masks.shape[1]), np.bool_)
        for place, first, after, _ in spans[spans[:, 3] == 0].tolist():
            self.empty[first:after] |= universe.masks[place]
        is_one = spans[:, 2] == spans[:, 1] + 1
        place, piece = spans[is_one, 0], spans[is_one, 1]
        self.known[place, piece] = True
        self.people[place, piece] = spans[is_one, 3]
        self.spans: Ints = spans[~is_one]
        self._came_from: dict[tuple[int, int], Row] = {}  # by set and piece
        self.follows: Bools = np.zeros((len(universe.targets), n_pieces), np.bool_)
        self.values: Floats = np.full(self.follows.shape, np.nan)
        self._computed = computed
        self.settle()

    def settle(self) -> None:
        """Take in everything that follows within pieces."""
        for _ in range(_MOST_ROUNDS):
            self.patterns = self._solve()
            if not (self._take_empty() | self._take_spans()) and not self._take_always_empty():
                break

    def row_of(self, place: int, piece: int) -> Row:
        """Return where a set that is a row of a piece came from."""
        return self._came_from.get((place, piece), Row(place, piece, piece + 1, piece))

    def rows_of(self, piece: int) -> Ints:
        """Return the sets that are rows of a piece, without everybody where nobody has noted how many there are."""
        rows = np.flatnonzero(self.known[:, piece])
        return rows[1:] if np.isnan(self.people[EVERYBODY, piece]) else rows

    def open_in(self, place: int) -> Bools:
        """Return the pieces in which the people of a set do not follow, shape (pieces,)."""
        target = self.universe.target_of[place]
        is_open: Bools = ~self.follows[target] | np.isnan(self.values[target])
        return is_open

    def _solve(self) -> Ints:
        """Solve the system of each piece; return which pieces have the same one, shape (pieces,)."""
        is_noted = ~np.isnan(self.people[EVERYBODY])
        keys = np.packbits(np.vstack([self.known, is_noted, self.empty.T]), axis=0).T
        numbers = {key: number for number, key in enumerate(dict.fromkeys(map(bytes, keys)))}
        patterns = np.array([numbers[bytes(key)] for key in keys], np.int64)
        order = np.argsort(patterns, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(patterns[order])) + 1) if len(order) else []
        for key, group in zip(numbers, groups, strict=True):
            self._solve_pattern(key, group)
        return patterns

    def _solve_pattern(self, key: bytes, group: Ints) -> None:
        is_there = ~self.empty[group[0]]
        targets = self.universe.targets[:, is_there]
        rows = self.rows_of(int(group[0]))
        every = np.flatnonzero(self.known[:, group[0]])
        if key not in self._computed.solved:
            noted = that_follow(self.universe.masks[rows][:, is_there], targets)
            seen = noted if len(rows) == len(every) else that_follow(self.universe.masks[every][:, is_there], targets)
            self._computed.solved[key] = noted, seen
        noted, seen = self._computed.solved[key]
        self.follows[np.ix_(seen.places, group)] = True
        self.values[np.ix_(noted.places, group)] = np.round(noted.shares @ self.people[np.ix_(rows, group)])
        gone = np.flatnonzero(~targets.any(axis=1))
        self.follows[np.ix_(gone, group)] = True
        self.values[np.ix_(gone, group)] = 0
        self.follows[0, group] = True

    def _take_empty(self) -> bool:
        """Take out the cells of sets that have nobody; return whether there are more than before."""
        is_none = self.follows & (self.values == 0)
        empty = self.empty | ((is_none.T.astype(np.float32) @ self.universe.targets.astype(np.float32)) > 0)
        is_more = bool((empty & ~self.empty).any())
        self.empty = empty
        return is_more

    def _take_always_empty(self) -> bool:
        """Take out the cells that have nobody because no count is negative; return whether there are any."""
        if not self.universe.is_crossed:
            return False
        is_more = False
        for piece in np.flatnonzero(~self.follows.all(axis=0)).tolist():
            rows, is_there = self.rows_of(piece), ~self.empty[piece]
            people = self.people[rows, piece]
            key = b"".join(array.tobytes() for array in (rows, is_there, people))
            if key not in self._computed.empty:
                self._computed.empty[key] = always_empty(self.universe.masks[rows][:, is_there], people)
            none = self._computed.empty[key]
            if none.any():
                self.empty[piece, is_there] |= none
                is_more = True
        return is_more

    def _take_spans(self) -> bool:
        """Take in the people of the last open piece of a link; return whether there are any."""
        is_more = False
        for place in np.unique(self.spans[:, 0]).tolist():
            own = self.spans[self.spans[:, 0] == place]
            is_open = self.open_in(place)
            n_open = np.concatenate([[0], np.cumsum(is_open)])
            values = np.where(is_open, 0, self.values[self.universe.target_of[place]])
            sums = np.concatenate([[0], np.cumsum(values)])
            one = own[n_open[own[:, 2]] - n_open[own[:, 1]] == 1]
            for _, first, after, n in one.tolist():
                piece = int(np.searchsorted(n_open, n_open[first], side="right")) - 1
                if (place, piece) not in self._came_from:
                    self._came_from[place, piece] = Row(place, first, after, piece)
                    self.known[place, piece] = True
                    self.people[place, piece] = n - (sums[after] - sums[first])
                    is_more = True
        return is_more
