"""Sends events to Kafka in order, durably and at a steady rate, and reports the result."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError
from kafka.producer.future import FutureRecordMetadata

from producers.event import Event
from producers.pacing import pace, pace_by_time
from stream_app.connection.failures import unavailable
from stream_app.connection.for_kafka_python import kafka_python_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.errors import BrokerUnavailableError, ConfigError, TopicError, access_denied, is_denial

_CONNECT_S = 5.0
_TOPIC_WAIT_S = 5.0
_ANSWER_SLACK_S = 5.0  # the client itself lets an event fail in time; this is only a safeguard
_MAX_RUNS_IN_FLIGHT = 40  # of at most 500 events each: bounds the memory when the broker is slow


@dataclass(frozen=True)
class Destination:
    """The topics that events are sent to.

    Args:
        kafka: The connection; an address alone is one without TLS.
        topic: An existing topic.
        partition: Send everything to this partition; None distributes by the hash of the key, as the Java client does.
        give_up_s: Maximum time that an event may wait for the broker's answer before it counts as failed, > 2. A
            restart of the broker within this time has no effect.
        outcome_topic: An existing topic for events that are outcomes.
    """

    kafka: AnyKafka
    topic: str
    partition: int | None = None
    give_up_s: float = 30.0
    outcome_topic: str | None = None

    def topic_of(self, event: Event) -> str:
        """Return the topic of an event."""
        return self.outcome_topic if event.is_outcome and self.outcome_topic else self.topic


@dataclass
class SendReport:
    """How many events were sent and failed.

    Attributes:
        n_sent: Events that the broker has acknowledged.
        failures: Number of events that failed, by the class of the error.
        first_time_ms: Earliest event time passed to the client; None without events.
        last_time_ms: Latest event time passed to the client.
        seconds: From the first event to the last acknowledgement.
        is_interrupted: Whether ``stop`` ended the stream before its end.
    """

    n_sent: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    first_time_ms: int | None = None
    last_time_ms: int | None = None
    seconds: float = 0.0
    is_interrupted: bool = False

    @property
    def n_failed(self) -> int:
        """Events that the broker rejected, or that are larger than a record may be."""
        return self.failures.total()

    def note_times(self, run: list[Event]) -> None:
        """Extend the range of event times by those of ``run``, which is not empty."""
        low, high = (min(event.time_ms for event in run), max(event.time_ms for event in run))
        self.first_time_ms = low if self.first_time_ms is None else min(low, self.first_time_ms)
        self.last_time_ms = high if self.last_time_ms is None else max(high, self.last_time_ms)


def publish(
    events: Iterable[Event],
    destination: Destination,
    *,
    rate: float | None = 0.0,
    stop: threading.Event | None = None,
    on_sent: Callable[[int], object] = lambda _: None,
) -> SendReport:
    """Send events and wait until the broker has acknowledged all of them.

    The producer is idempotent with acks=all: each event is written once, in this order within its partition, even if
    the broker restarts in between. Batches are compressed with gzip, which needs no further package and makes sending
    nearly twice as fast: the client's checksum of the batch is plain Python, and it gets six times fewer bytes.

    Args:
        events: The events in order; may be endless.
        destination: The topics.
        rate: Events per second; 0 for as fast as possible; None sends each event at its event time.
        stop: When set, sending ends before the next run; runs in flight are still delivered.
        on_sent: Called with the number of events passed to the client since its last call.

    Raises:
        AccessDeniedError: this user may not write to the topic.
        BrokerUnavailableError: no broker answers, or it was lost for longer than ``give_up_s``.
        TopicError: the topic does not exist.
        ConfigError: the topic has no such partition.
    """
    with _open_producer(destination) as producer:
        return _Sending(producer, destination).send_all(events, rate, stop or threading.Event(), on_sent)


@contextmanager
def _open_producer(destination: Destination) -> Iterator[KafkaProducer]:
    try:
        producer = KafkaProducer(
            **kafka_python_options(destination.kafka),
            client_id="fairstream-produce",
            enable_idempotence=True,
            acks="all",
            compression_type="gzip",
            linger_ms=20,
            batch_size=131_072,
            delivery_timeout_ms=int(destination.give_up_s * 1000),
            request_timeout_ms=int(destination.give_up_s * 1000) - 1000,
            max_block_ms=int(_TOPIC_WAIT_S * 1000),
            bootstrap_timeout_ms=int(_CONNECT_S * 1000),
            reconnect_backoff_max_ms=1000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
    except KafkaError as error:
        raise unavailable(destination.kafka, error, rights=f"DESCRIBE on topic {destination.topic}") from None
    try:
        _check_destination(producer, destination)
        yield producer
    finally:
        _close(producer)


def _close(producer: KafkaProducer) -> None:
    """Close, even without a broker: then the client's own close ends before it stops its thread."""
    try:
        producer.close(timeout=1)
    except KafkaError:  # undelivered events have been counted
        producer._sender.force_close()  # noqa: SLF001 - there is no public method
        producer._sender.join(timeout=1)  # noqa: SLF001


def _check_destination(producer: KafkaProducer, destination: Destination) -> None:
    partitions = _partitions_of(producer, destination, destination.topic)
    if destination.outcome_topic is not None:
        _partitions_of(producer, destination, destination.outcome_topic)
    if destination.partition is not None and destination.partition not in partitions:
        raise ConfigError(
            f"Topic {destination.topic!r} has no partition {destination.partition}",
            action=f"It has 0 to {max(partitions)}",
        )


def _partitions_of(producer: KafkaProducer, destination: Destination, topic: str) -> set[int]:
    try:
        partitions: set[int] = producer.partitions_for(topic)
    except KafkaError as error:
        if is_denial(error):
            raise access_denied(f"WRITE on topic {topic}") from None
        raise TopicError(
            f"Topic {topic!r} does not exist at {destination.kafka}", action="Run: fairstream topics create"
        ) from None
    return partitions


class _Sending:
    """One call of ``publish``: the producer, the runs in flight, and the report."""

    def __init__(self, producer: KafkaProducer, destination: Destination) -> None:
        self.producer = producer
        self.destination = destination
        self.report = SendReport()
        self.n_passed = 0
        self.in_flight: deque[list[FutureRecordMetadata]] = deque()

    def send_all(
        self, events: Iterable[Event], rate: float | None, stop: threading.Event, on_sent: Callable[[int], object]
    ) -> SendReport:
        start_s = time.monotonic()
        for run in _runs_of(events, rate, stop):
            if stop.is_set():
                self.report.is_interrupted = True
                break
            self.in_flight.append(self._pass_on(run))
            on_sent(len(run))
            if len(self.in_flight) > _MAX_RUNS_IN_FLIGHT:
                self._settle(self.in_flight.popleft())
        # Not flush(): it fails if a batch was split because it was too large for the broker.
        while self.in_flight:
            self._settle(self.in_flight.popleft())
        self.report.seconds = time.monotonic() - start_s
        return self.report

    def _pass_on(self, run: list[Event]) -> list[FutureRecordMetadata]:
        send, topic_of, partition = self.producer.send, self.destination.topic_of, self.destination.partition
        futures = []
        for event in run:
            try:
                futures.append(send(topic_of(event), key=event.key, value=event.value, partition=partition))
            except MessageSizeTooLargeError as error:
                self._count_failure(error)
        self.n_passed += len(run)
        self.report.note_times(run)
        return futures

    def _settle(self, futures: list[FutureRecordMetadata]) -> None:
        """Wait for the acknowledgements of a run."""
        for future in futures:
            try:
                if not future.succeeded():
                    future.get(timeout=self.destination.give_up_s + _ANSWER_SLACK_S)
            except KafkaTimeoutError:  # no broker answered within the time that an event may take
                raise BrokerUnavailableError(
                    f"Lost the broker at {self.destination.kafka} for {self.destination.give_up_s:g} s, "
                    f"after {self.n_passed} events were passed on",
                    action="The last of them may or may not have arrived",
                ) from None
            except KafkaError as error:
                if is_denial(error):
                    raise access_denied(f"WRITE on topic {self._topics()}") from None
                self._count_failure(error)
            else:
                self.report.n_sent += 1

    def _topics(self) -> str:
        topics = (self.destination.topic, self.destination.outcome_topic)
        return " or ".join(topic for topic in topics if topic is not None)

    def _count_failure(self, error: KafkaError) -> None:
        self.report.failures[type(error).__name__] += 1


def _runs_of(events: Iterable[Event], rate: float | None, stop: threading.Event) -> Iterator[list[Event]]:
    if rate is None:
        return pace_by_time(events, lambda event: event.time_ms / 1000, now=time.time, wait=stop.wait)
    return pace(events, rate, now=time.monotonic, wait=stop.wait)
