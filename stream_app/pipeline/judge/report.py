"""What a judge lane reports: after a commit, and when a new owner has restored it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.outcome_results import AnyResult, OutcomeResult
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.pipeline.rejected import RejectedRecord
from stream_app.policy import ModelPolicy


class JudgeSink(Protocol):
    """Receives what the judge reports."""

    def judged(self, partition: int, report: JudgeReport) -> None:
        """Show what was published in a committed transaction."""

    def judge_restored(
        self,
        partition: int,
        results: Sequence[AnyResult],
        policies: Mapping[str, ModelPolicy],
        last_alerts: Sequence[Alert],
    ) -> None:
        """Show the newest results and the last alerts of a lane that changed its owner; nothing is counted."""

    def latency_measured(self, stage: str, seconds: float, n_events: int = 1) -> None:
        """Show how long it took events to get through a stage."""


@dataclass(frozen=True)
class JudgeReport:
    """What one flush of a judge lane published; to be shown only after its transaction is committed.

    Attributes:
        models: Report by name of the model, or of its outcomes.
        n_unknown_model: Partials of version 0.2 for deployments that this one does not continue; not counted.
        partition: The lane's partition.
        policies: Under which policy each model is judged, by name of the model.
        rejected: Records that no worker writes; they are not counted.
    """

    models: dict[str, ModelReport] = field(default_factory=dict)
    n_unknown_model: int = 0
    partition: int = 0
    policies: dict[str, ModelPolicy] = field(default_factory=dict)
    rejected: list[RejectedRecord] = field(default_factory=list)

    @property
    def results(self) -> list[Result]:
        """All results about decisions, in the order in which they were made."""
        return [result for report in self.models.values() for result in report.results]

    @property
    def outcome_results(self) -> list[OutcomeResult]:
        """All results about outcomes, likewise."""
        return [result for report in self.models.values() for result in report.outcome_results]

    @property
    def amount_results(self) -> list[AmountResult]:
        """All results about amounts, likewise."""
        return [result for report in self.models.values() for result in report.amount_results]

    @property
    def all_results(self) -> list[AnyResult]:
        """All results, in the order in which they are written: about decisions, outcomes, hours of areas, amounts."""
        hours = [result for report in self.models.values() for result in report.allocation_results]
        return [*self.results, *self.outcome_results, *hours, *self.amount_results]

    def deliver(self, sink: JudgeSink, now_s: float, /) -> None:
        """Show the report, and for each window that closed the time from its end to the commit."""
        sink.judged(self.partition, self)
        for result in (*self.results, *self.amount_results):
            if result.window != TOTAL_WINDOW and result.revision == 0:
                sink.latency_measured("close", max(0.0, now_s - result.end_s), result.n)


@dataclass(frozen=True)
class RestoredResults:
    """The newest results of a judge lane that was restored.

    Attributes:
        partition: The lane's partition.
        results: The newest result of each window of each model.
        policies: Under which policy each model is judged, by name of the model.
        last_alerts: The last alert of each test: of its open breach, or of its recovery.
    """

    partition: int
    results: list[AnyResult]
    policies: dict[str, ModelPolicy]
    last_alerts: list[Alert] = field(default_factory=list)

    def deliver(self, sink: JudgeSink, _: float, /) -> None:
        """Show the results; nothing is counted."""
        sink.judge_restored(self.partition, self.results, self.policies, self.last_alerts)
