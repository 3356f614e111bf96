"""Reads the newest records of a topic as the batches that a lane would get."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import numpy as np
from kafka.errors import KafkaError

from stream_app.edges.kafka.readers.topic_consumer import open_consumer
from stream_app.errors import broker_lost
from stream_app.pipeline.contract import Batch

_POLL_MS = 500
_STALL_S = 5.0  # aborted records at the end are never delivered: after this time without a record, that was all


def read_newest(bootstrap: str, topic: str, n: int) -> list[Batch]:
    """Read about ``n`` of the newest records, the same number from each partition.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    consumer, partitions = open_consumer(bootstrap, topic, client_id="fairstream-policy")
    records: dict[int, list[Any]] = defaultdict(list)
    with closing(consumer):
        try:
            begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
            share = -(-n // len(partitions))
            for partition in partitions:
                consumer.seek(partition, max(begins[partition], ends[partition] - share))
            progress_s = time.monotonic()
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                runs = consumer.poll(timeout_ms=_POLL_MS)
                for partition, run in runs.items():
                    records[partition.partition] += [record for record in run if record.offset < ends[partition]]
                if runs:
                    progress_s = time.monotonic()
                elif time.monotonic() - progress_s > _STALL_S:
                    break
        except KafkaError as error:
            raise broker_lost(f"reading {topic}", error) from None
    return [_batch_of(topic, partition, run) for partition, run in sorted(records.items()) if run]


def _batch_of(topic: str, partition: int, records: Iterable[Any]) -> Batch:
    columns = ((record.offset, record.value, record.timestamp) for record in records)
    offsets, values, timestamps_ms = zip(*columns, strict=True)
    return Batch(
        topic,
        partition,
        offsets[0],
        offsets[-1] + 1,
        np.array(offsets, np.int64),
        list(values),
        np.array(timestamps_ms, np.int64),
    )
