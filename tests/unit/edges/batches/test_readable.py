"""Whatever is readable in a batch is delivered: odd headers, old formats, transactions, every honest client."""

from __future__ import annotations

import dataclasses
from functools import partial

import pytest
from aiokafka.record.default_records import DefaultRecordBatch
from hypothesis import given
from hypothesis import strategies as st

from stream_app.edges.batches.columns import ColumnReader, reader_of_headers
from stream_app.edges.batches.portions import PORTION_BYTES
from stream_app.edges.kafka.readers.source_places import source_columns
from stream_app.errors import TopicError
from tests.support.lanes.fetches import Partition, end_of, read
from tests.support.lanes.neighbor_batches import BAD_NAME, GOOD, THREE, with_neighbors
from tests.support.lanes.raw_batches import (
    CODECS,
    USUAL,
    BatchShape,
    batch_of,
    compress,
    message,
    raw_batch,
    raw_record,
)

READABLE = {
    "a header name that is not UTF-8": ([raw_record(d, b"bad-%d" % d, headers=[BAD_NAME]) for d in range(3)], USUAL),
    "one such name among others": (
        [THREE[0], raw_record(1, b"bad-1", headers=[(b"a", b"b"), BAD_NAME]), THREE[2]], USUAL
    ),
    "a header without a value": ([raw_record(d, b"bad-%d" % d, headers=[(b"", None)]) for d in range(3)], USUAL),
    "more headers than are there": ([THREE[0], raw_record(1, b"bad-1", n_headers=9), THREE[2]], USUAL),
    "a negative number of headers": ([THREE[0], raw_record(1, b"bad-1", n_headers=-5), THREE[2]], USUAL),
    "2^62 headers": ([THREE[0], raw_record(1, b"bad-1", n_headers=2**62), THREE[2]], USUAL),
    "odd keys": ([raw_record(d, b"bad-%d" % d, key) for d, key in enumerate((None, b"", b"\xff\x00"))], USUAL),
    "attributes of a record": ([raw_record(d, b"bad-%d" % d, attributes=0xFF) for d in range(3)], USUAL),
    "reserved attributes of the batch": (THREE, BatchShape(attributes=0x7F40)),
    "a count that is too low": (THREE, BatchShape(n_records=1, last_delta=2)),
    "a count of none": (THREE, BatchShape(n_records=0, last_delta=2)),
    "a negative count": (THREE, BatchShape(n_records=-7, last_delta=2)),
    "an unknown magic": (THREE, BatchShape(magic=99)),
    "absurd timestamps": (
        [raw_record(d, b"bad-%d" % d, time_delta=2**62 * (d - 1)) for d in range(3)], BatchShape(first_ms=2**63 - 1)
    ),
    "negative timestamps": (THREE, BatchShape(first_ms=-(2**63))),
}  # fmt: skip


@pytest.mark.parametrize("kind", READABLE)
@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_every_record_is_delivered_whatever_is_beside_its_value(kind: str, codec: int) -> None:
    records, shape = READABLE[kind]
    run = read(with_neighbors(records, dataclasses.replace(shape, codec=codec)))
    assert run.values == [*GOOD, b"bad-0", b"bad-1", b"bad-2", *GOOD]
    assert [int(offset) for offset in run.offsets] == list(range(13))
    assert not run.unreadable
    assert run.next_offset == 13


def test_published_records_have_the_offsets_that_their_headers_name() -> None:
    records = [raw_record(delta, b"%d" % delta, headers=[(b"source", b"3:%d" % (70 + delta))]) for delta in range(4)]
    reader = ColumnReader(partial(source_columns, end=3), has_record_offsets=False)
    [run] = Partition(1).take(raw_batch(records, BatchShape()), reader=reader)
    assert (run.offsets.tolist(), run.values, run.unreadable) == ([71, 72], [b"1", b"2"], [])


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"source", None)],
        [(b"source", b"0:abc")],
        [(b"source", b"0")],
        [(b"source", b"0:-1")],
        [(b"source", b"0:" + b"9" * 23)],
        [(b"source", b"0:1"), (b"log", b"1" * 6)],
        [(b"source", b"0:1"), (b"log", b"\xff")],
    ],
    ids=str,
)
def test_a_published_record_that_no_worker_wrote_is_named(headers: list[tuple[bytes, bytes | None]]) -> None:
    records = [raw_record(0, b"0", headers=[(b"source", b"3:70")]), raw_record(1, b"1", headers=headers)]
    reader = ColumnReader(partial(source_columns, end=3), has_record_offsets=False)
    with pytest.raises(TopicError, match="record at offset 1 of the output topic does not name its source"):
        list(Partition(0).take(raw_batch(records, BatchShape()), reader=reader))


@pytest.mark.parametrize("bad", [[], [BAD_NAME]], ids=["by the library", "record by record"])
@pytest.mark.parametrize("size", [1, PORTION_BYTES // 2], ids=["at once", "in portions"])
def test_headers_of_some_names_come_with_their_records(bad: list[tuple[bytes, bytes]], size: int) -> None:
    value, long = b"v" * size, b"x" * 5
    named = [(b"ce_id", long), (b"other", b"1"), (b"ce_id", None)]
    records = [raw_record(0, value), raw_record(1, value, headers=[*named, *bad]), raw_record(2, value, headers=named)]
    log = raw_batch(records) + batch_of(GOOD, BatchShape(base_offset=3))
    runs = list(Partition(1).take(log, reader=reader_of_headers(frozenset({"ce_id"}))))
    headers = [of_record for run in runs for of_record in run.headers or ()]
    assert headers == [[("ce_id", long), ("ce_id", None)]] * 2 + [[]] * 5
    assert sum(len(run) for run in runs) == len(headers)
    [plain, *_] = Partition(1).take(log)
    assert plain.headers is None


@pytest.mark.parametrize(
    "key", [None, b"", b"\0", b"\0\0\0\7", b"\xff" * 9], ids=["none", "empty", "short", "unknown type", "long"]
)
def test_control_records_of_any_kind_are_passed(key: bytes | None) -> None:
    run = read(with_neighbors([raw_record(d, b"x", key) for d in range(3)], BatchShape(attributes=0x30, producer_id=7)))
    assert run.values == GOOD + GOOD
    assert run.next_offset == 13


def test_an_aborted_transaction_ends_with_its_marker() -> None:
    of_producer = BatchShape(attributes=0x10, producer_id=7)
    abort = raw_batch([raw_record(0, b"\0\0\0\0\0\0", b"\0\0\0\0")], BatchShape(3, attributes=0x30, producer_id=7))
    log = (
        batch_of([b"aborted"] * 3, of_producer)
        + abort
        + batch_of(GOOD, dataclasses.replace(of_producer, base_offset=4))
    )
    assert read(log, aborted=[(7, 0)]).values == GOOD


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", [0, 1, 2])
def test_messages_of_old_formats_are_read_beside_batches_of_the_present_one(magic: int, codec: int) -> None:
    first = 0 if magic else 10
    messages = [message(first + number, value, magic) for number, value in enumerate(GOOD)]
    if codec:
        outer = message(14, compress(b"".join(messages), codec), magic, codec)
    else:
        outer = b"".join(message(10 + number, value, magic) for number, value in enumerate(GOOD))
    log = outer + batch_of(GOOD, BatchShape(base_offset=15))
    runs = list(Partition(10).take(log))
    assert [value for run in runs for value in run.values] == GOOD + GOOD
    assert [int(offset) for run in runs for offset in run.offsets] == list(range(10, 20))


@given(data=st.data())
def test_batches_of_honest_clients_are_read_as_the_library_reads_them(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 30))
    blob = st.one_of(st.none(), st.binary(max_size=40))
    headers = st.lists(st.tuples(st.text(max_size=5).map(str.encode), blob), max_size=3)
    deltas = sorted(data.draw(st.sets(st.integers(0, 100), min_size=n, max_size=n)))
    records = [
        raw_record(
            delta, data.draw(blob), data.draw(blob), data.draw(headers), time_delta=data.draw(st.integers(0, 10**6))
        )
        for delta in deltas
    ]
    shape = BatchShape(
        base_offset=data.draw(st.integers(0, 2**40)),
        codec=data.draw(st.integers(0, 4)),
        attributes=data.draw(st.sampled_from([0, 8])),
        last_delta=deltas[-1] + data.draw(st.integers(0, 5)),
    )
    batch = raw_batch(records, shape)
    start = shape.base_offset + data.draw(st.integers(0, 100))
    if start >= end_of(batch):
        return
    run = read(batch, start)
    theirs = [record for record in DefaultRecordBatch(batch) if record.offset >= start]
    assert [int(offset) for offset in run.offsets] == [record.offset for record in theirs]
    assert run.values == [record.value for record in theirs]
    assert [int(time_ms) for time_ms in run.timestamps_ms] == [record.timestamp for record in theirs]
    assert not run.unreadable
