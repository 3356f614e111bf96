"""Shows what the lanes of a worker do: in metrics, health and log lines."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from faust.types import TP

from stream_app.edges.lanes.assigned_lanes import AssignedLanes
from stream_app.edges.lanes.lane import Lane
from stream_app.edges.lanes.lane_contract import LaneConfig
from stream_app.edges.lanes.log_position import LogChange
from stream_app.edges.lanes.progress import LaneProgress
from stream_app.edges.metrics.health import Health, ReadinessGate
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.errors import RegistryUnavailableError, UnknownPolicyError
from stream_app.pipeline.contract import RecordRange
from stream_app.pipeline.ingest.reading import is_broker_time
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.outcomes.report import OutcomeReport
from stream_app.pipeline.rejected import RecordFault, RejectedRecord

_LOOK_EVERY_S = 1.0
_MAX_LINES = 10  # in one transaction; the metric counts all

log = logging.getLogger(__name__)


class MetricsObserver:
    """Passes what the lanes do to metrics and health. Counts are shown only after their transaction is committed.

    Args:
        metrics: Where counts are shown.
        health: Where readiness is shown.
        roles: Role of its lanes by source topic.
    """

    def __init__(self, metrics: Metrics, health: Health, roles: Mapping[str, str]) -> None:
        self._roles = roles
        self._also_judged: list[Callable[[JudgeReport], None]] = []
        self._metrics = metrics
        self._health = health
        self._mistimed: set[str] = set()
        self._progress = LaneProgress()

    def report_judged_to(self, take: Callable[[JudgeReport], None]) -> None:
        """Also pass what a judge lane reports about each committed transaction to ``take``, which must not block."""
        self._also_judged.append(take)

    async def monitor(self, lanes: AssignedLanes) -> None:
        """Measure lag, progress and readiness, once a second; before and after that, there is no assignment."""
        self._health.wait_for(ReadinessGate.ASSIGNMENT)
        try:
            while True:
                self._measure(lanes)
                await asyncio.sleep(_LOOK_EVERY_S)
        finally:
            self._health.wait_for(ReadinessGate.ASSIGNMENT)

    def _measure(self, lanes: AssignedLanes) -> None:
        lags, progress, health = lanes.lags(), self._progress, self._health
        progress.observe(lanes.positions(), lags)
        health.waits_if(ReadinessGate.RECOVERY, is_closed=not lanes.is_ready)
        health.waits_if(ReadinessGate.PROGRESS, is_closed=progress.is_stalled)
        health.waits_if(ReadinessGate.BROKER, is_closed=progress.is_broker_away(lanes.fetch_age_s()))
        for tp, lag in lags.items():
            if lag is not None:
                self._metrics.lag_measured(tp.topic, tp.partition, lag)
        for tp, age_s in progress.ages_s().items():
            self._metrics.progress_measured(tp.topic, tp.partition, age_s)

    def topics_awaited(self, is_waiting: bool) -> None:  # noqa: FBT001  # of the protocol
        """Show whether the worker waits for topics or partitions."""
        (self._health.wait_for if is_waiting else self._health.arrived)(ReadinessGate.TOPICS)

    def rebalanced(self) -> None:
        """Count a rebalance."""
        self._metrics.rebalanced()
        self._health.arrived(ReadinessGate.ASSIGNMENT)

    def lane_opened(self, topic: str, partition: int) -> None:
        """Show a partition as assigned."""
        log.info("Lane opened: topic=%s partition=%d", topic, partition)
        self._metrics.lane_opened(topic, partition)
        self._progress.open(TP(topic, partition))

    def lane_closed(self, topic: str, partition: int) -> None:
        """Remove every row of a partition."""
        log.info("Lane closed: topic=%s partition=%d", topic, partition)
        self._metrics.lane_closed(topic, partition)
        self._progress.close(TP(topic, partition))

    def lane_reloaded(self, topic: str, partition: int, error: Exception) -> None:
        """Count a lane that failed; one that reads the registry of policies again has not."""
        if isinstance(error, UnknownPolicyError):
            log.info("Lane reads the registered policies again: topic=%s partition=%d", topic, partition)
            return
        role = self._roles[topic]
        self._metrics.transaction_ended(role, 0.0, is_committed=False)
        self._metrics.lane_reloaded(role)
        if isinstance(error, RegistryUnavailableError):  # whose text is of the registry alone
            log.warning("Lane waits for the schema registry: topic=%s partition=%d cause=%s", topic, partition, error)
            return
        # The formatter writes the type of an error and where it was raised, never its text.
        log.warning("Lane failed, reloading: topic=%s partition=%d", topic, partition, exc_info=error)

    def lane_loaded(self, lane: Lane) -> None:
        """Show what a restored step knows already."""
        config = lane.config
        log.info("Lane loaded: topic=%s partition=%d offset=%d", config.topic, config.partition, lane.next_offset)
        report = lane.step.restored_report()
        if report is not None:
            report.deliver(self._metrics, time.time())

    def lane_stepped(self, lane: Lane, *, n_records: int, newest_ms: int, seconds: float) -> None:  # noqa: ARG002
        """Warn once of a topic whose broker timestamps are impossible; counts are shown after their commit."""
        topic = lane.config.topic
        if n_records and not is_broker_time(newest_ms) and topic not in self._mistimed:
            self._mistimed.add(topic)
            log.warning(
                "Impossible broker timestamps, so event times cannot be checked: topic=%s partition=%d timestamp_ms=%d"
                " (set message.timestamp.type=LogAppendTime, or let the producer stamp milliseconds)",
                topic,
                lane.config.partition,
                newest_ms,
            )

    def lane_committed(self, lane: Lane, *, seconds: float) -> None:
        """Show what the step reports about a transaction."""
        self._metrics.transaction_ended(self._roles[lane.config.topic], seconds, is_committed=True)
        report = lane.step.take_report()
        report.deliver(self._metrics, time.time())
        if isinstance(report, JudgeReport):
            for take in self._also_judged:
                take(report)
            left_out = {name: model.n_not_recounted for name, model in report.models.items() if model.n_not_recounted}
            for name, n in left_out.items():
                log.error("Counted again with other counts than before, so left as it was: model=%s panes=%d", name, n)
        if isinstance(report, JudgeReport | OutcomeReport):
            for rejected in report.rejected[:_MAX_LINES]:
                where = (lane.config.topic, lane.config.partition, rejected.offset, rejected.fault)
                log.error("Record rejected, no worker writes such: topic=%s partition=%d offset=%d fault=%s", *where)

    def lane_rewound(self, config: LaneConfig, *, from_offset: int, to_offset: int) -> None:
        """Log that a lane reads again from an earlier offset."""
        where = (config.topic, config.partition, from_offset, to_offset)
        log.info("Lane rewound: topic=%s partition=%d from_offset=%d to_offset=%d", *where)

    def state_entries_rejected(self, config: LaneConfig, n: int) -> None:
        """Log and count entries of a state that no worker has sealed."""
        where = (config.changelog_topic, config.partition, n)
        log.error("State entries rejected, no worker writes such: topic=%s partition=%d n=%d fault=seal", *where)
        self._metrics.records_rejected([RejectedRecord(-1, RecordFault.SEAL)] * n)

    def lane_lost_records(self, config: LaneConfig, *, from_offset: int, to_offset: int) -> None:
        """Log and count records that retention deleted before they were counted."""
        where = (config.topic, config.partition, from_offset, to_offset - 1)
        log.error("Records deleted before they were counted: topic=%s partition=%d first=%d last=%d", *where)
        self._metrics.records_lost(config.topic, to_offset - from_offset)

    def lane_recounted(self, config: LaneConfig, recounted: RecordRange) -> None:
        """Log which records were counted again under another policy."""
        where = (config.topic, config.partition, recounted.since_offset, recounted.next_offset)
        log.warning("Counted again under another policy: topic=%s partition=%d first=%d next_offset=%d", *where)

    def lane_log_changed(self, config: LaneConfig, change: LogChange, *, to_offset: int) -> None:
        """Log and count a source topic that was created again or cut short."""
        where = (config.topic, config.partition, change.kind, change.number, change.former_offset, to_offset)
        log.error(
            "Log of a source changed: topic=%s partition=%d kind=%s log_number=%d former_offset=%d next_offset=%d"
            " known_lost=%d",
            *where,
            change.n_lost,
        )
        self._metrics.log_changed(config.topic, change.kind)
        self._metrics.records_lost(config.topic, change.n_lost)
