"""Counts the partitions of topics for a worker that starts, without blocking its event loop.

``edges.kafka.admin.count_existing`` is the blocking counterpart; it also accepts topics that do not exist.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_app.errors import TopicError, no_broker_answers


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
    except (KafkaError, OSError) as error:
        raise no_broker_answers(bootstrap, error) from None
    finally:
        await admin.close()
    counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
    if missing := sorted(topic for topic in topics if not counts.get(topic)):
        raise TopicError(f"Missing topics: {', '.join(missing)}", action="Run: fairstream topics create")
    return counts
