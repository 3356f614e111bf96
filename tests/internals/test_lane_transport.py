"""The places inside Faust 0.15.3 and aiokafka 0.14 that the engine depends on, checked on a real broker.

When a newer version of either is tried, this file says which of them has changed.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import chain
from typing import Any

import aiokafka
import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED
from confluent_kafka import ConsumerGroupTopicPartitions, Producer
from confluent_kafka.admin import AdminClient
from faust.types import TP

from stream_app.edges.lanes.transport import FETCH_MAX_WAIT_MS, RunMessage
from tests.support.lanes.echo_lanes import Echo, EchoWorker, until
from tests.support.lanes.raw_batches import BatchShape, raw_batch, raw_record
from tests.support.servers.raw_produce import produce_raw
from tests.support.servers.raw_topics import numbers, send, write_transactions

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def echo(kafka: str, app_id: str) -> Echo:
    echo = Echo(kafka, app_id)
    echo.create()
    return echo


def spy(worker: EchoWorker) -> list[RunMessage]:
    """Note every delivery on its way to the lanes."""
    seen: list[RunMessage] = []
    deliver = worker.lanes.deliver

    async def noting(delivery: RunMessage) -> None:
        seen.append(replace(delivery))  # the lane releases the records of the other one
        await deliver(delivery)

    worker.lanes.deliver = noting  # type: ignore[method-assign]
    return seen


def test_the_consumer_reads_committed_records_and_waits_briefly_for_them(echo: Echo) -> None:
    async def run() -> None:
        async with echo.worker() as worker:
            await until("the lane is ready", lambda: worker.lanes.is_ready and len(worker.lanes) == 1)
            consumer = worker.consumer._thread._ensure_consumer()
            assert consumer._fetcher._isolation_level == READ_COMMITTED
            assert consumer._fetcher._fetch_max_wait_ms == FETCH_MAX_WAIT_MS
            seen = spy(worker)
            write_transactions(echo.kafka, echo.raw, [(numbers(0, 10), False), (numbers(10, 10), True)])
            await until("the committed ones are out", lambda: echo.published() == numbers(10, 10))
            assert [value for d in seen for value in d.batch.values] == numbers(10, 10)

    asyncio.run(run())


def test_a_run_names_the_seek_after_which_it_was_fetched(echo: Echo) -> None:
    async def run() -> None:
        async with echo.worker() as worker:
            await until("the lane is ready", lambda: worker.lanes.is_ready and len(worker.lanes) == 1)
            seen = spy(worker)
            send(echo.kafka, echo.raw, numbers(0, 200))
            await until("all are out", lambda: len(echo.published()) == 200)
            before = {delivery.epoch for delivery in seen}
            seen.clear()
            epoch = await worker.consumer.rewind(TP(echo.raw, 0), 50)
            assert before == {epoch - 1}
            await until("the rest comes again", lambda: bool(seen) and seen[-1].batch.next_offset == 200)
            assert {delivery.epoch for delivery in seen} == {epoch}
            assert [value for d in seen for value in d.batch.values] == numbers(50, 150)

    asyncio.run(run())
    assert echo.published() == numbers(0, 200)  # the lane knew them


def test_one_run_with_a_very_large_record_is_on_its_way_at_a_time(kafka: str, app_id: str) -> None:
    echo = Echo(kafka, app_id, n_partitions=3)
    echo.create()
    n_large: list[int] = []

    async def run() -> None:
        async with echo.worker() as worker:
            await until("the lanes are ready", lambda: worker.lanes.is_ready and len(worker.lanes) == 3)
            taken: list[RunMessage] = []
            drain, deliver = worker.consumer._thread._drain, worker.lanes.deliver

            def counting(fetcher: Any, active_partitions: set[TP]) -> dict[TP, list[RunMessage]]:
                drained = drain(fetcher, active_partitions)
                taken.extend(chain.from_iterable(drained.values()))
                n_large.append(sum(message.is_large for message in taken))
                return drained

            async def slowly(delivery: RunMessage) -> None:
                await asyncio.sleep(0.05)  # others have the time to come
                await deliver(delivery)

            worker.consumer._thread._drain = counting  # type: ignore[method-assign]
            worker.lanes.deliver = slowly  # type: ignore[method-assign]
            for number in range(4):
                for partition in range(3):
                    records = [raw_record(0, b"%d" % number + bytes(5 * 2**20)), raw_record(1, b"small")]
                    code, _ = produce_raw(kafka, echo.raw, partition, raw_batch(records, BatchShape(codec=4)))
                    assert code == 0
            await until("all are out", lambda: len(echo.published()) == 24)

    asyncio.run(run())
    assert max(n_large) == 1


def test_only_the_hint_commits_offsets_of_the_group(echo: Echo) -> None:
    admin = AdminClient({"bootstrap.servers": echo.kafka})

    def committed() -> int | None:
        (asked,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(echo.app_id)]).values()
        offsets = {place.partition: place.offset for place in asked.result(120).topic_partitions}
        return offsets.get(0)

    async def run() -> None:
        async with echo.worker() as worker:
            assert worker.app is not None
            worker.app.conf.broker_commit_interval = 0.1
            send(echo.kafka, echo.raw, numbers(0, 100))
            await until("all are out", lambda: len(echo.published()) == 100)
            n_commits = worker.observed.n_commits
            send(echo.kafka, echo.raw, numbers(100, 100))
            await until("flushes went by", lambda: worker.observed.n_commits > n_commits)
            await worker.consumer.commit()  # what Faust does by a timer, on rebalance and at its end
            assert await asyncio.to_thread(committed) is None
            await worker.consumer.hint_committed({TP(echo.raw, 0): 123})
            assert await asyncio.to_thread(committed) == 123
        assert await asyncio.to_thread(committed) == 123

    asyncio.run(run())


def test_the_end_of_a_partition_counts_open_transactions_and_is_not_known_from_an_old_fetch(echo: Echo) -> None:
    async def run() -> None:
        async with echo.worker() as worker:
            await until("the lane is ready", lambda: worker.lanes.is_ready and len(worker.lanes) == 1)
            tp = TP(echo.raw, 0)
            await until("a fetch said that it is empty", lambda: worker.consumer.is_end(tp, 0))
            producer = Producer({"bootstrap.servers": echo.kafka, "transactional.id": f"{echo.app_id}-open"})
            producer.init_transactions(120)
            producer.begin_transaction()
            producer.produce(echo.raw, value=b"open", partition=0)
            assert producer.flush(120) == 0
            await until("the open transaction is seen", lambda: worker.consumer.end_offset(tp) == 1)
            assert not worker.consumer.is_end(tp, 0)
            producer.commit_transaction(120)
            await until("it is out", lambda: echo.published() == [b"open"])
            await until("the lane stands at the end", lambda: worker.consumer.is_end(tp, 2))
            worker.consumer._thread._ensure_consumer().pause(aiokafka.TopicPartition(echo.raw, 0))
            await until("the last fetch is old", lambda: not worker.consumer.is_end(tp, 2))
            assert worker.consumer.end_offset(tp) == 2

    asyncio.run(run())
