"""What a tally keeps of one stream: progress of its sources, open panes, windows, totals and periods; and what follows.

Nothing is changed here; ``tally`` moves the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from stream_app.core.windows.cells import Cells, add_cells, without_last
from stream_app.core.windows.history import Periods
from stream_app.core.windows.source_progress import (
    Silence,
    SourcePartition,
    SourceProgress,
    group_by_topic,
    idle_watermark,
    present_of,
)
from stream_app.core.windows.tally_changes import TallyChanges, WindowKey
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import RunningTotal, WindowCounts

_LARGE = 2**52  # fewer than a thousand times this is exact in any case
_MOST = 2**62


@dataclass(slots=True)
class TallyState:
    """The counts of one stream; state that can be taken apart by ``StateKey`` and put together again.

    Attributes:
        config: How the stream is cut in time.
        n_partitions: Partitions of the source topic; 0 before the first report.
        progress: What each source partition reported last.
        open_panes: Cells of panes that have not closed, by start and source partition.
        unsettled: Cells of closed panes that an idle partition may still change, by source partition and start.
        windows: Open windows, and closed ones that may still be revised or are the newest of their size.
        total: Running totals of closed panes.
        closed_before_s: Panes that start before are closed; never goes back.
        changes: What happened since ``take_changes``.
        is_advancing: Whether closings of the last move wait to be consumed.
        periods: Comparison periods that wait to be tested; None where nothing is tested.
        silence: How long partitions have been silent; of it only who is passed over is part of the stored state.
    """

    config: TallyConfig
    n_partitions: int = 0
    progress: dict[SourcePartition, SourceProgress] = field(default_factory=dict)
    open_panes: dict[int, dict[SourcePartition, Cells]] = field(default_factory=dict)
    unsettled: dict[SourcePartition, dict[int, Cells]] = field(default_factory=dict)
    windows: dict[WindowKey, WindowCounts] = field(default_factory=dict)
    total: RunningTotal = field(default_factory=RunningTotal)
    closed_before_s: int | None = None
    changes: TallyChanges = field(default_factory=TallyChanges)
    is_advancing: bool = False
    periods: Periods | None = field(init=False)
    silence: Silence = field(init=False)

    def __post_init__(self) -> None:
        self.periods = Periods(self.config.period_s) if self.config.period_s is not None else None
        self.silence = Silence(self.config.wait_s, self.config.idle_s)

    @property
    def tested_before_s(self) -> int | None:
        """Periods that end by this time were tested; None before the first."""
        return None if self.periods is None else self.periods.tested_before_s

    def test_lag_s(self) -> int | None:
        """Return how much event time with decisions is closed and waits to be tested, in seconds.

        None where nothing is tested.
        """
        if self.periods is None:
            return None
        if self.closed_before_s is None or not self.periods.untested:
            return 0
        return max(0, self.closed_before_s - min(self.periods.untested))

    def offsets(self) -> dict[str, dict[int, int]]:
        """Return the next offset of each source partition: exactly what is counted now."""
        return group_by_topic({source: progress.next_offset for source, progress in self.progress.items()})

    def starts(self) -> dict[str, dict[int, int]]:
        """Return the first offset of each source partition that was ever counted."""
        return group_by_topic({source: progress.first_offset for source, progress in self.progress.items()})

    def is_closed(self, key: WindowKey) -> bool:
        """Return whether a window has ended."""
        return self.closed_before_s is not None and self.config.end_s(key) <= self.closed_before_s

    def newest_closed(self) -> list[WindowKey]:
        """Return the newest closed window of each size, in order of their end."""
        return self.config.in_order({key[0]: key for key in sorted(self.windows) if self.is_closed(key)}.values())

    def is_any_open(self) -> bool:
        """Return whether something was counted in a window that has not closed."""
        return any(window.cells and not self.is_closed(key) for key, window in self.windows.items())

    def open_cells(self, name: str) -> Cells:
        """Return what was counted in windows of one size that have not closed."""
        cells: Cells = {}
        for key, window in self.windows.items():
            if key[0] == name and not self.is_closed(key):
                add_cells(cells, window.cells)
        return cells

    def is_every_source_known(self) -> bool:
        """Return whether every partition of the topic has reported."""
        return bool(present_of(self.progress, self.n_partitions))

    def is_all_idle(self) -> bool:
        """Return whether every partition is known and silent."""
        present = present_of(self.progress, self.n_partitions)
        return bool(present) and all(progress.is_idle for progress in present)

    def present(self) -> dict[SourcePartition, SourceProgress]:
        """Return the progress of the partitions that the topic has now; a topic may have had more of them."""
        return {source: last for source, last in self.progress.items() if source.partition < self.n_partitions}

    def ended_by_clock_s(self, now_s: float) -> int | None:
        """Return the latest end of an open window or period with decisions that the clock has passed."""
        clock_s = idle_watermark(
            self.progress.values(),
            out_of_orderness_s=self.config.out_of_orderness_s,
            silence_s=self.silence.all_silent_s(now_s),
        )
        if clock_s is None:
            return None
        ends_s = {self.config.end_s(key) for key in self.windows if not self.is_closed(key)}
        ends_s.update(end_s for start_s in self.open_panes for end_s in self.config.ends_s(start_s))
        if self.periods is not None:
            ends_s.update(start_s + self.periods.size_s for start_s in self.periods.untested)
        return max((end_s for end_s in ends_s if end_s <= clock_s), default=None)

    def is_revisable(self, start_s: int) -> bool:
        """Return whether a closed pane can still change: until its period is tested, and for a while after its end."""
        if self.periods is not None and not self.periods.is_tested(start_s):
            return True
        if self.closed_before_s is None or start_s + self.config.pane_s + self.config.revision_s > self.closed_before_s:
            return True
        keys = self.config.keys_of(start_s)
        return bool(keys) and not any(self.is_closed(key) for key in keys)

    def is_correctable(self, key: WindowKey) -> bool:
        """Return whether a window is open, or closed and may be published again."""
        last_s = (self.closed_before_s or 0) - self.config.revision_s
        return not self.is_closed(key) or self.config.end_s(key) > last_s

    def is_open_pane(self, start_s: int) -> bool:
        """Return whether a pane has not closed."""
        return self.closed_before_s is None or start_s >= self.closed_before_s

    def own_pane(self, source: SourcePartition, start_s: int) -> Cells | None:
        """Return what a source partition reported last of a pane that can still change; None where it did not."""
        if self.is_open_pane(start_s):
            return self.open_panes.get(start_s, {}).get(source)
        return self.unsettled.get(source, {}).get(start_s)

    def difference_of(self, source: SourcePartition, start_s: int, cells: Cells) -> Cells:
        """Return what the counts of a closed pane are more than those that its source partition reported last."""
        difference = {code: list(vector) for code, vector in cells.items()}
        add_cells(difference, self.unsettled.get(source, {}).get(start_s, {}), sign=-1)
        return difference

    def has_room(self, cells: Cells) -> bool:
        """Return whether the sums of everything stay exact in 64 bits with the counts of one more pane."""
        size = _size_of(cells)
        if size < _LARGE:
            return True
        sums = [self.total.cells] if self.config.has_total else [window.cells for window in self.windows.values()]
        sums += [own for by_source in self.open_panes.values() for own in by_source.values()]
        return size + sum(map(_size_of, sums)) <= _MOST

    def ending(self, end_s: int) -> list[WindowKey]:
        """Return the windows that have not closed and end by a time, in order."""
        return self.config.in_order(
            key for key in self.windows if not self.is_closed(key) and self.config.end_s(key) <= end_s
        )

    def fits(self, cells: Cells, change: Cells, *, n_buckets: int = 1) -> bool:
        """Return whether every cell that a change touches is possible after it.

        Args:
            cells: Counts to which it would be added.
            change: What would be added.
            n_buckets: Labels of the last dimension of both that windows lack.
        """
        for code, vector in change.items():
            known = cells.get(code)
            after = vector if known is None else [a + b for a, b in zip(known, vector, strict=True)]
            if not self.config.is_possible(code // n_buckets, after):
                return False
        return True

    def fits_pane(self, cells: Cells, change: Cells) -> bool:
        """Return the same of the cells of panes, and of periods that wait for their test."""
        return self.fits(cells, change, n_buckets=self.config.n_buckets)

    def can_recount(self, own: Cells | None, start_s: int, change: Cells) -> bool:
        """Return whether a change of a pane that was counted again fits into the pane, and the totals if it is closed.

        Args:
            own: What its source partition reported; None where that is not known.
            start_s: Start of the pane.
            change: What would be added.
        """
        if own is not None and not self.fits_pane(own, change):
            return False
        if self.is_open_pane(start_s):
            return own is not None
        return not self.config.has_total or self.fits(self.total.cells, without_last(change, self.config.n_buckets))

    def recountable(self, start_s: int, summed: Cells) -> list[WindowKey]:
        """Return the windows of a closed pane that can still change; none of them where a change does not fit into one.

        So a window contains what the smaller ones inside it do.
        """
        keys = [key for key in self.config.keys_of(start_s) if key in self.windows and self.is_correctable(key)]
        return keys if all(self.fits(self.windows[key].cells, summed) for key in keys) else []

    def can_revise(self, start_s: int, difference: Cells) -> bool:
        """Return whether a difference of a closed pane fits into all that the pane was added to.

        What only adds always fits; where panes may take back what earlier ones counted, everything does.
        """
        if self.config.limits is None or self.fits_pane({}, difference):
            return True
        summed = without_last(difference, self.config.n_buckets)
        sums = [self.windows[key].cells if key in self.windows else {} for key in self.config.keys_of(start_s)]
        sums += [self.total.cells] if self.config.has_total else []
        if not all(self.fits(cells, summed) for cells in sums):
            return False
        if self.periods is None or self.periods.is_tested(start_s):
            return True
        return self.fits_pane(self.periods.waiting(start_s), difference)

    def forgettable(self) -> Iterator[WindowKey]:
        """Yield the windows that nobody can change or needs any more."""
        newest = set(self.newest_closed())
        last_s = (self.closed_before_s or 0) - self.config.revision_s
        if self.periods is not None:
            last_s = min(last_s, self.periods.tested_before_s or 0)
        kept = newest | self.changes.revised  # a correction that was not published yet must not get lost
        return (key for key in self.windows if self.config.end_s(key) <= last_s and key not in kept)


def _size_of(cells: Cells) -> int:
    """Return the sum of all entries, without their signs."""
    return sum(sum(map(abs, vector)) for vector in cells.values())
