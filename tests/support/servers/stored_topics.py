"""Topics of a former version in one file: written once by ``tests.programs.record_topics``, loaded into a new broker.

A position in a state names offsets of the raw topics, of the partials and of the outcome joins, so the records of these
get their offsets back: where a marker of a transaction was, there is one again. The ids of the topics cannot be given
back; the states are written with the new ones.
"""

from __future__ import annotations

import asyncio
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Producer

from stream_app.edges.kafka.topic_metadata import TopicMetadata
from stream_app.edges.lanes.changelog import LOG_KEY
from stream_app.edges.lanes.log_position import decode_log, encode_log
from tests.programs.chaos.logs import ends_of, read_topic
from tests.support.servers.raw_topics import create_topic

_KEPT = {"retention.ms": "-1", "message.timestamp.type": "CreateTime"}  # the records are old, and keep their dates


class StoredRecord(msgspec.Struct, array_like=True, frozen=True):
    """A committed record."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class StoredTopic(msgspec.Struct, array_like=True, frozen=True):
    """A topic.

    Attributes:
        name: Its name.
        topic_id: Its id on the broker of that time.
        cleanup: ``cleanup.policy``.
        ends: End of each partition.
        records: Of each partition.
    """

    name: str
    topic_id: str
    cleanup: str
    ends: list[int]
    records: list[list[StoredRecord]]


class StoredTopics(msgspec.Struct, array_like=True, frozen=True):
    """An installation.

    Attributes:
        version: Version that wrote the topics.
        app_id: Its application id.
        policy: Text of the policy.
        keys: The key file.
        topics: All topics of the policy.
    """

    version: str
    app_id: str
    policy: str
    keys: bytes
    topics: list[StoredTopic]

    def topic(self, name: str) -> StoredTopic:
        return next(topic for topic in self.topics if topic.name == name)


def read_stored(path: Path) -> StoredTopics:
    return msgspec.msgpack.decode(lzma.decompress(path.read_bytes()), type=StoredTopics)


def write_stored(path: Path, stored: StoredTopics) -> None:
    path.write_bytes(lzma.compress(msgspec.msgpack.encode(stored), preset=9 | lzma.PRESET_EXTREME))


def take_topics(kafka: str, cleanups: dict[str, str]) -> list[StoredTopic]:
    """Return topics, of which ``cleanup.policy`` is given, with their committed records."""
    ids = _ids_of(kafka, cleanups)
    topics = []
    for name, cleanup in cleanups.items():
        ends = [end for _, (_, end) in sorted(ends_of(kafka, name).items())]
        records: list[list[StoredRecord]] = [[] for _ in ends]
        for message in read_topic(kafka, name):
            records[message.partition()].append(
                StoredRecord(
                    message.offset(), message.timestamp()[1], message.key(), message.value(), message.headers() or []
                )
            )
        kept = list(map(compacted, records)) if cleanup == "compact" else records
        topics.append(StoredTopic(name, ids[name], cleanup, ends, kept))
    return topics


def compacted(records: list[StoredRecord]) -> list[StoredRecord]:
    """Return what a compaction leaves: the newest record of each key, unless it is a tombstone."""
    newest = {record.key: record for record in records}
    return [record for record in records if record is newest[record.key] and record.value is not None]


def load_topics(kafka: str, stored: StoredTopics) -> None:
    """Create the topics on a broker that has none of them, and write their records."""
    for topic in stored.topics:
        create_topic(kafka, topic.name, len(topic.ends), {"cleanup.policy": topic.cleanup, **_KEPT})
    new_ids = _ids_of(kafka, [topic.name for topic in stored.topics])
    renamed = {topic.topic_id: new_ids[topic.name] for topic in stored.topics}
    plain = Producer({"bootstrap.servers": kafka, "enable.idempotence": True, "linger.ms": 20})
    marking = Producer({"bootstrap.servers": kafka, "transactional.id": "stored-topics", "linger.ms": 20})
    marking.init_transactions(120)
    for topic in stored.topics:
        for partition, (records, end) in enumerate(zip(topic.records, topic.ends, strict=True)):
            _write(plain, marking, topic, partition, records, end, renamed)
    assert plain.flush(120) == 0
    for topic in stored.topics:
        if topic.cleanup == "delete":
            assert [end for _, (_, end) in sorted(ends_of(kafka, topic.name).items())] == topic.ends, topic.name


def _write(
    plain: Producer,
    marking: Producer,
    topic: StoredTopic,
    partition: int,
    records: list[StoredRecord],
    end: int,
    renamed: dict[str, str],
) -> None:
    if topic.cleanup != "delete":  # compacted: nothing names its offsets
        _send(plain, topic.name, partition, (_with_ids(record, renamed) for record in records))
        return
    for run, n_missing in _runs(records, end):
        if n_missing == 1:  # a marker behind a transaction
            assert plain.flush(120) == 0
            marking.begin_transaction()
            _send(marking, topic.name, partition, run)
            marking.commit_transaction(120)
            continue
        _send(plain, topic.name, partition, run)
        if n_missing:
            assert plain.flush(120) == 0
            marking.begin_transaction()
            _send(marking, topic.name, partition, [StoredRecord(0, 0, None, b"", [])] * (n_missing - 1))
            assert marking.flush(120) == 0
            marking.abort_transaction(120)


def _runs(records: list[StoredRecord], end: int) -> Iterator[tuple[list[StoredRecord], int]]:
    """Yield the records between two gaps, and how many offsets the gap behind them has; a topic begins at 0."""
    run: list[StoredRecord] = []
    next_offset = 0
    for record in records:
        if record.offset > next_offset:
            yield run, record.offset - next_offset
            run = []
        run.append(record)
        next_offset = record.offset + 1
    yield run, end - next_offset


def _send(producer: Producer, topic: str, partition: int, records: Iterable[StoredRecord]) -> None:
    for record in records:
        producer.produce(
            topic, record.value, record.key, partition, timestamp=record.timestamp_ms, headers=list(record.headers)
        )
        producer.poll(0)


def _with_ids(record: StoredRecord, renamed: dict[str, str]) -> StoredRecord:
    if record.key != LOG_KEY or record.value is None:
        return record
    log = decode_log(record.value)
    value = encode_log(msgspec.structs.replace(log, topic_id=renamed[log.topic_id]))
    return msgspec.structs.replace(record, value=value)


def _ids_of(kafka: str, names: Iterable[str]) -> dict[str, Any]:
    wanted = list(names)

    async def ask() -> dict[str, Any]:
        metadata = TopicMetadata(kafka, wanted)
        await metadata.start()
        try:
            while len(found := await metadata.describe()) < len(wanted):  # noqa: ASYNC110  # they appear a moment later
                await asyncio.sleep(0.1)
            return {name: topic.topic_id for name, topic in found.items()}
        finally:
            await metadata.close()

    return asyncio.run(ask())
