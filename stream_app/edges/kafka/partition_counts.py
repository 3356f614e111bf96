"""How many partitions each topic has, asked once when a worker starts."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_app.errors import BrokerUnavailableError, TopicError


async def count_partitions(bootstrap: str, topics: Iterable[str]) -> dict[str, int]:
    """Return the number of partitions of each topic.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: some topics do not exist.
    """
    topics = list(topics)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        described = await admin.describe_topics(topics)
    except (KafkaError, OSError):
        raise BrokerUnavailableError(
            f"No Kafka broker answers at {bootstrap}", action="Start it, or give --kafka"
        ) from None
    finally:
        await admin.close()
    counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
    if missing := sorted(topic for topic in topics if not counts.get(topic)):
        raise TopicError(f"Missing topics: {', '.join(missing)}", action="Run: fairstream topics create")
    return counts
