"""The topic ``audit-checkpoints``: signed checkpoints of audit logs, by the name of the log.

A writer of a log may append to the topic, and nobody may change it: a log that was cut is shorter than its checkpoints
there.
"""

from __future__ import annotations

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.core.audit.checkpoints import SignedCheckpoint, read_checkpoint
from stream_app.core.audit.notes import NoteError
from stream_app.edges.kafka.admin import count_existing
from stream_app.edges.kafka.readers.judge_records import read_records
from stream_app.edges.kafka.safe_topic import SafeTopic
from stream_app.errors import TopicError
from stream_app.topics import AUDIT_CHECKPOINTS


class CheckpointTopic(SafeTopic):
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
        super().__init__(kafka, topic, what="the topic", action="Try again")

    def append(self, signed: SignedCheckpoint) -> None:
        """Append a checkpoint and wait until all replicas in sync have it.

        Raises:
            AccessDeniedError: this user may not write to the topic.
            BrokerUnavailableError: the broker was lost, or rejects it.
        """
        self.send(signed.checkpoint.origin.encode(), signed.note.encode())


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
