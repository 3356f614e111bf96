"""Reads the newest records of a topic for an inspection; their values stay in memory and are not kept."""

from __future__ import annotations

import msgspec

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.core.inspection.observed import ObservedFields
from stream_app.edges.inspection.sample_file import Sample
from stream_app.edges.kafka.readers.newest_records import read_newest


def read_topic_sample(kafka: AnyKafka, topic: str, n: int) -> Sample:
    """Read about ``n`` of the newest records; tombstones are left out.

    Raises:
        AccessDeniedError: this user may not read the topic.
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    observed, n_unreadable = ObservedFields(), 0
    for batch in read_newest(kafka, topic, n):
        n_unreadable += len(batch.unreadable)
        for value in batch.values:
            if value is None:
                continue
            try:
                record = msgspec.json.decode(value)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                record = None
            if isinstance(record, dict):
                observed.add(record)
            else:
                n_unreadable += 1
    return Sample(None, observed, n_unreadable)
