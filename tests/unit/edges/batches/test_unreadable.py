"""What cannot be read is named, and the position moves past it to the good records around it."""

from __future__ import annotations

import struct

import pytest
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.edges.batches.columns import ColumnReader, Columns
from stream_app.edges.batches.decompression import MAX_EXPANDED_BYTES
from tests.support.lanes.fetches import Partition, read
from tests.support.lanes.neighbor_batches import GOOD, THREE, with_neighbors
from tests.support.lanes.raw_batches import (
    CODECS,
    HEADER,
    USUAL,
    BatchShape,
    batch_of,
    compress,
    message,
    raw_record,
    varint,
)

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


@pytest.mark.parametrize("length", [-12, -100, -1, 0, 3, 10**9])
def test_a_lie_about_a_length_in_an_old_set_ends_nothing(length: int) -> None:
    outer = message(3, compress(message(0, b"x") + message(1, b"y", length=length), 1), 1, 1)
    run = next(Partition().take(outer + batch_of(GOOD, BatchShape(base_offset=4))))
    assert run.values == GOOD
    assert [(unread.first_offset, unread.next_offset) for unread in run.unreadable] == [(0, 4)]


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
