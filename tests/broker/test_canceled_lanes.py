"""A lane that a rebalance takes away ends, wherever it is: whoever waits for its end would wait forever otherwise.

It leaves no connection and no task behind, also where the broker does not answer.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Coroutine, Generator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.edges.kafka.topic_metadata import LogIdentity, TopicMetadata
from stream_app.edges.lanes.transaction_writer import TransactionWriter
from stream_app.pipeline.contract import Outputs
from tests.support.lanes.echo_lanes import Echo, Observed, until
from tests.support.servers.brokers import START_S
from tests.support.servers.raw_topics import numbers, send

pytestmark = pytest.mark.timeout(900)
_N_POINTS = 12  # a load waits at more points than this
_END_S = 120.0


class CanceledAt:
    """Cancels the task that awaits it at the nth point at which a coroutine waits."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], nth: int) -> None:
        self._coroutine = coroutine
        self._nth = nth
        self.is_canceled = False

    def __await__(self) -> Generator[Any, None, None]:
        inner = self._coroutine.__await__()
        error: BaseException | None = None
        for n in count():
            if n == self._nth:
                self.is_canceled = True
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                waited = next(inner) if error is None else inner.throw(error)
            except StopIteration:
                return
            error = None
            try:
                yield waited
            except BaseException as raised:  # noqa: BLE001  # it belongs to the coroutine
                error = raised


class IdleSource:
    """The consumer of a partition from which nothing more is fetched."""

    def __init__(self, metadata: TopicMetadata) -> None:
        self._metadata = metadata

    async def rewind(self, topic: str, partition: int, offset: int, headers: frozenset[str] = frozenset()) -> int:
        del topic, partition, offset, headers
        return 1

    async def earliest_offset(self, topic: str, partition: int) -> int:
        del topic, partition
        return 0

    async def log_identity(self, topic: str, partition: int) -> LogIdentity | None:
        return await self._metadata.identity(topic, partition)

    def end_offset(self, topic: str, partition: int) -> None:
        del topic, partition

    def fetch_age_s(self, topic: str, partition: int) -> None:
        del topic, partition

    def is_end(self, topic: str, partition: int, offset: int) -> bool:
        del topic, partition, offset
        return False


def test_a_lane_that_is_canceled_at_any_point_of_its_load_ends(kafka: str, app_id: str) -> None:
    echo = Echo(kafka, app_id)
    echo.create()

    async def run() -> None:
        async with echo.worker() as worker:
            send(kafka, echo.raw, numbers(0, 100))
            await until("there is a state", lambda: worker.observed.n_commits > 0)
        metadata = TopicMetadata(kafka, [echo.raw])
        await metadata.start()
        try:
            for nth in count():
                observed = Observed()
                canceled = CanceledAt(echo.lane(IdleSource(metadata), 0, observed).run(), nth)

                async def awaiting(what: CanceledAt = canceled) -> None:
                    await what

                task = asyncio.create_task(awaiting())
                await asyncio.wait([task], timeout=_END_S)
                assert task.done(), f"canceled at point {nth} of its load, and went on"
                assert canceled.is_canceled
                assert task.cancelled()
                if observed.loaded:  # points after the load follow
                    assert nth > _N_POINTS
                    return
        finally:
            await metadata.close()

    asyncio.run(run())
    gc.collect()  # a connection that was left open fails the test


def test_a_writer_whose_broker_does_not_answer_closes_with_its_connections(tmp_path: Path, app_id: str) -> None:
    with LocalKafka(tmp_path / "kafka", start_timeout_s=START_S) as broker:
        echo = Echo(broker.bootstrap, app_id)
        echo.create()
        pid = broker.pid
        assert pid is not None

        async def run() -> None:
            complaints: list[str] = []
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
            writer = TransactionWriter(echo.kafka, app_id)
            await writer.start()
            await writer.send([Outputs(echo.out, 0, [None], [b"first"])])
            await writer.commit()
            os.kill(pid, signal.SIGSTOP)
            for value in (b"on its way", b"waits for it"):
                await writer.send([Outputs(echo.out, 0, [None], [value])])
                await asyncio.sleep(0.2)  # the sender takes it
            with suppress(TimeoutError):
                await asyncio.wait_for(writer.commit(), 0.5)
            await writer.close()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left
            del writer, left
            gc.collect()
            assert not complaints  # "Future exception was never retrieved" would stand in the log as an error

        try:
            asyncio.run(run())
        finally:
            os.kill(pid, signal.SIGCONT)
        gc.collect()
        # The broker may have been stopped between its answer to the commit and the mark in the partition.
        asyncio.run(until("the commit is marked", lambda: echo.published() == [b"first"]))
