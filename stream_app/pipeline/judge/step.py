"""The judge: partials of the source partitions in; results, published counts and state out.

A lane of the partials topic, which is partitioned by model, so each model has one owner. Windows close while partials
are read, so what a result says depends on the log of partials and not on when it was flushed; only when all source
partitions are silent does the clock decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.errors import UnknownPolicyError
from stream_app.pipeline.contract import Batch, Flush, Outputs
from stream_app.pipeline.disclosure.sealing import AlertSealer, published_alert
from stream_app.pipeline.judge.checks import CountCheck, fault_of
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport, RestoredResults
from stream_app.pipeline.judge.state import StoredEntries, entries_by_model
from stream_app.pipeline.judge.stored.moved_state import move_entries, stored_policy
from stream_app.pipeline.judge.stored.report_intake import ReadRecord
from stream_app.pipeline.names import model_of
from stream_app.pipeline.policy_book import PolicyBook, PolicySearch, RegisteredPolicy
from stream_app.pipeline.policy_change import counting_policy, present_policy
from stream_app.pipeline.records.aggregates import encode_aggregate
from stream_app.pipeline.records.alerts import encode_record
from stream_app.pipeline.records.checkpoints import encode_piece, pieces_of
from stream_app.pipeline.records.journal import JournalEntry, encode_journal_entry
from stream_app.pipeline.records.outcome_results import AnyResult, JudgedResult, NumberResult, encode_any_result
from stream_app.pipeline.rejected import RecordFault, RejectedRecord, WriterClock
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, Policy
from stream_app.topics import (
    CAMERA_AGGREGATES,
    FAIRNESS_ALERTS,
    FAIRNESS_CHECKPOINTS,
    FAIRNESS_JOURNAL,
    FAIRNESS_RESULTS,
)


class JudgeStep:
    """The judge of one partition of the partials topic; a ``LaneStep``.

    Args:
        policy: The complete policy.
        partition: The lane's partition.
        topology: Where outputs go.
        book: The policies that were ever registered; None for this one alone. Each model is judged under its newest.
        search: For which records the registry was read again, shared by the steps of a worker.
        sealer: Seals alerts of models whose policy says so; None where no policy does.
        keys: Root keys of the pseudonyms, from which noise on published counts follows.
    """

    def __init__(
        self,
        policy: Policy,
        partition: int,
        topology: Topology,
        book: PolicyBook | None = None,
        search: PolicySearch | None = None,
        sealer: AlertSealer | None = None,
        keys: tuple[RootKey, ...] = (),
    ) -> None:
        self._sealer, self._keys = sealer, keys
        self._book = PolicyBook.of(policy.models) if book is None else book
        self._search = PolicySearch() if search is None else search
        self._app_id = topology.app_id
        self._partition = partition
        self._results_at = (FAIRNESS_RESULTS, topology.partition_beside(partition, FAIRNESS_RESULTS))
        self._alerts_at = (FAIRNESS_ALERTS, partition)
        self._journal_at = (FAIRNESS_JOURNAL, partition)
        self._checkpoints_at = (FAIRNESS_CHECKPOINTS, topology.partition_beside(partition, FAIRNESS_CHECKPOINTS))
        self._aggregates_at = (CAMERA_AGGREGATES, topology.partition_beside(partition, CAMERA_AGGREGATES))
        self._judges: dict[str, ModelJudge] = {}
        self._topology = topology
        self._last_entries: list[JournalEntry] = []  # of the journals of policies that were left
        self._counts = CountCheck()
        self._n_unknown_model, self._clock = 0, WriterClock()
        self._rejected: list[RejectedRecord] = []
        self._report = JudgeReport(partition=partition)

    def restore(
        self,
        entries: Mapping[bytes, bytes],
        next_offset: int,  # noqa: ARG002 - of the contract
        log_number: int = 0,  # noqa: ARG002 - as above
    ) -> None:
        """Take over the state as of the last commit, under the newest policy of each model.

        A state that was written under another policy is moved. That of a model that was never registered, from before
        there was a registry, is left alone.

        Raises:
            StateError: the state was written by another version, or has no place under the policy.
            UnknownPolicyError: the state was written under a policy that is not in the book.
        """
        for name, stored in entries_by_model(entries).items():
            if (present := present_policy(self._book, name)) is not None:
                self._judges[name] = self._restored(name, stored, present)

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Count partials; whatever closes is reported at the next flush.

        Raises:
            StateError: a record has no place under the policy.
            UnknownPolicyError: a record names a policy that is not in the book, and the registry was not read since.
        """
        sought_below = self._search.done_below(batch.topic, batch.partition)
        records = zip(batch.offsets.tolist(), batch.timestamps_ms.tolist(), batch.values, strict=True)
        for offset, written_ms, value in records:
            if value is None:
                continue
            try:
                self._take(
                    value, ReadRecord(offset, self._clock.read(written_ms)), is_sealed=offset not in batch.unsealed
                )
            except UnknownPolicyError:
                if offset >= sought_below:
                    self._search.begin(batch.topic, batch.partition, batch.next_offset)
                    raise
                self._rejected.append(RejectedRecord(offset, RecordFault.POLICY))
        self._rejected += [RejectedRecord(unread.first_offset, RecordFault.UNREADABLE) for unread in batch.unreadable]
        return ()

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return results, published counts and changed state."""
        flush = Flush()
        report = JudgeReport(
            partition=self._partition,
            n_unknown_model=self._n_unknown_model,
            policies=self._policies(),
            rejected=self._rejected,
        )
        self._n_unknown_model, self._rejected = 0, []
        for name, judge in sorted(self._judges.items()):
            if is_caught_up:  # else a partition may only look silent
                judge.tick(now_s)
            report.models[name], changes = judge.flush()
            report.rejected.extend(judge.intake.take_rejected())
            flush.changes += changes
        flush.outputs += self._outputs(report)
        self._report = report
        return flush

    def take_report(self) -> JudgeReport:
        """Return what the last flush produced, once; to be called after its commit."""
        report, self._report = self._report, JudgeReport(partition=self._partition)
        return report

    def restored_report(self) -> RestoredResults:
        """Return the newest results and the last alerts, for a new owner to show after ``restore``."""
        alerts = [alert for judge in self._judges.values() for alert in judge.last_alerts.alerts()]
        return RestoredResults(self._partition, self._newest(), self._policies(), alerts)

    def newest_results(self) -> list[JudgedResult]:
        """Return the newest result of each window of each model, about decisions and outcomes."""
        return [result for result in self._newest() if not isinstance(result, NumberResult)]

    def _newest(self) -> list[AnyResult]:
        return [result for judge in self._judges.values() for result in judge.newest_results()]

    def _policies(self) -> dict[str, ModelPolicy]:
        return {model_of(name): judge.model for name, judge in self._judges.items()}

    def _outputs(self, report: JudgeReport) -> Iterator[Outputs]:
        """Yield the records of a flush, topic by topic."""
        reports = report.models.values()
        results = [(result.key, encode_any_result(result)) for result in report.all_results]
        yield from _outputs(self._results_at, results)
        alerts = [record for name, model in report.models.items() for record in self._published(name, model)]
        yield from _outputs(self._alerts_at, alerts)
        entries, self._last_entries = self._last_entries, []
        entries += [model.journal_entry for model in reports if model.journal_entry]
        yield from _outputs(self._journal_at, [(entry.model, encode_journal_entry(entry)) for entry in entries])
        pieces = [piece for model in reports if model.checkpoint for piece in pieces_of(model.checkpoint)]
        yield from _outputs(self._checkpoints_at, [(piece.key, encode_piece(piece)) for piece in pieces])
        aggregates = [aggregate for model in reports for aggregate in model.aggregates]
        yield from _outputs(
            self._aggregates_at, [(aggregate.key, encode_aggregate(aggregate)) for aggregate in aggregates]
        )

    def _published(self, name: str, report: ModelReport) -> Iterator[tuple[str, bytes]]:
        """Yield key and value of the records of restarts and alerts."""
        model = self._judges[name].model
        for alert in report.clear_alerts():
            record = published_alert(alert, model, self._sealer)
            yield record.id, encode_record(record)

    def _take(self, value: bytes, record: ReadRecord, *, is_sealed: bool = True) -> None:
        """Receive a record, unless it is one that no worker writes."""
        try:
            partial = decode_partial(value)
        except msgspec.MsgspecError:
            self._rejected.append(RejectedRecord(record.offset, RecordFault.UNREADABLE))
            return
        if partial.app_id and partial.app_id != self._app_id:
            return  # of another deployment, which shares the topic, and has another key
        fault = fault_of(partial, self._topology) if is_sealed else RecordFault.SEAL
        if fault is not None:
            self._rejected.append(RejectedRecord(record.offset, fault))
        else:
            self._receive(partial, record._replace(n_partitions=self._topology.n_partitions.get(partial.topic)))

    def _receive(self, partial: Partial, record: ReadRecord) -> None:
        judge = self._judges.get(partial.model)
        source = SourcePartition(partial.topic, partial.partition)
        if not partial.app_id and (judge is None or judge.is_policy_named(source)):
            self._n_unknown_model += 1  # version 0.2 wrote it, for a deployment that this one does not continue
            return
        counted = self._policy_of(partial)
        if partial.policy_number > counted.number:
            raise UnknownPolicyError(
                f"Policy {counted.hash} of model {model_of(partial.model)!r} was registered again, which is not known",
                action="Restart the worker",
            )
        if (fault := self._counts.fault_of(partial, counted)) is not None:
            self._rejected.append(RejectedRecord(record.offset, fault))
            return
        if judge is None:
            present = present_policy(self._book, partial.model) or counted
            judge = self._judges[partial.model] = self._judge_of(partial.model, present, {})
        judge.receive(partial, lambda part: self._policy_of(part).model, record)

    def _policy_of(self, partial: Partial) -> RegisteredPolicy:
        return counting_policy(self._book, partial.model, partial.policy_hash, partial.layout_hash)

    def _restored(self, name: str, stored: StoredEntries, present: RegisteredPolicy) -> ModelJudge:
        """Return the judge of a state; it leaves a last entry in the journal of a policy that is not the present."""
        policy = stored_policy(self._book, name, stored)
        if policy.hash == present.hash:
            return self._judge_of(name, present, stored)
        former = self._judge_of(name, policy, stored)
        if (entry := former.leave_policy()) is not None:
            self._last_entries.append(entry)
        moved = move_entries(stored, name, policy.model, present, former.n_journal_entries)
        judge = self._judge_of(name, present, moved, moved_from=stored)
        judge.continue_tests(former)
        return judge

    def _judge_of(
        self, name: str, policy: RegisteredPolicy, stored: StoredEntries, moved_from: StoredEntries | None = None
    ) -> ModelJudge:
        return ModelJudge(
            policy.model, policy.hash, stored, name=name, app_id=self._app_id, moved_from=moved_from, keys=self._keys
        )


def _outputs(place: tuple[str, int], records: list[tuple[str, bytes]]) -> list[Outputs]:
    if not records:
        return []
    topic, partition = place
    return [Outputs(topic, partition, [key.encode() for key, _ in records], [value for _, value in records])]
