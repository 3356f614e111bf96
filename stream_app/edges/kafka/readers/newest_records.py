"""Reads the newest records of a topic as the batches that a lane would get."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import closing
from typing import Any

import numpy as np
from kafka.errors import KafkaError

from stream_app.connection.failures import lost
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.topic_consumer import open_consumer
from stream_app.pipeline.contract import Batch, UnreadableRange

_POLL_MS = 500
_STALL_S = 5.0  # aborted records at the end are never delivered: after this time without a record, that was all


def read_newest(kafka: AnyKafka, topic: str, n: int) -> list[Batch]:
    """Read about ``n`` of the newest records, the same number from each partition.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    records: dict[int, list[Any]] = defaultdict(list)
    unreadable: dict[int, list[UnreadableRange]] = defaultdict(list)
    consumer, partitions = open_consumer(
        kafka, topic, client_id="fairstream-policy", note=lambda tp, unread: unreadable[tp.partition].append(unread)
    )
    with closing(consumer):
        try:
            begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
            share = -(-n // len(partitions))
            for partition in partitions:
                consumer.seek(partition, max(begins[partition], ends[partition] - share))
            progress_s = time.monotonic()
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                before = [consumer.position(partition) for partition in partitions]
                runs = consumer.poll(timeout_ms=_POLL_MS)
                for partition, run in runs.items():
                    records[partition.partition] += [record for record in run if record.offset < ends[partition]]
                if before != [consumer.position(partition) for partition in partitions]:
                    progress_s = time.monotonic()
                elif time.monotonic() - progress_s > _STALL_S:
                    break
        except KafkaError as error:
            raise lost(f"reading {topic}", error, rights=f"READ on topic {topic}") from None
    numbers = sorted({*records, *unreadable})
    return [_batch_of(topic, number, records[number], unreadable[number]) for number in numbers]


def _batch_of(topic: str, partition: int, records: list[Any], unreadable: list[UnreadableRange]) -> Batch:
    offsets = [record.offset for record in records]
    firsts = [*offsets[:1], *(unread.first_offset for unread in unreadable)]
    nexts = [*(offset + 1 for offset in offsets[-1:]), *(unread.next_offset for unread in unreadable)]
    return Batch(
        topic,
        partition,
        min(firsts),
        max(nexts),
        np.array(offsets, np.int64),
        [record.value for record in records],
        np.array([record.timestamp for record in records], np.int64),
        unreadable,
        headers=[record.headers for record in records],
    )
