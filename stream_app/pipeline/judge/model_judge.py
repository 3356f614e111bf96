"""One model's way from partials to records: parts are joined, the tally closes windows, windows become results.

How event time is cut and counted is the same for decisions, published counts and outcomes, and lies here. What is
watched and told of them is a ``Watched``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from stream_app import __version__
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.closing import Mark, Source
from stream_app.core.windows.partials import Partial
from stream_app.core.windows.progress import CLOCK, ClosedPane, ClosedWindow, Entry, Progress, WindowKey
from stream_app.core.windows.stretch import sum_since
from stream_app.core.windows.tally import Tally
from stream_app.core.windows.tumbling import Window
from stream_app.errors import StateError
from stream_app.pipeline.judge.aggregates import Aggregate
from stream_app.pipeline.judge.alerts import Alert, Stamp, Stretch
from stream_app.pipeline.judge.journal import SCHEMA as JOURNAL_SCHEMA
from stream_app.pipeline.judge.journal import ClockEntry
from stream_app.pipeline.judge.outcome_verdicts import OutcomeResult
from stream_app.pipeline.judge.partial_parts import PartJoiner
from stream_app.pipeline.judge.results import TOTAL_WINDOW, Result, Span
from stream_app.pipeline.judge.state import NEW_APP_ID, Changes, StateWriter, restore_tally
from stream_app.pipeline.judge.verdicts import Counted
from stream_app.pipeline.judge.watched import EMPTY, Telling, Watched
from stream_app.pipeline.judge.watched_counts import WatchedCounts
from stream_app.pipeline.judge.watched_decisions import WatchedDecisions
from stream_app.pipeline.judge.watched_outcomes import WatchedOutcomes
from stream_app.pipeline.outcomes.step import outcomes_name
from stream_app.policy import ModelPolicy

JOURNAL: Entry = ("journal",)


@dataclass(slots=True)
class ModelReport:
    """What one model's judge did since the last report.

    Attributes:
        results: Results about decisions, in the order in which they were made.
        outcome_results: Results about outcomes, likewise.
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
    outcome_results: list[OutcomeResult] = field(default_factory=list)
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

    def add(self, telling: Telling) -> None:
        """Take over what was said about a window."""
        self.results += telling.results
        self.outcome_results += telling.outcome_results
        self.aggregates += [telling.aggregate] if telling.aggregate is not None else []
        self.n_small += telling.n_small
        self.n_complementary += telling.n_complementary


def watched_of(model: ModelPolicy, name: str, held: Mapping[Entry, list[bytes]]) -> Watched:
    """Return what is watched under a name: of the model itself, or of its outcomes."""
    if name == outcomes_name(model.name):
        return WatchedOutcomes(model, held)
    return WatchedCounts(model) if model.kind == "counts" else WatchedDecisions(model, held)


class ModelJudge:
    """The judge of one model, or of its outcomes.

    Args:
        model: Its policy.
        policy_hash: Hash of the whole policy.
        held: Its entries in the state topic; empty at the very first start.
        name: Name under which its partials come; None for that of the model itself, ``outcomes_name`` for its outcomes.

    Raises:
        StateError: the state fits neither this version nor this policy.
        ValueError: the model has no outcome to judge.
    """

    def __init__(
        self, model: ModelPolicy, policy_hash: str, held: Mapping[Entry, list[bytes]], *, name: str | None = None
    ) -> None:
        self.model = model
        self._policy_hash = policy_hash
        self._watched = watched_of(model, model.name if name is None else name, held)
        config, layout_hash = self._watched.tally_config, self._watched.layout_hash
        self._tally = restore_tally(config, layout_hash, held) if held else Tally(config)
        if not held:
            self._tally.progress.changed.add(CLOCK)  # the head of the state, before anything else is kept
        self._writer = StateWriter(self._watched.name, layout_hash, held)
        self._joiner = PartJoiner(held)
        self._n_told = msgspec.msgpack.decode(b"".join(held[JOURNAL]), type=int) if JOURNAL in held else 0
        self._report = ModelReport()

    def receive(self, partial: Partial) -> None:
        """Take in one part of a flush; the last part makes it count.

        Raises:
            StateError: the partial was counted by another cell layout.
        """
        if partial.layout_hash != self._watched.layout_hash:
            raise StateError(
                f"A partial of model {self._watched.name!r} was counted by another cell layout of the policy",
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
            report.add(self._tell(key, window))
        if progress.is_total_changed:
            report.add(self._tell_total())
        for name, n_empty in progress.n_empty.items():
            report.n_closed[name, EMPTY] += n_empty
        report.n_late += progress.n_late
        report.n_broken += self._joiner.take_broken()
        report.closed_before_s = self._tally.closed_before_s
        changes = self._writer.encode(self._tally, progress.changed) + self._joiner.changes(self._writer)
        for entry, data in self._watched.take_changes():
            changes += self._writer.encode_bytes(entry, data)
        # Published counts have no offsets beside them: the difference of two offsets is a count.
        if not self._watched.is_public and (progress.advances or revised or progress.is_total_changed):
            report.clock = self._clock_entry(progress)
            self._n_told += 1
            changes += self._writer.encode_bytes(JOURNAL, msgspec.msgpack.encode(self._n_told))
        return report, changes

    def newest_results(self) -> list[Result | OutcomeResult]:
        """Return the newest result of each window again, as a new owner has to show them."""
        report = ModelReport()
        for key in self._tally.newest_closed():
            report.add(self._tell(key, self._tally.windows[key]))
        report.add(self._tell_total())
        return [*report.results, *report.outcome_results]

    def _release(self, closed: ClosedPane | ClosedWindow) -> None:
        if isinstance(closed, ClosedPane):
            self._feed(closed)
            return
        telling = self._tell(closed.key, closed.window, is_close=True)
        self._report.add(telling)
        self._report.n_closed[closed.key[0], telling.fate] += 1

    def _feed(self, pane: ClosedPane) -> None:
        end_s = pane.start_s + self.model.event_time.pane_s

        def look_back(onset_s: int) -> tuple[Stretch, Stamp]:
            first_s, cells = sum_since(onset_s, end_s, self._tally.windows, self._tally.config)
            return Stretch(first_s, end_s, cells), Stamp(self._tally.offsets(), self._policy_hash)

        self._report.alerts += self._watched.feed(pane, look_back)

    def _tell(self, key: WindowKey, window: Window, *, is_close: bool = False) -> Telling:
        span = Span(key[0], key[1], self._tally.end_s(key))
        counted = Counted(span, window.revision, window.offsets, self._policy_hash, is_close)
        return self._watched.tell(window.cells, counted)

    def _tell_total(self) -> Telling:
        total = self._tally.total
        if total.start_s is None or total.end_s is None:
            return Telling()
        span = Span(TOTAL_WINDOW, total.start_s, total.end_s)
        counted = Counted(span, 0, self._tally.offsets(), self._policy_hash, is_close=False)
        return self._watched.tell(total.cells, counted)

    def _clock_entry(self, progress: Progress) -> ClockEntry:
        return ClockEntry(
            schema=JOURNAL_SCHEMA,
            model=self._watched.name,
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
