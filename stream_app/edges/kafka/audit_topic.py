"""Writes audit entries to ``fairness-audit``; exporters may append to that topic, and nobody may change it."""

from __future__ import annotations

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.admin import check_topics
from stream_app.edges.kafka.safe_topic import SafeTopic
from stream_app.topics import TopicSpec

_ACTION = "Nothing is exported without an audit entry; ask for the right to write it, or try again"


class AuditTopic(SafeTopic):
    """The audit topic, connected.

    Args:
        kafka: The connection.
        spec: Its declaration.
        key: Key of the entries: the name of the model.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: it is missing or differs from its declaration; entries could be compacted away or expire.
    """

    def __init__(self, kafka: AnyKafka, spec: TopicSpec, *, key: str) -> None:
        check_topics(kafka, [spec])
        super().__init__(kafka, spec.name, what="the audit topic", action=_ACTION)
        self._key = key.encode()

    def append(self, line: bytes) -> None:
        """Append one entry and wait until all replicas in sync have it.

        Raises:
            AccessDeniedError: this user may not write to the topic.
            BrokerUnavailableError: the broker was lost, or rejects the entry.
        """
        self.send(self._key, line)
