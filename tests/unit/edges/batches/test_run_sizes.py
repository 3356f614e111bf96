"""Large batches come in several runs, which are bounded by the size of everything in their records."""

from __future__ import annotations

from itertools import pairwise

import pytest

from stream_app.edges.batches.columns import reader_of_headers
from stream_app.edges.batches.portions import PORTION_BYTES
from stream_app.edges.lanes.runs import MAX_RUN_BYTES
from tests.support.lanes.fetches import Partition
from tests.support.lanes.neighbor_batches import BAD_NAME
from tests.support.lanes.raw_batches import BatchShape, raw_batch, raw_record


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


def test_large_headers_count_in_the_size_of_a_portion() -> None:
    records = [raw_record(delta, b"v", headers=[(b"a", b"x" * (PORTION_BYTES // 2))]) for delta in range(8)]
    runs = list(Partition().take(raw_batch(records), reader=reader_of_headers(frozenset({"a"}))))
    assert [len(run) for run in runs if len(run)] == [4, 4]
    assert all(run.n_bytes <= MAX_RUN_BYTES + PORTION_BYTES for run in runs)
