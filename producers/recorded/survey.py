"""Finds out what a file contains before it is sent: rejected rows by reason, and rows that the policy will drop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from producers.event import Event
from producers.recorded.csv_file import CsvFile, LineCounts, RejectedRow
from producers.recorded.row_mapping import RowMapper, map_rows
from stream_app.policy import EventTime

_MAX_LINES = 5  # line numbers that are kept of each reason


@dataclass
class ReasonLines:
    """The rows that were rejected for one reason: how many, and the lines of the first."""

    n: int = 0
    first_lines: list[int] = field(default_factory=list)

    def describe(self) -> str:
        """Return the lines in words.

        >>> ReasonLines(1, [7]).describe(), ReasonLines(9, [2, 3, 5]).describe()
        ('line 7', 'lines 2, 3, 5 and 6 more')
        """
        lines = ", ".join(map(str, self.first_lines))
        more = self.n - len(self.first_lines)
        return f"line{'s' if self.n > 1 else ''} {lines}" + (f" and {more:,} more" if more else "")


@dataclass
class PolicyDrops:
    """Counts the rows that a policy will drop because of their time, if they are sent in this order now.

    Late rows are counted as one partition would: with several, those of each partition are compared among themselves,
    so that there can be fewer.

    Args:
        event_time: What the policy says of times.
        now_ms: Processing time.
        is_sorted: Whether the rows will be sorted before they are sent, so that none is late.

    Attributes:
        n: Rows so far.
        n_past: Rows that are older than ``max_age_s``.
        n_future: Rows that are ahead of the clock by more than ``max_future_s``.
        n_late: Rows of a pane that a row before them has closed.

    >>> drops = PolicyDrops(EventTime(path="t", out_of_orderness_s=5, pane_s=10), now_ms=0)
    >>> for time_s in (-100, -91, -99, -85, -92):
    ...     drops.add(time_s * 1000)
    >>> drops.n, drops.n_late
    (5, 1)
    """

    event_time: EventTime
    now_ms: int
    is_sorted: bool = False
    n: int = 0
    n_past: int = 0
    n_future: int = 0
    n_late: int = 0
    _closed_before_s: int | None = None

    @property
    def n_dropped(self) -> int:
        """All rows that will be dropped."""
        return self.n_past + self.n_future + self.n_late

    def add(self, time_ms: int) -> None:
        """Take in the event time of the next row."""
        time, time_s = self.event_time, time_ms // 1000
        self.n += 1
        if time_ms < self.now_ms - time.max_age_s * 1000:
            self.n_past += 1
        elif time_ms > self.now_ms + time.max_future_s * 1000:
            self.n_future += 1
        elif not self.is_sorted and self._closed_before_s is not None and time_s < self._closed_before_s:
            self.n_late += 1
        else:
            closed_s = (min(time_s, self.now_ms // 1000) - time.out_of_orderness_s) // time.pane_s * time.pane_s
            is_ahead = self._closed_before_s is None or closed_s > self._closed_before_s
            self._closed_before_s = closed_s if is_ahead else self._closed_before_s

    def describe(self) -> str:
        """Return how many rows will be dropped, by reason."""
        time = self.event_time
        reasons = {
            f"late, more than {time.out_of_orderness_s:,} s (out_of_orderness_s) behind a row before them": self.n_late,
            f"older than {time.max_age_s:,} s (max_age_s)": self.n_past,
            f"more than {time.max_future_s:,} s (max_future_s) in the future": self.n_future,
        }
        return "; ".join(f"{n:,} are {reason}" for reason, n in reasons.items() if n)


class FileSurvey:
    """Reads all rows of a file once and remembers the disposition of each.

    Args:
        file: The file.
        mapper: Makes the events.
        drops: Asked about each event.
        limit: Maximum number of events; None for all.

    Attributes:
        n_events: Rows that became events.
        reasons: Rejected rows by reason.
        missing: Missing values of the events, by path and reason.
        lines: What the lines of the file are; the lines that were read, if ``limit`` ended the reading.
    """

    def __init__(self, file: CsvFile, mapper: RowMapper, drops: PolicyDrops, limit: int | None) -> None:
        self._file = file
        self._mapper = mapper
        self._limit = limit
        self.drops = drops
        self.n_events = 0
        self.reasons: dict[str, ReasonLines] = {}
        self.missing: Counter[tuple[str, str]] = Counter()
        self.lines = LineCounts()

    def events(self) -> Iterator[Event]:
        """Yield the events while they are counted."""
        for event in islice(map_rows(self._file, self._mapper, self._note), self._limit):
            self.n_events += 1
            self.drops.add(event.time_ms)
            yield event
        self.missing = self._mapper.missing.copy()
        self.lines = replace(self._file.counts)

    @property
    def n_rejected(self) -> int:
        """Number of rejected rows."""
        return sum(lines.n for lines in self.reasons.values())

    def _note(self, rejection: RejectedRow) -> None:
        lines = self.reasons.setdefault(rejection.reason, ReasonLines())
        lines.n += 1
        if len(lines.first_lines) < _MAX_LINES:
            lines.first_lines.append(rejection.line)
