"""Reads stretches of a topic for a replay: no group, no commit, only what is committed, up to ends frozen at the start.

The client is the one of the live lanes, with the same way from a fetch response to columns, so a replay reads as fast
as live ingest. Each partition is read at its own pace: whoever needs the next run of one partition asks for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import KafkaError

from stream_app.edges.lanes.runs import Columns, take_run
from stream_app.errors import BrokerUnavailableError, ReplayError, TopicError
from stream_app.pipeline.contract import Batch

SOURCE_HEADER = "source"  # partition:offset of the raw record, on each record of an output topic

_REQUEST_MS = 15_000
_STALL_S = 30.0  # without a record for so long, the broker is away: it answers every request when it is there
_FETCH_BYTES = 1_048_576
_FETCH_WAIT_MS = 50


class LogReader:
    """One topic, read once or from several places.

    Args:
        bootstrap: Bootstrap servers.
        topic: Its name.
        is_published: Whether offsets are those of the raw records, which an output topic names in a header.

    Attributes:
        begins: First offset that is still there, by partition.
        ends: Offset behind the last committed record at the start, by partition; nothing beyond is read.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
    """

    def __init__(self, bootstrap: str, topic: str, *, is_published: bool = False) -> None:
        self.topic = topic
        self.begins: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self._is_published = is_published
        self._positions: dict[int, int] = {}
        self._next_source: dict[int, int] = {}
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its complaints become our one line
        self._loop = asyncio.new_event_loop()
        self._consumer: Any = None
        try:
            self._loop.run_until_complete(self._connect(bootstrap))
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
        """Give the connection back."""
        if self._loop.is_closed():
            return
        if self._consumer is not None:
            # Where the broker is away, the client's own tasks end by being cancelled, and its stop with them.
            with suppress(KafkaError, OSError, asyncio.CancelledError):
                self._loop.run_until_complete(self._consumer.stop())
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:  # of nothing, gather makes a future of another loop
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    @property
    def partitions(self) -> list[int]:
        """All partitions, in order."""
        return sorted(self.ends)

    def offsets_at(self, timestamp_ms: int) -> dict[int, int]:
        """Return the first offset whose record the broker dates at or after a time; the end where there is none."""
        asked = {self._tp(number): timestamp_ms for number in self.partitions}
        found = self._run(self._consumer.offsets_for_times(asked))
        return {
            tp.partition: self.ends[tp.partition] if place is None else min(place.offset, self.ends[tp.partition])
            for tp, place in found.items()
        }

    def seek(self, offsets: Mapping[int, int]) -> None:
        """Read on from these offsets of the topic; those below ``begins`` are gone."""
        self._run(self._seek(offsets))

    def n_left(self) -> int:
        """Return how many offsets lie before the frozen ends."""
        return sum(max(0, self.ends[number] - self._positions[number]) for number in self.partitions)

    def next_run(self, number: int) -> Batch | None:
        """Return the next records of a partition; None at its frozen end.

        Raises:
            BrokerUnavailableError: the broker went away, or hands nothing out.
        """
        while self._positions[number] < self.ends[number]:
            batch: Batch = self._run(asyncio.wait_for(self._take(number), _STALL_S))
            if not self._is_published:
                return batch
            if len(batch):
                return self._renumbered(batch)
        return None

    async def _connect(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap.split(","),
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
            self._consumer._fetcher._prefetch_backoff = 0.0  # partitions are read one at a time: fetch what is wanted
            await self._freeze()
        except (KafkaError, OSError) as error:
            raise BrokerUnavailableError(
                f"No Kafka answers at {bootstrap} ({type(error).__name__})",
                action="Start one (fairstream local kafka), or give its address with --kafka",
            ) from None

    async def _freeze(self) -> None:
        if self.topic not in await self._consumer.topics():
            raise TopicError(f"Missing topics: {self.topic}", action="Run: fairstream topics create")
        # A client without subscription would not ask for the metadata of this topic by itself.
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
        """Wait for a run of one partition; the others stay where the fetcher holds them."""
        tp, fetcher = self._tp(number), self._consumer._fetcher
        read_columns = partial(_source_columns if self._is_published else _own_columns, self.ends[number])
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
            batch = take_run(result, read_columns=read_columns)
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
            raise BrokerUnavailableError(
                f"Kafka went away while {self.topic} was read ({type(error).__name__})", action="Try again"
            ) from None

    def _move(self, number: int, offset: int) -> None:
        """Remember a position; fetch nothing beyond the frozen end, as a fetch that waits would hold up the others."""
        self._positions[number] = offset
        change = self._consumer.pause if offset >= self.ends[number] else self._consumer.resume
        change(self._tp(number))

    def _renumbered(self, batch: Batch) -> Batch:
        """Let a run of published events stand at the offsets of their raw records."""
        first = self._next_source.get(batch.partition, 0)
        after = int(batch.offsets[-1]) + 1
        if batch.offsets[0] < first or (np.diff(batch.offsets) <= 0).any():
            raise ReplayError(
                f"{self.topic}[{batch.partition}] holds the events of source offset {batch.offsets[0]} more than once",
                action="It was published under several app_ids: read the raw topic (--from-raw)",
            )
        self._next_source[batch.partition] = after
        return Batch(batch.topic, batch.partition, first, after, batch.offsets, batch.values, batch.timestamps_ms)

    def _tp(self, number: int) -> TopicPartition:
        return TopicPartition(self.topic, number)


def _own_columns(end: int, batch: Iterable[Any], start: int) -> Columns:
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
