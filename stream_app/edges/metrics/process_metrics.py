"""The metrics of one process: one collector that programs update through typed methods and Prometheus reads.

How a worker uses it::

    registry = CollectorRegistry()
    metrics = Metrics(registry, policy, max_series=settings.max_series)   # ConfigError when the policy makes too many
    metrics.connected(is_insecure=False)           # how Kafka is reached
    metrics.rejected(is_rejected=True)             # by Kafka, see the log
    metrics.pushed("logs", n, is_delivered=True)   # to a collector
    metrics.lane_opened(topic, partition)          # a partition was assigned
    metrics.judge_restored(partition, step.newest_results())              # a judge lane has its state
    metrics.ingested(model, step.take_counts())    # after each committed transaction of an ingest lane
    metrics.judged(partition, step.take_report())  # after each committed transaction of a judge lane
    metrics.transaction_ended("ingest", seconds, is_committed=True)
    metrics.latency_measured("ingest", seconds, n_events)
    metrics.lag_measured(topic, partition, n_messages)
    metrics.progress_measured(topic, partition, age_s)
    metrics.lane_closed(topic, partition)          # its rows disappear with the next scrape

Group values change only when a window closes; live counters have no group. Known label sets start at 0. All methods
take one lock, as a scrape does.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector

from stream_app import __version__
from stream_app.core.join.outcome_join import JoinCounts
from stream_app.edges.metrics.event_metrics import EventMetrics
from stream_app.edges.metrics.fairness_metrics import FairnessMetrics
from stream_app.edges.metrics.hours_metrics import HoursMetrics
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.edges.metrics.lane_metrics import LaneMetrics
from stream_app.edges.metrics.publication_metrics import PublicationMetrics
from stream_app.pipeline.ingest.report import IngestCounts
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.names import is_of_outcomes
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.hours.allocation_results import AllocationResult
from stream_app.pipeline.records.outcome_results import AnyResult, OutcomeResult
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.rejected import RejectedRecord
from stream_app.policy import ModelPolicy, Policy
from stream_app.topics import FAIRNESS_PARTIALS

_MAX_NAME = 150  # Prometheus rejects scrapes with labels of more than 200 characters, see prometheus.yml


class Metrics(Collector):
    """All metrics of one process; thread-safe.

    Args:
        registry: Where to register; a parameter, so that tests and several workers in one process do not collide.
        policy: The policy that is applied; its models, groups and windows are the only label values.
        max_series: Maximum number of fairness series.
        policy_name: Name of a shipped policy or path of its file, as commands take it; left out where it is too long
            for a label.

    Raises:
        ConfigError: the policy declares more series than ``max_series``.
    """

    def __init__(self, registry: CollectorRegistry, policy: Policy, *, max_series: int, policy_name: str = "") -> None:
        self._lock = Lock()
        self._fairness = FairnessMetrics(policy, max_series)
        self._events = EventMetrics(policy)
        self._publication = PublicationMetrics(policy)
        self._hours = HoursMetrics(policy)
        raw = [model.topic for model in policy.models]
        raw += [model.outcome.topic for model in policy.models if model.outcome is not None]
        self._lanes = LaneMetrics([*raw, FAIRNESS_PARTIALS])
        self._judged_by: dict[int, set[str]] = {}  # models by the partition of their judge lane
        self._build = Gauge(
            "fairstream_build_info", "Version of FairStream and Python; always 1.", ("version", "python")
        )
        self._build.set((__version__, platform.python_version()), 1)
        self._policy = Gauge(
            "fairstream_policy_info",
            "Hash of the policy that is applied, and its name or file; always 1.",
            ("policy_hash", "policy"),
        )
        self._policy.set((policy.hash(), shlex.quote(policy_name) if 0 < len(policy_name) < _MAX_NAME else ""), 1)
        self._insecure = Gauge(
            "fairstream_kafka_insecure",
            "Whether the Kafka connection can be read or impersonated by others on the network (accepted by insecure).",
            (),
        )
        self._insecure.set((), 0)
        self._rejected = Gauge(
            "fairstream_kafka_rejected",
            "Whether Kafka answers and does not accept this worker, such as for an expired certificate or a wrong "
            "password; its log says why.",
            (),
        )
        self._rejected.set((), 0)
        self._pushes = Counter(
            "fairstream_otlp_pushes",
            "Snapshots of the metrics (signal metrics) and alerts (signal logs) that an OTLP collector accepted, or "
            "that were dropped; absent where nothing is pushed.",
            ("signal", "result"),
        )
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Return a snapshot of everything, for the registry."""
        with self._lock:
            families = [*self._fairness.families(), *self._events.families(), *self._lanes.families()]
            families += [*self._publication.families(), *self._hours.families()]
            families += [self._build.family(), self._policy.family(), self._pushes.family()]
            families += [self._insecure.family(), self._rejected.family()]
        yield from families

    def connected(self, *, is_insecure: bool) -> None:
        """Report whether others on the network could read or impersonate the connection to Kafka."""
        with self._lock:
            self._insecure.set((), int(is_insecure))

    def rejected(self, is_rejected: bool) -> None:  # noqa: FBT001  # a callback
        """Report whether Kafka answers and does not accept this worker."""
        with self._lock:
            self._rejected.set((), int(is_rejected))

    def pushed(self, signal: str, n: int, is_delivered: bool) -> None:  # noqa: FBT001  # a callback
        """Report snapshots or alerts that were pushed to a collector; 0 exports the row."""
        with self._lock:
            self._pushes.add((signal, "delivered" if is_delivered else "dropped"), n)

    def lane_opened(self, topic: str, partition: int) -> None:
        """Report that a partition was assigned to this process."""
        with self._lock:
            self._lanes.open(topic, partition)

    def lane_closed(self, topic: str, partition: int) -> None:
        """Report that a partition was revoked; its rows are removed."""
        with self._lock:
            self._lanes.close(topic, partition)
            if topic == FAIRNESS_PARTIALS:
                for model in self._judged_by.pop(partition, set()):
                    self._events.watermark.drop(model)
                    self._events.test_lag.drop(model)
                    self._publication.drop(model)
                    self._hours.drop(model)
                    self._fairness.drop(model)

    def lane_reloaded(self, role: str) -> None:
        """Report that a failed lane was reloaded."""
        with self._lock:
            self._lanes.reloads.add((role,))

    def records_lost(self, topic: str, n_records: int) -> None:
        """Report records that were deleted before they were counted."""
        with self._lock:
            self._lanes.lost.add((topic,), n_records)

    def log_changed(self, topic: str, kind: str) -> None:
        """Report a source partition whose log was created again or cut short."""
        with self._lock:
            self._lanes.log_changes.add((topic, kind))

    def rebalanced(self) -> None:
        """Report a rebalance of the group."""
        with self._lock:
            self._lanes.rebalances.add(())

    def lag_measured(self, topic: str, partition: int, n_messages: int) -> None:
        """Report how many records of an assigned partition are not yet processed; other partitions are ignored."""
        with self._lock:
            if self._lanes.is_open(topic, partition):
                self._lanes.lag.set((topic, str(partition)), n_messages)

    def progress_measured(self, topic: str, partition: int, age_s: float) -> None:
        """Report how long the lane of an assigned partition has stood still; other partitions are ignored."""
        with self._lock:
            if self._lanes.is_open(topic, partition):
                self._lanes.progress_age.set((topic, str(partition)), age_s)

    def transaction_ended(self, role: str, seconds: float, *, is_committed: bool) -> None:
        """Report a transaction and how long its flush took."""
        with self._lock:
            self._lanes.transactions.add((role, "committed" if is_committed else "failed"))
            self._lanes.flushes.observe((role,), seconds)

    def latency_measured(self, stage: str, seconds: float, n_events: int = 1) -> None:
        """Report how long an event took to a stage, ``ingest`` or ``close``."""
        with self._lock:
            self._lanes.latency.observe((stage,), seconds, n_events)

    def ingested(self, model: str, counts: IngestCounts) -> None:
        """Report the counts of an ingest lane in a committed transaction."""
        with self._lock:
            self._events.ingested(model, counts)
            self._publication.ingested(model, counts.n_bounded)

    def source_counted(self, model: str, partition: int, n_events: int) -> None:
        """Report how many events of a source partition were counted in a committed transaction."""
        with self._lock:
            self._events.source_counted(model, partition, n_events)

    def outcomes_ingested(self, topic: str, counts: IngestCounts) -> None:
        """Report what an ingest lane of outcomes rejected and dropped in a committed transaction."""
        with self._lock:
            self._events.outcomes_ingested(topic, counts)

    def outcomes_joined(self, model: str, counts: JoinCounts) -> None:
        """Report the counts of an outcome lane in a committed transaction."""
        with self._lock:
            self._events.joined(model, counts)

    def records_rejected(self, rejected: Iterable[RejectedRecord]) -> None:
        """Report records between workers that no worker writes."""
        with self._lock:
            self._count_rejected(rejected)

    def judged(self, partition: int, report: JudgeReport) -> None:
        """Report what a judge lane published in a committed transaction.

        Its counts are added; its values are shown only while this process owns the lane.
        """
        with self._lock:
            self._follow(report.policies)
            self._count_rejected(report.rejected)
            for model, model_report in report.models.items():
                self._events.judged(model, model_report)
                self._publication.judged(model, model_report)
                if model_report.n_small or model_report.n_complementary:
                    n_small, n_complementary = model_report.n_small, model_report.n_complementary
                    self._fairness.suppressed(model, "cell", n_small, n_complementary)
                if self._lanes.is_open(FAIRNESS_PARTIALS, partition):
                    self._judged_by.setdefault(partition, set()).add(model)
                    judged: list[Result | OutcomeResult] = [
                        *model_report.results,
                        *model_report.outcome_results,
                        *model_report.amount_results,
                    ]
                    self._fairness.take(judged, model_report.alerts)
                    self._hours.take(model_report.allocation_results)
                    if model_report.closed_before_s is not None and not is_of_outcomes(model):
                        self._events.watermark.set((model,), model_report.closed_before_s)
                    if model_report.lag_s is not None:
                        self._events.test_lag.set((model,), model_report.lag_s)

    def judge_restored(
        self,
        partition: int,
        results: Iterable[AnyResult],
        policies: Mapping[str, ModelPolicy] | None = None,
        last_alerts: Sequence[Alert] = (),
    ) -> None:
        """Show the newest results, and the last alert of each test, of a restored judge lane; nothing is counted."""
        with self._lock:
            self._follow(policies or {})
            if self._lanes.is_open(FAIRNESS_PARTIALS, partition):
                results = list(results)
                names = {record.model for record in (*results, *last_alerts)}
                self._judged_by.setdefault(partition, set()).update(names)
                judged = [result for result in results if not isinstance(result, AllocationResult)]
                self._fairness.restore(judged, last_alerts)
                self._hours.take(results)

    def _count_rejected(self, rejected: Iterable[RejectedRecord]) -> None:
        for record in rejected:
            self._lanes.rejected.add((record.fault.value,))

    def _follow(self, policies: Mapping[str, ModelPolicy]) -> None:
        """Show models by the policies under which they are judged; another worker may have brought them."""
        for model in policies.values():
            self._fairness.follow(model)
            self._publication.follow(model)
            self._hours.follow(model)
