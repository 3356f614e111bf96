"""Comparison periods: decisions gather until every source partition has passed them, are tested once, and are kept.

A period is tested in order of event time. What comes for a period that was tested already is counted in windows and
totals and not tested; how much that is, is reported.

The history keeps the newest tested periods at full resolution and adds older ones up, so that their number is bounded.
A span of level ``l`` contains ``2**l`` periods with decisions. Level 0 keeps the newest 256 periods, each higher level
64 spans; when one more comes, the two oldest of its level become one of the next. So ``n`` periods need at most
``256 + 64 * log2(n / 64)`` spans, and a span is never longer than a 60th part of the periods after it.

Spans are kept encoded, a tenth of the size of their cells, and decoded when somebody looks.

Source: Datar, Gionis, Indyk and Motwani 2002, "Maintaining stream statistics over sliding windows" (exponential
histograms).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import msgspec

from stream_app.core.decoding import MessagePackDecoder
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.tally_changes import ClosedPeriod

N_FULL = 256  # periods at full resolution
N_MERGED = 64  # spans of each higher level

_encoder = msgspec.msgpack.Encoder()
_decoder = MessagePackDecoder[Cells](Cells)


@dataclass(slots=True)
class Periods:
    """The comparison periods of one stream that were not tested yet.

    Attributes:
        size_s: Width of a period, aligned to the epoch; a multiple of the pane's.
        untested: Cells of periods with decisions in closed panes, by start.
        tested_before_s: Periods that start before were tested; None before the first.

    >>> periods = Periods(60)
    >>> periods.gather(10, {1: [2]}), periods.gather(50, {1: [1]}), periods.gather(60, {1: [4]})
    (True, True, True)
    >>> periods.ready(110)
    [0]
    >>> periods.take(0)
    ClosedPeriod(start_s=0, end_s=60, cells={1: [3]})
    >>> periods.gather(40, {1: [1]})
    False
    """

    size_s: int
    untested: dict[int, Cells] = field(default_factory=dict)
    tested_before_s: int | None = None

    def start_of(self, time_s: int) -> int:
        """Return the start of the period that contains a time."""
        return time_s - time_s % self.size_s

    def end_of(self, time_s: int) -> int:
        """Return the end of the period that contains a time."""
        return self.start_of(time_s) + self.size_s

    def is_tested(self, time_s: int) -> bool:
        """Return whether the period that contains a time was tested."""
        return self.tested_before_s is not None and time_s < self.tested_before_s

    def gather(self, pane_start_s: int, cells: Cells) -> bool:
        """Add counts of a closed pane to its period; return False, and add nothing, when that was tested already."""
        if self.is_tested(pane_start_s):
            return False
        add_cells(self.untested.setdefault(self.start_of(pane_start_s), {}), cells)
        return True

    def waiting(self, pane_start_s: int) -> Cells:
        """Return the counts of the period that contains a pane; nothing where none waits to be tested."""
        return self.untested.get(self.start_of(pane_start_s), {})

    def resize(self, former_size_s: int) -> int:
        """Continue with periods of ``size_s`` after others, from the first one of which nothing was tested.

        Args:
            former_size_s: Width of the periods in ``untested``.

        Returns:
            Decisions that waited in periods which do not fit into one of the new size; they are not tested.

        >>> periods = Periods(60, {50: {1: [2]}, 60: {1: [3]}, 70: {1: [4]}}, tested_before_s=40)
        >>> periods.resize(10), periods.untested, periods.tested_before_s
        (2, {60: {1: [7]}}, 60)
        """
        former, self.untested = self.untested, {}
        bounds_s = [] if self.tested_before_s is None else [self.tested_before_s]
        bounds_s += [
            start_s + former_size_s for start_s in former if (start_s + former_size_s - 1) >= self.end_of(start_s)
        ]
        self.tested_before_s = max(map(self._next_start, bounds_s), default=None)
        return sum(
            sum(vector[0] for vector in cells.values())
            for start_s, cells in sorted(former.items())
            if not self.gather(start_s, cells)
        )

    def ready(self, before_s: int) -> list[int]:
        """Return the start of each untested period with decisions that ends by a time, in order.

        Only these are ever passed: what comes late for a period that was empty can still be tested.
        """
        return sorted(start_s for start_s in self.untested if start_s + self.size_s <= before_s)

    def take(self, start_s: int) -> ClosedPeriod:
        """Remove a period, as one that is tested now."""
        self.tested_before_s = start_s + self.size_s
        return ClosedPeriod(start_s, start_s + self.size_s, self.untested.pop(start_s))

    def _next_start(self, time_s: int) -> int:
        return -(-time_s // self.size_s) * self.size_s


class HistorySpan(NamedTuple):
    """Periods that were tested, one or several in a row.

    Attributes:
        start_s: Start of the first.
        end_s: End of the last.
        cells: Their counts when they were tested.
    """

    start_s: int
    end_s: int
    cells: Cells


class StoredSpan(msgspec.Struct, array_like=True, frozen=True):
    """A span as it is kept.

    Attributes:
        level: It contains ``2**level`` periods.
        start_s: Start of the first.
        end_s: End of the last.
        data: Their cells as MessagePack.
    """

    level: int
    start_s: int
    end_s: int
    data: bytes


class PeriodHistory:
    """The tested periods of one stream, oldest first.

    Args:
        stored: Spans that ``get`` returned before a restart, in any order.

    Attributes:
        changed: Starts of spans that were written or removed; emptied by the code that stores them.

    >>> history = PeriodHistory()
    >>> for start_s in range(0, 300, 60):
    ...     history.add(ClosedPeriod(start_s, start_s + 60, {1: [10]}))
    >>> history.since(125)
    HistorySpan(start_s=120, end_s=300, cells={1: [30]})
    """

    def __init__(self, stored: Iterable[StoredSpan] = ()) -> None:
        self.changed: set[int] = set()
        self._levels: list[list[StoredSpan]] = [[]]
        self._by_start: dict[int, StoredSpan] = {}
        for span in sorted(stored, key=lambda span: span.start_s):
            self._put(span)
        self.changed.clear()

    def __len__(self) -> int:
        return len(self._by_start)

    @property
    def end_s(self) -> int:
        """End of the newest period."""
        return self._levels[0][-1].end_s

    def add(self, period: ClosedPeriod) -> None:
        """Add a period, later than all before it."""
        self._put(StoredSpan(0, period.start_s, period.end_s, _encoder.encode(period.cells)))
        for level, spans in enumerate(self._levels):  # a merge may open a further level, which is not full
            if len(spans) > (N_MERGED if level else N_FULL):
                self._merge(level)

    def spans(self) -> list[HistorySpan]:
        """Return all spans, oldest first."""
        return [_decoded(span) for span in self._in_order()]

    def within(self, start_s: int, end_s: int) -> list[HistorySpan]:
        """Return the spans that are entirely in a time range, oldest first."""
        return [_decoded(span) for span in self._in_order() if start_s <= span.start_s and span.end_s <= end_s]

    def since(self, onset_s: int) -> HistorySpan:
        """Return the sum of the periods from an onset to the newest.

        An onset inside a span of several periods is moved to the end of the span that is nearer.

        Raises:
            ValueError: there is no period.
        """
        return self.between(self.start_near(onset_s), self.end_s)

    def start_near(self, onset_s: int) -> int:
        """Return where the periods of ``since`` begin; a ValueError says that there is none."""
        if not self._by_start:
            raise ValueError("the history is empty")
        starts_s = (span.start_s for span in self._in_order() if _begins_after(span, onset_s))
        return next(starts_s, max(self._by_start))

    def parts(self, start_s: int, end_s: int) -> list[Cells] | None:
        """Return the counts of the spans in a time range; None where one is cut by its start or its end."""
        inside = [span for span in self._in_order() if span.start_s < end_s and span.end_s > start_s]
        if inside and (inside[0].start_s < start_s or inside[-1].end_s > end_s):
            return None
        return [_decoder.decode(span.data) for span in inside]

    def boundary_near(self, onset_s: int, step_s: int) -> int | None:
        """Return the multiple of a step nearest to an onset at which no span is cut; None where there is none.

        Args:
            onset_s: The onset, within the history.
            step_s: The step, in seconds.

        >>> history = PeriodHistory()
        >>> for start_s in range(0, 300, 10):
        ...     history.add(ClosedPeriod(start_s, start_s + 10, {1: [10]}))
        >>> history.boundary_near(80, 60), history.boundary_near(100, 60)
        (60, 120)
        """
        found: list[int] = []
        end_s: int | None = None
        for span in self._in_order():
            last_s = span.start_s - span.start_s % step_s
            if end_s is None or last_s >= end_s:
                first_s = last_s if end_s is None else end_s + -end_s % step_s
                found.append(min(max(onset_s - onset_s % step_s, first_s), last_s))
                found.append(min(max(onset_s + -onset_s % step_s, first_s), last_s))
            end_s = span.end_s
        return min(found, key=lambda time_s: (abs(time_s - onset_s), time_s), default=None)

    def between(self, start_s: int, end_s: int) -> HistorySpan:
        """Return the sum of the spans that are entirely in a time range, as one of that range."""
        cells: Cells = {}
        for span in self.within(start_s, end_s):
            add_cells(cells, span.cells)
        return HistorySpan(start_s, end_s, cells)

    def get(self, start_s: int) -> StoredSpan | None:
        """Return the span that starts at a time; None where there is none."""
        return self._by_start.get(start_s)

    def stored(self) -> Iterator[StoredSpan]:
        """Yield all spans as they are kept, oldest first."""
        return self._in_order()

    def _in_order(self) -> Iterator[StoredSpan]:
        return chain.from_iterable(reversed(self._levels))

    def _put(self, span: StoredSpan) -> None:
        while len(self._levels) <= span.level:
            self._levels.append([])
        self._levels[span.level].append(span)
        self._by_start[span.start_s] = span
        self.changed.add(span.start_s)

    def _merge(self, level: int) -> None:
        """Make one span of the two oldest of a level."""
        older, newer = self._levels[level][:2]
        del self._levels[level][:2]
        cells = _decoder.decode(older.data)
        add_cells(cells, _decoder.decode(newer.data))
        del self._by_start[newer.start_s]
        self.changed.add(newer.start_s)
        self._put(StoredSpan(level + 1, older.start_s, newer.end_s, _encoder.encode(cells)))


def _begins_after(span: StoredSpan, onset_s: int) -> bool:
    """Return whether a span belongs to what began at an onset.

    >>> _begins_after(StoredSpan(0, 60, 120, b""), 60), _begins_after(StoredSpan(2, 0, 240, b""), 60)
    (True, True)
    >>> _begins_after(StoredSpan(2, 0, 240, b""), 180)
    False
    """
    if span.start_s >= onset_s or span.level == 0:
        return span.end_s > onset_s
    return span.end_s - onset_s > onset_s - span.start_s


def _decoded(span: StoredSpan) -> HistorySpan:
    return HistorySpan(span.start_s, span.end_s, _decoder.decode(span.data))
