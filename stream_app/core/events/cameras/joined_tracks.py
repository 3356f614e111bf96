"""Which tracks of a window are one object, as cameras say when they rename a track, and in which cells each counts.

A camera that loses an object and finds it again begins a new track, and later says that the two are one. By then both
may have counted. So what is kept of each open window is in which cells its tracks count: where the tracks of one object
are in the same cell, all but one are taken back, and later ones do not count again. The number of a cell is then that
of the objects in it, in whatever order sightings and renames come.

    objects of a window = components of the graph of its renames
    count of a cell     = components of which at least one track was in it

A rename is about its own window alone: the numbers of ended tracks are given to others. What is known of a window is
bounded; beyond that tracks count each on its own. Chains, cycles and renames of unknown tracks are edges like others.

Source: Tarjan and van Leeuwen 1984, "Worst-case analysis of set union algorithms" (path halving).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.uint64]
Triple = tuple[int, int, int]

MAX_TRACKS = 65_536  # of a window that are known, and as many that are renamed: hostile records must not grow memory


@dataclass(slots=True)
class _Window:
    """What is known of one window.

    Attributes:
        cells: Cells in which the tracks of an object count, by the track that stands for it.
        parents: The track that stands for each renamed one, perhaps over some steps; its own for the last.
    """

    cells: dict[int, set[int]] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)

    def standing_for(self, track: int) -> int:
        """Return the track that stands for the object of a track."""
        parents = self.parents
        if track not in parents:
            return track
        while (parent := parents[track]) != track:
            parents[track] = track = parents[parent]
        return track

    def is_one(self, first: int, second: int) -> bool:
        """Return whether two tracks are known to be one object."""
        return first == second or (
            first in self.parents and second in self.parents and self.standing_for(first) == self.standing_for(second)
        )

    def unite(self, first: int, second: int) -> set[int]:
        """Make two tracks one object; return the cells in which both counted."""
        for track in (first, second):
            self.parents.setdefault(track, track)
        small, large = self.standing_for(first), self.standing_for(second)
        if small == large:
            return set()
        if len(self.cells.get(small, ())) > len(self.cells.get(large, ())):
            small, large = large, small
        self.parents[small] = large
        of_small = self.cells.pop(small, set())
        both = of_small & self.cells.get(large, set())
        if of_small:
            self.cells.setdefault(large, set()).update(of_small)
        return both


class JoinedTracks:
    """The tracks of open windows.

    Args:
        most: Tracks of a window that are known at most, and renamed ones.

    >>> tracks = JoinedTracks()
    >>> tracks.see(0, 1, 7), tracks.see(0, 2, 7), tracks.join(0, 2, 1), tracks.join(0, 1, 2), tracks.see(0, 1, 8)
    (True, True, [7], [], True)
    >>> tracks.see(0, 2, 8), tracks.see(0, 3, 8)
    (False, True)
    """

    def __init__(self, most: int = MAX_TRACKS) -> None:
        self._most = most
        self._windows: dict[int, _Window] = {}
        self._news: tuple[list[Triple], list[Triple]] = ([], [])

    def __len__(self) -> int:
        return len(self._windows)

    def see(self, window: int, track: int, cell: int) -> bool:
        """Note that a track is in a cell; return False where its object counts there already, as another track."""
        known = self._windows.setdefault(window, _Window())
        standing = known.standing_for(track)
        cells = known.cells.get(standing)
        if cells is None:
            if len(known.cells) >= self._most:
                return True
            cells = known.cells[standing] = set()
        if cell in cells:
            return track not in known.parents
        cells.add(cell)
        self._news[0].append((window, track, cell))
        return True

    def join(self, window: int, first: int, second: int) -> list[int] | None:
        """Note that two tracks are one object.

        Returns:
            The cells in which both counted until now, ascending: one of the two is to be taken back. None where too
            many tracks of the window were renamed.
        """
        known = self._windows.setdefault(window, _Window())
        if known.is_one(first, second):
            return []
        n_new = (first not in known.parents) + (second not in known.parents)
        if len(known.parents) + n_new > self._most:
            return None
        self._news[1].append((window, first, second))
        return sorted(known.unite(first, second))

    def take_news(self) -> tuple[list[Triple], list[Triple]]:
        """Return what is new since the last call: window, track and cell, and window and two tracks that are one."""
        news, self._news = self._news, ([], [])
        return news

    def forget_before(self, window: int) -> None:
        """Forget the windows before one."""
        for old in [other for other in self._windows if other < window]:
            del self._windows[old]

    def put_back_cells(self, window: int, pairs: Pairs) -> None:
        """Put back in which cells tracks count: each track followed by a cell."""
        known = self._windows.setdefault(window, _Window())
        for track, cell in pairs.reshape(-1, 2).tolist():
            known.cells.setdefault(known.standing_for(track), set()).add(cell)

    def put_back_joins(self, window: int, pairs: Pairs) -> None:
        """Put back which tracks are one object: each track followed by another one."""
        known = self._windows.setdefault(window, _Window())
        for first, second in pairs.reshape(-1, 2).tolist():
            known.unite(first, second)
