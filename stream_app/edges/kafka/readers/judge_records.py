"""Reads back what the judge published about one model: journal, results, alerts and partials."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.core.decoding import JsonDecoder
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.pipeline.records.alerts import AnyAlert, decode_alert_record
from stream_app.pipeline.records.checkpoints import CheckpointPiece, decode_piece
from stream_app.pipeline.records.journal import JournalEntry, decode_journal_entry
from stream_app.pipeline.records.outcome_results import AnyResult, decode_every_result
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.pipeline.replay.verify.matching import PublishedRecord
from stream_app.pipeline.seals import without_seals
from stream_app.topics import (
    FAIRNESS_ALERTS,
    FAIRNESS_CHECKPOINTS,
    FAIRNESS_JOURNAL,
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
)


class _Head(msgspec.Struct, frozen=True):
    model: str
    start_s: int
    end_s: int


_heads = JsonDecoder[_Head](_Head)


def read_records(kafka: AnyKafka, topic: str, since_s: int = 0) -> Iterator[PublishedRecord]:
    """Yield every committed record up to the present end of a topic, by partition; keys are left empty.

    Args:
        kafka: The connection.
        topic: The topic.
        since_s: Records that the broker dates before it are left out.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    with LogReader(kafka, topic, prepare=without_seals) as reader:
        if since_s > 0:
            reader.seek(reader.offsets_at(since_s * 1000))
        for partition in reader.partitions:
            while (run := reader.next_batch(partition)) is not None:
                for offset, value in zip(run.offsets.tolist(), run.values, strict=True):
                    if value is not None:
                        yield PublishedRecord(topic, partition, offset, "", value)


def read_journal(kafka: AnyKafka, model: str) -> list[tuple[PublishedRecord, JournalEntry]]:
    """Return the journal of a model, in the order of the log.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    entries = []
    for record in read_records(kafka, FAIRNESS_JOURNAL):
        try:
            entry = decode_journal_entry(record.value)
        except msgspec.MsgspecError:
            continue  # of no worker: where one of theirs was replaced, its number is missing
        if entry.model == model:
            entries.append((record._replace(key=model), entry))
    return entries


def read_results(kafka: AnyKafka, model: str) -> Iterator[tuple[PublishedRecord, Result]]:
    """Yield the results of a model about decisions."""
    for live, result in read_any_results(kafka, model):
        if isinstance(result, Result):
            yield live, result


def read_results_within(kafka: AnyKafka, model: str, time_range: TimeRange, since_s: int) -> Iterator[Result]:
    """Yield every result of a model about decisions that is about a part of a time range, all revisions of it.

    Args:
        kafka: The connection.
        model: Name of the model.
        time_range: The time range.
        since_s: Before it nothing about that range was published, by the date of the broker.

    Raises:
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: the topic is missing.
    """
    for record in read_records(kafka, FAIRNESS_RESULTS, since_s):
        try:
            head = _heads.decode(record.value)
            if head.model != model or head.start_s >= time_range.to_s or head.end_s <= time_range.from_s:
                continue
            result = decode_every_result(record.value)
        except msgspec.MsgspecError:
            continue  # of another version, as below
        if isinstance(result, Result):
            yield result


def read_any_results(kafka: AnyKafka, name: str) -> Iterator[tuple[PublishedRecord, AnyResult]]:
    """Yield the results that are published under a name: that of a model, or of its outcomes."""
    for record in read_records(kafka, FAIRNESS_RESULTS):
        try:
            result = decode_every_result(record.value)
        except msgspec.MsgspecError:
            continue  # of another version, which a replay of that time does not produce either
        if result.model == name:
            yield record._replace(key=result.key), result


def read_alerts(kafka: AnyKafka, model: str) -> Iterator[tuple[PublishedRecord, AnyAlert]]:
    """Yield the alerts of a model, and the restarts of its monitoring."""
    for record in read_records(kafka, FAIRNESS_ALERTS):
        try:
            alert = decode_alert_record(record.value)
        except msgspec.MsgspecError:
            continue  # of another version, as above
        if alert.model == model:
            yield record._replace(key=alert.id), alert


def read_checkpoints(kafka: AnyKafka, model: str) -> Iterator[CheckpointPiece]:
    """Yield the records of the checkpoints of a model, in the order of the log."""
    for record in read_records(kafka, FAIRNESS_CHECKPOINTS):
        try:
            piece = decode_piece(record.value)
        except msgspec.MsgspecError:
            continue  # of another version, as above
        if piece.head.model == model:
            yield piece


def read_partials(kafka: AnyKafka, model: str) -> Iterator[Partial]:
    """Yield the partials of a model that the topic still contains."""
    for record in read_records(kafka, FAIRNESS_PARTIALS):
        try:
            partial = decode_partial(record.value)
        except msgspec.MsgspecError:
            continue  # of no worker: the judge rejects it
        if partial.model == model:
            yield partial
