"""The judge: partials of the source partitions in; results, published counts and state out.

A lane of the partials topic, which is partitioned by model, so each model has one owner. Windows close while partials
are read, so what a result says depends on the log of partials and not on when it was flushed; only when all source
partitions are silent does the clock decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.errors import StateError
from stream_app.pipeline.contract import Batch, Flush, Outputs
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.report import JudgeReport, RestoredResults
from stream_app.pipeline.judge.state import StoredEntries, entries_by_model
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
        self._app_id = topology.app_id
        self._partition = partition
        self._results_at = (FAIRNESS_RESULTS, topology.partition_beside(partition, FAIRNESS_RESULTS))
        self._alerts_at = (FAIRNESS_ALERTS, partition)
        self._journal_at = (FAIRNESS_JOURNAL, partition)
        self._aggregates_at = (CAMERA_AGGREGATES, topology.partition_beside(partition, CAMERA_AGGREGATES))
        self._judges: dict[str, ModelJudge] = {}
        self._n_unknown_model = 0
        self._report = JudgeReport(partition=partition)

    def restore(
        self,
        entries: Mapping[bytes, bytes],
        next_offset: int,  # noqa: ARG002 - of the contract
        log_number: int = 0,  # noqa: ARG002 - as above
    ) -> None:
        """Take over the state as of the last commit; that of models that the policy dropped is left alone.

        Raises:
            StateError: the state was written by another version or policy.
        """
        self._judges = {
            name: self._judge_of(name, stored)
            for name, stored in entries_by_model(entries).items()
            if name in self._policies
        }

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Count partials; whatever closes is reported at the next flush.

        Raises:
            StateError: a record cannot be read, or was counted under a different cell layout.
        """
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
            if value is not None:
                self._receive(_decode(value, offset))
        return ()

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return results, published counts and changed state."""
        flush = Flush()
        report = JudgeReport(partition=self._partition, n_unknown_model=self._n_unknown_model)
        self._n_unknown_model = 0
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

    def _receive(self, partial: Partial) -> None:
        if partial.model not in self._policies:
            self._n_unknown_model += 1
            return
        if partial.model not in self._judges:
            self._judges[partial.model] = self._judge_of(partial.model, {})
        self._judges[partial.model].receive(partial)

    def _judge_of(self, name: str, stored: StoredEntries) -> ModelJudge:
        model = self._policies[name]
        return ModelJudge(model, model.hash(), stored, name=name, app_id=self._app_id)


def _outputs(place: tuple[str, int], records: list[tuple[str, bytes]]) -> list[Outputs]:
    if not records:
        return []
    topic, partition = place
    return [Outputs(topic, partition, [key.encode() for key, _ in records], [value for _, value in records])]


def _decode(value: bytes, offset: int) -> Partial:
    try:
        return decode_partial(value)
    except msgspec.MsgspecError:
        raise StateError(
            f"The partial at offset {offset} cannot be read",
            action="All workers must run one version, and nothing else may write to the partials topic",
        ) from None
