"""One model's way from partials to records: parts are joined, the tally closes windows, windows become results.

How event time is cut and counted is the same for decisions, published counts and outcomes, and lies here. What is
watched and told of them is a ``Subject``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from stream_app import __version__
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.counts_since import counts_since
from stream_app.core.windows.partials import Partial
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.core.windows.tally import Tally
from stream_app.core.windows.tally_changes import CLOCK, ClosedPane, ClosedWindow, StateKey, TallyChanges, WindowKey
from stream_app.core.windows.tumbling import WindowCounts
from stream_app.errors import StateError
from stream_app.pipeline.judge.part_joiner import PartJoiner
from stream_app.pipeline.judge.state import NEW_APP_ID, Changes, StateWriter, restore_tally
from stream_app.pipeline.judge.subjects.counts import CountsSubject
from stream_app.pipeline.judge.subjects.decisions import DecisionsSubject
from stream_app.pipeline.judge.subjects.outcomes import OutcomesSubject
from stream_app.pipeline.judge.subjects.subject import EMPTY, Subject, WindowVerdicts
from stream_app.pipeline.judge.verdicts.alerts import OnsetCounts, Provenance
from stream_app.pipeline.judge.verdicts.decisions import WindowContext
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.aggregates import Aggregate
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.journal import SCHEMA as JOURNAL_SCHEMA
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result, Span
from stream_app.policy import ModelPolicy

JOURNAL: StateKey = ("journal",)


@dataclass(slots=True)
class ModelReport:
    """What one model's judge did since the last report.

    Attributes:
        results: Results about decisions, in the order in which they were made.
        outcome_results: Results about outcomes, likewise.
        alerts: Alarms and recoveries of the sequential tests.
        aggregates: Published counts of a model of kind ``counts``.
        clock: How event time moved, when anything was told or could be.
        n_closed: Windows that closed, by window and outcome.
        n_revised: Windows that were corrected, by window.
        n_small: Cells of published counts hidden as too small.
        n_complementary: Cells of published counts hidden against subtraction.
        n_late: Corrections of panes that came too late.
        n_duplicates: Partials that told old news, of a former owner.
        n_broken: Flushes of which a part was missing.
        closed_before_s: How far event time has come; None before the first pane closed.
    """

    results: list[Result] = field(default_factory=list)
    outcome_results: list[OutcomeResult] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    clock: JournalEntry | None = None
    n_closed: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_revised: Counter[str] = field(default_factory=Counter)
    n_small: int = 0
    n_complementary: int = 0
    n_late: int = 0
    n_duplicates: int = 0
    n_broken: int = 0
    closed_before_s: int | None = None

    def add(self, telling: WindowVerdicts) -> None:
        """Take over what was said about a window."""
        self.results += telling.results
        self.outcome_results += telling.outcome_results
        self.aggregates += [telling.aggregate] if telling.aggregate is not None else []
        self.n_small += telling.n_small
        self.n_complementary += telling.n_complementary


def subject_of(model: ModelPolicy, name: str, held: Mapping[StateKey, list[bytes]]) -> Subject:
    """Return what is watched under a name: of the model itself, or of its outcomes."""
    if name == outcomes_name(model.name):
        return OutcomesSubject(model, held)
    return CountsSubject(model) if model.kind == "counts" else DecisionsSubject(model, held)


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
        self, model: ModelPolicy, policy_hash: str, held: Mapping[StateKey, list[bytes]], *, name: str | None = None
    ) -> None:
        self.model = model
        self._policy_hash = policy_hash
        self._subject = subject_of(model, model.name if name is None else name, held)
        config, layout_hash = self._subject.tally_config, self._subject.layout_hash
        self._tally = restore_tally(config, layout_hash, held) if held else Tally(config)
        if not held:
            self._tally.progress.changed.add(CLOCK)  # the head of the state, before anything else is kept
        self._writer = StateWriter(self._subject.name, layout_hash, held)
        self._joiner = PartJoiner(held)
        self._n_entries = msgspec.msgpack.decode(b"".join(held[JOURNAL]), type=int) if JOURNAL in held else 0
        self._report = ModelReport()

    def receive(self, partial: Partial) -> None:
        """Take in one part of a flush; the last part makes it count.

        Raises:
            StateError: the partial was counted by another cell layout.
        """
        if partial.layout_hash != self._subject.layout_hash:
            raise StateError(
                f"A partial of model {self._subject.name!r} was counted by another cell layout of the policy",
                action=f"Start all workers with one policy. {NEW_APP_ID}",
            )
        source = SourcePartition(partial.topic, partial.partition)
        mark = self._tally.marks.get(source)
        if mark is not None and partial.next_offset < mark.next_offset:
            self._report.n_duplicates += 1
        elif flush := self._joiner.join(source, partial):
            self._tally.apply(source, *_told_by(flush), self._release)

    def take(
        self, source: SourcePartition, n_partitions: int, mark: SourceProgress, panes: Mapping[int, Cells]
    ) -> None:
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
            report.add(self._judge_total())
        for name, n_empty in progress.n_empty.items():
            report.n_closed[name, EMPTY] += n_empty
        report.n_late += progress.n_late
        report.n_broken += self._joiner.take_broken()
        report.closed_before_s = self._tally.closed_before_s
        changes = self._writer.encode(self._tally, progress.changed) + self._joiner.changes(self._writer)
        for entry, data in self._subject.take_changes():
            changes += self._writer.encode_bytes(entry, data)
        # Published counts have no offsets beside them: the difference of two offsets is a count.
        if not self._subject.is_public and (progress.advances or revised or progress.is_total_changed):
            report.clock = self._journal_entry(progress)
            self._n_entries += 1
            changes += self._writer.encode_bytes(JOURNAL, msgspec.msgpack.encode(self._n_entries))
        return report, changes

    def newest_results(self) -> list[Result | OutcomeResult]:
        """Return the newest result of each window again, as a new owner has to show them."""
        report = ModelReport()
        for key in self._tally.newest_closed():
            report.add(self._tell(key, self._tally.windows[key]))
        report.add(self._judge_total())
        return [*report.results, *report.outcome_results]

    def _release(self, closed: ClosedPane | ClosedWindow) -> None:
        if isinstance(closed, ClosedPane):
            self._feed(closed)
            return
        telling = self._tell(closed.key, closed.window, is_close=True)
        self._report.add(telling)
        self._report.n_closed[closed.key[0], telling.disposition] += 1

    def _feed(self, pane: ClosedPane) -> None:
        end_s = pane.start_s + self.model.event_time.pane_s

        def look_back(onset_s: int) -> tuple[OnsetCounts, Provenance]:
            first_s, cells = counts_since(onset_s, end_s, self._tally.windows, self._tally.config)
            return OnsetCounts(first_s, end_s, cells), Provenance(self._tally.offsets(), self._policy_hash)

        self._report.alerts += self._subject.feed(pane, look_back)

    def _tell(self, key: WindowKey, window: WindowCounts, *, is_close: bool = False) -> WindowVerdicts:
        span = Span(key[0], key[1], self._tally.end_s(key))
        counted = WindowContext(span, window.revision, window.offsets, self._policy_hash, is_close)
        return self._subject.tell(window.cells, counted)

    def _judge_total(self) -> WindowVerdicts:
        total = self._tally.total
        if total.start_s is None or total.end_s is None:
            return WindowVerdicts()
        span = Span(TOTAL_WINDOW, total.start_s, total.end_s)
        counted = WindowContext(span, 0, self._tally.offsets(), self._policy_hash, is_close=False)
        return self._subject.tell(total.cells, counted)

    def _journal_entry(self, progress: TallyChanges) -> JournalEntry:
        return JournalEntry(
            schema=JOURNAL_SCHEMA,
            model=self._subject.name,
            number=self._n_entries,
            advances=tuple(progress.advances),
            offsets=self._tally.offsets(),
            starts=self._tally.starts(),
            policy_hash=self._policy_hash,
            code_version=__version__,
        )


def _told_by(flush: list[Partial]) -> tuple[int, SourceProgress, dict[int, Cells]]:
    """Return what all parts of one flush say together: partitions of the topic, how far it has come, its panes."""
    last = flush[-1]
    panes: dict[int, Cells] = {}
    for part in flush:
        for pane in part.panes:
            panes.setdefault(pane.start_s, {}).update(pane.cells)
    mark = SourceProgress(last.next_offset, last.closed_before_s, last.max_event_s, last.is_idle, last.first_offset)
    return last.n_partitions, mark, panes
