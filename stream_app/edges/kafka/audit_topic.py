"""Writes audit entries to ``fairness-audit``; exporters may append to that topic, and nobody may change it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from stream_app.connection.for_kafka_python import kafka_python_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.admin import check_topics
from stream_app.errors import BrokerUnavailableError, FairStreamError, access_denied, is_denial
from stream_app.topics import TopicSpec

_CONNECT_MS = 5_000
_WAIT_S = 30.0


class AuditTopic:
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
        self._topic, self._key = spec.name, key.encode()
        try:
            self._producer = KafkaProducer(
                **kafka_python_options(kafka),
                bootstrap_timeout_ms=_CONNECT_MS,
                client_id="fairstream-audit",
                acks="all",
                max_block_ms=int(_WAIT_S * 1000),
            )
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._producer.close(timeout=1.0)

    def append(self, line: bytes) -> None:
        """Append one entry and wait until all replicas in sync have it.

        Raises:
            AccessDeniedError: this user may not write to the topic.
            BrokerUnavailableError: the broker was lost, or rejects the entry.
        """
        try:
            self._producer.send(self._topic, key=self._key, value=line).get(timeout=_WAIT_S)
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from None

    def _unavailable(self, error: Exception) -> FairStreamError:
        if is_denial(error):
            return access_denied(f"WRITE on topic {self._topic}")
        return BrokerUnavailableError(
            f"Cannot write to the audit topic {self._topic} ({type(error).__name__})",
            action="Nothing is exported without an audit entry; ask for the right to write it, or try again",
        )
