"""Notes when the commit of the judge with a breach could be read."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple, Self

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from benchmarks.alerting.servers import Subject
from stream_app.edges.metrics.incidents import about_of
from stream_app.pipeline.records.alerts import decode_alert
from stream_app.pipeline.records.evidence import KIND_OF_TEST
from stream_app.topics import FAIRNESS_ALERTS

_POLL_S = 0.01


class Breach(NamedTuple):
    """A detected breach.

    Attributes:
        subject: What it is about.
        pane_end_s: End of the pane in which it was detected, event time, which is the clock here.
        committed_s: When its record could be read.
    """

    subject: Subject
    pane_end_s: float
    committed_s: float


class BreachReader(threading.Thread):
    """Reads committed alerts from the start of the block on, and keeps the first breach of each model."""

    def __init__(self, kafka: str) -> None:
        super().__init__(name="alerts", daemon=True)
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka,
                "group.id": "bench-alerting",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
                "log_level": 3,
            }
        )
        self._breaches: dict[str, Breach] = {}
        self._stopping = threading.Event()

    def breaches(self) -> list[Breach]:
        """Return the breaches so far, in order."""
        return list(self._breaches.values())

    def run(self) -> None:
        """Read until the block ends."""
        while not self._stopping.is_set():
            message = self._consumer.poll(_POLL_S)
            if message is None or message.error() is not None or (value := message.value()) is None:
                continue
            read_at_s, alert = time.time(), decode_alert(value)
            if alert.change == "breach":
                subject = Subject(alert.model, alert.attribute, about_of(KIND_OF_TEST[alert.test]).value)
                self._breaches.setdefault(alert.model, Breach(subject, alert.at_s, read_at_s))
        self._consumer.close()

    def __enter__(self) -> Self:
        known = self._consumer.list_topics(FAIRNESS_ALERTS, timeout=10).topics[FAIRNESS_ALERTS]
        self._consumer.assign([TopicPartition(FAIRNESS_ALERTS, number, OFFSET_END) for number in known.partitions])
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()
