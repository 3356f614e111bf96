"""Bounds in how many cells of a day a track counts, while events come: the first ones count, the others do not.

All counts of a day together then change by at most that many when a track is added or taken away, which is the
sensitivity of the noise. The day is that of event time, so what counts depends on the log alone.

Memory: about 100 bytes for each track of the last days.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Bools, Ints
from stream_app.core.noise.track_counts import DAY_S

_DAYS_BEFORE = 2  # an event that is not late is at most a day older than the newest

Tags = NDArray[np.uint64]


class Contributions:
    """In how many cells each track has counted.

    Args:
        most_cells: Cells of a day in which a track counts, at least 1.

    >>> bound = Contributions(2)
    >>> bound.admit(np.array([5, 70, 90, DAY_S]), np.array([7, 7, 7, 7], np.uint64)).tolist()
    [True, True, False, True]
    """

    def __init__(self, most_cells: int) -> None:
        self._most_cells = most_cells
        self._n_by_day: dict[int, Counter[int]] = {}

    def admit(self, times_s: Ints, tags: Tags) -> Bools:
        """Count the events of a run that are within the bound of their track; return which, shape (n,).

        Args:
            times_s: Event time of each, int64, shape (n,).
            tags: What stands for the track of each, shape (n,).
        """
        is_within = np.zeros(len(tags), np.bool_)
        days = self.days_of(times_s).tolist()
        for number, (day, tag) in enumerate(zip(days, tags.tolist(), strict=True)):
            counted = self._n_by_day.setdefault(day, Counter())
            if counted[tag] < self._most_cells:
                counted[tag] += 1
                is_within[number] = True
        if days:
            self._forget_before(max(days))
        return is_within

    def days_of(self, times_s: Ints) -> Ints:
        """Return the day of each time, since 1970."""
        return times_s // DAY_S

    def block_of(self, day: int) -> int:
        """Return under which number the tracks of a day are stored: its own."""
        return day

    def block_before(self, day: int, age: int) -> int:
        """Return the day that is this many days before another one."""
        return day - age

    def remember(self, block: int, tags: Tags, *, has_decisions: bool = True) -> None:
        """Put the tracks of a day back, as they come from stored state."""
        del has_decisions
        self._n_by_day.setdefault(block, Counter()).update(tags.tolist())

    def live_blocks(self, block: int) -> range:
        """Return the days whose tracks are still needed when one has come."""
        return range(block - _DAYS_BEFORE, block + 1)

    def _forget_before(self, day: int) -> None:
        for old in [other for other in self._n_by_day if other < day - _DAYS_BEFORE]:
            del self._n_by_day[old]
