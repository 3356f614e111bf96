"""A plain reader of a topic: no group, no commit, only what is committed."""

from __future__ import annotations

import logging

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from stream_app.errors import BrokerUnavailableError, TopicError

_CONNECT_MS = 5_000


def open_reader(bootstrap: str, topic: str, *, client_id: str) -> tuple[KafkaConsumer, list[TopicPartition]]:
    """Connect, and take every partition of a topic from its beginning.

    Returns:
        The consumer, to be closed by the caller, and the partitions in order.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # its complaints become our one line
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap.split(","),
            bootstrap_timeout_ms=_CONNECT_MS,
            client_id=client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            allow_auto_create_topics=False,
        )
        numbers = consumer.partitions_for_topic(topic)
    except (KafkaError, OSError) as error:
        raise BrokerUnavailableError(
            f"No Kafka answers at {bootstrap} ({type(error).__name__})",
            action="Start one (fairstream local kafka), or give its address with --kafka",
        ) from None
    if not numbers:
        consumer.close()
        raise TopicError(f"Missing topics: {topic}", action="Run: fairstream topics create")
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    return consumer, partitions
