"""Blocks of records: their borders, and that every change of a record changes the root."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.audit.blocks import MAX_RECORDS, Block, BlockBuilder, record_leaf
from stream_app.core.audit.merkle import leaf_hash
from stream_app.core.audit.proofs import is_included

RECORDS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 400_000), st.none() | st.binary(max_size=6)), min_size=1, max_size=40
)


def build(
    offsets: list[int], times: list[int], values: list[bytes | None], cuts: list[int], *, is_provable: bool = True
) -> list[Block]:
    blocks: list[Block] = []
    builder, start = BlockBuilder(0, is_provable=is_provable), 0
    for cut in [*sorted({min(cut, len(offsets)) for cut in cuts}), len(offsets)]:
        part = slice(start, cut)
        blocks += builder.add(np.array(offsets[part], np.int64), np.array(times[part], np.int64), values[part])
        start = cut
    return [*blocks, *builder.end(offsets[-1] + 1)]


def facts_of(blocks: list[Block]) -> list[tuple[object, ...]]:
    return [(b.first_offset, b.next_offset, b.offsets.tolist(), b.leaves, b.hashes()) for b in blocks]


@given(RECORDS, st.lists(st.integers(0, 40), max_size=4), st.sampled_from(["provable", "together"]))
def test_blocks_cover_every_offset_once_however_the_records_arrive(
    records: list[tuple[int, int, bytes | None]], cuts: list[int], form: str
) -> None:
    is_provable = form == "provable"
    offsets, at = [], -1
    for step, _, _ in records:
        at += step
        offsets.append(at)
    times, values = [time for _, time, _ in records], [value for _, _, value in records]
    blocks = build(offsets, times, values, cuts, is_provable=is_provable)
    assert facts_of(blocks) == facts_of(build(offsets, times, values, [], is_provable=is_provable))
    assert [block.first_offset for block in blocks] == [0, *(block.next_offset for block in blocks[:-1])]
    assert [offset for block in blocks for offset in block.offsets] == offsets
    if is_provable:
        assert [leaf for block in blocks for leaf in block.leaves] == list(map(record_leaf, values))
    newest = -1
    for block in blocks:
        minutes = {times[offsets.index(offset)] // 60_000 for offset in block.offsets}
        assert max(minutes) > newest  # each begins with a later minute than any before
        assert times[offsets.index(block.offsets[0])] // 60_000 == max(minutes)
        newest = max(minutes)


def test_a_block_is_not_larger_than_a_limit() -> None:
    n = 2 * MAX_RECORDS + 5
    blocks = build(list(range(n)), [7] * n, [b"x"] * n, [])
    assert [len(block.leaves) for block in blocks] == [MAX_RECORDS, MAX_RECORDS, 5]


Records = tuple[list[int], list[int], list[bytes | None]]
SAME: Records = ([1, 2, 4], [5, 6, 7], [b"ab", b"c", b"\0"])
OTHERS: list[Records] = [
    ([1, 3, 4], [5, 6, 7], [b"ab", b"c", b"\0"]),
    ([1, 2, 4], [5, 7, 7], [b"ab", b"c", b"\0"]),
    ([1, 2, 4], [5, 6, 7], [b"a", b"bc", b"\0"]),
    ([1, 2, 4], [5, 6, 7], [b"ab", b"c", b""]),
    ([1, 2, 4], [5, 6, 7], [b"ab", b"c", None]),
    ([1, 2, 4], [5, 6, 7], [b"c", b"ab", b"\0"]),
    ([1, 2], [5, 6], [b"ab", b"c"]),
    ([1, 2, 4], [5, 6, 7], [b"ab", b"", b"c\0"]),
]


@pytest.mark.parametrize("form", ["provable", "together"])
def test_each_part_of_each_record_is_in_the_hashes(form: str) -> None:
    is_provable = form == "provable"
    made = [build(*records, [], is_provable=is_provable)[0].hashes() for records in (SAME, *OTHERS)]
    assert len({*made}) == len(made)
    assert {bool(values) for _, values, _ in made} == {not is_provable}
    assert {bool(root) for _, _, root in made} == {is_provable}


@given(st.integers(1, 70), st.data())
def test_each_record_of_a_block_is_proven_by_its_group_and_a_path(n: int, data: st.DataObject) -> None:
    [block] = build(list(range(n)), [0] * n, [b"%d" % number for number in range(n)], [])
    index = data.draw(st.integers(0, n - 1))
    group, path = block.prove(index)
    assert group[index % 8] == record_leaf(b"%d" % index)
    assert is_included(index // 8, (n + 7) // 8, leaf_hash(b"".join(group)), path, bytes.fromhex(block.hashes()[2]))


def test_nothing_is_no_block() -> None:
    assert list(BlockBuilder(7, is_provable=True).end(9)) == []
