"""The places inside Faust 0.15.3 and aiokafka 0.14 that the engine leans on, held against a real broker.

When a newer version of either is tried, this file says which of them has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import aiokafka
import numpy as np
import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced
from confluent_kafka import ConsumerGroupTopicPartitions, Producer
from confluent_kafka.admin import AdminClient
from faust.types import TP

from stream_app.edges.lanes.runs import run_of_records, take_run
from stream_app.edges.lanes.state_topic import read_state
from stream_app.edges.lanes.transport import FETCH_MAX_WAIT_MS, Delivery
from stream_app.edges.lanes.writer import MAX_BATCH_BYTES, TransactionWriter
from stream_app.pipeline.lane import Batch, Outputs
from tests.chaos.logs import read_topic
from tests.echo_lanes import COMPACT, Echo, EchoWorker, create_topic, send, until

pytestmark = pytest.mark.timeout(120)


def write_transactions(kafka: str, topic: str, transactions: Iterable[tuple[list[bytes], bool]]) -> None:
    """Write each list of values in a transaction that is committed or aborted."""
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": f"{topic}-writer", "linger.ms": 0})
    producer.init_transactions(30)
    for values, is_committed in transactions:
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value=value, key=value, partition=0)
        assert producer.flush(30) == 0
        (producer.commit_transaction if is_committed else producer.abort_transaction)(30)


@asynccontextmanager
async def open_consumer(kafka: str, topic: str, offset: int = 0) -> AsyncIterator[aiokafka.AIOKafkaConsumer]:
    consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=kafka,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        consumer.assign([aiokafka.TopicPartition(topic, 0)])
        consumer.seek(aiokafka.TopicPartition(topic, 0), offset)
        yield consumer
    finally:
        await consumer.stop()


async def read_runs(kafka: str, topic: str, *, end: int, offset: int = 0, max_records: int = 4096) -> list[Batch]:
    """Read by ``take_run``, as the consumer thread does."""
    runs: list[Batch] = []
    async with open_consumer(kafka, topic, offset) as consumer:
        fetcher, tp = consumer._fetcher, aiokafka.TopicPartition(topic, 0)
        while await consumer.position(tp) < end:
            result = fetcher._records.get(tp)
            if result is None:
                await asyncio.wait([fetcher._create_fetch_waiter()], timeout=1)
                continue
            assert isinstance(result, FetchResult)
            run = take_run(result, max_records=max_records)
            assert run is not None
            assert await consumer.position(tp) == run.next_offset
            runs.append(run)
            if not result.has_more():
                del fetcher._records[tp]
                fetcher._notify(fetcher._wait_consume_future)
    return runs


async def read_plainly(kafka: str, topic: str, *, end: int, offset: int = 0) -> list[Batch]:
    """Read by aiokafka's public interface."""
    runs: list[Batch] = []
    async with open_consumer(kafka, topic, offset) as consumer:
        tp = aiokafka.TopicPartition(topic, 0)
        while (first := await consumer.position(tp)) < end:
            records = (await consumer.getmany(tp, timeout_ms=1000)).get(tp, [])
            runs.append(run_of_records(topic, 0, first, await consumer.position(tp), records))
    return runs


def columns(runs: list[Batch]) -> tuple[list[int], list[bytes | None], list[int]]:
    """Join runs, which must follow each other without a hole."""
    for before, after in pairwise(runs):
        assert after.first_offset == before.next_offset
    for run in runs:
        assert all(run.first_offset <= offset < run.next_offset for offset in run.offsets.tolist())
        assert run.offsets.dtype == run.timestamps_ms.dtype == np.int64
    return (
        [offset for run in runs for offset in run.offsets.tolist()],
        [value for run in runs for value in run.values],
        [time_ms for run in runs for time_ms in run.timestamps_ms.tolist()],
    )


def numbers(first: int, n: int) -> list[bytes]:
    return [b"%06d" % number for number in range(first, first + n)]


@pytest.mark.parametrize("max_records", [1, 100, 4096])
@pytest.mark.parametrize("offset", [0, 57, 503])
def test_runs_hold_what_the_plain_path_reads_without_aborted_records(
    kafka: str, app_id: str, max_records: int, offset: int
) -> None:
    topic = f"{app_id}-raw"
    create_topic(kafka, topic)
    write_transactions(
        kafka,
        topic,
        [
            (numbers(0, 300), True),
            (numbers(300, 100), False),
            (numbers(400, 100), True),
            (numbers(500, 1), False),
            (numbers(501, 2), False),
        ],
    )
    send(kafka, topic, numbers(1000, 50))
    end = 508 + 50  # each transaction ends with a control record
    runs = asyncio.run(read_runs(kafka, topic, end=end, offset=offset, max_records=max_records))
    plain = asyncio.run(read_plainly(kafka, topic, end=end, offset=offset))
    assert columns(runs) == columns(plain)
    assert runs[0].first_offset == offset
    assert runs[-1].next_offset == end
    committed = [*numbers(0, 300), *numbers(400, 100), *numbers(1000, 50)]
    assert columns(runs)[1] == committed[-len(columns(runs)[1]) :]
    if offset == 0:
        assert columns(runs)[1] == committed


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_runs_of_compressed_batches_are_read_or_refused_as_by_the_plain_path(
    kafka: str, app_id: str, codec: str
) -> None:
    topic = f"{app_id}-raw"
    create_topic(kafka, topic)
    send(kafka, topic, [*numbers(0, 500), None], settings={"compression.type": codec, "linger.ms": 50})

    async def outcome(read: Any) -> Any:
        try:
            return columns(await asyncio.wait_for(read(kafka, topic, end=501, offset=250), 20))
        except Exception as error:  # noqa: BLE001 - the two must fail in the same way
            return type(error)

    runs = asyncio.run(outcome(read_runs))
    assert runs == asyncio.run(outcome(read_plainly))
    if codec in ("none", "gzip"):
        assert runs[1] == [*numbers(250, 250), None]


def test_runs_pass_the_gaps_that_compaction_leaves(kafka: str, app_id: str) -> None:
    topic = f"{app_id}-compacted"
    fast = {"min.cleanable.dirty.ratio": "0.01", "segment.ms": "500", "max.compaction.lag.ms": "500"} | COMPACT
    create_topic(kafka, topic, settings=fast)
    for _ in range(4):
        send(kafka, topic, numbers(0, 100))

    async def run() -> None:
        plain: list[Batch] = []
        for _ in range(90):  # the cleaner looks every 15 seconds
            await asyncio.to_thread(send, kafka, topic, numbers(1000, 1))  # closes the segment before it
            end = max(message.offset() for message in read_topic(kafka, topic)) + 1
            plain = await read_plainly(kafka, topic, end=end)
            if len(columns(plain)[0]) < 300:
                break
            await asyncio.sleep(0.5)
        assert columns(await read_runs(kafka, topic, end=end)) == columns(plain)
        assert len(columns(plain)[0]) < 300

    asyncio.run(run())


def test_written_batches_are_read_back_by_another_client_with_keys_headers_and_tombstones(
    kafka: str, app_id: str
) -> None:
    topic = f"{app_id}-out"
    create_topic(kafka, topic, 2)
    keys: list[bytes | None] = [b"key-%d" % number for number in range(4000)]
    values: list[bytes | None] = [b"%d" % number * 300 if number % 7 else None for number in range(4000)]
    headers = [[("source", b"%d" % number), ("leer", b"")] for number in range(4000)]
    assert sum(len(value or b"") for value in values) > 3 * MAX_BATCH_BYTES

    async def run() -> None:
        writer = TransactionWriter(kafka, f"{app_id}-writer")
        await writer.start()
        await writer.send([Outputs(topic, 1, keys, values, headers), Outputs(topic, 0, [None], [b"no key"])])
        await writer.commit()
        await writer.send([Outputs(topic, 0, [b"open"], [b"never committed"])])
        await writer.close()

        next_owner = TransactionWriter(kafka, f"{app_id}-writer")
        await next_owner.start()  # ends the open transaction
        await next_owner.close()

    asyncio.run(run())
    read: dict[int, list[Any]] = {0: [], 1: []}
    for message in read_topic(kafka, topic):
        read[message.partition()].append((message.key(), message.value(), message.headers()))
    assert read[1] == list(zip(keys, values, headers, strict=True))
    assert read[0] == [(None, b"no key", None)]


def test_a_new_owner_fences_the_old_one_and_nothing_of_its_transaction_is_seen(kafka: str, app_id: str) -> None:
    topic = f"{app_id}-out"
    create_topic(kafka, topic)

    async def run() -> None:
        old, new = (TransactionWriter(kafka, f"{app_id}-writer") for _ in range(2))
        await old.start()
        await old.send([Outputs(topic, 0, [b"k"], [b"old"])])
        await new.start()
        with pytest.raises((ProducerFenced, InvalidProducerEpoch)):
            await old.commit()
        await new.send([Outputs(topic, 0, [b"k"], [b"new"])])
        await new.commit()
        await asyncio.gather(old.close(), new.close())

    asyncio.run(run())
    assert [message.value() for message in read_topic(kafka, topic)] == [b"new"]


def test_state_is_the_last_committed_value_of_each_key(kafka: str, app_id: str) -> None:
    topic = f"{app_id}-state"
    create_topic(kafka, topic, settings=COMPACT)
    assert asyncio.run(read_state(kafka, topic, 0)) == {}
    write_transactions(kafka, topic, [([b"a", b"b"], True), ([b"a", b"c"], False), ([b"d"], True)])
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic, key=b"b", value=None, partition=0)
    assert producer.flush(30) == 0
    assert asyncio.run(read_state(kafka, topic, 0)) == {b"a": b"a", b"d": b"d"}


@pytest.fixture
def echo(kafka: str, app_id: str) -> Echo:
    echo = Echo(kafka, app_id)
    echo.create()
    return echo


def spy(worker: EchoWorker) -> list[Delivery]:
    """Note every delivery on its way to the lanes."""
    seen: list[Delivery] = []
    deliver = worker.lanes.deliver

    async def noting(delivery: Delivery) -> None:
        seen.append(delivery)
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


def test_only_the_hint_commits_offsets_of_the_group(echo: Echo) -> None:
    admin = AdminClient({"bootstrap.servers": echo.kafka})

    def committed() -> int | None:
        (asked,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(echo.app_id)]).values()
        offsets = {place.partition: place.offset for place in asked.result(30).topic_partitions}
        return offsets.get(0)

    async def run() -> None:
        async with echo.worker() as worker:
            worker.app.conf.broker_commit_interval = 0.1
            send(echo.kafka, echo.raw, numbers(0, 100))
            await until("all are out", lambda: len(echo.published()) == 100)
            n_commits = worker.told.n_commits
            send(echo.kafka, echo.raw, numbers(100, 100))
            await until("flushes went by", lambda: worker.told.n_commits > n_commits)
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
            producer.init_transactions(30)
            producer.begin_transaction()
            producer.produce(echo.raw, value=b"open", partition=0)
            assert producer.flush(30) == 0
            await until("the open transaction is seen", lambda: worker.consumer.end_offset(tp) == 1)
            assert not worker.consumer.is_end(tp, 0)
            producer.commit_transaction(30)
            await until("it is out", lambda: echo.published() == [b"open"])
            await until("the lane stands at the end", lambda: worker.consumer.is_end(tp, 2))
            worker.consumer._thread._ensure_consumer().pause(aiokafka.TopicPartition(echo.raw, 0))
            await until("the last fetch is old", lambda: not worker.consumer.is_end(tp, 2))
            assert worker.consumer.end_offset(tp) == 2

    asyncio.run(run())
