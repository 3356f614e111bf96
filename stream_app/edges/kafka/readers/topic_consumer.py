"""A kafka-python consumer over all partitions of a topic: no group, no commits, committed records only.

The other readers of this folder, and ``edges.kafka.republish``, build on it.
"""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from stream_app.connection.failures import unavailable
from stream_app.connection.for_kafka_python import kafka_python_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.admin import count_existing
from stream_app.edges.kafka.readers.tolerant_fetch import NoteUnreadable, read_tolerantly
from stream_app.errors import TopicError

_CONNECT_MS = 5_000


def open_consumer(
    kafka: AnyKafka, topic: str, *, client_id: str, note: NoteUnreadable
) -> tuple[KafkaConsumer, list[TopicPartition]]:
    """Connect, and take every partition of a topic from its beginning.

    Args:
        kafka: The connection.
        topic: Its name.
        client_id: Name of the reader in the broker's log.
        note: Called with the partition and the range of what cannot be read and is passed.

    Returns:
        The consumer, to be closed by the caller, and the partitions in order.

    Raises:
        AccessDeniedError: this user may not see the topic.
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
    """
    try:
        consumer = KafkaConsumer(
            **kafka_python_options(kafka),
            bootstrap_timeout_ms=_CONNECT_MS,
            client_id=client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            allow_auto_create_topics=False,
        )
        read_tolerantly(consumer, note)
        numbers = consumer.partitions_for_topic(topic)
    except (KafkaError, OSError) as error:
        raise unavailable(kafka, error, rights=f"DESCRIBE on topic {topic}") from None
    if not numbers:
        consumer.close()
        count_existing(kafka, [topic])  # says so if it exists, and this user may not see it
        raise TopicError(f"Missing topics: {topic}", action="Run: fairstream topics create")
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    return consumer, partitions
