"""Appends records to a topic and waits until each is safe; the topics of audits are written in this way."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from stream_app.connection.for_kafka_python import kafka_python_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.errors import BrokerUnavailableError, FairStreamError, access_denied, is_denial

_CONNECT_MS = 5_000
_WAIT_S = 30.0


class SafeTopic:
    """A topic, connected, to which records are appended one by one.

    Args:
        kafka: The connection.
        topic: Its name, which exists.
        what: What the topic is called in errors.
        action: What the operator can do where nothing can be written.

    Raises:
        BrokerUnavailableError: no broker answers.
    """

    def __init__(self, kafka: AnyKafka, topic: str, *, what: str, action: str) -> None:
        self._topic, self._what, self._action = topic, what, action
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

    def send(self, key: bytes, value: bytes) -> None:
        """Append a record and wait until all replicas in sync have it.

        Raises:
            AccessDeniedError: this user may not write to the topic.
            BrokerUnavailableError: the broker was lost, or rejects the record.
        """
        try:
            self._producer.send(self._topic, key=key, value=value).get(timeout=_WAIT_S)
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from None

    def _unavailable(self, error: Exception) -> FairStreamError:
        if is_denial(error):
            return access_denied(f"WRITE on topic {self._topic}")
        return BrokerUnavailableError(
            f"Cannot write to {self._what} {self._topic} ({type(error).__name__})", action=self._action
        )
