"""Reads from Kafka how long topics keep their records."""

from __future__ import annotations

from collections.abc import Sequence

from kafka.admin import ConfigResource, ConfigResourceType

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.admin import connected, count_existing
from stream_app.errors import access_denied

_NAMES = ("cleanup.policy", "retention.ms", "retention.bytes", "segment.ms")


def read_retention(kafka: AnyKafka, topics: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the settings of those of the topics that exist, by Kafka's own names.

    Raises:
        AccessDeniedError: this user may not see a topic or its settings.
        BrokerUnavailableError: no broker answers.
    """
    found = count_existing(kafka, topics)
    existing = [topic for topic in topics if topic in found]
    if not existing:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic, list(_NAMES)) for topic in existing]
    with connected(kafka, "DESCRIBE_CONFIGS on its topics") as admin:
        described = admin.describe_configs(resources, config_filter="all").get("topic", {})
    readable = [topic for topic in existing if described.get(topic)]
    settings = {topic: {name: described[topic][name]["value"] for name in _NAMES} for topic in readable}
    if denied := sorted(set(existing) - set(settings)):
        raise access_denied(f"DESCRIBE_CONFIGS on topic {', '.join(denied)}")
    return settings
