"""Topics written by hand, with librdkafka: another client than the engine's."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

COMPACT = {"cleanup.policy": "compact"}


def create_topic(kafka: str, name: str, n_partitions: int = 1, settings: dict[str, str] | None = None) -> None:
    new = NewTopic(name, n_partitions, 1, config=settings or {})
    admin = AdminClient({"bootstrap.servers": kafka})  # kept: its requests end with it
    for created in admin.create_topics([new]).values():
        created.result(30)


def send(
    kafka: str,
    topic: str,
    values: Iterable[bytes | None],
    partition: int = 0,
    settings: dict[str, str | int] | None = None,
) -> None:
    """Write values to one partition, in order; the value is the key too."""
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True, **(settings or {})})
    for value in values:
        producer.produce(topic, key=value, value=value, partition=partition)
    assert producer.flush(30) == 0


def write_transactions(kafka: str, topic: str, transactions: Iterable[tuple[list[bytes], bool]]) -> None:
    """Write each list of values in a transaction that is committed or aborted."""
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": f"{topic}-writer", "linger.ms": 0})
    producer.init_transactions(30)
    for values, is_committed in transactions:
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value=value, key=value, partition=0)
        assert producer.flush(30) == 0
        (producer.commit_transaction if is_committed else producer.abort_transaction)(30)


def numbers(first: int, n: int) -> list[bytes]:
    """Return ``n`` different values."""
    return [b"%06d" % number for number in range(first, first + n)]
