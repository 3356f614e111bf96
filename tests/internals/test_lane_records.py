"""What the engine reads and writes past aiokafka 0.14's public interface, held against a real broker.

When a newer version is tried, this file says what has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import aiokafka
import numpy as np
import pytest
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced
from confluent_kafka import Producer

from stream_app.edges.lanes.changelog import StateLog, read_state
from stream_app.edges.lanes.runs import keep_record_sets, take_run
from stream_app.edges.lanes.transaction_writer import MAX_BATCH_BYTES, TransactionWriter
from stream_app.errors import StateError
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.seals import RecordSeals
from tests.programs.chaos.logs import read_topic, wait_until_decided
from tests.support.servers.raw_topics import COMPACT, create_topic, numbers, send, write_transactions

pytestmark = pytest.mark.timeout(900)


@asynccontextmanager
async def open_consumer(
    kafka: str, topic: str, offset: int = 0, *, is_for_runs: bool = False
) -> AsyncIterator[aiokafka.AIOKafkaConsumer]:
    consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=kafka,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    await consumer.start()
    if is_for_runs:
        keep_record_sets(consumer._fetcher)
    try:
        consumer.assign([aiokafka.TopicPartition(topic, 0)])
        consumer.seek(aiokafka.TopicPartition(topic, 0), offset)
        yield consumer
    finally:
        await consumer.stop()


async def read_runs(kafka: str, topic: str, *, end: int, offset: int = 0, max_records: int = 4096) -> list[Batch]:
    """Read by ``take_run``, as the consumer thread does."""
    runs: list[Batch] = []
    async with open_consumer(kafka, topic, offset, is_for_runs=True) as consumer:
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


def run_of_records(topic: str, partition: int, first_offset: int, next_offset: int, records: list[Any]) -> Batch:
    """Build a run from aiokafka's ``ConsumerRecord`` objects, independently of ``take_run``."""
    return Batch(
        topic,
        partition,
        first_offset,
        next_offset,
        np.array([record.offset for record in records], np.int64),
        [record.value for record in records],
        np.array([record.timestamp for record in records], np.int64),
    )


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
def test_runs_of_compressed_batches_are_read_like_plain_ones(kafka: str, app_id: str, codec: str) -> None:
    topic = f"{app_id}-raw"
    create_topic(kafka, topic)
    send(kafka, topic, [*numbers(0, 500), None], settings={"compression.type": codec, "linger.ms": 50})
    runs = asyncio.run(read_runs(kafka, topic, end=501, offset=250))
    assert columns(runs) == columns(asyncio.run(read_plainly(kafka, topic, end=501, offset=250)))
    assert columns(runs)[1] == [*numbers(250, 250), None]


def test_runs_pass_the_gaps_that_compaction_leaves(kafka: str, app_id: str) -> None:
    topic = f"{app_id}-compacted"
    fast = {"min.cleanable.dirty.ratio": "0.01", "segment.ms": "500", "max.compaction.lag.ms": "500"} | COMPACT
    create_topic(kafka, topic, settings=fast)
    for _ in range(4):
        send(kafka, topic, numbers(0, 100))

    async def run() -> None:
        plain: list[Batch] = []
        runs: list[Batch] = []
        for _ in range(300):  # the cleaner looks every 15 seconds
            await asyncio.to_thread(send, kafka, topic, numbers(1000, 1))  # closes the segment before it
            end = max(message.offset() for message in read_topic(kafka, topic)) + 1
            plain = await read_plainly(kafka, topic, end=end)
            runs = await read_runs(kafka, topic, end=end)
            is_the_same = columns(await read_plainly(kafka, topic, end=end)) == columns(plain)
            if len(columns(plain)[0]) < 300 and is_the_same:  # it was not compacted in between
                break
            await asyncio.sleep(0.5)
        assert columns(runs) == columns(plain)
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
    wait_until_decided(kafka, [topic])
    assert [message.value() for message in read_topic(kafka, topic)] == [b"new"]


def test_state_is_the_last_committed_value_of_each_key(kafka: str, app_id: str) -> None:
    topic = f"{app_id}-state"
    create_topic(kafka, topic, settings=COMPACT)
    assert asyncio.run(read_state(kafka, topic, 0)) == {}
    write_transactions(kafka, topic, [([b"a", b"b"], True), ([b"a", b"c"], False), ([b"d"], True)])
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic, key=b"b", value=None, partition=0)
    assert producer.flush(120) == 0
    assert asyncio.run(read_state(kafka, topic, 0)) == {b"a": b"a", b"d": b"d"}


def test_a_sealed_state_survives_forged_entries_and_notices_what_compaction_took(kafka: str, app_id: str) -> None:
    topic, seals = f"{app_id}-changelog-judge", RecordSeals(b"k" * 32, app_id)
    create_topic(kafka, topic, settings=COMPACT)

    async def write(state: StateLog, *changes: tuple[bytes, bytes | None], by: RecordSeals | None = seals) -> None:
        writer = TransactionWriter(kafka, f"{app_id}-writer", by)
        await writer.start()
        await writer.send([state.outputs(changes)])
        await writer.commit()
        await writer.close()
        await asyncio.to_thread(wait_until_decided, kafka, [topic])

    def forge(key: bytes, value: bytes | None) -> None:
        producer = Producer({"bootstrap.servers": kafka})
        producer.produce(topic, key=key, value=value, partition=0)
        assert producer.flush(120) == 0

    def load(by: RecordSeals | None = seals) -> tuple[dict[bytes, bytes], StateLog]:
        state = StateLog(kafka, topic, 0, by)
        return asyncio.run(state.read()), state

    asyncio.run(write(StateLog(kafka, topic, 0), (b"a", b"1"), (b"b", b"2"), by=None))  # as before there was a key
    assert load(None)[0] == {b"a": b"1", b"b": b"2"}
    with pytest.raises(StateError, match="FAIRSTREAM_UNSEALED_RECORDS=accept"):
        load()
    entries, state = load(RecordSeals(b"k" * 32, app_id, accepts_unsealed=True))
    assert (entries, state.is_to_seal, state.n_rejected) == ({b"a": b"1", b"b": b"2"}, True, 0)
    asyncio.run(write(state, (b"a", b"3"), (b"c", b"4")))

    for key, value in ((b"a", b"9"), (b"b", None), (b"new", b"\xc1S\x01" + bytes(16) + b"9"), (b"tags", b"0")):
        forge(key, value)
    entries, state = load()
    assert (entries, state.is_to_seal, state.n_rejected) == ({b"a": b"3", b"b": b"2", b"c": b"4"}, False, 6)
    asyncio.run(write(state, (b"c", None)))
    assert load()[0] == {b"a": b"3", b"b": b"2"}
    with pytest.raises(StateError, match="FAIRSTREAM_RECORD_KEY_FILE"):
        load(None)

    changing, after = RecordSeals(b"n" * 32, app_id, other=b"k" * 32), RecordSeals(b"n" * 32, app_id)
    entries, state = load(changing)  # the key is changed
    assert (entries, state.is_to_seal) == ({b"a": b"3", b"b": b"2"}, True)
    asyncio.run(write(state, (b"b", b"5"), by=changing))
    for by in (changing, after):
        entries, state = load(by)
        assert (entries, state.is_to_seal) == ({b"a": b"3", b"b": b"5"}, False)
    entries, state = load(RecordSeals(b"k" * 32, app_id, other=b"n" * 32))  # a worker that seals with the old key yet
    asyncio.run(write(state, (b"a", b"3"), by=RecordSeals(b"k" * 32, app_id, other=b"n" * 32)))
    assert load()[0] == {b"a": b"3", b"b": b"5"}

    lost = StateLog(kafka, topic, 0, seals)
    forge(b"a", b"8")
    lost._is_passed_over = lambda record: (record.key == b"a") or StateLog._is_passed_over(lost, record)  # type: ignore[method-assign]
    with pytest.raises(StateError, match="lacks entries"):  # what compaction leaves: the honest entry is gone
        asyncio.run(lost.read())
