"""Tumbling windows of event time, aligned to the epoch, filled pane by pane."""

from __future__ import annotations

from dataclasses import dataclass, field

from stream_app.core.windows.cells import Cells


@dataclass(frozen=True)
class WindowSpec:
    """One size of window.

    Attributes:
        name: Its name in results.
        size_s: Its width, a multiple of the pane's.
        since_s: Windows that start before were never counted in full, because the policy did not declare this size
            yet; None when it always did.
    """

    name: str
    size_s: int
    since_s: int | None = None

    def start_of(self, time_s: int) -> int | None:
        """Return the start of the window that contains ``time_s``; None for one that was not counted in full.

        >>> WindowSpec("1m", 60).start_of(119), WindowSpec("1m", 60).start_of(-1)
        (60, -60)
        >>> WindowSpec("1m", 60, since_s=70).start_of(119) is None
        True
        """
        start_s = time_s - time_s % self.size_s
        return start_s if self.since_s is None or start_s >= self.since_s else None

    def n_between(self, first_s: int, last_s: int) -> int:
        """Count the windows that end after ``first_s`` and not after ``last_s``.

        >>> WindowSpec("1m", 60).n_between(60, 185)
        2
        """
        return max(0, last_s // self.size_s - first_s // self.size_s)


@dataclass(slots=True)
class WindowCounts:
    """The counts of one window.

    Attributes:
        cells: Sum of its closed panes.
        revision: 0 when it closes; one more each time it is corrected after that.
        offsets: Next offset of each source partition when it closed or was corrected; empty while it is open.
    """

    cells: Cells = field(default_factory=dict)
    revision: int = 0
    offsets: dict[str, dict[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class RunningTotal:
    """Running totals since the first pane.

    Attributes:
        cells: Sum of all closed panes.
        start_s: Start of the first pane; None before any closed.
        end_s: End of the last pane.
    """

    cells: Cells = field(default_factory=dict)
    start_s: int | None = None
    end_s: int | None = None

    def extend(self, start_s: int, end_s: int) -> None:
        """Extend over one more pane."""
        self.start_s = start_s if self.start_s is None else min(self.start_s, start_s)
        self.end_s = end_s if self.end_s is None else max(self.end_s, end_s)
