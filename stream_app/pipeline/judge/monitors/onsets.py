"""Estimated onsets of alarms and warnings, with an interval, from the history of tested periods.

A test itself names the period in which its evidence began to rise; that is late for small violations. At an alarm, and
for a test in warning, the change is searched in the counts of its pair (``core.detection.change_point``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Floats, Ints
from stream_app.core.detection.change_point import find_onset
from stream_app.core.detection.rules import RateRule
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod

COLUMNS = ([0, 1, 2, 3], [2, 3, 0, 1])  # of counts: the group first, or the reference first, by ``is_high``


def in_columns(counts: Ints, columns: NDArray[np.intp]) -> Ints:
    """Return counts with the side that may be worse off first, in each four columns: group and reference in turn.

    Args:
        counts: Shape (tests, strata, 4 or a multiple of it).
        columns: Columns of each test, shape (tests, 1, 4).
    """
    of_all = [columns + first for first in range(0, counts.shape[2], 4)]
    return np.take_along_axis(counts, np.concatenate(of_all, axis=2), axis=2)


class OnsetRange(NamedTuple):
    """When something began.

    Attributes:
        best_s: The estimate: start of a period, event time.
        earliest_s: Start of the 99 % interval; None where nothing could be searched.
        latest_s: Its end: start of the last period that it contains; None likewise.
    """

    best_s: int
    earliest_s: int | None = None
    latest_s: int | None = None


class SearchedChange(NamedTuple):
    """A change whose beginning is searched.

    Attributes:
        row: Row of the counts of its pair.
        is_high: Whether the reference is the side that may be worse off.
        rule: The rule that is broken, or kept again.
        since_s: Start of what is searched: the onset of the last change of the test; None for everything.
        own_s: Onset that the test itself gives.
        is_recovery: Whether the rule is kept again.
    """

    row: int
    is_high: bool
    rule: RateRule
    since_s: int | None
    own_s: int
    is_recovery: bool


class OnsetSearch:
    """Counts of each pair in each span of the history, made when an onset is first asked for and kept up to date.

    Args:
        history: The tested periods; others add to it before ``note`` is called.
        counts_of: Returns ``k, n, k_ref, n_ref`` by row and stratum from cells, shape (rows, strata, 4); or other sums
            that add up over spans.
        as_counts: Makes such counts of other sums, shape (..., 4), and says what the rule of a change is about them;
            None where they are counts.
    """

    def __init__(
        self,
        history: PeriodHistory,
        counts_of: Callable[[Cells], Ints],
        as_counts: Callable[[Ints, SearchedChange], tuple[Floats, RateRule]] | None = None,
    ) -> None:
        self._history = history
        self._counts_of, self._as_counts = counts_of, as_counts
        self._counts: dict[int, Ints] | None = None  # by start of the span
        self._ends_s: dict[int, int] = {}

    def note(self, period: ClosedPeriod, counts: Ints) -> None:
        """Take note of a period that was added to the history, and of what was counted in it."""
        if self._counts is not None:
            self._counts[period.start_s] = counts
            self._ends_s[period.start_s] = period.end_s

    def find(self, change: SearchedChange) -> OnsetRange:
        """Return when a rule began to be broken, or to be kept again."""
        by_start = self._of_spans()
        since_s = change.since_s
        starts_s = [start_s for start_s in by_start if since_s is None or self._ends_s[start_s] > since_s]
        if not starts_s:
            return OnsetRange(change.own_s)
        sums = np.array([by_start[start_s][change.row] for start_s in starts_s])
        made, rule = (sums, change.rule) if self._as_counts is None else self._as_counts(sums, change)
        counts = made[..., COLUMNS[change.is_high]]
        if not (counts[..., 1] * counts[..., 3]).any():
            return OnsetRange(change.own_s)
        own = max(int(np.searchsorted(starts_s, change.own_s, side="right")) - 1, 0)
        best, earliest, latest = find_onset(counts, rule, own, is_recovery=change.is_recovery)
        widths_s = [self._ends_s[start_s] - start_s for start_s in starts_s]
        period_s = min(widths_s)
        # A change inside a span of several periods looks like one at either end of it.
        is_blurred = earliest > 0 and widths_s[earliest - 1] > period_s
        return OnsetRange(
            best_s=starts_s[best],
            earliest_s=starts_s[earliest - is_blurred],
            latest_s=starts_s[latest] + widths_s[latest] - period_s,
        )

    def _of_spans(self) -> dict[int, Ints]:
        """Return the counts by start of the span, oldest first."""
        if self._counts is None:
            spans = self._history.spans()
            self._counts = {span.start_s: self._counts_of(span.cells) for span in spans}
            self._ends_s = {span.start_s: span.end_s for span in spans}
            return self._counts
        newest: dict[int, Ints] = {}
        last_s = 0
        for start_s, counts in self._counts.items():
            span = self._history.get(start_s)
            if span is not None:
                newest[start_s], last_s = counts, start_s
                self._ends_s[start_s] = span.end_s
            elif newest:  # merged into the span before
                newest[last_s] = newest[last_s] + counts
                del self._ends_s[start_s]
        self._counts = newest
        return newest
