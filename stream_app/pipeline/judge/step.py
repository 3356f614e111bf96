"""The judge: partials of the source partitions in; results, published counts and state out.

A lane of the partials topic, which is partitioned by model, so each model has one owner. Windows close while partials
are read, so what a result says depends on the log of partials and not on when it was flushed; only when all source
partitions are silent does the clock decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.pipeline.contract import Batch, Flush, Outputs
from stream_app.pipeline.judge.checks import PartialFault, RejectedPartial, fault_of
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.report import JudgeReport, RestoredResults
from stream_app.pipeline.judge.state import entries_by_model
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.aggregates import encode_aggregate
from stream_app.pipeline.records.alerts import encode_alert
from stream_app.pipeline.records.journal import encode_journal_entry
from stream_app.pipeline.records.outcome_results import OutcomeResult, encode_outcome_result
from stream_app.pipeline.records.results import Result, encode_result
from stream_app.pipeline.topology import Topology
from stream_app.policy import Policy
from stream_app.topics import CAMERA_AGGREGATES, FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_RESULTS


class JudgeStep:
    """The judge of one partition of the partials topic; a ``LaneStep``.

    Args:
        policy: The complete policy.
        partition: The lane's partition.
        topology: Where outputs go.
    """

    def __init__(self, policy: Policy, partition: int, topology: Topology) -> None:
        self._policies = {model.name: model for model in policy.models}  # by the names under which partials come
        self._policies |= {outcomes_name(model.name): model for model in policy.models if model.outcome is not None}
        self._policy_hash = policy.hash()
        self._partition = partition
        self._results_at = (FAIRNESS_RESULTS, topology.partition_beside(partition, FAIRNESS_RESULTS))
        self._alerts_at = (FAIRNESS_ALERTS, partition)
        self._journal_at = (FAIRNESS_JOURNAL, partition)
        self._aggregates_at = (CAMERA_AGGREGATES, topology.partition_beside(partition, CAMERA_AGGREGATES))
        self._judges: dict[str, ModelJudge] = {}
        self._topology = topology
        self._n_unknown_model = 0
        self._rejected: list[RejectedPartial] = []
        self._report = JudgeReport(partition=partition)

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int) -> None:  # noqa: ARG002 - of the contract
        """Take over the state as of the last commit; that of models that the policy dropped is left alone.

        Raises:
            StateError: the state was written by another version or policy.
        """
        self._judges = {
            name: ModelJudge(self._policies[name], self._policy_hash, stored, name=name)
            for name, stored in entries_by_model(entries).items()
            if name in self._policies
        }

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Count partials; whatever closes is reported at the next flush.

        Raises:
            StateError: a record was counted under a different cell layout.
        """
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
            if value is not None:
                self._take(value, offset)
        self._rejected += [RejectedPartial(unread.first_offset, PartialFault.UNREADABLE) for unread in batch.unreadable]
        return ()

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return results, published counts and changed state."""
        flush = Flush()
        report = JudgeReport(partition=self._partition, n_unknown_model=self._n_unknown_model, rejected=self._rejected)
        self._n_unknown_model, self._rejected = 0, []
        for name, judge in sorted(self._judges.items()):
            if is_caught_up:  # else a partition may only look silent
                judge.tick(now_s)
            report.models[name], changes = judge.flush()
            flush.changes += changes
        flush.outputs += self._outputs(report)
        self._report = report
        return flush

    def take_report(self) -> JudgeReport:
        """Return what the last flush produced, once; to be called after its commit."""
        report, self._report = self._report, JudgeReport(partition=self._partition)
        return report

    def restored_report(self) -> RestoredResults:
        """Return the newest results, for a new owner to show after ``restore``."""
        return RestoredResults(self._partition, self.newest_results())

    def newest_results(self) -> list[Result | OutcomeResult]:
        """Return the newest result of each window of each model."""
        return [result for judge in self._judges.values() for result in judge.newest_results()]

    def _outputs(self, report: JudgeReport) -> Iterator[Outputs]:
        """Yield the records of a flush, topic by topic."""
        reports = report.models.values()
        results = [(result.key, encode_result(result)) for result in report.results]
        results += [(result.key, encode_outcome_result(result)) for result in report.outcome_results]
        yield from _outputs(self._results_at, results)
        yield from _outputs(
            self._alerts_at, [(alert.id, encode_alert(alert)) for model in reports for alert in model.alerts]
        )
        entries = [model.journal_entry for model in reports if model.journal_entry]
        yield from _outputs(self._journal_at, [(entry.model, encode_journal_entry(entry)) for entry in entries])
        aggregates = [aggregate for model in reports for aggregate in model.aggregates]
        yield from _outputs(
            self._aggregates_at, [(aggregate.key, encode_aggregate(aggregate)) for aggregate in aggregates]
        )

    def _take(self, value: bytes, offset: int) -> None:
        """Receive a record, unless it is one that no worker writes."""
        try:
            partial = decode_partial(value)
        except msgspec.MsgspecError:
            self._rejected.append(RejectedPartial(offset, PartialFault.UNREADABLE))
            return
        if (fault := fault_of(partial, self._topology)) is not None:
            self._rejected.append(RejectedPartial(offset, fault))
        else:
            self._receive(partial)

    def _receive(self, partial: Partial) -> None:
        if partial.model not in self._policies:
            self._n_unknown_model += 1
            return
        if partial.model not in self._judges:
            model = self._policies[partial.model]
            self._judges[partial.model] = ModelJudge(model, self._policy_hash, {}, name=partial.model)
        self._judges[partial.model].receive(partial)


def _outputs(place: tuple[str, int], records: list[tuple[str, bytes]]) -> list[Outputs]:
    if not records:
        return []
    topic, partition = place
    return [Outputs(topic, partition, [key.encode() for key, _ in records], [value for _, value in records])]
