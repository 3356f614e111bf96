"""One model's way from partials to records: parts are joined, the tally closes windows, windows become results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from stream_app import __version__
from stream_app.core.fairness.pairs import State
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.closing import Mark, Source
from stream_app.core.windows.partials import Partial
from stream_app.core.windows.tally import CLOCK, ClosedPane, ClosedWindow, Entry, Progress, Tally, TallyConfig
from stream_app.core.windows.tumbling import WindowSpec
from stream_app.errors import StateError
from stream_app.pipeline.aggregates import Aggregate, publish_counts
from stream_app.pipeline.alerts import Alert, Stamp, Stretch, alert_of
from stream_app.pipeline.journal import SCHEMA as JOURNAL_SCHEMA
from stream_app.pipeline.journal import ClockEntry
from stream_app.pipeline.judge_state import NEW_APP_ID, Changes, StateWriter, restore_tally
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.pair_watch import PairWatch
from stream_app.pipeline.partial_parts import PartJoiner
from stream_app.pipeline.results import TOTAL_WINDOW, Result, Span, shown_groups
from stream_app.pipeline.verdicts import Counted, judge_window
from stream_app.policy import ModelPolicy

PUBLISHED, SUPPRESSED, INSUFFICIENT, EMPTY = "published", "suppressed", "insufficient", "empty"
JOURNAL: Entry = ("journal",)
WATCH: Entry = ("watch",)
OUTCOMES = (PUBLISHED, SUPPRESSED, INSUFFICIENT, EMPTY)  # of a window that closed


@dataclass(slots=True)
class ModelReport:
    """What one model's judge did since the last report.

    Attributes:
        results: Results, in the order in which they were made.
        alerts: Alarms and all-clears of the sequential tests.
        aggregates: Published counts of a model of kind ``counts``.
        clock: How event time moved, when anything was told or could be.
        n_closed: Windows that closed, by window and outcome.
        n_revised: Windows that were corrected, by window.
        n_small: Cells of published counts hidden as too small.
        n_complementary: Cells of published counts hidden against subtraction.
        n_late: Corrections of panes that came too late.
        n_repeats: Partials that told old news, of a former owner.
        n_broken: Flushes of which a part was missing.
        closed_before_s: How far event time has come; None before the first pane closed.
    """

    results: list[Result] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    clock: ClockEntry | None = None
    n_closed: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_revised: Counter[str] = field(default_factory=Counter)
    n_small: int = 0
    n_complementary: int = 0
    n_late: int = 0
    n_repeats: int = 0
    n_broken: int = 0
    closed_before_s: int | None = None


def tally_config_of(model: ModelPolicy) -> TallyConfig:
    """Return how a model's event time is cut.

    A model of kind ``counts`` has one size of window, no totals and no revisions: releases of windows inside each
    other, of totals or of the same window again could be subtracted from each other.
    """
    windows = tuple(WindowSpec(window.name, window.size_s) for window in model.windows)
    is_public = model.kind == "counts"
    return TallyConfig(
        pane_s=model.event_time.pane_s,
        out_of_orderness_s=model.event_time.out_of_orderness_s,
        revision_s=0 if is_public else model.revision_s,
        windows=windows[:1] if is_public else windows,
        has_total=not is_public,
    )


class ModelJudge:
    """The judge of one model.

    Args:
        model: Its policy.
        policy_hash: Hash of the whole policy.
        held: Its entries in the state topic; empty at the very first start.

    Raises:
        StateError: the state fits neither this version nor this policy.
    """

    def __init__(self, model: ModelPolicy, policy_hash: str, held: Mapping[Entry, list[bytes]]) -> None:
        self.model = model
        self._policy_hash = policy_hash
        self._layout = layout_of(model)
        self._layout_hash = model.layout_hash()
        config = tally_config_of(model)
        self._tally = restore_tally(config, self._layout_hash, held) if held else Tally(config)
        if not held:
            self._tally.progress.changed.add(CLOCK)  # the head of the state, before anything else is kept
        self._writer = StateWriter(model.name, self._layout_hash, held)
        self._joiner = PartJoiner(held)
        self._n_told = msgspec.msgpack.decode(b"".join(held[JOURNAL]), type=int) if JOURNAL in held else 0
        watched = b"".join(held[WATCH]) if WATCH in held else None
        self._watch = PairWatch(model, self._layout, watched) if model.kind == "decisions" else None
        self._is_watch_changed = False
        self._report = ModelReport()

    def receive(self, partial: Partial) -> None:
        """Take in one part of a flush; the last part makes it count.

        Raises:
            StateError: the partial was counted by another cell layout.
        """
        if partial.layout_hash != self._layout_hash:
            raise StateError(
                f"A partial of model {self.model.name!r} was counted by another cell layout of the policy",
                action=f"Start all workers with one policy. {NEW_APP_ID}",
            )
        source = Source(partial.topic, partial.partition)
        mark = self._tally.marks.get(source)
        if mark is not None and partial.next_offset < mark.next_offset:
            self._report.n_repeats += 1
        elif flush := self._joiner.join(source, partial):
            self._tally.apply(source, *_told_by(flush), self._release)

    def take(self, source: Source, n_partitions: int, mark: Mark, panes: Mapping[int, Cells]) -> None:
        """Count for a source partition while time stands still; with ``advance_to`` the way of a replay."""
        self._tally.take(source, n_partitions, mark, panes)

    def advance_to(self, closed_before_s: int) -> None:
        """Move event time as the journal says."""
        self._tally.advance_to(closed_before_s, self._release)

    def tick(self, now_s: float) -> None:
        """Let time move on with the clock if every source partition is silent."""
        self._tally.tick(now_s, self._release)

    def flush(self) -> tuple[ModelReport, Changes]:
        """Return what was found and what changed since the last flush."""
        revised = self._tally.revise()
        progress = self._tally.take_progress()
        report, self._report = self._report, ModelReport()
        for key, window in revised:
            report.n_revised[key[0]] += 1
            span = Span(key[0], key[1], self._tally.end_s(key))
            report.results += self._judge(span, window.cells, window.revision, window.offsets)
        if progress.is_total_changed:
            report.results += self._judge_total()
        for name, n_empty in progress.n_empty.items():
            report.n_closed[name, EMPTY] += n_empty
        report.n_late += progress.n_late
        report.n_broken += self._joiner.take_broken()
        report.closed_before_s = self._tally.closed_before_s
        changes = self._writer.encode(self._tally, progress.changed) + self._joiner.changes(self._writer)
        # Published counts have no offsets beside them: the difference of two offsets is a count.
        if self._watch is not None and self._is_watch_changed:
            changes += self._writer.encode_bytes(WATCH, self._watch.state())
            self._is_watch_changed = False
        if self.model.kind == "decisions" and (progress.advances or revised or progress.is_total_changed):
            report.clock = self._clock_entry(progress)
            self._n_told += 1
            changes += self._writer.encode_bytes(JOURNAL, msgspec.msgpack.encode(self._n_told))
        return report, changes

    def newest_results(self) -> list[Result]:
        """Return the newest result of each window again, as a new owner has to show them."""
        if self.model.kind == "counts":
            return []
        results = []
        for key in self._tally.newest_closed():
            window = self._tally.windows[key]
            span = Span(key[0], key[1], self._tally.end_s(key))
            results += self._judge(span, window.cells, window.revision, window.offsets)
        return results + self._judge_total()

    def _release(self, closed: ClosedPane | ClosedWindow) -> None:
        if isinstance(closed, ClosedPane):
            self._feed(closed)
            return
        name, start_s = closed.key
        span, window = Span(name, start_s, self._tally.end_s(closed.key)), closed.window
        if self.model.kind == "counts":
            self._publish(span, window.cells)
        else:
            results = self._judge(span, window.cells, window.revision, window.offsets, is_close=True)
            self._report.results += results
            self._report.n_closed[name, _outcome_of(results, self.model.privacy.k)] += 1

    def _feed(self, pane: ClosedPane) -> None:
        if self._watch is None:
            return
        self._is_watch_changed = True
        for alarm in self._watch.feed(pane):
            end_s = pane.start_s + self.model.event_time.pane_s
            first_s, cells = self._tally.since(alarm.onset_s, end_s)
            stretch = Stretch(first_s, end_s, cells)
            stamp = Stamp(self._tally.offsets(), self._policy_hash)
            pair = self._watch.pairs[alarm.pair]
            self._report.alerts.append(alert_of(self.model, self._layout, alarm, pair, stretch, stamp))

    def _publish(self, span: Span, cells: Cells) -> None:
        publication = publish_counts(self.model, self._layout, cells, span, policy_hash=self._policy_hash)
        self._report.n_small += publication.n_small
        self._report.n_complementary += publication.n_complementary
        self._report.n_closed[span.window, PUBLISHED if publication.aggregate else SUPPRESSED] += 1
        if publication.aggregate:
            self._report.aggregates.append(publication.aggregate)

    def _judge_total(self) -> list[Result]:
        total = self._tally.total
        if total.start_s is None or total.end_s is None:
            return []
        return self._judge(Span(TOTAL_WINDOW, total.start_s, total.end_s), total.cells, 0, self._tally.offsets())

    def _judge(
        self, span: Span, cells: Cells, revision: int, offsets: dict[str, dict[int, int]], *, is_close: bool = False
    ) -> list[Result]:
        if self._watch is None:
            return []
        self._is_watch_changed |= is_close
        counted = Counted(span, revision, offsets, self._policy_hash, is_close)
        return judge_window(self.model, self._layout, cells, self._watch, counted)

    def _clock_entry(self, progress: Progress) -> ClockEntry:
        return ClockEntry(
            schema=JOURNAL_SCHEMA,
            model=self.model.name,
            number=self._n_told,
            advances=tuple(progress.advances),
            offsets=self._tally.offsets(),
            starts=self._tally.starts(),
            policy_hash=self._policy_hash,
            code_version=__version__,
        )


def _told_by(flush: list[Partial]) -> tuple[int, Mark, dict[int, Cells]]:
    """Return what all parts of one flush say together: partitions of the topic, how far it has come, its panes."""
    last = flush[-1]
    panes: dict[int, Cells] = {}
    for part in flush:
        for pane in part.panes:
            panes.setdefault(pane.start_s, {}).update(pane.cells)
    mark = Mark(last.next_offset, last.closed_before_s, last.max_event_s, last.is_idle, last.first_offset)
    return last.n_partitions, mark, panes


def _outcome_of(results: list[Result], k: int) -> str:
    if not any(shown_groups(result, k).shown for result in results):
        return SUPPRESSED
    if all(result.state is State.INSUFFICIENT for result in results):
        return INSUFFICIENT
    return PUBLISHED
