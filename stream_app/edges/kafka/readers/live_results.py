"""Reads what the judge told, results and alerts, as a plain reader: no group, no commit, only what is committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec
from kafka.errors import KafkaError

from stream_app.edges.kafka.readers.consumer import open_reader
from stream_app.errors import BrokerUnavailableError
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.outcome_results import OutcomeResult, decode_any_result, decode_decision_result
from stream_app.pipeline.records.results import Result
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS

_POLL_MS = 500
_STALL_S = 30.0  # a transaction that was left open ends after its timeout; until then nobody can read past it


Told = TypeVar("Told")


class ResultReader(Generic[Told]):
    """Reads records from the beginning of a topic, then as they come.

    Args:
        bootstrap: Bootstrap servers.
        topic: Topic of the records.
        decode: Reads the value of one; None leaves it out.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
    """

    def __init__(self, bootstrap: str, topic: str, decode: Callable[[bytes], Told | None]) -> None:
        self.n_unreadable = 0
        self._decode = decode
        self._consumer, self._partitions = open_reader(bootstrap, topic, client_id="fairstream-reader")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._consumer.close()

    def read_to_end(self) -> Iterator[Told]:
        """Yield every record that is committed by now, partition by partition in offset order.

        Raises:
            BrokerUnavailableError: the broker went away.
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
                    raise BrokerUnavailableError("Kafka hands out no more records", action="Try again")
        except KafkaError as error:
            raise BrokerUnavailableError(f"Kafka went away ({type(error).__name__})", action="Try again") from None

    def follow(self) -> Iterator[Told]:
        """Yield records as they are committed, for ever.

        Raises:
            BrokerUnavailableError: the broker went away.
        """
        try:
            while True:
                yield from self._poll()
        except KafkaError as error:
            raise BrokerUnavailableError(f"Kafka went away ({type(error).__name__})", action="Try again") from None

    def _positions(self) -> list[int]:
        return [self._consumer.position(partition) for partition in self._partitions]

    def _poll(self) -> Iterator[Told]:
        for records in self._consumer.poll(timeout_ms=_POLL_MS).values():
            for record in records:
                if record.value is not None:
                    try:
                        told = self._decode(record.value)
                    except msgspec.MsgspecError:
                        self.n_unreadable += 1
                        continue
                    if told is not None:
                        yield told


def open_results(bootstrap: str, topic: str = FAIRNESS_RESULTS) -> ResultReader[Result]:
    """Open ``fairness-results`` for what is told about decisions; raises as ``ResultReader``."""
    return ResultReader(bootstrap, topic, decode_decision_result)


def open_all_results(bootstrap: str, topic: str = FAIRNESS_RESULTS) -> ResultReader[Result | OutcomeResult]:
    """Open ``fairness-results`` for decisions and outcomes; raises as ``ResultReader``."""
    return ResultReader(bootstrap, topic, decode_any_result)


def open_alerts(bootstrap: str, topic: str = FAIRNESS_ALERTS) -> ResultReader[Alert]:
    """Open ``fairness-alerts``; raises as ``ResultReader``."""
    return ResultReader(bootstrap, topic, decode_alert)
