"""The exact counts of one stream over all its source partitions: panes close, windows fill, totals run.

What a source partition says about a pane *replaces* what it said before. When time has passed a pane's end in every
partition that is not idle, the pane closes: its cells are added to the windows and the running totals, once. A
partition that was idle can still change a closed pane; the difference is then added to the windows and totals
(a *revision*), as long as that is allowed. So at any moment every window equals the sum over all panes of the latest
word of every partition, whatever the order in which the partitions were heard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.source_progress import (
    SourcePartition,
    SourceProgress,
    combined_watermark,
    group_by_topic,
    idle_watermark,
)
from stream_app.core.windows.tally_changes import (
    CLOCK,
    TOTAL,
    ClosedPane,
    ClosedWindow,
    TallyChanges,
    Tell,
    TimeAdvance,
    WindowKey,
)
from stream_app.core.windows.tumbling import RunningTotal, WindowCounts, WindowSpec


@dataclass(frozen=True)
class TallyConfig:
    """How a stream is cut in time.

    Attributes:
        pane_s: Width of a pane; divides every window.
        out_of_orderness_s: How far events may lag; used when all partitions are silent.
        revision_s: How long after its end a closed pane may be corrected; 0 for never after a release.
        windows: Sizes of windows, each name once.
        has_total: Whether running totals are kept.
    """

    pane_s: int
    out_of_orderness_s: int
    revision_s: int
    windows: tuple[WindowSpec, ...]
    has_total: bool = True

    def spec(self, name: str) -> WindowSpec:
        """Return a size of window by its name."""
        return next(spec for spec in self.windows if spec.name == name)


@dataclass(slots=True)
class Tally:
    """The counts of one stream; state that can be taken apart by ``Entry`` and put together again.

    Attributes:
        config: How the stream is cut in time.
        n_partitions: Partitions of the source topic; 0 before anything was heard.
        marks: What each source partition said last.
        open_panes: Cells of panes that have not closed, by start and source partition.
        unsettled: Cells of closed panes that an idle partition may still change, by source partition and start.
        windows: Open windows, and closed ones that may still be revised or are the newest of their size.
        total: Running totals of closed panes.
        closed_before_s: Panes that start before are closed; never goes back.
        idle_since_s: Clock time since which all partitions are idle; None while one is not.
        progress: What happened since ``take_progress``.
    """

    config: TallyConfig
    n_partitions: int = 0
    marks: dict[SourcePartition, SourceProgress] = field(default_factory=dict)
    open_panes: dict[int, dict[SourcePartition, Cells]] = field(default_factory=dict)
    unsettled: dict[SourcePartition, dict[int, Cells]] = field(default_factory=dict)
    windows: dict[WindowKey, WindowCounts] = field(default_factory=dict)
    total: RunningTotal = field(default_factory=RunningTotal)
    closed_before_s: int | None = None
    idle_since_s: float | None = None
    progress: TallyChanges = field(default_factory=TallyChanges)

    def apply(
        self, source: SourcePartition, n_partitions: int, mark: SourceProgress, panes: Mapping[int, Cells], tell: Tell
    ) -> None:
        """Take in one whole flush of a source partition, and let time move on as far as all partitions have come."""
        self.take(source, n_partitions, mark, panes)
        self._advance(self._watermark_s(), tell)

    def take(
        self, source: SourcePartition, n_partitions: int, mark: SourceProgress, panes: Mapping[int, Cells]
    ) -> None:
        """Take in one whole flush of a source partition; time stands still.

        Args:
            source: The partition that speaks.
            n_partitions: Partitions of its topic.
            mark: How far it has come.
            panes: Absolute cells of its changed panes, by start; kept, not copied.
        """
        before = self.marks.get(source)
        for start_s, cells in panes.items():
            if before is None or not before.is_final(start_s):
                self._replace(source, start_s, cells)
        self.marks[source] = mark
        self.progress.changed.add(("mark", *source))
        self._set_partitions(max(self.n_partitions, n_partitions))
        self._settle(source, mark)
        if not self._is_all_idle():
            self._set_idle_since(None)

    def advance_to(self, closed_before_s: int, tell: Tell) -> None:
        """Close every pane that starts before a time, as a replay does that knows how time moved."""
        self._advance(closed_before_s, tell)

    def tick(self, now_s: float, tell: Tell) -> None:
        """Let time move on with the clock while every partition is silent.

        Nothing moves when nothing is open, so that an idle system writes nothing.

        Args:
            now_s: Clock time in seconds.
            tell: Told about each pane and window that closes.
        """
        if not self._is_all_idle():
            return
        if self.idle_since_s is None:
            self._set_idle_since(now_s)
        if not self.open_panes and not any(not self.is_closed(key) for key in self.windows):
            return
        silence_s = max(0.0, now_s - (self.idle_since_s or 0.0))
        self._advance(
            idle_watermark(self.marks.values(), out_of_orderness_s=self.config.out_of_orderness_s, silence_s=silence_s),
            tell,
        )

    def revise(self) -> list[tuple[WindowKey, WindowCounts]]:
        """Number the windows that were corrected since the last progress anew, and return them."""
        keys = self._in_order(self.progress.revised)
        for key in keys:
            self.windows[key].revision += 1
            self.windows[key].offsets = self.offsets()
            self.progress.changed.add(("window", *key))
        return [(key, self.windows[key]) for key in keys]

    def take_progress(self) -> TallyChanges:
        """Return what happened since the last call, and start anew."""
        progress, self.progress = self.progress, TallyChanges()
        return progress

    def offsets(self) -> dict[str, dict[int, int]]:
        """Return the next offset of each source partition: exactly what is counted now."""
        return group_by_topic({source: mark.next_offset for source, mark in self.marks.items()})

    def starts(self) -> dict[str, dict[int, int]]:
        """Return the first offset of each source partition that was ever counted."""
        return group_by_topic({source: mark.first_offset for source, mark in self.marks.items()})

    def end_s(self, key: WindowKey) -> int:
        """Return the end of a window."""
        return key[1] + self.config.spec(key[0]).size_s

    def is_closed(self, key: WindowKey) -> bool:
        """Return whether a window has ended."""
        return self.closed_before_s is not None and self.end_s(key) <= self.closed_before_s

    def newest_closed(self) -> list[WindowKey]:
        """Return the newest closed window of each size, in order of their end."""
        return self._in_order({key[0]: key for key in sorted(self.windows) if self.is_closed(key)}.values())

    def _replace(self, source: SourcePartition, start_s: int, cells: Cells) -> None:
        if self.closed_before_s is None or start_s >= self.closed_before_s:
            self.open_panes.setdefault(start_s, {})[source] = cells
        elif self._is_revisable(start_s):
            self._correct(source, start_s, cells)
        else:
            self.progress.n_late += 1
            return
        self.progress.changed.add(("pane", *source, start_s))

    def _correct(self, source: SourcePartition, start_s: int, cells: Cells) -> None:
        held = self.unsettled.setdefault(source, {})
        difference = {code: list(vector) for code, vector in cells.items()}
        add_cells(difference, held.get(start_s, {}), sign=-1)
        held[start_s] = cells
        if difference:
            self.progress.revised.update(key for key in self._add(start_s, difference) if self.is_closed(key))

    def _settle(self, source: SourcePartition, mark: SourceProgress) -> None:
        held = self.unsettled.get(source, {})
        for start_s in [start for start in held if mark.is_final(start) or not self._is_revisable(start)]:
            del held[start_s]
            self.progress.changed.add(("pane", *source, start_s))

    def _advance(self, time_s: int | None, tell: Tell) -> None:
        before_s = self.closed_before_s
        if time_s is None:
            return
        target_s = time_s - time_s % self.config.pane_s
        if before_s is not None and target_s <= before_s:
            return
        due = sorted(start for start in self.open_panes if start < target_s)
        first_s = before_s if before_s is not None else min(due, default=target_s)
        n_filled: Counter[str] = Counter()
        for start_s in due:
            n_filled += self._close_windows(start_s, tell)
            tell(ClosedPane(start_s, self._close_pane(start_s)))
        n_filled += self._close_windows(target_s, tell)
        self._count_empty(n_filled, first_s, target_s)
        self.progress.advances.append(TimeAdvance(target_s, self.offsets()))
        self.progress.changed.add(CLOCK)
        self._forget()

    def _close_pane(self, start_s: int) -> Cells:
        """Add a finished pane to windows and totals, once."""
        pane: Cells = {}
        for source, cells in sorted(self.open_panes.pop(start_s).items()):  # the same order after a restart
            add_cells(pane, cells)
            if self.marks[source].is_final(start_s):
                self.progress.changed.add(("pane", *source, start_s))
            else:
                self.unsettled.setdefault(source, {})[start_s] = cells
        self._add(start_s, pane)
        return pane

    def _close_windows(self, end_s: int, tell: Tell) -> Counter[str]:
        """Close the windows that end by ``end_s``, all of whose panes are closed; return how many of each size."""
        due = self._in_order(key for key in self.windows if not self.is_closed(key) and self.end_s(key) <= end_s)
        self.closed_before_s = end_s
        for key in due:
            self.windows[key].offsets = self.offsets()
            self.progress.changed.add(("window", *key))
            tell(ClosedWindow(key, self.windows[key]))
        return Counter(name for name, _ in due)

    def _count_empty(self, n_filled: Counter[str], first_s: int, last_s: int) -> None:
        for spec in self.config.windows:
            watched_s = first_s if spec.since_s is None else max(first_s, spec.since_s)
            if n_empty := spec.n_between(watched_s, last_s) - n_filled[spec.name]:
                self.progress.n_empty[spec.name] += n_empty

    def _add(self, start_s: int, cells: Cells) -> list[WindowKey]:
        touched = []
        for spec in self.config.windows:
            if (window_s := spec.start_of(start_s)) is not None:
                key = (spec.name, window_s)
                add_cells(self.windows.setdefault(key, WindowCounts()).cells, cells)
                self.progress.changed.add(("window", *key))
                touched.append(key)
        if self.config.has_total and cells:
            add_cells(self.total.cells, cells)
            self.total.extend(start_s, start_s + self.config.pane_s)
            self.progress.is_total_changed = True
            self.progress.changed.add(TOTAL)
        return touched

    def _is_revisable(self, start_s: int) -> bool:
        if self.closed_before_s is None or start_s + self.config.pane_s + self.config.revision_s > self.closed_before_s:
            return True
        starts = ((spec.name, spec.start_of(start_s)) for spec in self.config.windows)
        keys = [(name, window_s) for name, window_s in starts if window_s is not None]
        return bool(keys) and not any(self.is_closed(key) for key in keys)

    def _forget(self) -> None:
        newest = set(self.newest_closed())
        horizon_s = (self.closed_before_s or 0) - self.config.revision_s
        kept = newest | self.progress.revised  # a correction that nobody was told yet must not get lost
        for key in [key for key in self.windows if self.end_s(key) <= horizon_s and key not in kept]:
            del self.windows[key]
            self.progress.changed.add(("window", *key))
        for source, mark in self.marks.items():
            self._settle(source, mark)

    def _watermark_s(self) -> int | None:
        return combined_watermark(self.marks.values()) if self._is_all_heard() else None

    def _is_all_heard(self) -> bool:
        return 0 < self.n_partitions <= len(self.marks)

    def _is_all_idle(self) -> bool:
        return self._is_all_heard() and all(mark.is_idle for mark in self.marks.values())

    def _set_partitions(self, n_partitions: int) -> None:
        if n_partitions != self.n_partitions:
            self.n_partitions = n_partitions
            self.progress.changed.add(CLOCK)

    def _set_idle_since(self, now_s: float | None) -> None:
        if now_s != self.idle_since_s:
            self.idle_since_s = now_s
            self.progress.changed.add(CLOCK)

    def _in_order(self, keys: Iterable[WindowKey]) -> list[WindowKey]:
        rank = {spec.name: number for number, spec in enumerate(self.config.windows)}
        return sorted(keys, key=lambda key: (self.end_s(key), rank[key[0]]))
