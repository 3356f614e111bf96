"""The exact counts of one stream over all its source partitions: panes close, windows fill, totals run.

The counts that a source partition reports for a pane *replace* those that it reported before. When time has passed a
pane's end in every partition that is not idle, the pane closes: its cells are added to the windows, the running totals
and its comparison period, once. A partition that was idle can still change a closed pane; the difference is then added
to the windows and totals (a *revision*), as long as that is allowed. So at any moment every window equals the sum over
all panes of the latest report of every partition, whatever the order in which the reports arrived.

The sequential tests have a time of their own, which waits for silent partitions too (``source_progress.Silence``):
until a comparison period is tested, corrections always belong to it.

Closed periods and windows are yielded one by one, and the tally moves on between two of them: code that reads it while
consuming an item sees the counts as of that moment. A move that was not consumed to its end leaves the tally between
two times; every method that changes it then raises ``RuntimeError``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass

from stream_app.core.windows.cells import Cells, add_cells, without_last
from stream_app.core.windows.source_progress import (
    SourcePartition,
    SourceProgress,
    combined_watermark,
    partitions_after,
    present_of,
    tested_watermark,
)
from stream_app.core.windows.tally_changes import (
    CLOCK,
    TOTAL,
    ClosedPeriod,
    ClosedWindow,
    Closings,
    TallyChanges,
    TimeAdvance,
    WindowKey,
)
from stream_app.core.windows.tally_state import TallyState
from stream_app.core.windows.tumbling import WindowCounts


@dataclass(slots=True)
class Tally(TallyState):
    """The counts of one stream, moved by reports and by the clock; see ``TallyState`` for what it keeps."""

    def apply(
        self, source: SourcePartition, n_partitions: int, progress: SourceProgress, panes: Mapping[int, Cells]
    ) -> Closings:
        """Take in one complete flush of a source partition; move time on as far as all partitions have come.

        Returns:
            What closes by that, to be consumed to the end; the flush itself is taken in at once.
        """
        self.take(source, n_partitions, progress, panes)
        return self._advance_with(combined_watermark(present_of(self.progress, self.n_partitions)))

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
        before, was_all_idle = self.progress.get(source), self.is_all_idle()
        for start_s, cells in panes.items():
            if not self.has_room(cells):
                self.changes.n_unmatched += 1
            elif before is None or not before.is_final(start_s):
                self._replace(source, start_s, cells)
        self.progress[source] = progress
        self.changes.changed.add(("source", *source))
        n_after = partitions_after(self.n_partitions, n_partitions, source, before, progress)
        if n_after != self.n_partitions:
            self.n_partitions = n_after
            self.changes.changed.add(CLOCK)
        self._settle(source, progress)
        if before is None or progress.next_offset != before.next_offset:
            self._note_passed_over(lambda: self.silence.note(source, is_wake_up=was_all_idle))

    def recount(self, source: SourcePartition, panes: Mapping[int, Cells]) -> int:
        """Change panes that were counted again in other cells, and what contains them; return how many do not fit."""
        self._check_consumed()
        return sum(not self._recount_pane(source, start_s, change) for start_s, change in panes.items())

    def advance_to(self, closed_before_s: int | None, tested_before_s: int | None = None) -> Closings:
        """Close every pane, and test every period, that ends by a time, as a replay does that knows how time moved.

        Args:
            closed_before_s: Event time, rounded down to the start of a pane; None, or a past time, closes nothing.
            tested_before_s: Event time; None, or a past time, tests nothing.

        Returns:
            What closes, in order of event time, to be consumed to the end.
        """
        self._check_consumed()
        if closed_before_s is not None:
            closed_before_s -= closed_before_s % self.config.pane_s
        is_closing = closed_before_s is not None and (
            self.closed_before_s is None or closed_before_s > self.closed_before_s
        )
        is_testing = self.periods is not None and tested_before_s is not None and self.periods.ready(tested_before_s)
        if not is_closing and not is_testing:
            return iter(())
        self.is_advancing = True
        return self._advance(closed_before_s if is_closing else None, tested_before_s)

    def tick(self, now_s: float) -> Closings:
        """Move time on with the clock where partitions are silent.

        While all are silent, windows and periods with decisions close when the clock has passed their end. Time never
        moves further, so that what comes later finds its panes open, and an idle system writes nothing.

        Args:
            now_s: Time in seconds, from a clock that never jumps.

        Returns:
            What closes by that, to be consumed to the end.
        """
        is_all_idle = self.is_all_idle()
        self._note_passed_over(lambda: self.silence.observe(self.progress, now_s, is_all_idle=is_all_idle))
        return self._advance_with(self.ended_by_clock_s(now_s) if is_all_idle else None)

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

    def _advance_with(self, watermark_s: int | None) -> Closings:
        """Close the panes before a watermark, and test the periods that every awaited partition has passed."""
        tested_s, times_s = None, (watermark_s, self.closed_before_s)
        closed_s = max((time_s for time_s in times_s if time_s is not None), default=None)
        if closed_s is not None and self.is_every_source_known():
            tested_s = tested_watermark(self.present(), self.silence.passed_over, closed_s)
        return self.advance_to(closed_s, tested_s)

    def _replace(self, source: SourcePartition, start_s: int, cells: Cells) -> None:
        if self.is_open_pane(start_s):
            self.open_panes.setdefault(start_s, {})[source] = cells
        elif self.is_revisable(start_s):
            self._correct(source, start_s, cells)
        else:
            self.changes.n_late += 1
            return
        self.changes.changed.add(("pane", *source, start_s))

    def _correct(self, source: SourcePartition, start_s: int, cells: Cells) -> None:
        difference = self.difference_of(source, start_s, cells)
        if not self.can_revise(start_s, difference):
            self.changes.n_unmatched += 1
            return
        self.unsettled.setdefault(source, {})[start_s] = cells
        if difference:
            closed = filter(self.is_closed, self._add(start_s, difference))
            self.changes.correct(closed, without_last(difference, self.config.n_buckets))

    def _recount_pane(self, source: SourcePartition, start_s: int, change: Cells) -> bool:
        own = self.own_pane(source, start_s)
        if not self.can_recount(own, start_s, change):
            return False
        if own is not None:
            add_cells(own, change)
            self.changes.changed.add(("pane", *source, start_s))
        if not self.is_open_pane(start_s):
            self._recount_closed(start_s, change)
        return True

    def _recount_closed(self, start_s: int, change: Cells) -> None:
        summed = without_last(change, self.config.n_buckets)
        if self.config.has_total:
            add_cells(self.total.cells, summed)
            self.changes.is_total_changed = True
            self.changes.changed.add(TOTAL)
        for key in self.recountable(start_s, summed):
            add_cells(self.windows[key].cells, summed)
            self.changes.changed.add(("window", *key))
            self.changes.correct(filter(self.is_closed, [key]), summed)
        if self.periods is not None and (waiting := self.periods.waiting(start_s)) and self.fits_pane(waiting, change):
            add_cells(waiting, change)
            self.changes.changed.add(("period", self.periods.start_of(start_s)))

    def _settle(self, source: SourcePartition, progress: SourceProgress) -> None:
        panes = self.unsettled.get(source, {})
        for start_s in [start for start in panes if progress.is_final(start) or not self.is_revisable(start)]:
            del panes[start_s]
            self.changes.changed.add(("pane", *source, start_s))

    def _advance(self, closed_s: int | None, tested_s: int | None) -> Closings:
        if closed_s is not None:
            yield from self._close(closed_s, tested_s)
        yield from self._test(tested_s)
        self.changes.advances.append(TimeAdvance(self.closed_before_s, self.offsets(), self.tested_before_s))
        self.changes.changed.add(CLOCK)
        self._forget()
        self.is_advancing = False

    def _close(self, closed_s: int, tested_s: int | None) -> Closings:
        before_s = self.closed_before_s
        due = sorted(start for start in self.open_panes if start < closed_s)
        first_s, n_filled = min(due, default=closed_s) if before_s is None else before_s, Counter[str]()
        for start_s in due:
            n_filled += yield from self._close_windows(start_s, tested_s)
            self._close_pane(start_s)
        n_filled += yield from self._close_windows(closed_s, tested_s)
        self._count_empty(n_filled, first_s, closed_s)

    def _close_pane(self, start_s: int) -> None:
        """Add a finished pane to windows, totals and its period, once."""
        pane: Cells = {}
        for source, cells in sorted(self.open_panes.pop(start_s).items()):  # the same order after a restart
            add_cells(pane, cells)
            if self.progress[source].is_final(start_s):
                self.changes.changed.add(("pane", *source, start_s))
            else:
                self.unsettled.setdefault(source, {})[start_s] = cells
        self._add(start_s, pane)

    def _close_windows(
        self, end_s: int, tested_s: int | None
    ) -> Generator[ClosedPeriod | ClosedWindow, None, Counter[str]]:
        """Close the windows that end by ``end_s``, all of whose panes are closed; return how many of each size."""
        due = self.ending(end_s)
        self.closed_before_s = end_s
        for key in due:
            if tested_s is not None:  # so that a window shows the evidence of its own decisions
                yield from self._test(min(self.config.end_s(key), tested_s))
            self.windows[key].offsets = self.offsets()
            self.changes.changed.add(("window", *key))
            yield ClosedWindow(key, self.windows[key])
        return Counter(name for name, _ in due)

    def _test(self, before_s: int | None) -> Iterator[ClosedPeriod]:
        """Hand out the periods that end by a time, in order."""
        if self.periods is None or before_s is None:
            return
        for start_s in self.periods.ready(before_s):
            period = self.periods.take(start_s)
            self.changes.n_tested += sum(vector[0] for vector in period.cells.values())
            self.changes.is_total_changed = True  # the totals show the evidence of the tests
            self.changes.changed.add(("period", start_s))
            yield period.summed(self.config.n_buckets)

    def _count_empty(self, n_filled: Counter[str], first_s: int, last_s: int) -> None:
        for spec in self.config.windows:
            begin_s = first_s if spec.since_s is None else max(first_s, spec.since_s)
            if n_empty := spec.n_between(begin_s, last_s) - n_filled[spec.name]:
                self.changes.n_empty[spec.name] += n_empty

    def _add(self, start_s: int, cells: Cells) -> list[WindowKey]:
        keys = self.config.keys_of(start_s)
        summed = without_last(cells, self.config.n_buckets)
        for key in keys:
            add_cells(self.windows.setdefault(key, WindowCounts()).cells, summed)
            self.changes.changed.add(("window", *key))
        if self.config.has_total and cells:
            add_cells(self.total.cells, summed)
            self.total.extend(start_s, start_s + self.config.pane_s)
            self.changes.is_total_changed = True
            self.changes.changed.add(TOTAL)
        if self.periods is not None and self.periods.gather(start_s, cells):
            self.changes.changed.add(("period", self.periods.start_of(start_s)))
        elif self.periods is not None:
            self.changes.n_untested += sum(vector[0] for vector in cells.values())
        return keys

    def _forget(self) -> None:
        for key in list(self.forgettable()):
            del self.windows[key]
            self.changes.changed.add(("window", *key))
        for source, progress in self.progress.items():
            self._settle(source, progress)

    def _note_passed_over(self, look: Callable[[], None]) -> None:
        before = len(self.silence.passed_over)
        look()
        if len(self.silence.passed_over) != before:  # one look only adds, or only removes
            self.changes.changed.add(CLOCK)

    def _check_consumed(self) -> None:
        if self.is_advancing:
            raise RuntimeError("the closed periods and windows of the last move were not consumed to the end")
