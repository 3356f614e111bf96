"""Whatever is in a batch: what can be read is delivered, the rest is named, and the position moves past it."""

from __future__ import annotations

import dataclasses
import struct
from functools import partial
from itertools import pairwise

import pytest
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.edges.batches.columns import ColumnReader, Columns, reader_of_headers
from stream_app.edges.batches.decompression import MAX_EXPANDED_BYTES
from stream_app.edges.batches.portions import PORTION_BYTES
from stream_app.edges.kafka.readers.source_places import source_columns
from stream_app.edges.lanes.runs import MAX_RUN_BYTES
from tests.support.lanes.fetches import Partition, end_of, read
from tests.support.lanes.raw_batches import (
    CODECS,
    HEADER,
    USUAL,
    BatchShape,
    batch_of,
    compress,
    message,
    raw_batch,
    raw_record,
    varint,
)

GOOD = [b"good-%d" % number for number in range(5)]


def with_neighbors(bad: list[bytes], shape: BatchShape = USUAL) -> bytes:
    """Return a log: five good records, a batch of three offsets, five good records."""
    return batch_of(GOOD) + raw_batch(bad, dataclasses.replace(shape, base_offset=5)) + batch_of(
        GOOD, BatchShape(base_offset=8)
    )  # fmt: skip


THREE = [raw_record(delta, b"bad-%d" % delta) for delta in range(3)]
BAD_NAME = (b"\xff\xfe", b"x")
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


NOT_READABLE = {
    "a wrong checksum": (THREE, BatchShape(crc_change=1), 3),
    "an unknown codec": (THREE, BatchShape(codec=5), 3),
    "another unknown codec": (THREE, BatchShape(codec=7), 3),
    "garbage with the right checksum": (THREE, BatchShape(codec=4, payload=b"\x00garbage"), 3),
    "a snappy block that states too much": (THREE, BatchShape(codec=2, payload=varint(2**34) + b"x"), 3),
    "compressed data that are cut": (THREE, BatchShape(codec=3, payload=compress(b"".join(THREE), 3)[:-9]), 3),
    "a first record of negative length": ([raw_record(0, b"x", length=-3), *THREE[1:]], USUAL, 3),
    "a first record beyond the end": ([raw_record(0, b"x", length=10**6), *THREE[1:]], USUAL, 3),
    "no record": ([], BatchShape(n_records=3, last_delta=2), 3),
    "a count that is much too high": ([], BatchShape(n_records=2**31 - 1, last_delta=2), 3),
}


@pytest.mark.parametrize("kind", NOT_READABLE)
def test_a_batch_that_cannot_be_read_is_named_and_passed(kind: str) -> None:
    records, shape, n_records = NOT_READABLE[kind]
    run = read(with_neighbors(records, shape))
    assert run.values == GOOD + GOOD
    [unread] = run.unreadable
    assert (unread.reason, unread.first_offset, unread.next_offset) == (Reason.UNREADABLE, 5, 8)
    assert unread.n_records == n_records
    assert run.next_offset == 13


PARTLY = {
    "an offset that jumps": ([THREE[0], raw_record(10**9, b"x"), THREE[2]], [5, 7], (6, 7)),
    "an offset twice": ([THREE[0], raw_record(0, b"x"), THREE[2]], [5, 7], (6, 7)),
    "a negative offset": ([raw_record(-4, b"x"), *THREE[1:]], [6, 7], (5, 6)),
    "offsets in reverse": ([THREE[2], THREE[1], THREE[0]], [6], (5, 6)),
    "a value beyond its record": (
        [THREE[0], raw_record(1, b"", body=b"\0\0\2\1" + varint(10**6) + b"x"), THREE[2]], [5, 7], (6, 7)
    ),
    "a number of 70 bits": ([THREE[0], raw_record(1, b"", body=b"\0" + b"\xff" * 12), THREE[2]], [5, 7], (6, 7)),
    "a record without content": ([THREE[0], raw_record(1, b"", body=b""), THREE[2]], [5, 7], (6, 7)),
    "a record that is cut": ([THREE[0], THREE[1], THREE[2][:-3]], [5, 6], (7, 8)),
    "a record too few": (THREE[:2], [5, 6], (7, 8)),
}  # fmt: skip


@pytest.mark.parametrize("kind", PARTLY)
@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_what_can_be_read_of_a_batch_is_delivered_and_the_rest_is_named(kind: str, codec: int) -> None:
    records, offsets, (first, after) = PARTLY[kind]
    run = read(with_neighbors(records, BatchShape(codec=codec, n_records=3, last_delta=2)))
    bad = [int(offset) for offset in run.offsets if 5 <= offset < 8]
    assert bad == offsets
    unread = run.unreadable[0]
    assert (unread.reason, unread.first_offset, unread.next_offset) == (Reason.UNREADABLE, first, after)
    assert len(bad) + sum(unread.n_records for unread in run.unreadable) == 3
    assert run.values[:5] == run.values[-5:] == GOOD


def test_bytes_after_the_last_record_are_named_although_every_offset_is_read() -> None:
    run = read(with_neighbors([*THREE, b"garbage"], BatchShape(n_records=3, last_delta=2)))
    assert len(run) == 13
    assert [unread.first_offset for unread in run.unreadable] == [7]


@pytest.mark.parametrize("codec", [1, 3, 4])
def test_a_batch_that_expands_too_far_is_named_with_its_size_and_passed(codec: int) -> None:
    huge = raw_record(0, bytes(MAX_EXPANDED_BYTES + 1))
    run = read(with_neighbors([huge, *THREE[1:]], BatchShape(codec=codec)))
    assert run.values == GOOD + GOOD
    [unread] = run.unreadable
    assert (unread.reason, unread.first_offset, unread.next_offset, unread.n_records) == (Reason.SIZE, 5, 8, 3)


def test_a_large_batch_comes_in_several_runs_even_if_one_of_its_headers_is_odd() -> None:
    values = [bytes([number]) * 300_000 for number in range(30)]
    for headers in ((), (BAD_NAME,)):
        records = [
            raw_record(delta, value, headers=headers if delta == 20 else []) for delta, value in enumerate(values)
        ]
        runs = list(Partition().take(raw_batch(records, BatchShape(codec=4))))
        assert [value for run in runs for value in run.values] == values
        assert len(runs) > 3
        assert max(sum(len(value or b"") for value in run.values) for run in runs) < MAX_RUN_BYTES + 2**20
        assert all(after.first_offset == before.next_offset for before, after in pairwise(runs))
        assert runs[-1].next_offset == 30


@pytest.mark.parametrize("headers", [(), (BAD_NAME,)])
def test_a_batch_of_very_many_empty_records_comes_in_several_runs(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    n = 40_000
    records = [raw_record(delta, b"", headers=headers if delta == 9_000 else ()) for delta in range(n)]
    runs = list(Partition().take(raw_batch(records, BatchShape(codec=4))))
    assert sum(map(len, runs)) == n
    assert max(map(len, runs)) <= 10_000


@pytest.mark.parametrize("n_bytes", [PORTION_BYTES - 61, PORTION_BYTES - 1, PORTION_BYTES, PORTION_BYTES + 1])
def test_batches_of_two_partitions_that_are_read_in_turn_do_not_share_their_memory(n_bytes: int) -> None:
    logs = {}
    for letter in (b"a", b"b"):
        records = [raw_record(delta, letter * 100) for delta in range(9)]
        rest = n_bytes - sum(map(len, records)) - 20
        logs[letter] = raw_batch([*records, raw_record(9, letter * rest)], BatchShape(codec=4))
    first, second = (Partition().take(log) for log in logs.values())
    values = {b"a": b"", b"b": b""}
    for runs in zip(first, second, strict=True):
        for letter, run in zip(values, runs, strict=True):
            values[letter] += b"".join(value or b"" for value in run.values)
    assert {letter: set(text) for letter, text in values.items()} == {b"a": set(b"a"), b"b": set(b"b")}
    assert len(values[b"a"]) == len(values[b"b"]) > n_bytes - 300


def test_a_wrong_checksum_is_fetched_once_more_before_it_counts() -> None:
    partition = Partition()
    right = batch_of(GOOD)
    assert [len(run) for run in partition.take(batch_of(GOOD, BatchShape(crc_change=1)))] == [0]
    assert partition.position == 0
    assert [run.values for run in partition.take(right)] == [GOOD]


def test_a_length_that_hides_the_end_of_a_batch_costs_one_offset_at_a_time() -> None:
    partition = Partition(5)
    broken = struct.pack(">qi", 5, -40) + bytes(60)
    for position in (5, 6):
        [run] = partition.take(broken)
        [unread] = run.unreadable
        assert (unread.first_offset, unread.next_offset, run.next_offset) == (position, position + 1, position + 1)
    [run] = partition.take(batch_of(GOOD, BatchShape(base_offset=7)))
    assert run.values == GOOD


def test_published_records_have_the_offsets_that_their_headers_name() -> None:
    records = [raw_record(delta, b"%d" % delta, headers=[(b"source", b"3:%d" % (70 + delta))]) for delta in range(4)]
    reader = ColumnReader(partial(source_columns, end=3), has_record_offsets=False)
    [run] = Partition(1).take(raw_batch(records, BatchShape()), reader=reader)
    assert (run.offsets.tolist(), run.values, run.unreadable) == ([71, 72], [b"1", b"2"], [])


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


def test_large_headers_count_in_the_size_of_a_portion() -> None:
    records = [raw_record(delta, b"v", headers=[(b"a", b"x" * (PORTION_BYTES // 2))]) for delta in range(8)]
    runs = list(Partition().take(raw_batch(records), reader=reader_of_headers(frozenset({"a"}))))
    assert [len(run) for run in runs if len(run)] == [4, 4]
    assert all(run.n_bytes <= MAX_RUN_BYTES + PORTION_BYTES for run in runs)


def test_a_failure_that_nobody_foresaw_costs_its_batch() -> None:
    def fail(*_: object) -> Columns:
        raise ZeroDivisionError

    log = batch_of(GOOD) + batch_of(GOOD, BatchShape(base_offset=5))
    [run] = Partition().take(log, reader=ColumnReader(fail))
    assert [(unread.first_offset, unread.next_offset) for unread in run.unreadable] == [(0, 5), (5, 10)]
    assert run.next_offset == 10


@pytest.mark.parametrize("data", [b"\x00", bytes(12), bytes(16), bytes(26), bytes(40)])
def test_a_response_that_is_too_short_for_a_batch_costs_one_offset(data: bytes) -> None:
    [run] = Partition(3).take(data)
    assert (run.first_offset, run.next_offset, len(run.unreadable)) == (3, 4, 1)


def test_the_batch_that_is_cut_at_the_end_of_a_response_comes_with_the_next() -> None:
    partition = Partition()
    log = batch_of(GOOD) + batch_of(GOOD, BatchShape(base_offset=5))
    [run] = partition.take(log[:-10])
    assert (run.values, run.next_offset, list(run.unreadable)) == (GOOD, 5, [])


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


@pytest.mark.parametrize("length", [-12, -100, -1, 0, 3, 10**9])
def test_a_lie_about_a_length_in_an_old_set_ends_nothing(length: int) -> None:
    outer = message(3, compress(message(0, b"x") + message(1, b"y", length=length), 1), 1, 1)
    run = next(Partition().take(outer + batch_of(GOOD, BatchShape(base_offset=4))))
    assert run.values == GOOD
    assert [(unread.first_offset, unread.next_offset) for unread in run.unreadable] == [(0, 4)]


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


@given(
    position=st.integers(0, 10**6),
    noise=st.binary(min_size=1, max_size=8),
    codec=st.integers(0, 7),
    is_checked=st.booleans(),
)
def test_damage_anywhere_in_a_batch_loses_nothing_around_it(
    position: int,
    noise: bytes,
    codec: int,
    is_checked: bool,  # noqa: FBT001
) -> None:
    middle = bytearray(batch_of([b"bad-%d" % number for number in range(20)], BatchShape(base_offset=5, codec=codec)))
    # The broker assigns and checks base offset, length and last offset: 0 to 11 and 23 to 26.
    place = HEADER.size - 12 + position % (len(middle) - HEADER.size + 12)
    if place < 27 and place + len(noise) >= 23:
        place = HEADER.size
    middle[place : place + len(noise)] = noise[: len(middle) - place]
    if is_checked:
        middle[17:21] = struct.pack(">I", calc_crc32c(bytes(middle[21:])))
    run = read(batch_of(GOOD) + bytes(middle) + batch_of(GOOD, BatchShape(base_offset=25)))
    assert run.values[:5] == run.values[-5:] == GOOD
    assert run.next_offset == 30
