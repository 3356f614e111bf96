"""Reads a topic on from positions that the caller stored, with the position after each run of records.

A topic that was deleted and created again has another id; it is read from its beginning then, since positions of
another log say nothing about it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from kafka import TopicPartition
from kafka.errors import KafkaError

from stream_app.connection.failures import lost
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.topic_consumer import open_consumer

_POLL_MS = 250
_MAX_RECORDS = 200  # of one run: what is stored in one transaction


class Position(NamedTuple):
    """Where a partition is read on.

    Attributes:
        topic_id: Id of the topic; empty where the broker gives none.
        next_offset: Offset of the next record.
    """

    topic_id: str
    next_offset: int


class StoredRecord(NamedTuple):
    """One record that has a value."""

    offset: int
    timestamp_ms: int
    value: bytes


class Run(NamedTuple):
    """Consecutive records of one partition, and the position after them."""

    partition: int
    records: list[StoredRecord]
    after: Position


class ResumedReader:
    """One topic, read on from stored positions; committed records only, no group.

    Args:
        kafka: The connection.
        topic: Its name.
        stored: Position of each partition that was read before.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.

    Attributes:
        n_missed: Offsets that were deleted by retention before they were read.
    """

    def __init__(self, kafka: AnyKafka, topic: str, stored: Mapping[int, Position]) -> None:
        self.n_missed = 0
        self._asked_s, self._ends = 0.0, dict[TopicPartition, int]()
        self._topic = topic
        self._consumer, self._partitions = open_consumer(
            kafka, topic, client_id="fairstream-web", note=lambda _tp, _unreadable: None
        )
        try:
            self._topic_id = str(self._consumer._client.cluster.topic_id(topic) or "")
            self._seek(stored)
        except KafkaError as error:
            self._consumer.close()
            raise lost(f"reading {topic}", error, rights=f"READ on topic {topic}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._consumer.close()

    def poll(self) -> list[Run]:
        """Return what was committed since the last call, waiting for it shortly.

        Raises:
            BrokerUnavailableError: the broker was lost.
        """
        try:
            before = {tp: self._consumer.position(tp) for tp in self._partitions}
            records = self._consumer.poll(timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
            after = {tp: self._consumer.position(tp) for tp in self._partitions}
        except KafkaError as error:
            raise lost(f"reading {self._topic}", error, rights=f"READ on topic {self._topic}") from None
        return [self._run_of(tp, records.get(tp, []), after[tp]) for tp in self._partitions if after[tp] != before[tp]]

    def ask_end(self) -> None:
        """Ask the broker how far the topic reaches now; without effect while what it said before is not read yet.

        Raises:
            BrokerUnavailableError: the broker does not answer.
        """
        if self._ends:
            return
        self._asked_s = time.time()
        try:
            self._ends = dict(self._consumer.end_offsets(self._partitions))
        except KafkaError as error:
            raise lost(f"reading {self._topic}", error, rights=f"READ on topic {self._topic}") from None

    def read_until(self) -> float | None:
        """Return the time of the last ``ask_end``, once, if everything that was committed by then was read; else None.

        Whether the topic has an unread record *now* says nothing: where records arrive all the time, it always has.
        """
        if not self._ends or any(self._consumer.position(tp) < end for tp, end in self._ends.items()):
            return None
        self._ends = {}
        return self._asked_s

    def _seek(self, stored: Mapping[int, Position]) -> None:
        begins = self._consumer.beginning_offsets(self._partitions)
        for tp in self._partitions:
            position = stored.get(tp.partition)
            start = begins[tp]
            if position is not None and position.topic_id == self._topic_id:
                self.n_missed += max(0, begins[tp] - position.next_offset)
                start = max(start, position.next_offset)
            self._consumer.seek(tp, start)

    def _run_of(self, tp: TopicPartition, records: list[Any], next_offset: int) -> Run:
        stored = [
            StoredRecord(record.offset, record.timestamp, record.value)
            for record in records
            if record.value is not None
        ]
        return Run(tp.partition, stored, Position(self._topic_id, next_offset))
