"""``replay verify``: everything that was published about a model, recomputed and compared; its outcomes likewise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import msgspec

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.core.windows.partials import Partial
from stream_app.edges.kafka.readers.judge_records import (
    read_alerts,
    read_any_results,
    read_checkpoints,
    read_journal,
    read_partials,
)
from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.edges.kafka.readers.registered_policies import read_policies
from stream_app.edges.keys.key_source import key_source_of
from stream_app.errors import ReplayError, TopicError
from stream_app.pipeline.disclosure.sealing import AlertSealer
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.records.alerts import AnyAlert
from stream_app.pipeline.records.checkpoints import Checkpoint, CheckpointHead, checkpoint_of
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.outcome_results import AnyResult
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.source_log import SourceChoice, SourceLog
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.compared_range import range_of_alert as range_of_alert_in
from stream_app.pipeline.replay.verify.join_logs import JoinLogs
from stream_app.pipeline.replay.verify.matching import PublishedRecord
from stream_app.pipeline.replay.verify.verification import Verification, Verifier
from stream_app.pipeline.seals import without_seals
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.sources import open_sources
from stream_app.settings import Settings

_SETTLE_S = 1.0  # a transaction becomes visible in one topic a moment before it does in another


@dataclass(frozen=True)
class KafkaRecords:
    """Everything that was published under one name, read from Kafka; ``PublishedRecords``.

    Attributes:
        kafka: The connection.
        name: Of a model, or of its outcomes.
    """

    kafka: AnyKafka
    name: str

    def journal(self) -> list[tuple[PublishedRecord, JournalEntry]]:
        """Return the journal, in the order of the log."""
        return read_journal(self.kafka, self.name)

    def checkpoints(self) -> list[CheckpointHead]:
        """Return the checkpoints, without their states, in the order of the log."""
        return [piece.head for piece in read_checkpoints(self.kafka, self.name) if piece.piece == 0]

    def checkpoint(self, head: CheckpointHead) -> Checkpoint:
        """Return one checkpoint.

        Raises:
            ReplayError: it cannot be read.
        """
        pieces = {piece.piece: piece for piece in read_checkpoints(self.kafka, self.name) if piece.head == head}
        try:
            return checkpoint_of(pieces[number] for number in sorted(pieces))
        except ValueError as error:
            raise ReplayError(
                f"The checkpoint after entry {head.number} of the journal of {self.name} cannot be read: {error}",
                action="Verify from another time (--from)",
            ) from None

    def results(self) -> Iterator[tuple[PublishedRecord, AnyResult]]:
        """Yield the results."""
        return read_any_results(self.kafka, self.name)

    def alerts(self) -> Iterator[tuple[PublishedRecord, AnyAlert]]:
        """Yield the alerts."""
        return read_alerts(self.kafka, self.name)

    def partials(self) -> Iterator[Partial]:
        """Yield the partials that are still there."""
        return read_partials(self.kafka, self.name)


def verify(
    settings: Settings,
    model: ModelPolicy,
    choice: SourceChoice,
    compared: ComparedRange,
    on_progress: OnProgress,
    *,
    k: int,
) -> Verification:
    """Recompute what the judge published about a model and compare it with what is in the topics.

    Args:
        settings: Where Kafka and the keys are.
        model: The policy under which the model was judged.
        choice: Which source topic is read.
        compared: Which records are compared.
        on_progress: Called after each run of records.
        k: The values of a difference about fewer than k decisions are hidden.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
        ReplayError: source records or journal entries are gone, or were made under another policy or version.
    """
    book, sealer = _policy_book(settings, model), _sealer(settings)

    def verifier(name: str) -> Verifier:
        records = KafkaRecords(settings.connection, name)
        return Verifier(book, name, records, lambda: time.sleep(_SETTLE_S), sealer)

    with open_sources(settings, model, choice, on_progress) as sources:
        verification = verifier(model.name).verify(sources, compared, k)
    if model.outcome is None:
        return verification
    with _log_opener(settings) as open_log:
        logs = JoinLogs(model, book, on_progress, open_log)
        outcomes = verifier(outcomes_name(model.name)).verify(logs, compared, k)
    is_equal = verification.is_equal and outcomes.is_equal
    return msgspec.structs.replace(verification, is_equal=is_equal, outcomes=outcomes)


def range_of_alert(
    settings: Settings, model: ModelPolicy, alert_id: str, *, has_outcomes: bool = False
) -> ComparedRange:
    """Return the range that an alert describes, the alert itself included.

    Args:
        settings: Where Kafka is.
        model: The policy of the model.
        alert_id: Id of the alert.
        has_outcomes: Whether it may be one about outcomes, whose event time is another: that at which they came.

    Raises:
        ConfigError: there is no such alert in the topic.
    """
    names = [model.name, outcomes_name(model.name)] if has_outcomes else [model.name]
    alerts = (alert for name in names for _, alert in read_alerts(settings.connection, name))
    return range_of_alert_in(model.name, alert_id, alerts)


def _sealer(settings: Settings) -> AlertSealer | None:
    """Return what makes the envelopes of sealed alerts; None where there are no keys, as few policies need them."""
    source = key_source_of(settings)
    return None if source.revision() == () else AlertSealer(source.load())


def _policy_book(settings: Settings, model: ModelPolicy) -> PolicyBook:
    """Return the policies of a model under which any deployment judged, and the given one."""
    registered = [RegisteredPolicy(model, model.hash(), 0)]
    try:
        records = read_policies(settings.connection)
    except TopicError:  # of version 0.2
        records = []
    for record in records:
        if record.model == model.name:
            with suppress(msgspec.ValidationError):  # of a later version, which this one cannot verify either
                registered.append(RegisteredPolicy(record.model_policy(), record.hash, record.registered_ms))
    return PolicyBook(registered)


@contextmanager
def _log_opener(settings: Settings) -> Iterator[Callable[[str], SourceLog]]:
    """Give a function that opens an outcome-join topic; all of them are closed with the block."""
    with ExitStack() as opened:

        def open_log(topic: str) -> SourceLog:
            try:
                return opened.enter_context(LogReader(settings.connection, topic, prepare=without_seals))
            except TopicError:
                raise ReplayError(
                    f"The outcome-join topic {topic} is gone", action="Its outcomes cannot be verified without it"
                ) from None

        yield open_log
