"""Counts the partitions of topics for a worker that starts, without blocking its event loop.

``edges.kafka.admin.count_existing`` is the blocking counterpart; it also accepts topics that do not exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from stream_app.connection.failures import unavailable
from stream_app.connection.for_aiokafka import aiokafka_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.errors import TopicError, access_denied

_DENIED: int = TopicAuthorizationFailedError.errno


async def count_partitions(kafka: AnyKafka, topics: Iterable[str]) -> dict[str, int]:
    """Return the number of partitions of each topic.

    Raises:
        BrokerUnavailableError: no broker answers.
        AccessDeniedError: this user may not see a topic.
        TopicError: some topics do not exist.
    """
    topics = list(topics)
    admin = AIOKafkaAdminClient(**aiokafka_options(kafka))
    try:
        await admin.start()
        described = await admin.describe_topics(topics)
    except (KafkaError, OSError) as error:
        raise await asyncio.to_thread(unavailable, kafka, error, rights="DESCRIBE on its topics") from None
    finally:
        await admin.close()
    if denied := sorted(topic["topic"] for topic in described if topic["error_code"] == _DENIED):
        raise access_denied(f"DESCRIBE on topic {', '.join(denied)}")
    counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
    if missing := sorted(topic for topic in topics if not counts.get(topic)):
        raise TopicError(f"Missing topics: {', '.join(missing)}", action="Run: fairstream topics create")
    return counts
