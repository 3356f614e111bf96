"""Copies the records of a time range to a replay topic; keys, timestamps and allowed headers stay the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, MessageSizeTooLargeError

from stream_app.connection.for_kafka_python import kafka_python_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.topic_consumer import open_consumer
from stream_app.errors import BrokerUnavailableError, access_denied, is_denial
from stream_app.pipeline.contract import UnreadableRange

HEADERS = ("source", "log", "content-type", "schema_version", "traceparent")  # what passes by default, none of tools
REPLAY_ID, ORIGIN = "x-replay-id", "x-replay-origin"

_POLL_MS = 500
_STALL_S = 30.0
_GIVE_UP_S = 60.0


@dataclass(frozen=True)
class RepublishOptions:
    """What is copied, and where to.

    Attributes:
        topic: Topic that is read.
        to_topic: Topic that is written; it has as many partitions.
        run: Id of the replay, written to a header of each record.
        from_ms: First broker timestamp of a record that is copied.
        to_ms: Records with a timestamp from here on are left out; None for all records up to the present end.
        headers: Names of the headers that pass.
        rate: Maximum records per second.
    """

    topic: str
    to_topic: str
    run: str
    from_ms: int
    to_ms: int | None
    headers: Collection[str] = HEADERS
    rate: float = 1000.0


class Republished(NamedTuple):
    """Dispositions of the records of a time range.

    Attributes:
        n_records: Records that were copied.
        n_left_out: Records of batches that cannot be read, and records that are too large to be written again.
    """

    n_records: int
    n_left_out: int


def republish(kafka: AnyKafka, options: RepublishOptions, note: Callable[[int, int], object]) -> Republished:
    """Copy the records of a time range in the order of each partition.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    unreadable: list[UnreadableRange] = []
    consumer, partitions = open_consumer(
        kafka,
        options.topic,
        client_id="fairstream-republish",
        note=lambda _, unread: unreadable.append(unread),
    )
    with closing(consumer):
        try:
            ends = _seek(consumer, partitions, options)
            producer = KafkaProducer(
                **kafka_python_options(kafka), client_id="fairstream-republish", acks="all", linger_ms=20
            )
            with closing(producer):
                n_sent, n_too_large = _copy(consumer, producer, ends, options, note)
                producer.flush(timeout=_GIVE_UP_S)
                return Republished(n_sent, n_too_large + sum(unread.n_records for unread in unreadable))
        except KafkaError as error:
            if is_denial(error):
                raise access_denied(f"READ on topic {options.topic}") from None
            raise BrokerUnavailableError(
                f"Lost the Kafka broker ({type(error).__name__}); {options.to_topic} contains only part of the records",
                action="Try again",
            ) from None


def _seek(
    consumer: KafkaConsumer, partitions: list[TopicPartition], options: RepublishOptions
) -> dict[TopicPartition, int]:
    """Go to the first record of each partition, and return the end of each."""
    ends: dict[TopicPartition, int] = dict(consumer.end_offsets(partitions))
    if options.to_ms is not None:
        for tp, position in consumer.offsets_for_times(dict.fromkeys(partitions, options.to_ms)).items():
            ends[tp] = ends[tp] if position is None else min(ends[tp], position.offset)
    for tp, position in consumer.offsets_for_times(dict.fromkeys(partitions, options.from_ms)).items():
        consumer.seek(tp, ends[tp] if position is None else position.offset)
    return ends


def _copy(
    consumer: KafkaConsumer,
    producer: KafkaProducer,
    ends: Mapping[TopicPartition, int],
    options: RepublishOptions,
    note: Callable[[int, int], object],
) -> tuple[int, int]:
    """Copy the records; return how many were copied, and how many are too large for it."""
    n_all = sum(max(0, end - consumer.position(tp)) for tp, end in ends.items())
    started, n_sent, n_too_large = time.monotonic(), 0, 0
    failures: list[BaseException] = []
    for record in _records(consumer, ends):
        try:
            sending = producer.send(
                options.to_topic,
                key=record.key,
                value=record.value,
                partition=record.partition,
                timestamp_ms=record.timestamp,
                headers=headers_of(record, options),
            )
        except MessageSizeTooLargeError:
            n_too_large += 1
            continue
        sending.add_errback(failures.append)
        n_sent += 1
        time.sleep(max(0.0, started + n_sent / options.rate - time.monotonic()))
        note(n_sent, n_all)
        if failures:
            break
    producer.flush(timeout=_GIVE_UP_S)
    if failures and is_denial(failures[0]):
        raise access_denied(f"WRITE on topic {options.to_topic}")
    if failures:
        raise KafkaError(type(failures[0]).__name__)
    return n_sent, n_too_large


def _records(consumer: KafkaConsumer, ends: Mapping[TopicPartition, int]) -> Iterator[Any]:
    progress_s = time.monotonic()
    while any(consumer.position(tp) < end for tp, end in ends.items()):
        before = [consumer.position(tp) for tp in ends]
        for tp, records in consumer.poll(timeout_ms=_POLL_MS).items():
            yield from (record for record in records if record.offset < ends[tp])
        if before != [consumer.position(tp) for tp in ends]:
            progress_s = time.monotonic()
        elif time.monotonic() - progress_s > _STALL_S:
            raise BrokerUnavailableError("Kafka delivers no more records", action="Try again")


def headers_of(record: Any, options: RepublishOptions) -> list[tuple[str, bytes]]:
    """Return the headers of a copy: those that may pass, the replay id, and the position of the original."""
    passed = [(name, value) for name, value in record.headers if name in options.headers]
    origin = f"{record.topic}:{record.partition}:{record.offset}"
    return [*passed, (REPLAY_ID, options.run.encode()), (ORIGIN, origin.encode())]
