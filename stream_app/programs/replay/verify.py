"""``replay verify``: the judge's whole life once more, and every record that it wrote compared; outcomes likewise."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from stream_app.core.windows.source_progress import SourcePartition
from stream_app.edges.kafka.readers.judge_records import read_alerts, read_any_results, read_journal, read_partials
from stream_app.errors import ConfigError
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.outcome_results import decode_any_result
from stream_app.pipeline.replay.cursor import Cursor
from stream_app.pipeline.replay.verify.divergence import Divergence, find_divergence, flushes_of
from stream_app.pipeline.replay.verify.matching import (
    AnyResult,
    Difference,
    PublishedRecord,
    RecordMatcher,
    RecordPosition,
    first_difference,
)
from stream_app.pipeline.replay.verify.recomputation import Recomputation, RecomputedRecord, split_deployments
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.replay.join_logs import open_join_logs
from stream_app.programs.replay.sources import OnProgress, SourceChoice, open_sources
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_RESULTS

_SETTLE_S = 1.0  # a transaction shows in one topic a moment before it shows in another


class ComparedRange(msgspec.Struct, frozen=True):
    """Which results are compared: those of windows that end in this stretch of event time; None is open.

    Running totals are about all time: they are compared where no stretch is asked for.
    """

    from_s: int | None = None
    to_s: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether everything is compared."""
        return self.from_s is None and self.to_s is None

    def holds_alert(self, alert: Alert) -> bool:
        """Tell whether an alert is compared."""
        is_late_enough = self.from_s is None or alert.at_s > self.from_s
        return is_late_enough and (self.to_s is None or alert.at_s <= self.to_s)

    def holds(self, result: AnyResult) -> bool:
        """Tell whether a result is compared."""
        if self.is_all:
            return True
        is_late_enough = self.from_s is None or result.end_s > self.from_s
        return result.window != "total" and is_late_enough and (self.to_s is None or result.end_s <= self.to_s)


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found.

    Attributes:
        model: Name of the model, or of its outcomes.
        is_equal: Whether every compared record is the same, those about outcomes included.
        n_records: Source records that were read; of outcomes, records of the labels log.
        n_equal: Records of results and journal that are the same.
        n_missing: Records that were retold and do not stand in the topics.
        n_unexpected: Records that stand in the topics and were not retold.
        difference: The first difference.
        divergence: Where a source partition was counted otherwise; None where all agree with their partials, or where
            those are gone.
        policy_hash: Policy of the replay.
        outcomes: What was found about the outcomes of the model; None where it has none.
    """

    model: str
    is_equal: bool
    n_records: int
    n_equal: int
    n_missing: int
    n_unexpected: int
    difference: Difference | None
    divergence: Divergence | None
    policy_hash: str
    outcomes: Verification | None = None


class SourceLogs(Protocol):
    """What a judge counted, opened again.

    Attributes:
        n_read: Records that were read.
    """

    n_read: int

    def open_deployment(self, deployment: Sequence[JournalEntry]) -> Mapping[SourcePartition, Cursor]:
        """Return a cursor for each partition, at the first offset that the judge of a life ever counted."""


def verify(
    settings: Settings,
    policy: Policy,
    model: ModelPolicy,
    choice: SourceChoice,
    extent: ComparedRange,
    note: OnProgress,
    *,
    k: int,
) -> Verification:
    """Recompute what the judge wrote about a model and compare it with what stands in the topics.

    Args:
        settings: Where Kafka and the keys are.
        policy: The policy under which was judged.
        model: Its model.
        choice: Which source topic is read.
        extent: Which results are compared.
        note: Told how far it is.
        k: A difference about fewer than so many is told without its values.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
        ReplayError: source records or journal entries are gone, or policy and version are others.
    """
    with open_sources(settings, model, choice, note) as sources:
        found = _Verifying(settings, policy, model, model.name).verify(sources, extent, k)
    if model.outcome is None:
        return found
    with open_join_logs(settings, model, note) as labels:
        outcomes = _Verifying(settings, policy, model, outcomes_name(model.name)).verify(labels, extent, k)
    is_equal = found.is_equal and outcomes.is_equal
    return msgspec.structs.replace(found, is_equal=is_equal, outcomes=outcomes)


@dataclass(frozen=True)
class _Verifying:
    """What is verified.

    Attributes:
        settings: Where Kafka is.
        policy: The policy under which was judged.
        model: Its model.
        name: Of the model, or of its outcomes.
    """

    settings: Settings
    policy: Policy
    model: ModelPolicy
    name: str

    def verify(self, logs: SourceLogs, extent: ComparedRange, k: int) -> Verification:
        """Compare what was written under the name with what the logs say."""
        kafka, name = self.settings.kafka, self.name
        n_sure = len(read_journal(kafka, name))
        results = [live for live, own in read_any_results(kafka, name) if extent.holds(own)]
        alerts = [live for live, own in read_alerts(kafka, name) if extent.holds_alert(own)]
        time.sleep(_SETTLE_S)
        journal = read_journal(kafka, name)
        entries = [live for live, _ in journal] if extent.is_all else []
        comparison = RecordMatcher([*results, *alerts, *entries], n_sure)
        is_untold = not journal and not results and not alerts and name != self.model.name  # no outcome has come yet
        deployments = [] if is_untold else split_deployments([entry for _, entry in journal], FAIRNESS_JOURNAL)
        for told in self._recompute(logs, deployments):
            if _is_compared(told, extent):
                comparison.match(told)
        missing, unexpected = comparison.missing(), comparison.unexpected()
        difference = self._difference(missing, unexpected, [*alerts, *entries], k)
        n_records = logs.n_read
        divergence = self._locate(logs, deployments[-1], difference) if difference is not None else None
        return Verification(
            model=name,
            is_equal=difference is None,
            n_records=n_records,
            n_equal=comparison.n_equal,
            n_missing=len(missing),
            n_unexpected=len(unexpected),
            difference=difference,
            divergence=divergence,
            policy_hash=self.policy.hash(),
        )

    def _recompute(self, logs: SourceLogs, deployments: Iterable[list[JournalEntry]]) -> Iterator[RecomputedRecord]:
        n_before = 0
        for deployment in deployments:
            recomputation = Recomputation(
                self.model, self.policy.hash(), logs.open_deployment(deployment), name=self.name
            )
            for entry in deployment:
                for told in recomputation.recompute(entry):
                    yield told._replace(entry=n_before + entry.number)
            n_before += len(deployment)

    def _difference(
        self, missing: list[RecomputedRecord], unexpected: list[RecordPosition], kept: list[PublishedRecord], k: int
    ) -> Difference | None:
        if not missing and not unexpected:
            return None
        places = set(unexpected)
        found = [live for live in kept if (live.topic, live.partition, live.offset) in places]
        if any(topic == FAIRNESS_RESULTS for topic, _, _ in places):
            found = [*(live for live, _ in read_any_results(self.settings.kafka, self.name, at=places)), *found]
        return first_difference(missing, found, k)

    def _locate(self, logs: SourceLogs, deployment: list[JournalEntry], difference: Difference) -> Divergence | None:
        """Recount each partition against its partials; the one whose earliest difference lies in the window, if any."""
        flushes = flushes_of(read_partials(self.settings.kafka, self.name))
        divergences = [
            divergence
            for source, cursor in logs.open_deployment(deployment).items()
            if (divergence := find_divergence(source, cursor, flushes.get(source, []))) is not None
        ]
        return min(
            divergences,
            key=lambda own: (not difference.start_s <= own.pane_start_s < difference.end_s, own.pane_start_s),
            default=None,
        )


def _is_compared(told: RecomputedRecord, extent: ComparedRange) -> bool:
    if told.topic == FAIRNESS_ALERTS:
        return extent.holds_alert(decode_alert(told.value))
    return extent.is_all or (told.topic == FAIRNESS_RESULTS and extent.holds(decode_any_result(told.value)))


def range_of_alert(
    settings: Settings, model: ModelPolicy, alert_id: str, *, has_outcomes: bool = False
) -> ComparedRange:
    """Return the stretch that an alert describes, the alert itself included.

    Args:
        settings: Where Kafka is.
        model: The policy of the model.
        alert_id: Id of the alert.
        has_outcomes: Whether it may be one about outcomes, whose event time is another: that at which they came.

    Raises:
        ConfigError: no such alert stands in the topic.
    """
    for name in [model.name, outcomes_name(model.name)] if has_outcomes else [model.name]:
        for _, alert in read_alerts(settings.kafka, name):
            if alert.id == alert_id:
                return ComparedRange(alert.start_s, alert.at_s)
    raise ConfigError(f"No alert {alert_id!r} of model {model.name!r}", action="See: fairstream alerts list")
