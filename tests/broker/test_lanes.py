"""Lanes on a real broker: rebalances, revocation, restarts, poison, truncation. Each value must come out once."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from stream_app.errors import LaneError
from tests.support.lanes.echo_lanes import Echo, Transport, until
from tests.support.servers.raw_topics import add_partitions, numbers, send

pytestmark = pytest.mark.timeout(900)
LONG_S = 3600.0  # no flush by time: only what a revocation or a stop commits


TRANSPORTS: tuple[Transport, ...] = get_args(Transport)
Make = Callable[..., Echo]


@pytest.fixture(params=TRANSPORTS)
def make(request: pytest.FixtureRequest, kafka: str, app_id: str) -> Iterator[Make]:
    """Return a function that makes an echo and its topics; the suite runs over every transport."""

    def make_echo(**settings: Any) -> Echo:
        echo = Echo(kafka, app_id, transport=request.param, **settings)
        echo.create()
        return echo

    yield make_echo
    gc.collect()  # a connection that a lane left open fails its own test


@pytest.fixture
def echo(make: Make) -> Echo:
    return make()


def test_a_lane_publishes_each_value_once_and_stores_where_it_stands(echo: Echo) -> None:
    async def run() -> None:
        async with echo.worker():
            send(echo.kafka, echo.raw, numbers(0, 5000))
            await until("all are out", lambda: len(echo.published()) == 5000)
        async with echo.worker() as second:
            send(echo.kafka, echo.raw, numbers(5000, 100))
            await until("all are out", lambda: len(echo.published()) == 5100)
            assert second.observed.loaded == [5000]

    asyncio.run(run())
    assert echo.published() == numbers(0, 5100)
    assert echo.stored() == {b"n": b"5100", b"next": b"5100"}


def test_partitions_move_to_a_second_worker_and_back_without_loss_or_repeat(make: Make) -> None:
    echo = make(n_partitions=4)

    def send_everywhere(first: int) -> None:
        for partition in range(4):
            send(echo.kafka, echo.raw, numbers(first + 1000 * partition, 1000), partition)

    async def run() -> None:
        async with echo.worker() as first:
            await asyncio.to_thread(send_everywhere, 0)
            await until("the first worker has all partitions", lambda: len(first.lanes) == 4)
            async with echo.worker() as second:
                await asyncio.to_thread(send_everywhere, 10_000)
                await until("the second has its share", lambda: second.lanes.is_ready and len(second.lanes) == 2)
                await until("the first keeps the rest", lambda: first.lanes.is_ready and len(first.lanes) == 2)
                await asyncio.to_thread(send_everywhere, 20_000)
                await until("all are out", lambda: len(echo.published()) == 12_000)
            await until("the first worker has all again", lambda: first.lanes.is_ready and len(first.lanes) == 4)
            await asyncio.to_thread(send_everywhere, 30_000)
            await until("all are out", lambda: len(echo.published()) == 16_000)

    asyncio.run(run())
    wanted = [v for first in (0, 10_000, 20_000, 30_000) for v in numbers(first, 4000)]
    assert Counter(echo.published()) == Counter(wanted)


def test_a_revocation_commits_what_was_counted_since_the_last_flush(make: Make) -> None:
    echo = make(n_partitions=2, flush_s=LONG_S)

    async def run() -> None:
        async with echo.worker() as first:
            await until("the first worker is ready", lambda: first.lanes.is_ready and len(first.lanes) == 2)
            for partition in (0, 1):
                send(echo.kafka, echo.raw, numbers(1000 * partition, 500), partition)
            await until("all are counted", lambda: sum(first.lanes.positions().values()) == 1000)
            assert echo.published() == []
            async with echo.worker() as second:
                await until("all are out", lambda: len(echo.published()) == 1000)
                await until("the second has its share", lambda: second.lanes.is_ready and len(second.lanes) == 1)
                assert second.observed.loaded == [500]

    asyncio.run(run())


def test_a_stop_commits_what_was_counted_since_the_last_flush(make: Make) -> None:
    echo = make(flush_s=LONG_S)

    async def run() -> None:
        async with echo.worker() as worker:
            await until("the worker is ready", lambda: worker.lanes.is_ready and len(worker.lanes) == 1)
            send(echo.kafka, echo.raw, numbers(0, 500))
            await until("all are counted", lambda: sum(worker.lanes.positions().values()) == 500)
            assert echo.published() == []

    asyncio.run(run())
    # A commit is answered a moment before the broker has marked every partition.
    asyncio.run(until("it is committed", lambda: echo.published() == numbers(0, 500)))


def test_a_lane_that_breaks_goes_on_from_what_is_committed(make: Make) -> None:
    """Nobody corrects the record: the lane reloads several times, then stops and names the offset."""
    echo = make(backoff_s=(0.1, 0.1, 0.1), poison=b"poison")

    async def run() -> None:
        async with echo.worker() as worker:
            send(echo.kafka, echo.raw, numbers(0, 300))
            await until("all are out", lambda: len(echo.published()) == 300)
            send(echo.kafka, echo.raw, [b"poison"])
            failure = await asyncio.wait_for(worker.lanes.failure, 180)
            assert isinstance(failure, LaneError)
            assert "at offset 300" in str(failure)
            assert worker.observed.reloads == ["ValueError"] * 4
            assert worker.observed.loaded == [0, 300, 300, 300]

    asyncio.run(run())
    assert echo.published() == numbers(0, 300)


def test_one_broken_partition_does_not_stop_the_others(make: Make) -> None:
    echo = make(n_partitions=2, backoff_s=(0.1, 600.0), poison=b"poison")

    async def run() -> None:
        async with echo.worker() as worker:
            await until("the worker is ready", lambda: worker.lanes.is_ready and len(worker.lanes) == 2)
            send(echo.kafka, echo.raw, [b"poison", *numbers(0, 100)], 0)
            await until("the lane waits for its second reload", lambda: len(worker.observed.reloads) == 2)
            send(echo.kafka, echo.raw, numbers(1000, 20_000), 1)
            await until("the other partition is out", lambda: len(echo.published()) == 20_000)

    asyncio.run(run())
    assert echo.published() == numbers(1000, 20_000)


def test_reading_again_while_records_arrive_neither_skips_nor_repeats_one(echo: Echo) -> None:
    """A run that was fetched before must not pass for one that was fetched after."""

    async def run() -> None:
        async with echo.worker() as worker:
            await until("the worker is ready", lambda: worker.lanes.is_ready and len(worker.lanes) == 1)
            sending = asyncio.create_task(asyncio.to_thread(send, echo.kafka, echo.raw, numbers(0, 60_000)))
            while not sending.done():
                [position] = worker.lanes.positions().values()
                await worker.source.rewind(echo.raw, 0, max(0, position - 700))
                await asyncio.sleep(0.02)
            await until("all are out", lambda: len(echo.published()) >= 60_000)

    asyncio.run(run())
    assert echo.published() == numbers(0, 60_000)


def test_partitions_that_the_leader_of_the_group_did_not_know_are_assigned_soon(echo: Echo) -> None:
    """By default a client asks for metadata every five minutes; a broker that has just started may know no topic."""

    async def run() -> None:
        async with echo.worker() as worker:
            await until("the worker is ready", lambda: worker.lanes.is_ready and len(worker.lanes) == 1)
            for topic in (echo.out, echo.state, echo.raw):
                await asyncio.to_thread(add_partitions, echo.kafka, topic, 2)
            send(echo.kafka, echo.raw, numbers(0, 100), 1)
            await until("the new partition is counted", lambda: len(echo.published()) == 100)

    asyncio.run(run())


def test_records_that_were_deleted_before_they_were_counted_are_reported_and_skipped(echo: Echo) -> None:
    admin = AdminClient({"bootstrap.servers": echo.kafka})

    def delete_below(offset: int) -> None:
        for deleted in admin.delete_records([TopicPartition(echo.raw, 0, offset)]).values():
            deleted.result(120)

    async def run() -> None:
        async with echo.worker():
            send(echo.kafka, echo.raw, numbers(0, 100))
            await until("all are out", lambda: len(echo.published()) == 100)
        send(echo.kafka, echo.raw, numbers(100, 100))
        delete_below(150)
        async with echo.worker() as worker:
            await until("the rest is out", lambda: len(echo.published()) == 150)
            assert worker.observed.lost == [(100, 150)]

    asyncio.run(run())
    assert echo.published() == numbers(0, 100) + numbers(150, 50)
    assert echo.stored() == {b"n": b"150", b"next": b"200"}
