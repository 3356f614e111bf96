"""How many partitions each topic has, asked once when a worker starts."""

from __future__ import annotations

from collections.abc import Iterable

import aiokafka
from aiokafka.errors import KafkaError

from stream_app.errors import BrokerUnavailableError, TopicError


async def count_partitions(bootstrap: str, topics: Iterable[str]) -> dict[str, int]:
    """Return the number of partitions of each topic.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: some topics do not exist.
    """
    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        await consumer.start()
        await consumer.topics()  # fetches the metadata of all topics
        counts = {topic: len(consumer.partitions_for_topic(topic) or ()) for topic in topics}
    except (KafkaError, OSError):
        raise BrokerUnavailableError(
            f"No Kafka broker answers at {bootstrap}", action="Start it, or give --kafka"
        ) from None
    finally:
        await consumer.stop()
    if missing := sorted(topic for topic, count in counts.items() if not count):
        raise TopicError(f"Missing topics: {', '.join(missing)}", action="Run: fairstream topics create")
    return counts
