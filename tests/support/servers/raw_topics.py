"""Topics written by hand, with librdkafka: another client than the engine's."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import repeat

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from tests.programs.chaos.logs import wait_until_decided

_FREE_S = 120.0
COMPACT = {"cleanup.policy": "compact"}


def create_topic(kafka: str, name: str, n_partitions: int = 1, settings: dict[str, str] | None = None) -> None:
    new = NewTopic(name, n_partitions, 1, config=settings or {})
    admin = AdminClient({"bootstrap.servers": kafka})  # kept: its requests end with it
    for created in admin.create_topics([new]).values():
        created.result(60)


def create_again(kafka: str, name: str, n_partitions: int = 1, settings: dict[str, str] | None = None) -> None:
    """Delete a topic and create it again under the same name."""
    admin = AdminClient({"bootstrap.servers": kafka})
    for deleted in admin.delete_topics([name], operation_timeout=120).values():
        deleted.result(60)
    deadline = time.monotonic() + _FREE_S
    while True:  # the name is free a moment after the answer
        try:
            create_topic(kafka, name, n_partitions, settings)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def add_partitions(kafka: str, name: str, n_partitions: int) -> None:
    """Give a topic this number of partitions."""
    admin = AdminClient({"bootstrap.servers": kafka})
    for added in admin.create_partitions([NewPartitions(name, n_partitions)]).values():
        added.result(60)


def send(
    kafka: str,
    topic: str,
    values: Iterable[bytes | None],
    partition: int = 0,
    settings: dict[str, str | int] | None = None,
    headers: Iterable[Sequence[tuple[str, str | bytes | None]]] = repeat([]),
) -> None:
    """Write values to one partition, in order, with their headers; the value is the key too."""
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True, **(settings or {})})
    for value, of_record in zip(values, headers, strict=False):
        producer.produce(topic, key=value, value=value, partition=partition, headers=list(of_record))
    assert producer.flush(120) == 0


def write_transactions(kafka: str, topic: str, transactions: Iterable[tuple[list[bytes], bool]]) -> None:
    """Write each list of values in a transaction that is committed or aborted; return when all of it can be read."""
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": f"{topic}-writer", "linger.ms": 0})
    producer.init_transactions(60)
    for values, is_committed in transactions:
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value=value, key=value, partition=0)
        assert producer.flush(120) == 0
        (producer.commit_transaction if is_committed else producer.abort_transaction)(60)
    wait_until_decided(kafka, [topic])


def numbers(first: int, n: int) -> list[bytes]:
    """Return ``n`` different values."""
    return [b"%06d" % number for number in range(first, first + n)]
