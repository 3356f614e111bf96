"""The topic ``audit-checkpoints``: signed checkpoints of audit logs, by the name of the log.

A writer of a log may append to the topic, and nobody may change it: a log that was cut is shorter than its checkpoints
there.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from stream_app.connection.for_kafka_python import kafka_python_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.core.audit.checkpoints import SignedCheckpoint, read_checkpoint
from stream_app.core.audit.notes import NoteError
from stream_app.edges.kafka.admin import count_existing
from stream_app.edges.kafka.readers.judge_records import read_records
from stream_app.errors import BrokerUnavailableError, FairStreamError, TopicError, access_denied, is_denial
from stream_app.topics import AUDIT_CHECKPOINTS

_CONNECT_MS = 5_000
_WAIT_S = 30.0


class CheckpointTopic:
    """The topic, connected.

    Args:
        kafka: The connection.
        topic: Its name.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
    """

    def __init__(self, kafka: AnyKafka, topic: str = AUDIT_CHECKPOINTS) -> None:
        if topic not in count_existing(kafka, [topic]):
            raise TopicError(f"Missing topics: {topic}", action="Run: fairstream topics create")
        self._topic = topic
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

    def append(self, signed: SignedCheckpoint) -> None:
        """Append a checkpoint and wait until all replicas in sync have it.

        Raises:
            AccessDeniedError: this user may not write to the topic.
            BrokerUnavailableError: the broker was lost, or rejects it.
        """
        try:
            key, value = signed.checkpoint.origin.encode(), signed.note.encode()
            self._producer.send(self._topic, key=key, value=value).get(timeout=_WAIT_S)
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from None

    def _unavailable(self, error: Exception) -> FairStreamError:
        if is_denial(error):
            return access_denied(f"WRITE on topic {self._topic}")
        return BrokerUnavailableError(
            f"Cannot write to the topic {self._topic} ({type(error).__name__})", action="Try again"
        )


def read_anchored(kafka: AnyKafka, origin: str, topic: str = AUDIT_CHECKPOINTS) -> list[tuple[SignedCheckpoint, str]]:
    """Return the checkpoints of a log in the topic, each with its place; signatures are not verified.

    What is not a checkpoint is passed over: others may write to the topic, and cannot sign.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    found = []
    for record in read_records(kafka, topic):
        try:
            signed = read_checkpoint(record.value)
        except NoteError:
            continue
        if signed.checkpoint.origin == origin:
            found.append((signed, f"{topic}:{record.offset}"))
    return found
