"""The place inside kafka-python 3 that ``read_tolerantly`` replaces, held against its public path on a real broker."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from stream_app.edges.kafka.readers.tolerant_fetch import read_tolerantly
from tests.support.servers.raw_topics import create_topic, numbers, send, write_transactions

pytestmark = pytest.mark.timeout(900)


def read(kafka: str, topic: str, *, end: int, is_tolerant: bool, offset: int = 0) -> list[Any]:
    """Return what a consumer of committed records delivers, and check that it reaches the end."""
    consumer = KafkaConsumer(
        bootstrap_servers=kafka, group_id=None, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    passed: list[Any] = []
    with closing(consumer):
        if is_tolerant:
            read_tolerantly(consumer, lambda *unreadable: passed.append(unreadable))
        tp = TopicPartition(topic, 0)
        consumer.assign([tp])
        consumer.seek(tp, offset)
        records: list[Any] = []
        while consumer.position(tp) < end:
            records += consumer.poll(timeout_ms=500).get(tp, [])
    assert passed == []
    return [(record.offset, record.timestamp, record.key, record.value, list(record.headers)) for record in records]


def test_nothing_is_passed_at_the_end_of_a_partition_that_grows_later(kafka: str, app_id: str) -> None:
    topic, tp = f"{app_id}-raw", TopicPartition(f"{app_id}-raw", 0)
    create_topic(kafka, topic)
    consumer = KafkaConsumer(bootstrap_servers=kafka, group_id=None, auto_offset_reset="earliest")
    passed: list[Any] = []
    with closing(consumer):
        read_tolerantly(consumer, lambda *unreadable: passed.append(unreadable))
        consumer.assign([tp])
        for first in (0, 5):
            for _ in range(4):
                assert consumer.poll(timeout_ms=300) == {}
            assert consumer.position(tp) == first
            send(kafka, topic, numbers(first, 5))
            records: list[Any] = []
            while len(records) < 5:
                records += consumer.poll(timeout_ms=300).get(tp, [])
            assert [record.value for record in records] == numbers(first, 5)
    assert passed == []


@pytest.mark.parametrize("codec", ["none", "gzip"])  # it has no library here for the others
def test_what_the_public_path_reads_is_read_alike(kafka: str, app_id: str, codec: str) -> None:
    topic = f"{app_id}-raw"
    create_topic(kafka, topic)
    write_transactions(kafka, topic, [(numbers(0, 300), True), (numbers(300, 100), False), (numbers(400, 100), True)])
    send(kafka, topic, [*numbers(1000, 50), None], settings={"compression.type": codec, "linger.ms": 50})
    end = 503 + 51
    for offset in (0, 57, 503):
        tolerant = read(kafka, topic, end=end, is_tolerant=True, offset=offset)
        assert tolerant == read(kafka, topic, end=end, is_tolerant=False, offset=offset)
        assert tolerant[-1][0] == end - 1
