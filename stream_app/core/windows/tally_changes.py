"""What a tally reports while event time moves on: what closed, what was corrected, which pieces of state changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from stream_app.core.windows.cells import Cells, add_cells, without_last
from stream_app.core.windows.tumbling import WindowCounts

WindowKey = tuple[str, int]  # name of the window, start in seconds
StateKey = tuple[str | int, ...]  # names one piece of state: ("pane", topic, partition, start), ("total",), ...

CLOCK: StateKey = ("clock",)
TOTAL: StateKey = ("total",)


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A comparison period that every source partition has passed: the input of the sequential tests.

    Periods come once each, in order of event time; periods without a decision do not come.

    Attributes:
        start_s: Its start.
        end_s: Its end.
        cells: Its counts over all source partitions, as of now; later corrections go to windows only.
        by_bucket: The same counts by bucket of clusters, as panes have them; None where nothing has clusters.
    """

    start_s: int
    end_s: int
    cells: Cells
    by_bucket: Cells | None = field(default=None, repr=False)

    def summed(self, n_buckets: int) -> ClosedPeriod:
        """Return the period with its counts summed over buckets, as many as that."""
        if n_buckets == 1:
            return self
        return replace(self, cells=without_last(self.cells, n_buckets), by_bucket=self.cells)


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """A window that has ended; those of its periods that can be tested by now were yielded before it.

    Attributes:
        key: Its name and start.
        window: Its counts.
    """

    key: WindowKey
    window: WindowCounts


Closings = Iterator[ClosedPeriod | ClosedWindow]  # in order of event time; lazy: the tally moves on between two items


class TimeAdvance(NamedTuple):
    """One move of event time: with these records counted, panes were closed and periods tested.

    Attributes:
        closed_before_s: Panes that start before are closed; None before the first pane closed.
        offsets: Next offset of each source partition at that moment, by topic and partition.
        tested_before_s: Periods that end by this time are tested; None before the first.
    """

    closed_before_s: int | None
    offsets: dict[str, dict[int, int]]
    tested_before_s: int | None = None


@dataclass(slots=True)
class TallyChanges:
    """What happened since it was last taken.

    Attributes:
        revised: Closed windows that were corrected.
        corrections: What was added to the counts of each of them.
        n_empty: Windows that closed without a decision, by name.
        n_late: Pane corrections that were rejected because they came too late.
        n_unmatched: Pane corrections that were left out, because no records have the counts that would be left.
        n_tested: Decisions in periods that were tested.
        n_untested: Decisions that were counted in windows and totals after their period had been tested.
        is_total_changed: Whether the running totals changed, or what is known of them.
        advances: Moves of event time, in order.
        changed: Pieces of state that changed.
    """

    revised: set[WindowKey] = field(default_factory=set)
    corrections: dict[WindowKey, Cells] = field(default_factory=dict)
    n_empty: Counter[str] = field(default_factory=Counter)
    n_late: int = 0
    n_unmatched: int = 0
    n_tested: int = 0
    n_untested: int = 0
    is_total_changed: bool = False
    advances: list[TimeAdvance] = field(default_factory=list)
    changed: set[StateKey] = field(default_factory=set)

    def correct(self, keys: Iterable[WindowKey], change: Cells) -> None:
        """Note a correction of closed windows."""
        for key in keys:
            self.revised.add(key)
            add_cells(self.corrections.setdefault(key, {}), change)
