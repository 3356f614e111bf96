"""Looks into the log of one partition before a lane continues in it: its extent, single records, or a range."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any, Self

import aiokafka
import numpy as np
from aiokafka.consumer.fetcher import FetchResult

from stream_app.connection.for_aiokafka import aiokafka_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.batches.columns import reader_of_headers
from stream_app.edges.host.tasks import begin, finish
from stream_app.edges.lanes.log_position import LogExtent
from stream_app.edges.lanes.runs import keep_record_sets, next_run, take_run
from stream_app.pipeline.contract import Batch, RecordRange
from stream_app.pipeline.replay.cursor import cut_batch

_FETCH_BYTES = 16_384  # one record is wanted; the broker returns a larger batch as a whole
_FETCH_WAIT_MS = 50
_STALL_S = 30.0


class LogProbe:
    """A short-lived consumer of one partition; records are read in the same way as by a lane.

    Args:
        kafka: The connection.
        topic: Its topic, which exists.
        partition: Its number.
    """

    def __init__(self, kafka: AnyKafka, topic: str, partition: int) -> None:
        self._tp = aiokafka.TopicPartition(topic, partition)
        self._consumer = aiokafka.AIOKafkaConsumer(
            **aiokafka_options(kafka),
            auto_offset_reset="none",
            enable_auto_commit=False,
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
        )

    async def __aenter__(self) -> Self:
        try:
            await begin(self._consumer.start())
        except BaseException:
            await finish(self._consumer.stop())
            raise
        keep_record_sets(self._consumer._fetcher)
        self._consumer._fetcher._prefetch_backoff = 0.0  # the next fetch is not delayed by one that was empty
        self._consumer.assign([self._tp])
        self._consumer.pause(self._tp)  # nothing is fetched before a record is wanted
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await finish(self._consumer.stop())

    async def extent(self) -> LogExtent:
        """Return the offsets that the log has now.

        Raises:
            KafkaTimeoutError: the broker is away or busy, and a retry may succeed.
        """
        begins = await self._consumer.beginning_offsets([self._tp])
        ends = await self._consumer.end_offsets([self._tp])
        return LogExtent(begins[self._tp], ends[self._tp])

    async def timestamp_at(self, offset: int) -> int | None:
        """Return the broker timestamp of the record at an offset below the end; None when there is no record at it.

        Raises:
            KafkaTimeoutError: as above.
        """
        self._consumer.seek(self._tp, offset)
        self._consumer.resume(self._tp)
        try:
            return await asyncio.wait_for(self._read(offset), _STALL_S)
        except TimeoutError:
            raise aiokafka.errors.KafkaTimeoutError from None
        finally:
            self._consumer.pause(self._tp)

    async def _read(self, offset: int) -> int | None:
        fetcher: Any = self._consumer._fetcher
        while True:
            result = fetcher._records.pop(self._tp, None)
            if result is None:
                await asyncio.wait([fetcher._create_fetch_waiter()])
                continue
            fetcher._notify(fetcher._wait_consume_future)
            if not isinstance(result, FetchResult):
                result.check_raise()
                continue
            batch = take_run(result)
            if batch is not None and batch.next_offset > offset:
                (places,) = np.nonzero(batch.offsets == offset)
                return int(batch.timestamps_ms[places[0]]) if len(places) else None


async def read_range(
    kafka: AnyKafka, topic: str, partition: int, wanted: RecordRange, headers: frozenset[str]
) -> AsyncGenerator[Batch, None]:
    """Yield the records of a range, with the headers of these names, in the same way as a lane reads them.

    Raises:
        OffsetOutOfRangeError: they are not retained any more.
        KafkaTimeoutError: the broker is away or busy, and a retry may succeed.
    """
    tp, first = aiokafka.TopicPartition(topic, partition), wanted.first_offset
    reader = reader_of_headers(headers)
    consumer = aiokafka.AIOKafkaConsumer(
        **aiokafka_options(kafka),
        auto_offset_reset="none",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    try:
        await begin(consumer.start())
        fetcher: Any = consumer._fetcher
        keep_record_sets(fetcher)
        fetcher._prefetch_backoff = 0.0
        consumer.assign([tp])
        consumer.seek(tp, first)
        while first < wanted.next_offset:
            batch = await asyncio.wait_for(next_run(fetcher, tp, reader=reader), _STALL_S)
            first = batch.next_offset
            yield cut_batch(batch, wanted.next_offset)[0]
    except TimeoutError:
        raise aiokafka.errors.KafkaTimeoutError from None
    finally:
        await finish(consumer.stop())
