"""Rows about the lanes of this process: assigned partitions, lag, reloads, transactions and latency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import Metric

from stream_app.edges.metrics.instruments import Counter, Gauge, Histogram
from stream_app.pipeline.rejected import RecordFault

ROLES = ("ingest", "judge", "outcomes")
LOG_CHANGES = ("re-created", "cut")
STAGES = ("ingest", "close")
LATENCY_BOUNDS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
FLUSH_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class LaneMetrics:
    """Rows about lanes.

    Args:
        topics: The source topics.
    """

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = list(topics)
        self._open: set[tuple[str, int]] = set()
        self.assigned = Gauge(
            "fairstream_partitions_assigned", "Partitions that are assigned to this process.", ("topic",)
        )
        self.lag = Gauge(
            "fairstream_consumer_lag_messages",
            "Records of an assigned partition that are not yet processed.",
            ("topic", "partition"),
        )
        self.progress_age = Gauge(
            "fairstream_lane_progress_age_seconds",
            "Time since the lane of an assigned partition last moved or had nothing left to read.",
            ("topic", "partition"),
        )
        self.rebalances = Counter("fairstream_rebalances", "Rebalances of the consumer group.")
        self.reloads = Counter("fairstream_lane_reloads", "Reloads of lanes after a failure.", ("role",))
        self.lost = Counter(
            "fairstream_lost_records", "Records that were deleted before they were counted.", ("topic",)
        )
        self.log_changes = Counter(
            "fairstream_log_changes",
            "Logs of source partitions that were created again or cut short.",
            ("topic", "kind"),
        )
        self.rejected = Counter(
            "fairstream_rejected_partials", "Records between workers that no worker writes.", ("fault",)
        )
        self.transactions = Counter("fairstream_transactions", "Transactions of lanes, by result.", ("role", "result"))
        self.flushes = Histogram(
            "fairstream_flush_seconds", "Time from the start of a flush to its commit.", ("role",), FLUSH_BOUNDS_S
        )
        self.latency = Histogram(
            "fairstream_event_latency_seconds",
            "Latency by stage; ingest: broker to counted, close: end of a window to its result.",
            ("stage",),
            LATENCY_BOUNDS_S,
        )
        self._start()

    def is_open(self, topic: str, partition: int) -> bool:
        """Return whether a partition is assigned to this process."""
        return (topic, partition) in self._open

    def open(self, topic: str, partition: int) -> None:
        """Record an assigned partition."""
        self._open.add((topic, partition))
        self._count_open(topic)

    def close(self, topic: str, partition: int) -> None:
        """Remove a partition and its rows."""
        self._open.discard((topic, partition))
        self._count_open(topic)
        self.lag.drop(topic, str(partition))
        self.progress_age.drop(topic, str(partition))

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        yield self.progress_age.family()
        for instrument in (self.assigned, self.lag, self.rebalances, self.reloads, self.lost, self.rejected):
            yield instrument.family()
        yield self.log_changes.family()
        yield self.transactions.family()
        yield self.flushes.family()
        yield self.latency.family()

    def _count_open(self, topic: str) -> None:
        self.assigned.set((topic,), sum(open_topic == topic for open_topic, _ in self._open))

    def _start(self) -> None:
        self.rebalances.add((), 0)
        for topic in self._topics:
            self._count_open(topic)
            self.lost.add((topic,), 0)
            for kind in LOG_CHANGES:
                self.log_changes.add((topic, kind), 0)
        for role in ROLES:
            self.reloads.add((role,), 0)
            self.flushes.observe((role,), 0.0, 0)
            for result in ("committed", "failed"):
                self.transactions.add((role, result), 0)
        for fault in RecordFault:
            self.rejected.add((fault.value,), 0)
        for stage in STAGES:
            self.latency.observe((stage,), 0.0, 0)
