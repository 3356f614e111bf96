"""One model's way from partials to records: parts are joined, the tally closes windows, windows become results.

How event time is cut and counted is the same for decisions, published counts and outcomes, and is decided here. What
follows from the counts is decided by a ``Subject``.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stream_app import __version__
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import Partial
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress, log_numbers_of
from stream_app.core.windows.tally import Tally
from stream_app.core.windows.tally_changes import CLOCK, ClosedPeriod, Closings, StateKey, TallyChanges, WindowKey
from stream_app.core.windows.tumbling import WindowCounts
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.monitors.continued_tests import restart_of
from stream_app.pipeline.judge.state import JOURNAL, POLICY, Changes, StateWriter, StoredEntries, StoredPolicy
from stream_app.pipeline.judge.stored.checkpoints import CHECKPOINT, CheckpointSchedule, checkpoint_after
from stream_app.pipeline.judge.stored.journal_notes import JournalNotes
from stream_app.pipeline.judge.stored.last_alerts import LastAlerts
from stream_app.pipeline.judge.stored.moved_state import PaneMapper
from stream_app.pipeline.judge.stored.part_joiner import corrections_of, joined_flush, recounted_since
from stream_app.pipeline.judge.stored.report_intake import NO_RECORD, Flush, PolicyOf, ReadRecord, ReportIntake
from stream_app.pipeline.judge.stored.stored_history import HISTORY, history_changes, history_entries, restore_history
from stream_app.pipeline.judge.stored.stored_tally import (
    COUNTED,
    encode_entry,
    read_policy,
    restore_tally,
    tally_entries,
)
from stream_app.pipeline.judge.subjects.choice import subject_of
from stream_app.pipeline.judge.subjects.subject import LookBack, WindowVerdicts
from stream_app.pipeline.judge.verdicts.alerts import Provenance
from stream_app.pipeline.judge.verdicts.window_context import WindowContext, context_of_totals
from stream_app.pipeline.records.journal import SCHEMA as JOURNAL_SCHEMA
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.outcome_results import AnyResult
from stream_app.pipeline.records.results import Span
from stream_app.policy import ModelPolicy


class ModelJudge:
    """The judge of one model, or of its outcomes.

    Args:
        model: Its policy.
        policy_hash: Hash of the policy of the model.
        stored: Its entries in the changelog topic; empty at the very first start.
        name: Name under which its partials come; None for that of the model itself, ``outcomes_name`` for its outcomes.
        app_id: Deployment that judges.
        moved_from: The entries in the changelog topic, where ``stored`` is what ``move_entries`` made of them.
        leaves_out: Whether its running totals may leave out windows, see ``EarlyTotals``.
        keys: Root keys of the pseudonyms, from which noise on published counts follows.

    Attributes:
        n_journal_entries: Number of entries of the journal so far.
        last_alerts: The last alert of each test.
        intake: Which reports of source partitions are taken in.

    Raises:
        StateError: the state fits neither this version nor this policy.
        ValueError: the model has no outcome to judge.
    """

    def __init__(
        self,
        model: ModelPolicy,
        policy_hash: str,
        stored: StoredEntries,
        *,
        name: str | None = None,
        app_id: str = "",
        moved_from: StoredEntries | None = None,
        keys: tuple[RootKey, ...] = (),
        leaves_out: bool = True,
    ) -> None:
        self.model, self._policy_hash, self._app_id = model, policy_hash, app_id
        self._history = restore_history(stored)
        self._subject = subject_of(model, name or model.name, stored, self._history, keys, leaves_out=leaves_out)
        self._mapper = PaneMapper(model, self._subject.name)
        config = self._subject.tally_config
        self._tally = restore_tally(config, self._subject.layout_hash, stored) if stored else Tally(config)
        if not stored:
            self._tally.changes.changed.add(CLOCK)  # the head of the state, before anything else is kept
        if moved_from is not None:
            moved = {entry for entry in stored if stored[entry] != moved_from.get(entry)}
            self._tally.changes.changed.update(entry for entry in moved if entry[0] in COUNTED)
            self._history.changed.update(int(entry[1]) for entry in moved if entry[0] == HISTORY)
        self._writer = StateWriter(self._subject.name, moved_from or stored)
        self.intake, self.last_alerts = ReportIntake(stored), LastAlerts(stored)
        self.n_journal_entries = msgspec.msgpack.decode(b"".join(stored[JOURNAL]), type=int) if JOURNAL in stored else 0
        self._stored_policy = read_policy(moved_from or stored)
        self._notes = JournalNotes(read_policy(stored).sources)
        self._is_moved, self._report = moved_from is not None, ModelReport()
        self._schedule = CheckpointSchedule(stored, is_moved=self._is_moved)

    def is_policy_named(self, source: SourcePartition) -> bool:
        """Return whether a source partition has ever named the policy under which it is counted."""
        progress = self._tally.progress.get(source)
        return progress is not None and bool(progress.counted_under.policy_hash)

    def receive(self, partial: Partial, policy_of: PolicyOf | None = None, record: ReadRecord = NO_RECORD) -> None:
        """Take in one part of a flush; the last part makes it count.

        Args:
            partial: The part.
            policy_of: Returns the policy under which a part was counted; None where that is always that of the judge.
            record: Where the part was read.

        Raises:
            StateError: its cells have no place under the policy of the judge.
        """
        source = SourcePartition(partial.topic, partial.partition)
        for flush in self.intake.take(source, partial, self._tally.progress.get(source), record):
            self._take_flush(source, flush, self.model if policy_of is None else policy_of(flush[-1]))

    def take(
        self,
        source: SourcePartition,
        n_partitions: int,
        progress: SourceProgress,
        panes: Mapping[int, Cells],
        counted_under: ModelPolicy | None = None,
    ) -> None:
        """Count for a source partition while time stands still; with ``advance_to`` the way of a replay."""
        if counted_under is not None:
            panes = self._mapper.map_panes(panes, counted_under)
        self._tally.take(source, n_partitions, progress, panes)

    def progress_of(self) -> Mapping[SourcePartition, SourceProgress]:
        """Return how far each source partition has come."""
        return self._tally.progress

    def panes_of(self, source: SourcePartition) -> dict[int, Cells]:
        """Return the panes of a source partition that can still change, by start, in the cells of the judge."""
        closed = self._tally.unsettled.get(source, {})
        return closed | {start_s: own[source] for start_s, own in self._tally.open_panes.items() if source in own}

    def advance_to(self, closed_before_s: int | None, tested_before_s: int | None) -> None:
        """Move event time, of windows and of tests, as the journal says."""
        self._consume(self._tally.advance_to(closed_before_s, tested_before_s))

    def tick(self, now_s: float) -> None:
        """Move time on with the clock where source partitions are silent.

        Args:
            now_s: Time in seconds, from a clock that never jumps.
        """
        self._consume(self._tally.tick(now_s))

    def flush(self, *, is_end: bool = False) -> tuple[ModelReport, Changes]:
        """Return what was detected and what changed since the last flush; with ``is_end`` nothing follows."""
        revised, tally_changes = self._tally.revise(), self._tally.take_changes()
        report, self._report = self._report, ModelReport()
        for key, window in revised:
            report.n_revised[key[0]] += 1
            report.add(self._judge_window(key, window, correction=tally_changes.corrections.get(key)))
        if tally_changes.is_total_changed:
            report.add(self._judge_total(is_published=True, is_end=is_end))
        report.count(tally_changes)
        report.n_stale, report.n_broken = self.intake.take_counts()
        self.last_alerts.note(report.alerts)
        report.closed_before_s, report.lag_s = self._tally.closed_before_s, self._tally.test_lag_s()
        is_news = bool(tally_changes.advances or revised or self._notes.has_recounts) or tally_changes.is_total_changed
        if (is_news or self._is_moved) and not self._subject.is_public:  # the difference of two offsets is a count
            report.journal_entry = self._journal_entry(tally_changes)
            self._add_checkpoint(report, report.journal_entry)
        self._is_moved = False
        return report, self._state_changes(tally_changes, is_journaled=report.journal_entry is not None)

    def continue_tests(self, former: ModelJudge) -> None:
        """Continue what the tests of the same model under a former policy know; lost evidence is reported."""
        continued = self._subject.continue_tests(former._subject)
        self.last_alerts.end(continued.ended_breaches)
        if continued.is_noteworthy:
            hashes, at_s = (former._policy_hash, self._policy_hash), self._tally.tested_before_s
            restart = restart_of(continued, self._subject.name, *hashes, at_s, self._tally.offsets())
            self._report.restarts.append(restart)

    def leave_policy(self) -> JournalEntry | None:
        """Return the last journal entry under this policy, before another one is followed; None for public counts."""
        return None if self._subject.is_public else self._journal_entry(TallyChanges())

    def entries(self) -> dict[StateKey, bytes]:
        """Return the complete state, as the changelog topic has it after a flush."""
        tally, layout_hash = self._tally, self._subject.layout_hash
        entries = {entry: encode_entry(tally, layout_hash, entry) or b"" for entry in tally_entries(tally)}
        return {
            **(entries | self.intake.entries() | history_entries(self._history) | dict(self._subject.state())),
            **self.last_alerts.entries(),
            JOURNAL: msgspec.msgpack.encode(self.n_journal_entries),
            POLICY: msgspec.msgpack.encode(StoredPolicy(self._policy_hash, self._notes.policies)),
            CHECKPOINT: self._schedule.state(),
        }

    def newest_results(self) -> list[AnyResult]:
        """Return the newest result of each window again, as a new owner has to show them."""
        report = ModelReport()
        for key in self._tally.newest_closed():
            report.add(self._judge_window(key, self._tally.windows[key]))
        report.add(self._judge_total())
        return report.all_results

    def _take_flush(self, source: SourcePartition, flush: Flush, counted_under: ModelPolicy) -> None:
        before, (n_partitions, reported, panes) = self._tally.progress.get(source), joined_flush(flush)
        since_offset = recounted_since(flush, before)
        if since_offset is not None:
            corrections = self._mapper.map_panes(corrections_of(flush), counted_under)
            self._report.n_not_recounted += self._tally.recount(source, corrections)
        progress = reported.after(before)
        if not self._subject.is_public:  # else there is no journal
            self._schedule.is_pending |= self._notes.note(source, before, progress, since_offset)
        self._consume(self._tally.apply(source, n_partitions, progress, self._mapper.map_panes(panes, counted_under)))

    def _consume(self, closings: Closings) -> None:
        """Take in all that closes, each period and window before the tally moves on to the next one."""
        for closing in closings:
            if isinstance(closing, ClosedPeriod):
                self._feed(closing)
            else:
                verdicts = self._judge_window(closing.key, closing.window, is_close=True)
                self._report.add(verdicts)
                self._report.n_closed[closing.key[0], verdicts.disposition] += 1

    def _feed(self, period: ClosedPeriod) -> None:
        self._history.add(period)
        self._report.n_periods[self._subject.can_compare(period.cells)] += 1
        look_back = LookBack(self._history, Provenance(self._tally.offsets(), self._policy_hash))
        self._report.alerts += self._subject.feed(period, look_back)

    def _judge_window(
        self, key: WindowKey, window: WindowCounts, *, is_close: bool = False, correction: Cells | None = None
    ) -> WindowVerdicts:
        span = Span(key[0], key[1], self._tally.config.end_s(key))

        def periods() -> list[Cells]:
            return [period.cells for period in self._history.within(span.start_s, span.end_s)]

        late = self._tally.changes.corrections if is_close else {}
        about = (span, window.revision, window.offsets, self._policy_hash, is_close, periods)
        context = WindowContext(*about, correction=correction, corrections=late, counted=self._tally.total.cells.copy)
        return self._subject.judge(window.cells, context)

    def _judge_total(self, *, is_published: bool = False, is_end: bool = False) -> WindowVerdicts:
        context = context_of_totals(self._tally, self._policy_hash, is_published=is_published, is_end=is_end)
        return WindowVerdicts() if context is None else self._subject.judge(self._tally.total.cells, context)

    def _state_changes(self, tally_changes: TallyChanges, *, is_journaled: bool) -> Changes:
        changes: Changes = []
        for entry in sorted(tally_changes.changed, key=str):
            changes += self._writer.encode(entry, encode_entry(self._tally, self._subject.layout_hash, entry))
        changes += self.intake.take_changes(self._writer)
        changes += history_changes(self._history, self._writer) + self.last_alerts.take_changes(self._writer)
        for entry, data in self._subject.take_changes():
            changes += self._writer.encode(entry, data)
        if is_journaled:
            changes += self._writer.encode(JOURNAL, msgspec.msgpack.encode(self.n_journal_entries))
        policy = StoredPolicy(self._policy_hash, self._notes.policies)
        if policy != self._stored_policy:
            self._stored_policy = policy
            changes += self._writer.encode(POLICY, msgspec.msgpack.encode(policy))
        if not self._subject.is_public and self._schedule.is_changed:
            changes += self._writer.encode(CHECKPOINT, self._schedule.take_state())
        return changes

    def _add_checkpoint(self, report: ModelReport, entry: JournalEntry) -> None:
        """Make a checkpoint if one is due; the journal entry names its digest."""
        self._schedule.note_time(self._tally.closed_before_s)
        hashes = {progress.counted_under.policy_hash for progress in self._tally.present().values()}
        closed_before_s = self._tally.closed_before_s
        if not self._schedule.is_pending or closed_before_s is None or hashes != {self._policy_hash}:
            return
        self._schedule.is_pending = False
        report.checkpoint = checkpoint_after(entry, self.entries(), closed_before_s)
        report.journal_entry = msgspec.structs.replace(entry, checkpoint=report.checkpoint.head.digest)

    def _journal_entry(self, tally_changes: TallyChanges) -> JournalEntry:
        source_policies, recounts = self._notes.take()
        self.n_journal_entries += 1
        return JournalEntry(
            schema=JOURNAL_SCHEMA,
            model=self._subject.name,
            number=self.n_journal_entries - 1,
            advances=tuple(tally_changes.advances),
            offsets=self._tally.offsets(),
            starts=self._tally.starts(),
            policy_hash=self._policy_hash,
            code_version=__version__,
            logs=log_numbers_of(self._tally.progress),
            app_id=self._app_id,
            source_policies=source_policies,
            recounts=recounts,
        )
