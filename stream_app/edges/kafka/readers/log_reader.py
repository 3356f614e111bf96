"""Reads a time range of a topic for a replay or an export, up to ends that are frozen at the start.

It uses the client of the live lanes and the same way from a fetch response to columns, so a replay reads as fast as
live ingest. Each partition is read at its own pace: the caller asks for the next run of the partition that it needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from stream_app.connection.failures import lost, unavailable
from stream_app.connection.for_aiokafka import aiokafka_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.batches.columns import ColumnReader, columns_from, columns_with_headers
from stream_app.edges.kafka.partition_counts import count_partitions
from stream_app.edges.kafka.readers.source_places import LOG_SHIFT, OFFSETS, source_columns
from stream_app.edges.lanes.runs import keep_record_sets, next_run
from stream_app.errors import RepeatedEventError, ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.source_log import SourcePlace

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
        is_published: Whether it is an output topic: runs then have the offsets of the raw records, each of one log.
        has_headers: Whether runs have the headers of their records.
        prepare: Called with each run: adds the schemas that its records need.

    Attributes:
        begins: First offset that is still retained, by partition.
        ends: Offset after the last committed record at the start, by partition; nothing beyond is read.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
    """

    def __init__(
        self,
        kafka: AnyKafka,
        topic: str,
        *,
        is_published: bool = False,
        has_headers: bool = False,
        prepare: Callable[[Batch], Batch] = lambda batch: batch,
    ) -> None:
        self.topic = topic
        self.begins: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self._is_published, self._has_headers = is_published, has_headers
        self._prepare = prepare
        self._positions: dict[int, int] = {}
        self._next_place: dict[int, int] = {}
        self._rest: dict[int, Batch] = {}  # events that were read, of a later log than the last run
        self._wanted_log: dict[int, int] = {}  # the only log of the source whose events are wanted
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
        positions = self._run(self._consumer.offsets_for_times({self._tp(n): timestamp_ms for n in self.partitions}))
        return {
            tp.partition: self.ends[tp.partition] if position is None else min(position.offset, self.ends[tp.partition])
            for tp, position in positions.items()
        }

    def seek(self, offsets: Mapping[int, int]) -> None:
        """Continue from these offsets of the topic; those below ``begins`` are no longer retained."""
        for number in offsets:
            self._wanted_log.pop(number, None)
        self._run(self._seek(offsets))

    def seek_events(self, places: Mapping[int, SourcePlace]) -> bool:
        """Continue reading published events at or before these offsets of their raw records, of one log each.

        Returns:
            False where events from there on may be gone.
        """
        return all(self._seek_event(number, place) for number, place in places.items())

    def _seek_event(self, number: int, wanted: SourcePlace) -> bool:
        low, high = self.begins[number], self.ends[number]
        place, first = (wanted.log_number << LOG_SHIFT) + wanted.offset, self._place_at(number, low)
        while high - low > _NEAR:  # the event is at a position from low up to high
            middle = (low + high) // 2
            found = self._place_at(number, middle)
            low, high = (low, middle) if found is None or found > place else (middle, high)
        self.seek({number: low})
        self._wanted_log[number] = wanted.log_number
        return self.begins[number] == 0 or (first is not None and first <= place)

    def _place_at(self, number: int, position: int) -> int | None:
        """Return the place of the first event from a position on; None where there is none."""
        self.seek({number: position})
        events = self._next_events(number)
        return None if events is None else int(events.offsets[0])

    def n_left(self) -> int:
        """Return how many offsets are left before the frozen ends."""
        return sum(max(0, self.ends[number] - self._positions[number]) for number in self.partitions)

    def next_batch(self, number: int) -> Batch | None:
        """Return the next records of a partition; None at its frozen end.

        Raises:
            BrokerUnavailableError: the broker was lost, or delivers nothing.
            RegistryUnavailableError: the schemas of the records cannot be read.
        """
        if not self._is_published:
            return self._next_run(number)
        while (events := self._next_events(number)) is not None:
            if (batch := self._of_one_log(events)) is not None:
                return batch
        return None

    def _next_run(self, number: int) -> Batch | None:
        if self._positions[number] >= self.ends[number]:
            return None
        return self._prepare(self._run(asyncio.wait_for(self._take(number), _STALL_S)))

    def _next_events(self, number: int) -> Batch | None:
        """Return the next published events, with their places instead of offsets."""
        if number in self._rest:
            return self._rest.pop(number)
        while (batch := self._next_run(number)) is not None:
            if batch.unreadable:
                raise ReplayError(
                    f"The record at offset {batch.unreadable[0].first_offset} of {self.topic}[{number}] cannot be read",
                    action="Read the raw topic (--from-raw)",
                )
            if len(batch):
                return batch
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
            self._next_place.pop(number, None)
            self._rest.pop(number, None)
            self._move(number, max(offset, self.begins[number]))
            self._consumer.seek(self._tp(number), self._positions[number])

    async def _take(self, number: int) -> Batch:
        """Wait for a run of one partition; runs of the others stay in the fetcher."""
        columns = columns_with_headers if self._has_headers else columns_from
        read = partial(source_columns if self._is_published else columns, end=self.ends[number])
        reader = ColumnReader(read, has_record_offsets=not self._is_published)
        batch = await next_run(self._consumer._fetcher, self._tp(number), reader=reader)
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

    def _of_one_log(self, events: Batch) -> Batch | None:
        """Return the events of the first log among them, at the offsets of their raw records; None if not wanted."""
        number, places = events.partition, events.offsets
        log_number = int(places[0]) >> LOG_SHIFT
        base = log_number << LOG_SHIFT
        first = self._next_place.get(number, 0)
        is_repeated = np.diff(places, prepend=first - 1) <= 0
        if is_repeated.any():
            place = int(places[is_repeated.argmax()])
            raise RepeatedEventError(self.topic, number, place & OFFSETS, place >> LOG_SHIFT)
        after_log = base + (1 << LOG_SHIFT)
        n = int(np.searchsorted(places, after_log))
        if n < len(events):
            self._rest[number] = events.since(after_log)
        self._next_place[number] = int(places[n - 1]) + 1
        if log_number != self._wanted_log.get(number, log_number):
            return None
        after = int(places[n - 1]) + 1 - base
        offsets, times_ms = places[:n] - base, events.timestamps_ms[:n]
        return Batch(events.topic, number, max(0, first - base), after, offsets, events.values[:n], times_ms)

    def _tp(self, number: int) -> TopicPartition:
        return TopicPartition(self.topic, number)
