"""Reads the state of one lane back from its changelog topic, which is compacted."""

from __future__ import annotations

import time

import aiokafka

from stream_app.connection.for_aiokafka import aiokafka_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.host.tasks import begin, finish

NEXT_KEY = b"next"  # the source offset up to which everything is in the state
LOG_KEY = b"log"  # the log to which that offset belongs
_POLL_MS = 500
_STALL_S = 60.0


async def read_state(kafka: AnyKafka, topic: str, partition: int) -> dict[bytes, bytes]:
    """Return the last committed value of every key in one partition of a changelog topic.

    The caller has fenced the previous owner, so no open transaction can hide a record or be committed later.

    Raises:
        KafkaTimeoutError: no answer for a minute; the broker is away or busy, and a retry may succeed.
    """
    tp = aiokafka.TopicPartition(topic, partition)
    # `earliest` and no seek: aiokafka's reset after assign() races with seek_to_beginning(), and with `latest`
    # the reader would read nothing.
    consumer = aiokafka.AIOKafkaConsumer(
        **aiokafka_options(kafka),
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    try:
        await begin(consumer.start())
        consumer.assign([tp])
        end = (await consumer.end_offsets([tp]))[tp]
        return await _read_until(consumer, tp, end)
    finally:
        await finish(consumer.stop())


async def _read_until(consumer: aiokafka.AIOKafkaConsumer, tp: aiokafka.TopicPartition, end: int) -> dict[bytes, bytes]:
    entries: dict[bytes, bytes] = {}
    progressed_at = time.monotonic()
    while (position := await consumer.position(tp)) < end:
        records = (await consumer.getmany(timeout_ms=_POLL_MS)).get(tp, [])
        for record in records:
            if record.value is None:
                entries.pop(record.key, None)
            else:
                entries[record.key] = record.value
        if records or await consumer.position(tp) > position:
            progressed_at = time.monotonic()
        elif time.monotonic() - progressed_at > _STALL_S:
            raise aiokafka.errors.KafkaTimeoutError
    return entries
