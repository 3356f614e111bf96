"""The Kafka edge of the producers: send events in order, durably, at a steady rate, and say what happened."""

from __future__ import annotations

import logging
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
from producers.pacing import pace
from stream_app.errors import BrokerUnavailableError, ConfigError, TopicError

_CONNECT_S = 5.0
_TOPIC_WAIT_S = 5.0
_ANSWER_SLACK_S = 5.0  # the client itself lets an event fail in time; this only guards against waiting for ever
_MOST_RUNS_UNDER_WAY = 40  # of at most 500 events each: what is held in memory when the broker is slow


@dataclass(frozen=True)
class Destination:
    """Where events go.

    Args:
        kafka: Bootstrap servers, ``host:port[,host:port]``.
        topic: An existing topic.
        partition: Send everything there; None spreads by the hash of the key, as the Java client does.
        give_up_s: How long an event may wait for the broker's answer before it counts as failed, > 2. A broker that
            restarts within this time costs nothing.
        outcome_topic: An existing topic for events that are outcomes.
    """

    kafka: str
    topic: str
    partition: int | None = None
    give_up_s: float = 30.0
    outcome_topic: str | None = None

    def topic_of(self, event: Event) -> str:
        """Return where an event goes."""
        return self.outcome_topic if event.is_outcome and self.outcome_topic else self.topic


@dataclass
class SendReport:
    """What became of the events.

    Attributes:
        n_sent: Events that the broker has acknowledged.
        failures: Number of events that were not, by the class of the error.
        first_time_ms: Least event time handed over; None when there was none.
        last_time_ms: Greatest event time handed over.
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
        """Events that the broker refused, or that are larger than a record may be."""
        return self.failures.total()

    def note_times(self, run: list[Event]) -> None:
        """Widen the range of event times by those of ``run``, which is not empty."""
        low, high = (min(event.time_ms for event in run), max(event.time_ms for event in run))
        self.first_time_ms = low if self.first_time_ms is None else min(low, self.first_time_ms)
        self.last_time_ms = high if self.last_time_ms is None else max(high, self.last_time_ms)


def publish(
    events: Iterable[Event],
    destination: Destination,
    *,
    rate: float = 0.0,
    stop: threading.Event | None = None,
    on_sent: Callable[[int], object] = lambda _: None,
) -> SendReport:
    """Send events and wait until the broker has acknowledged all of them.

    The producer is idempotent with acks=all: each event lands once, in this order within its partition, also when the
    broker restarts in between. Batches are compressed with gzip, which needs no further package and makes sending
    nearly twice as fast: the client's checksum over the batch is plain Python, and six times fewer bytes reach it.

    Args:
        events: What is sent, in order; may be endless.
        destination: Where to.
        rate: Events per second; 0 for as fast as possible.
        stop: When set, sending ends before the next run; what is under way is still delivered.
        on_sent: Called with the number of events handed over since its last call.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost for longer than ``give_up_s``.
        TopicError: the topic does not exist.
        ConfigError: the topic has no such partition.
    """
    with _open_producer(destination) as producer:
        return _Sending(producer, destination).send_all(events, rate, stop or threading.Event(), on_sent)


@contextmanager
def _open_producer(destination: Destination) -> Iterator[KafkaProducer]:
    # The client's own log would show keys and values at debug level, and repeat our errors at all others.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        producer = KafkaProducer(
            bootstrap_servers=destination.kafka.split(","),
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
    except KafkaError:
        raise BrokerUnavailableError(
            f"No Kafka broker answers at {destination.kafka}", action="Start one, or correct --kafka"
        ) from None
    try:
        _check_destination(producer, destination)
        yield producer
    finally:
        _close(producer)


def _close(producer: KafkaProducer) -> None:
    """Close, also when the broker is gone: then the client's own close gives up before it stops its thread."""
    try:
        producer.close(timeout=1)
    except KafkaError:  # what could not be delivered has been counted
        producer._sender.force_close()  # noqa: SLF001 - there is no public way
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
    except KafkaError:
        raise TopicError(f"No topic {topic!r} at {destination.kafka}", action="Run: fairstream topics create") from None
    return partitions


class _Sending:
    """One call of ``publish``: the producer, the runs under way, and the tally."""

    def __init__(self, producer: KafkaProducer, destination: Destination) -> None:
        self.producer = producer
        self.destination = destination
        self.delivery = SendReport()
        self.n_handed_over = 0
        self.under_way: deque[list[FutureRecordMetadata]] = deque()

    def send_all(
        self, events: Iterable[Event], rate: float, stop: threading.Event, on_sent: Callable[[int], object]
    ) -> SendReport:
        start_s = time.monotonic()
        for run in pace(events, rate, now=time.monotonic, wait=stop.wait):
            if stop.is_set():
                self.delivery.is_interrupted = True
                break
            self.under_way.append(self._hand_over(run))
            on_sent(len(run))
            if len(self.under_way) > _MOST_RUNS_UNDER_WAY:
                self._settle(self.under_way.popleft())
        # Not flush(): it fails when a batch was split because the broker found it too large.
        while self.under_way:
            self._settle(self.under_way.popleft())
        self.delivery.seconds = time.monotonic() - start_s
        return self.delivery

    def _hand_over(self, run: list[Event]) -> list[FutureRecordMetadata]:
        send, topic_of, partition = self.producer.send, self.destination.topic_of, self.destination.partition
        futures = []
        for event in run:
            try:
                futures.append(send(topic_of(event), key=event.key, value=event.value, partition=partition))
            except MessageSizeTooLargeError as error:
                self._count_failure(error)
        self.n_handed_over += len(run)
        self.delivery.note_times(run)
        return futures

    def _settle(self, futures: list[FutureRecordMetadata]) -> None:
        """Wait for what became of a run."""
        for future in futures:
            try:
                if not future.succeeded():
                    future.get(timeout=self.destination.give_up_s + _ANSWER_SLACK_S)
            except KafkaTimeoutError:  # no broker answered within the time that an event may take
                raise BrokerUnavailableError(
                    f"Lost the broker at {self.destination.kafka} for {self.destination.give_up_s:g} s, "
                    f"with {self.n_handed_over} events handed over",
                    action="The last of them may or may not have arrived",
                ) from None
            except KafkaError as error:
                self._count_failure(error)
            else:
                self.delivery.n_sent += 1

    def _count_failure(self, error: KafkaError) -> None:
        self.delivery.failures[type(error).__name__] += 1
