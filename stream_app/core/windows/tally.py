"""The exact counts of one stream over all its source partitions: panes close, windows fill, totals run.

The counts that a source partition reports for a pane *replace* those that it reported before. When time has passed a
pane's end in every partition that is not idle, the pane closes: its cells are added to the windows and the running
totals, once. A partition that was idle can still change a closed pane; the difference is then added to the windows and
totals (a *revision*), as long as that is allowed. So at any moment every window equals the sum over all panes of the
latest report of every partition, whatever the order in which the reports arrived.

Closed panes and windows are yielded one by one, and the tally moves on between two of them: code that reads it while
consuming an item sees the counts as of that moment. A move that was not consumed to its end leaves the tally between
two times; every method that changes it then raises ``RuntimeError``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.source_progress import (
    SourcePartition,
    SourceProgress,
    combined_watermark,
    group_by_topic,
    idle_watermark,
    partitions_after,
    present_of,
)
from stream_app.core.windows.tally_changes import (
    CLOCK,
    TOTAL,
    ClosedPane,
    ClosedWindow,
    Closings,
    TallyChanges,
    TimeAdvance,
    WindowKey,
)
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import RunningTotal, WindowCounts


@dataclass(slots=True)
class Tally:
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
        idle_since_s: Clock time since which all partitions are idle; None while one is not.
        changes: What happened since ``take_changes``.
        is_advancing: Whether closings of the last move wait to be consumed.
    """

    config: TallyConfig
    n_partitions: int = 0
    progress: dict[SourcePartition, SourceProgress] = field(default_factory=dict)
    open_panes: dict[int, dict[SourcePartition, Cells]] = field(default_factory=dict)
    unsettled: dict[SourcePartition, dict[int, Cells]] = field(default_factory=dict)
    windows: dict[WindowKey, WindowCounts] = field(default_factory=dict)
    total: RunningTotal = field(default_factory=RunningTotal)
    closed_before_s: int | None = None
    idle_since_s: float | None = None
    changes: TallyChanges = field(default_factory=TallyChanges)
    is_advancing: bool = False

    def apply(
        self, source: SourcePartition, n_partitions: int, progress: SourceProgress, panes: Mapping[int, Cells]
    ) -> Closings:
        """Take in one complete flush of a source partition; move time on as far as all partitions have come.

        Returns:
            What closes by that, to be consumed to the end; the flush itself is taken in at once.
        """
        self.take(source, n_partitions, progress, panes)
        return self.advance_to(combined_watermark(present_of(self.progress, self.n_partitions)))

    def take(
        self, source: SourcePartition, n_partitions: int, progress: SourceProgress, panes: Mapping[int, Cells]
    ) -> None:
        """Take in one complete flush of a source partition; time stands still.

        Args:
            source: The partition that reports.
            n_partitions: Partitions of its topic.
            progress: How far it has come.
            panes: Absolute cells of its changed panes, by start; kept, not copied.
        """
        self._check_consumed()
        before = self.progress.get(source)
        for start_s, cells in panes.items():
            if before is None or not before.is_final(start_s):
                self._replace(source, start_s, cells)
        self.progress[source] = progress
        self.changes.changed.add(("source", *source))
        self._set_partitions(partitions_after(self.n_partitions, n_partitions, source, before, progress))
        self._settle(source, progress)
        if not self._is_all_idle():
            self._set_idle_since(None)

    def advance_to(self, time_s: int | None) -> Closings:
        """Close every pane that ends by a time, as a replay does that knows how time moved.

        Args:
            time_s: Event time; rounded down to the start of a pane. None, or a time that has passed, moves nothing.

        Returns:
            What closes, in order of event time, to be consumed to the end.
        """
        self._check_consumed()
        if time_s is None:
            return iter(())
        target_s = time_s - time_s % self.config.pane_s
        if self.closed_before_s is not None and target_s <= self.closed_before_s:
            return iter(())
        self.is_advancing = True
        return self._advance(target_s)

    def tick(self, now_s: float) -> Closings:
        """Move time on with the clock while every partition is silent.

        Nothing moves when nothing is open, so that an idle system writes nothing.

        Args:
            now_s: Clock time in seconds.

        Returns:
            What closes by that, to be consumed to the end.
        """
        if not self._is_all_idle():
            return iter(())
        if self.idle_since_s is None:
            self._set_idle_since(now_s)
        if not self.open_panes and not any(not self.is_closed(key) for key in self.windows):
            return iter(())
        return self.advance_to(
            idle_watermark(
                self.progress.values(),
                out_of_orderness_s=self.config.out_of_orderness_s,
                silence_s=max(0.0, now_s - (self.idle_since_s or 0.0)),
            )
        )

    def revise(self) -> list[tuple[WindowKey, WindowCounts]]:
        """Give each window that was corrected since the last call its next revision number, and return them."""
        self._check_consumed()
        keys = self.config.in_order(self.changes.revised)
        for key in keys:
            self.windows[key].revision += 1
            self.windows[key].offsets = self.offsets()
            self.changes.changed.add(("window", *key))
        return [(key, self.windows[key]) for key in keys]

    def take_changes(self) -> TallyChanges:
        """Return what happened since the last call, and begin a new record of it."""
        self._check_consumed()
        changes, self.changes = self.changes, TallyChanges()
        return changes

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

    def _replace(self, source: SourcePartition, start_s: int, cells: Cells) -> None:
        if self.closed_before_s is None or start_s >= self.closed_before_s:
            self.open_panes.setdefault(start_s, {})[source] = cells
        elif self._is_revisable(start_s):
            self._correct(source, start_s, cells)
        else:
            self.changes.n_late += 1
            return
        self.changes.changed.add(("pane", *source, start_s))

    def _correct(self, source: SourcePartition, start_s: int, cells: Cells) -> None:
        panes = self.unsettled.setdefault(source, {})
        difference = {code: list(vector) for code, vector in cells.items()}
        add_cells(difference, panes.get(start_s, {}), sign=-1)
        panes[start_s] = cells
        if difference:
            self.changes.revised.update(key for key in self._add(start_s, difference) if self.is_closed(key))

    def _settle(self, source: SourcePartition, progress: SourceProgress) -> None:
        panes = self.unsettled.get(source, {})
        for start_s in [start for start in panes if progress.is_final(start) or not self._is_revisable(start)]:
            del panes[start_s]
            self.changes.changed.add(("pane", *source, start_s))

    def _advance(self, target_s: int) -> Closings:
        before_s = self.closed_before_s
        due = sorted(start for start in self.open_panes if start < target_s)
        first_s = before_s if before_s is not None else min(due, default=target_s)
        n_filled: Counter[str] = Counter()
        for start_s in due:
            n_filled += yield from self._close_windows(start_s)
            yield ClosedPane(start_s, self._close_pane(start_s))
        n_filled += yield from self._close_windows(target_s)
        self._count_empty(n_filled, first_s, target_s)
        self.changes.advances.append(TimeAdvance(target_s, self.offsets()))
        self.changes.changed.add(CLOCK)
        self._forget()
        self.is_advancing = False

    def _close_pane(self, start_s: int) -> Cells:
        """Add a finished pane to windows and totals, once."""
        pane: Cells = {}
        for source, cells in sorted(self.open_panes.pop(start_s).items()):  # the same order after a restart
            add_cells(pane, cells)
            if self.progress[source].is_final(start_s):
                self.changes.changed.add(("pane", *source, start_s))
            else:
                self.unsettled.setdefault(source, {})[start_s] = cells
        self._add(start_s, pane)
        return pane

    def _close_windows(self, end_s: int) -> Generator[ClosedWindow, None, Counter[str]]:
        """Close the windows that end by ``end_s``, all of whose panes are closed; return how many of each size."""
        due = self.config.in_order(
            key for key in self.windows if not self.is_closed(key) and self.config.end_s(key) <= end_s
        )
        self.closed_before_s = end_s
        for key in due:
            self.windows[key].offsets = self.offsets()
            self.changes.changed.add(("window", *key))
            yield ClosedWindow(key, self.windows[key])
        return Counter(name for name, _ in due)

    def _count_empty(self, n_filled: Counter[str], first_s: int, last_s: int) -> None:
        for spec in self.config.windows:
            begin_s = first_s if spec.since_s is None else max(first_s, spec.since_s)
            if n_empty := spec.n_between(begin_s, last_s) - n_filled[spec.name]:
                self.changes.n_empty[spec.name] += n_empty

    def _add(self, start_s: int, cells: Cells) -> list[WindowKey]:
        touched = []
        for spec in self.config.windows:
            if (window_s := spec.start_of(start_s)) is not None:
                key = (spec.name, window_s)
                add_cells(self.windows.setdefault(key, WindowCounts()).cells, cells)
                self.changes.changed.add(("window", *key))
                touched.append(key)
        if self.config.has_total and cells:
            add_cells(self.total.cells, cells)
            self.total.extend(start_s, start_s + self.config.pane_s)
            self.changes.is_total_changed = True
            self.changes.changed.add(TOTAL)
        return touched

    def _is_revisable(self, start_s: int) -> bool:
        if self.closed_before_s is None or start_s + self.config.pane_s + self.config.revision_s > self.closed_before_s:
            return True
        starts = ((spec.name, spec.start_of(start_s)) for spec in self.config.windows)
        keys = [(name, window_s) for name, window_s in starts if window_s is not None]
        return bool(keys) and not any(self.is_closed(key) for key in keys)

    def _forget(self) -> None:
        newest = set(self.newest_closed())
        revisable_s = (self.closed_before_s or 0) - self.config.revision_s
        kept = newest | self.changes.revised  # a correction that was not published yet must not get lost
        for key in [key for key in self.windows if self.config.end_s(key) <= revisable_s and key not in kept]:
            del self.windows[key]
            self.changes.changed.add(("window", *key))
        for source, progress in self.progress.items():
            self._settle(source, progress)

    def _is_all_idle(self) -> bool:
        present = present_of(self.progress, self.n_partitions)
        return bool(present) and all(progress.is_idle for progress in present)

    def _check_consumed(self) -> None:
        if self.is_advancing:
            raise RuntimeError("the closed panes and windows of the last move of time were not consumed to the end")

    def _set_partitions(self, n_partitions: int) -> None:
        if n_partitions != self.n_partitions:
            self.n_partitions = n_partitions
            self.changes.changed.add(CLOCK)

    def _set_idle_since(self, now_s: float | None) -> None:
        if now_s != self.idle_since_s:
            self.idle_since_s = now_s
            self.changes.changed.add(CLOCK)
