"""Reads a time range of a topic for a replay or an export, up to ends that are frozen at the start.

It uses the client of the live lanes and the same way from a fetch response to columns, so a replay reads as fast as
live ingest. Each partition is read at its own pace: the caller asks for the next run of the partition that it needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import KafkaError

from stream_app.connection.failures import lost, unavailable
from stream_app.connection.for_aiokafka import aiokafka_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.batches.portions import ColumnReader, Columns
from stream_app.edges.kafka.partition_counts import count_partitions
from stream_app.edges.lanes.runs import keep_record_sets, take_run
from stream_app.errors import ReplayError, TopicError
from stream_app.pipeline.contract import Batch

SOURCE_HEADER = "source"  # partition:offset of the raw record, on each record of an output topic

_REQUEST_MS = 15_000
_STALL_S = 30.0  # after this time without a record the broker counts as lost: a broker that runs answers every request
_FETCH_BYTES = 1_048_576
_FETCH_WAIT_MS = 50
_NEAR = 1000  # events: reading as many is cheaper than another request


class LogReader:
    """One topic, read once or from several positions.

    Args:
        kafka: The connection.
        topic: Its name.
        is_published: Whether it is an output topic, whose records name the offset of their raw record in a header; runs
            then have those offsets.

    Attributes:
        begins: First offset that is still retained, by partition.
        ends: Offset after the last committed record at the start, by partition; nothing beyond is read.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
    """

    def __init__(self, kafka: AnyKafka, topic: str, *, is_published: bool = False) -> None:
        self.topic = topic
        self.begins: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self._is_published = is_published
        self._positions: dict[int, int] = {}
        self._next_source: dict[int, int] = {}
        self._loop = asyncio.new_event_loop()
        self._consumer: Any = None
        try:
            self._loop.run_until_complete(self._connect(kafka))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._loop.is_closed():
            return
        if self._consumer is not None:
            # Without a broker the client's own tasks end by being cancelled, and its stop with them.
            with suppress(KafkaError, OSError, asyncio.CancelledError):
                self._loop.run_until_complete(self._consumer.stop())
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:  # without tasks, gather makes a future of another loop
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    @property
    def partitions(self) -> list[int]:
        """All partitions, in order."""
        return sorted(self.ends)

    def offsets_at(self, timestamp_ms: int) -> dict[int, int]:
        """Return the first offset whose record the broker dates at or after a time; the end where there is none."""
        times_ms = {self._tp(number): timestamp_ms for number in self.partitions}
        positions = self._run(self._consumer.offsets_for_times(times_ms))
        return {
            tp.partition: self.ends[tp.partition] if position is None else min(position.offset, self.ends[tp.partition])
            for tp, position in positions.items()
        }

    def seek(self, offsets: Mapping[int, int]) -> None:
        """Continue from these offsets of the topic; those below ``begins`` are no longer retained."""
        self._run(self._seek(offsets))

    def seek_events(self, offsets: Mapping[int, int]) -> bool:
        """Continue reading published events at or before these offsets of their raw records.

        Returns:
            False where events from there on may be gone.
        """
        return all(self._seek_event(number, offset) for number, offset in offsets.items())

    def _seek_event(self, number: int, offset: int) -> bool:
        low, high = self.begins[number], self.ends[number]
        first = self._source_at(number, low)
        while high - low > _NEAR:  # the event is at a position from low up to high
            middle = (low + high) // 2
            source = self._source_at(number, middle)
            low, high = (low, middle) if source is None or source > offset else (middle, high)
        self.seek({number: low})
        return self.begins[number] == 0 or (first is not None and first <= offset)

    def _source_at(self, number: int, position: int) -> int | None:
        """Return the raw offset of the first event from a position on; None where there is none."""
        self.seek({number: position})
        batch = self.next_batch(number)
        return None if batch is None else int(batch.offsets[0])

    def n_left(self) -> int:
        """Return how many offsets are left before the frozen ends."""
        return sum(max(0, self.ends[number] - self._positions[number]) for number in self.partitions)

    def next_batch(self, number: int) -> Batch | None:
        """Return the next records of a partition; None at its frozen end.

        Raises:
            BrokerUnavailableError: the broker was lost, or delivers nothing.
        """
        while self._positions[number] < self.ends[number]:
            batch: Batch = self._run(asyncio.wait_for(self._take(number), _STALL_S))
            if not self._is_published:
                return batch
            if batch.unreadable:
                raise ReplayError(
                    f"The record at offset {batch.unreadable[0].first_offset} of {self.topic}[{number}] cannot be read",
                    action="Read the raw topic (--from-raw)",
                )
            if len(batch):
                return self._renumbered(batch)
        return None

    async def _connect(self, kafka: AnyKafka) -> None:
        self._consumer = AIOKafkaConsumer(
            **aiokafka_options(kafka),
            client_id="fairstream-replay",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=_FETCH_BYTES,
            request_timeout_ms=_REQUEST_MS,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            retry_backoff_ms=200,
        )
        try:
            await self._consumer.start()
            keep_record_sets(self._consumer._fetcher)
            self._consumer._fetcher._prefetch_backoff = 0.0  # partitions are read one at a time: fetch what is wanted
            await self._freeze(kafka)
        except (KafkaError, OSError) as error:
            raise unavailable(kafka, error, rights=f"READ on topic {self.topic}") from None

    async def _freeze(self, kafka: AnyKafka) -> None:
        if self.topic not in await self._consumer.topics():  # all that this user may see
            await count_partitions(kafka, [self.topic])
        # A client without a subscription does not request the metadata of this topic by itself.
        await self._consumer._client.add_topic(self.topic)
        numbers = self._consumer.partitions_for_topic(self.topic)
        tps = [self._tp(number) for number in sorted(numbers)]
        self._consumer.assign(tps)
        self.begins = {tp.partition: offset for tp, offset in (await self._consumer.beginning_offsets(tps)).items()}
        self.ends = {tp.partition: offset for tp, offset in (await self._consumer.end_offsets(tps)).items()}
        await self._seek(self.begins)

    async def _seek(self, offsets: Mapping[int, int]) -> None:
        for number, offset in offsets.items():
            self._next_source.pop(number, None)
            self._move(number, max(offset, self.begins[number]))
            self._consumer.seek(self._tp(number), self._positions[number])

    async def _take(self, number: int) -> Batch:
        """Wait for a run of one partition; runs of the others stay in the fetcher."""
        tp, fetcher = self._tp(number), self._consumer._fetcher
        read = partial(_source_columns if self._is_published else _raw_columns, self.ends[number])
        reader = ColumnReader(read, has_record_offsets=not self._is_published)
        while True:
            result = fetcher._records.get(tp)
            if result is None:
                await asyncio.wait([fetcher._create_fetch_waiter()])
                continue
            if not isinstance(result, FetchResult):
                del fetcher._records[tp]
                fetcher._notify(fetcher._wait_consume_future)
                result.check_raise()
                continue
            batch = take_run(result, reader=reader)
            if not result.has_more():
                del fetcher._records[tp]
                fetcher._notify(fetcher._wait_consume_future)
            if batch is not None and batch.next_offset > batch.first_offset:
                self._move(number, batch.next_offset)
                return batch

    def _run(self, work: Any) -> Any:
        try:
            return self._loop.run_until_complete(work)
        except (KafkaError, OSError, TimeoutError) as error:
            raise lost(f"reading {self.topic}", error, rights=f"READ on topic {self.topic}") from None

    def _move(self, number: int, offset: int) -> None:
        """Remember a position; fetch nothing beyond the frozen end, as a fetch that waits would delay the others."""
        self._positions[number] = offset
        change = self._consumer.pause if offset >= self.ends[number] else self._consumer.resume
        change(self._tp(number))

    def _renumbered(self, batch: Batch) -> Batch:
        """Return a run of published events at the offsets of their raw records."""
        first = self._next_source.get(batch.partition, 0)
        after = int(batch.offsets[-1]) + 1
        if batch.offsets[0] < first or (np.diff(batch.offsets) <= 0).any():
            raise ReplayError(
                f"{self.topic}[{batch.partition}] contains events of source offset {batch.offsets[0]} more than once",
                action="It was published under several app_ids: read the raw topic (--from-raw)",
            )
        self._next_source[batch.partition] = after
        return Batch(batch.topic, batch.partition, first, after, batch.offsets, batch.values, batch.timestamps_ms)

    def _tp(self, number: int) -> TopicPartition:
        return TopicPartition(self.topic, number)


def _raw_columns(end: int, batch: Iterable[Any], start: int) -> Columns:
    return [(record.offset, record.value, record.timestamp) for record in batch if start <= record.offset < end]


def _source_columns(end: int, batch: Iterable[Any], start: int) -> Columns:
    return [
        (_source_of(record.headers), record.value, record.timestamp) for record in batch if start <= record.offset < end
    ]


def _source_of(headers: Iterable[tuple[str, bytes]]) -> int:
    for name, value in headers:
        if name == SOURCE_HEADER:
            return int(value.partition(b":")[2])
    raise TopicError("A record of the output topic does not name its source", action="Is this the output topic?")
