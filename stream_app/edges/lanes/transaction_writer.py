"""Writes the transactions of one lane: outputs, state and position become visible together or not at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable
from itertools import chain, repeat
from typing import Any

import aiokafka
import numpy as np
from aiokafka.errors import ProducerClosed
from aiokafka.producer.message_accumulator import BatchBuilder

from stream_app.connection.for_aiokafka import aiokafka_options, reread_password
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.host.tasks import begin, raise_if_canceled
from stream_app.pipeline.contract import Headers, Outputs
from stream_app.pipeline.seals import RecordSeals

MAX_BATCH_BYTES = 1_000_000  # the broker's message.max.bytes (1,048,588) also bounds a produced batch
TRANSACTION_TIMEOUT_MS = 30_000
_CLOSE_TIMEOUT_S = 5.0
_MAX_PENDING = 2  # built batches, of up to a megabyte each, that wait for the network before a lane waits for them


class TransactionWriter:
    """Writes the transactions of one lane.

    Starting it fences a previous owner of the same ``transactional_id``: what that owner had not committed is aborted,
    and the broker rejects its later writes.

    Args:
        kafka: The connection.
        transactional_id: Name of the lane, the same for every owner.
        seals: Seals the records of internal topics; None leaves them as they are.
    """

    def __init__(self, kafka: AnyKafka, transactional_id: str, seals: RecordSeals | None = None) -> None:
        self._seals = seals
        self._producer = aiokafka.AIOKafkaProducer(
            **aiokafka_options(kafka),
            transactional_id=transactional_id,
            acks="all",
            max_batch_size=MAX_BATCH_BYTES,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        )
        reread_password(self._producer.client, kafka)
        self._pending: asyncio.Queue[tuple[BatchBuilder, str, int]] = asyncio.Queue(_MAX_PENDING)
        self._delivered: list[asyncio.Future[object]] = []
        self._sender: asyncio.Task[None] | None = None
        self._is_open = False

    async def start(self) -> None:
        """Connect and fence."""
        await begin(self._producer.start())
        self._sender = asyncio.create_task(self._send_pending(), name="lane-sender")

    async def send(self, outputs: Iterable[Outputs]) -> None:
        """Queue records for the current transaction; returns before they are delivered.

        Raises:
            aiokafka.errors.KafkaError: an earlier send failed; the transaction can only be abandoned.
        """
        for output in outputs:
            for builder in self._build(output if self._seals is None else self._seals.seal(output)):
                if not self._is_open:
                    await self._producer.begin_transaction()
                    self._is_open = True
                await self._unless_failed(self._pending.put((builder, output.topic, output.partition)))

    async def commit(self) -> None:
        """Wait until everything sent is delivered, then commit. Without records there is nothing to commit.

        Raises:
            aiokafka.errors.KafkaError: nothing of this transaction will be visible; the lane must be reloaded.
        """
        if not self._is_open:
            return
        await self._unless_failed(self._pending.join())
        await self._all_delivered()
        await self._producer.commit_transaction()
        self._is_open = False

    async def close(self) -> None:
        """Close without committing. An open transaction is aborted when the next owner starts, or by its timeout."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        for future in self._delivered:
            if not future.cancel() and not future.cancelled():
                future.exception()  # retrieved, so that asyncio does not log it: nothing of the transaction is needed
        self._give_batches_up()
        if not await self._has_ended(self._producer.stop()):
            await self._has_ended(self._producer.client.close())

    async def _all_delivered(self) -> None:
        # Not gather(): when a lane is canceled here, it would cancel what close() has to look at.
        if self._delivered:
            await asyncio.wait(self._delivered, return_when=asyncio.FIRST_EXCEPTION)
        for future in self._delivered:
            if future.done():
                future.result()
        self._delivered.clear()

    def _give_batches_up(self) -> None:
        """Fail the batches that wait: the producer would wait for them, without a broker forever."""
        accumulator = self._producer._message_accumulator
        batches = [*chain.from_iterable(accumulator._batches.values()), *accumulator._pending_batches]
        accumulator.fail_all(ProducerClosed())
        for future in chain.from_iterable((batch.future, batch._drain_waiter) for batch in batches):
            if future.done() and not future.cancelled():
                future.exception()  # retrieved, as above

    @staticmethod
    async def _has_ended(closing: Coroutine[Any, Any, None]) -> bool:
        """Wait some seconds for what closes something; return whether it came to its end, by an error or not."""
        task = asyncio.ensure_future(closing)
        await asyncio.wait([task], timeout=_CLOSE_TIMEOUT_S)
        if not task.done():
            task.cancel()
            return False
        task.exception()  # retrieved: a fenced producer raises when it stops
        return True

    async def _send_pending(self) -> None:
        # A task of its own, so that a lane can decode the next run while aiokafka waits for the previous batch of the
        # partition to be sent.
        while True:
            builder, topic, partition = await self._pending.get()
            try:
                self._delivered.append(await self._producer.send_batch(builder, topic, partition=partition))
            finally:
                self._pending.task_done()
            raise_if_canceled()

    async def _unless_failed(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Wait, but stop when the sender has ended: then nothing empties the queue any more."""
        assert self._sender is not None  # start() was called
        task = asyncio.ensure_future(waiting)
        try:
            await asyncio.wait({task, self._sender}, return_when=asyncio.FIRST_COMPLETED)
            if self._sender.done():
                self._sender.result()
        finally:
            task.cancel()

    def _build(self, output: Outputs) -> Iterable[BatchBuilder]:
        """Split records into batches that the broker accepts."""
        now_ms = int(time.time() * 1000)
        no_headers: Iterable[Headers] = repeat([], len(output.values))
        builder = self._producer.create_batch()
        # The public append() checks and serializes per record; all that is needed here is the C builder beneath.
        append, n_records = builder._builder.append, 0
        headers_of = no_headers if output.headers is None else output.headers
        # The broker rejects timestamps in its future; a lane must not stop for one that a producer made up.
        times_ms: Iterable[int] = repeat(now_ms, len(output.values))
        if output.timestamps_ms is not None:
            times_ms = np.clip(output.timestamps_ms, 0, now_ms).tolist()
        for key, value, headers, time_ms in zip(output.keys, output.values, headers_of, times_ms, strict=True):
            if append(n_records, time_ms, key, value, headers) is None:
                builder._relative_offset = n_records
                yield builder
                builder = self._producer.create_batch()
                append, n_records = builder._builder.append, 0
                append(n_records, time_ms, key, value, headers)
            n_records += 1
        if n_records:
            builder._relative_offset = n_records
            yield builder
