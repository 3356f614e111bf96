"""Creates, deletes and reads topics."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its documented place

_READ_BATCH = 10_000
_TIMEOUT_S = 30.0


def create_topic(kafka: str, topic: str, n_partitions: int, config: Mapping[str, str] | None = None) -> None:
    """Create a topic and wait until it exists."""
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 3})
    created = admin.create_topics([NewTopic(topic, n_partitions, 1, config=dict(config or {}))])
    for future in created.values():
        future.result(_TIMEOUT_S)


def delete_topics(kafka: str, prefix: str) -> None:
    """Delete every topic whose name starts with ``prefix``: those of one run."""
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 3})
    names = [name for name in admin.list_topics(timeout=_TIMEOUT_S).topics if name.startswith(prefix)]
    if names:
        for future in admin.delete_topics(names).values():
            future.result(_TIMEOUT_S)


def read_topic(kafka: str, topic: str, n_partitions: int) -> Iterator[bytes]:
    """Yield the committed values of a topic up to its present end."""
    for message in read_messages(kafka, topic, n_partitions):
        if (value := message.value()) is not None:
            yield value


def read_messages(kafka: str, topic: str, n_partitions: int) -> Iterator[Message]:
    """Yield the committed records of a topic up to its present end.

    Raises:
        TimeoutError: the broker does not deliver them, for example after a transaction that stays open.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "bench-reader",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 3,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(n_partitions)])
        ended: set[int] = set()
        deadline = time.monotonic() + _TIMEOUT_S
        while len(ended) < n_partitions:
            # A short timeout: consume() waits for a full batch, and the last one is not full.
            messages = consumer.consume(_READ_BATCH, timeout=0.1)
            if messages:
                deadline = time.monotonic() + _TIMEOUT_S
            elif time.monotonic() > deadline:
                raise TimeoutError(f"Nothing more of {topic} after {_TIMEOUT_S:g} s")
            for message in messages:
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its documented name
                    ended.add(message.partition() or 0)
                else:
                    raise KafkaException(error)
    finally:
        consumer.close()
