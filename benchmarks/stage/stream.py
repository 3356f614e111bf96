"""The input of all systems: simulated loan decisions in a topic, and an independent count of them."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from confluent_kafka import Producer

from benchmarks.stage.broker import create_topic, read_topic
from benchmarks.systems.task import PANE_S, Cell
from producers.event import Event
from producers.simulated.drift import parse_drift
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline

EVENTS_PER_S = 1000.0  # of event time
_MARGIN_S = 3600  # time from the end of the stream to now
_CHUNK = 10_000


@dataclass(frozen=True)
class Input:
    """A filled topic.

    Attributes:
        topic: Its name.
        n_partitions: Its partitions.
        n_events: Its events.
    """

    topic: str
    n_partitions: int
    n_events: int


@dataclass(frozen=True)
class Reference:
    """The correct result.

    Attributes:
        cells: Events by pane, decision, gender, race and age.
        outputs_digest: Digest of the pseudonymized events, independent of their order.
    """

    cells: dict[Cell, int]
    outputs_digest: int

    def by_attribute(self) -> Reference:
        """Return the counts of each attribute on its own; the other labels of a cell are empty then."""
        cells: Counter[Cell] = Counter()
        for (pane_s, approved, gender, race, age), n in self.cells.items():
            for labels in ((gender, "", ""), ("", race, ""), ("", "", age)):
                cells[(pane_s, approved, *labels)] += n
        return Reference(dict(cells), self.outputs_digest)


def simulated(seed: int, n_events: int, now_s: float, *, events_per_s: float = EVENTS_PER_S) -> Iterator[Event]:
    """Yield loan decisions whose times end an hour before now; the drift makes rates differ."""
    return _simulated_from(seed, now_s - _MARGIN_S - n_events / events_per_s, n_events, events_per_s)


def simulated_after(seed: int, n_events: int, now_s: float, *, events_per_s: float) -> Iterator[Event]:
    """Yield loan decisions that follow on those of ``simulated`` with the same ``now_s``."""
    return _simulated_from(seed + 1, now_s - _MARGIN_S, n_events, events_per_s)


def _simulated_from(seed: int, start_s: float, n_events: int, events_per_s: float) -> Iterator[Event]:
    events = simulate_loans(seed, Timeline(int(start_s * 1000), 1 / events_per_s), parse_drift("0.5"))
    return islice(events, n_events)


def fill(kafka: str, topic: str, n_partitions: int, events: Iterator[Event]) -> Input:
    """Create a topic and spread events over its partitions in turn.

    librdkafka sends record batches of at most 128 KiB, as a Java producer under load does.
    """
    create_topic(kafka, topic, n_partitions, {"message.timestamp.type": "LogAppendTime"})
    return Input(topic, n_partitions, append(kafka, topic, n_partitions, events))


def append(kafka: str, topic: str, n_partitions: int, events: Iterator[Event]) -> int:
    """Spread events over the partitions of a topic in turn, and return their number."""
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "enable.idempotence": True,
            "linger.ms": 50,
            "batch.size": 131_072,
            "queue.buffering.max.messages": 1_000_000,
            "log_level": 3,
        }
    )
    n_events = 0
    while chunk := list(islice(events, _CHUNK)):
        for partition in range(n_partitions):
            first = (partition - n_events) % n_partitions
            records = [{"key": event.key, "value": event.value} for event in chunk[first::n_partitions]]
            producer.produce_batch(topic, records, partition=partition)
        n_events += len(chunk)
        producer.flush()
    return n_events


def count_reference(kafka: str, source: Input, application_key: bytes, applicant_key: bytes, kid: str) -> Reference:
    """Read the topic back and count it with the standard library alone: no code of the systems that are compared."""
    cells: Counter[Cell] = Counter()
    total = 0
    for value in read_topic(kafka, source.topic, source.n_partitions):
        event = json.loads(value)
        pane_s = int(datetime.fromisoformat(event["ts"]).timestamp()) // PANE_S * PANE_S
        cells[pane_s, event["approved"], event["gender"], event["race"], event["age_band"]] += 1
        application = f"hm1.{kid}.{_tag(application_key, event['application_id'])}"
        applicant = f"hm1.{kid}.{_tag(applicant_key, event['applicant_id'])}"
        total += output_digest(application, applicant, approved=event["approved"])
    return Reference(dict(cells), total)


def output_digest(application: str, applicant: str, *, approved: bool) -> int:
    """Return a number for one pseudonymized event; the sum over all events does not depend on their order."""
    text = f"{application} {applicant} {approved}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")


def cells_digest(cells: dict[Cell, int]) -> str:
    """Return a short digest of counts."""
    lines = "\n".join(f"{cell} {n}" for cell, n in sorted(cells.items()) if n)
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def _tag(key: bytes, identifier: str) -> str:
    value = identifier.encode()
    message = (4).to_bytes(4, "big") + b"text" + len(value).to_bytes(4, "big") + value
    return urlsafe_b64encode(hmac.digest(key, message, "sha256")[:16]).rstrip(b"=").decode()
