"""Blocks of records: their borders, and that every change of a record changes the root."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.audit.blocks import MAX_RECORDS, Block, BlockBuilder, record_leaf

RECORDS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 400_000), st.none() | st.binary(max_size=6)), min_size=1, max_size=40
)


def build(offsets: list[int], times: list[int], values: list[bytes | None], cuts: list[int]) -> list[Block]:
    blocks: list[Block] = []
    builder, start = BlockBuilder(0), 0
    for cut in [*sorted({min(cut, len(offsets)) for cut in cuts}), len(offsets)]:
        blocks += builder.add(offsets[start:cut], times[start:cut], values[start:cut])
        start = cut
    return [*blocks, *builder.end(offsets[-1] + 1)]


@given(RECORDS, st.lists(st.integers(0, 40), max_size=4))
def test_blocks_cover_every_offset_once_however_the_records_arrive(
    records: list[tuple[int, int, bytes | None]], cuts: list[int]
) -> None:
    offsets, at = [], -1
    for step, _, _ in records:
        at += step
        offsets.append(at)
    times, values = [time for _, time, _ in records], [value for _, _, value in records]
    blocks = build(offsets, times, values, cuts)
    assert blocks == build(offsets, times, values, [])
    assert [block.first_offset for block in blocks] == [0, *(block.next_offset for block in blocks[:-1])]
    assert [offset for block in blocks for offset in block.offsets] == offsets
    assert [leaf for block in blocks for leaf in block.leaves] == list(map(record_leaf, offsets, times, values))
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


def test_each_part_of_a_record_is_in_its_leaf() -> None:
    leaves = {
        record_leaf(1, 2, b"v"), record_leaf(2, 2, b"v"), record_leaf(1, 3, b"v"), record_leaf(1, 2, b"w"),
        record_leaf(1, 2, b""), record_leaf(1, 2, None),
    }  # fmt: skip
    assert len(leaves) == 6


def test_nothing_is_no_block() -> None:
    assert list(BlockBuilder(7).end(9)) == []
