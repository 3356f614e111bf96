"""Topics read back with librdkafka, another client than the workers': committed records only."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # its documented place

from stream_app.pipeline.seals import take_seal
from tests.programs.chaos.recount import Record

_BATCH = 10_000
_ANSWER_S = 60.0
_LOOK_UPS, _LOOK_UP_S = 600, 0.1  # of a partition that the client has not looked up yet


class Partial(NamedTuple):
    """One partial, decoded by the positions that its documentation gives."""

    partition: int
    next_offset: int
    is_idle: bool
    panes: dict[int, dict[int, list[int]]]
    log_number: int = 0
    policy_hash: str = ""
    counted_since: int = 0


def read_topic(kafka: str, topic: str, *, timeout_s: float = 240.0) -> Iterator[Any]:
    """Yield the committed records of a topic as it ends now, in offset order within each partition.

    A message is typed as anything: librdkafka's own hints allow None where a record always has a value.

    Raises:
        TimeoutError: the broker is missing.
    """
    ends = ends_of(kafka, topic)
    consumer = _consumer(kafka, "read_committed")
    try:
        consumer.assign([TopicPartition(topic, p, low) for p, (low, _) in ends.items()])
        deadline = time.monotonic() + timeout_s
        reached: dict[int, int] = {}  # a position passes control records, which no message shows
        while any(reached.get(p, 0) < high for p, (_, high) in ends.items()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{topic} was not readable to its end")
            messages: list[Any] = consumer.consume(_BATCH, timeout=0.05)
            for message in messages:
                if (error := message.error()) is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    reached[message.partition()] = message.offset()
    finally:
        consumer.close()


def wait_until_decided(kafka: str, topics: Iterable[str], *, timeout_s: float = 240.0) -> None:
    """Wait until every transaction that is open now has ended, and its end stands in each partition.

    A commit is answered a moment before the broker has marked all partitions, and a transaction that nobody ends, as
    that of a killed worker, hides what others have written behind it until its timeout. Topics that do not exist are
    passed over.

    Raises:
        TimeoutError: one stays open.
    """
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    known = admin.list_topics(timeout=_ANSWER_S).topics
    places = [TopicPartition(topic, p) for topic in set(topics) & known.keys() for p in known[topic].partitions]
    written = _newest_ends(admin, places, IsolationLevel.READ_UNCOMMITTED)
    deadline = time.monotonic() + timeout_s
    while written:
        shown = _newest_ends(admin, written, IsolationLevel.READ_COMMITTED)
        written = {place: end for place, end in written.items() if shown[place] < end}
        if written and time.monotonic() > deadline:
            raise TimeoutError(f"A transaction stays open in {min(place.topic for place in written)}")
        time.sleep(_LOOK_UP_S if written else 0)


def _newest_ends(
    admin: AdminClient, places: Iterable[TopicPartition], isolation: IsolationLevel
) -> dict[TopicPartition, int]:
    """Return the end of each partition; for committed records it is where an open transaction begins."""
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it has no types
    wanted = dict.fromkeys(places, latest)
    asked = admin.list_offsets(wanted, isolation_level=isolation, request_timeout=_ANSWER_S) if wanted else {}
    return {place: future.result(_ANSWER_S).offset for place, future in asked.items()}


def ends_of(kafka: str, topic: str, isolation: str = "read_committed") -> dict[int, tuple[int, int]]:
    """Return first and last offset of each partition; for committed records the last is where an open one begins."""
    consumer = _consumer(kafka, isolation)
    try:
        partitions = consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions
        return {p: _ends_of_partition(consumer, TopicPartition(topic, p)) for p in partitions}
    finally:
        consumer.close()


def _ends_of_partition(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """Return the ends of a partition, also of one that the client has heard of but not looked up yet."""
    for _ in range(_LOOK_UPS):
        try:
            low, high = consumer.get_watermark_offsets(partition, timeout=_ANSWER_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError._UNKNOWN_PARTITION:  # the client has no other name
                raise
            time.sleep(_LOOK_UP_S)
        else:
            return low, high
    raise AssertionError(f"the client does not learn of partition {partition.partition}")


def _consumer(kafka: str, isolation: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "chaos-audit",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": isolation,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,  # the end of a partition is known when a request is answered without a record
            "log_level": 0,
        }
    )


def read_raw(kafka: str, topic: str) -> dict[int, list[Record]]:
    """Return the raw log by partition."""
    log: dict[int, list[Record]] = {}
    for message in read_topic(kafka, topic):
        log.setdefault(message.partition(), []).append(
            Record(message.offset(), message.timestamp()[1], message.value())
        )
    return log


def lane_positions(kafka: str, changelog: str) -> dict[int, int]:
    """Return the committed position of each lane, as its state has it."""
    return {
        message.partition(): int(message.value())
        for message in read_topic(kafka, changelog)
        if message.key() == b"next"
    }


def read_sources(kafka: str, topic: str) -> dict[int, list[int]]:
    """Return the source offset of each output by source partition, in the order of the log."""
    return {partition: [offset for _, offset in places] for partition, places in read_places(kafka, topic).items()}


def read_places(kafka: str, topic: str) -> dict[int, list[tuple[int, int]]]:
    """Return the number of the source's log and the offset in it of each output, as above."""
    places: dict[int, list[tuple[int, int]]] = {}
    for message in read_topic(kafka, topic):
        headers = dict(message.headers())
        partition, offset = headers["source"].split(b":")
        places.setdefault(int(partition), []).append((int(headers.get("log", b"0")), int(offset)))
    return places


def read_json(kafka: str, topic: str, about: str = "") -> Iterator[dict[str, Any]]:
    """Yield the values of a topic as dictionaries; of a topic that others use too, those that contain a text."""
    for message in read_topic(kafka, topic):
        value = message.value()
        if value is not None and about.encode() in value:  # None: a tombstone
            yield json.loads(take_seal(value)[0])


def read_partials(kafka: str, topic: str, model: str) -> Iterator[Partial]:
    """Yield the whole flushes of a model; parts of one flush are joined."""
    parts: dict[int, Partial] = {}
    for message in read_topic(kafka, topic):
        record, _ = take_seal(message.value())  # others may seal their records
        name, _, _, partition, _, next_offset, *others = msgspec.msgpack.decode(record)
        _, _, is_idle, part, n_parts, panes, *rest = others
        if name != model:
            continue
        if part == 0:
            _, log_number, _, policy_hash, _, counted_since, *_ = rest
            parts[partition] = Partial(partition, next_offset, is_idle, {}, log_number, policy_hash, counted_since)
        flush = parts[partition]
        for start_s, cells in panes:
            flush.panes.setdefault(start_s, {}).update(cells)
        if part == n_parts - 1:
            yield parts.pop(partition)
