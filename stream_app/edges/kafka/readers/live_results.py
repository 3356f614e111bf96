"""Reads results and alerts from the beginning of their topics, and follows them as they are committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec
from kafka import TopicPartition
from kafka.errors import KafkaError

from stream_app.connection.failures import lost
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.topic_consumer import open_consumer
from stream_app.errors import BrokerUnavailableError
from stream_app.pipeline.contract import UnreadableRange
from stream_app.pipeline.records.aggregates import Aggregate, decode_aggregate
from stream_app.pipeline.records.alerts import Alert, AnyAlert, decode_alert_record
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.hours.allocation_results import AllocationResult, decode_hours
from stream_app.pipeline.records.outcome_results import (
    OutcomeResult,
    decode_amounts,
    decode_decision_result,
    decode_judged_result,
)
from stream_app.pipeline.records.results import Result
from stream_app.topics import CAMERA_AGGREGATES, FAIRNESS_ALERTS, FAIRNESS_RESULTS

_POLL_MS = 500
_STALL_S = 30.0  # a transaction that was left open ends after its timeout; until then nobody can read past it
_MAX_NAMED = 5
_MIN_TIME_S, _MAX_TIME_S = -62_135_596_800, 253_402_300_800  # the years 1 to 9999
_MAX_COUNT = 2**63 - 1

Item = TypeVar("Item")


class ResultReader(Generic[Item]):
    """Reads records from the beginning of a topic, then as they come.

    Args:
        kafka: The connection.
        topic: Topic of the records.
        decode: Decodes the value of one record; None leaves it out.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.

    Attributes:
        n_unreadable: Records so far of another version, damaged, or with impossible numbers; they are left out.
        unreadable: Topic, partition and offset of the first of them.
    """

    def __init__(self, kafka: AnyKafka, topic: str, decode: Callable[[bytes], Item | None]) -> None:
        self.n_unreadable = 0
        self.unreadable: list[str] = []
        self._topic = topic
        self._decode = decode
        self._consumer, self._partitions = open_consumer(
            kafka, topic, client_id="fairstream-reader", note=self._note_unreadable
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._consumer.close()

    def read_to_end(self) -> Iterator[Item]:
        """Yield every record that is committed by now, partition by partition in offset order.

        Raises:
            BrokerUnavailableError: the broker was lost.
        """
        try:
            ends = self._consumer.end_offsets(self._partitions)
            progress_s = time.monotonic()
            while any(self._consumer.position(partition) < end for partition, end in ends.items()):
                before = self._positions()
                yield from self._poll()
                if self._positions() != before:
                    progress_s = time.monotonic()
                elif time.monotonic() - progress_s > _STALL_S:
                    raise BrokerUnavailableError("Kafka delivers no more records", action="Try again")
        except KafkaError as error:
            raise lost(f"reading {self._topic}", error, rights=f"READ on topic {self._topic}") from None

    def follow(self) -> Iterator[Item]:
        """Yield records as they are committed, without end.

        Raises:
            BrokerUnavailableError: the broker was lost.
        """
        try:
            while True:
                yield from self._poll()
        except KafkaError as error:
            raise lost(f"reading {self._topic}", error, rights=f"READ on topic {self._topic}") from None

    def _note_unreadable(self, tp: TopicPartition, unreadable: UnreadableRange) -> None:
        self._note(tp.partition, unreadable.first_offset, unreadable.n_records)

    def _note(self, partition: int, offset: int, n_records: int = 1) -> None:
        self.n_unreadable += n_records
        if len(self.unreadable) < _MAX_NAMED:
            self.unreadable.append(f"{self._topic}[{partition}] offset {offset}")

    def _positions(self) -> list[int]:
        return [self._consumer.position(partition) for partition in self._partitions]

    def _poll(self) -> Iterator[Item]:
        for records in self._consumer.poll(timeout_ms=_POLL_MS).values():
            for record in records:
                if record.value is not None:
                    try:
                        item = self._decode(record.value)
                    except msgspec.MsgspecError:
                        self._note(record.partition, record.offset)
                        continue
                    if item is not None and not has_possible_times(item):
                        self._note(record.partition, record.offset)
                    elif item is not None:
                        yield item


def has_possible_times(item: object) -> bool:
    """Return whether the times of a record are of years that a calendar can name, and its counts fit into 64 bits.

    All of its parts are looked at. Seconds are known by their names, which end in ``_s``.
    """
    if isinstance(item, msgspec.Struct):
        return all(_is_possible(name, getattr(item, name)) for name in item.__struct_fields__)
    if isinstance(item, tuple | list):
        return all(map(has_possible_times, item))
    if isinstance(item, dict):
        return all(map(has_possible_times, item.values()))
    return not isinstance(item, int) or abs(item) <= _MAX_COUNT


def _is_possible(name: str, value: object) -> bool:
    if isinstance(value, int | float) and name.endswith("_s"):
        return _MIN_TIME_S <= value < _MAX_TIME_S
    return has_possible_times(value)


def open_results(kafka: AnyKafka, topic: str = FAIRNESS_RESULTS) -> ResultReader[Result]:
    """Open ``fairness-results`` for the results about decisions; raises as ``ResultReader``."""
    return ResultReader(kafka, topic, decode_decision_result)


def open_all_results(kafka: AnyKafka, topic: str = FAIRNESS_RESULTS) -> ResultReader[Result | OutcomeResult]:
    """Open ``fairness-results`` for the results about decisions and outcomes; raises as ``ResultReader``."""
    return ResultReader(kafka, topic, decode_judged_result)


def open_hours(kafka: AnyKafka, topic: str = FAIRNESS_RESULTS) -> ResultReader[AllocationResult]:
    """Open ``fairness-results`` for the results about hours of areas; raises as ``ResultReader``."""
    return ResultReader(kafka, topic, decode_hours)


def open_amounts(kafka: AnyKafka, topic: str = FAIRNESS_RESULTS) -> ResultReader[AmountResult]:
    """Open ``fairness-results`` for the results about amounts; raises as ``ResultReader``."""
    return ResultReader(kafka, topic, decode_amounts)


def open_aggregates(kafka: AnyKafka, topic: str = CAMERA_AGGREGATES) -> ResultReader[Aggregate]:
    """Open ``camera-aggregates`` for published counts; raises as ``ResultReader``."""
    return ResultReader(kafka, topic, decode_aggregate)


def open_alert_records(kafka: AnyKafka) -> ResultReader[AnyAlert]:
    """Open ``fairness-alerts`` for alerts, sealed ones and restarts of the monitoring; raises as ``ResultReader``."""
    return ResultReader(kafka, FAIRNESS_ALERTS, decode_alert_record)


def open_alerts(kafka: AnyKafka, topic: str = FAIRNESS_ALERTS) -> ResultReader[Alert]:
    """Open ``fairness-alerts``; raises as ``ResultReader``."""
    return ResultReader(kafka, topic, _decode_alert)


def _decode_alert(data: bytes) -> Alert | None:
    alert = decode_alert_record(data)
    return alert if isinstance(alert, Alert) else None
