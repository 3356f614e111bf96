"""Waiting decisions: columns and index contain what a dictionary would, however many come and leave."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest

from stream_app.core.join.join_records import (
    MAX_ROWS,
    JoinDecisions,
    JoinOutcomes,
    decode_rows,
    pack_decisions,
    pack_outcomes,
)
from stream_app.core.join.waiting_decisions import BLOCK, TagIndex, WaitingDecisions


def tags_of(numbers: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(numbers, np.uint64)


@pytest.mark.parametrize("seed", range(3))
def test_waiting_decisions_are_found_and_those_that_left_are_not(seed: int) -> None:
    rng = random.Random(seed)
    waiting = WaitingDecisions()
    model: dict[int, tuple[int, int, int, int]] = {}  # tag -> serial, cell, score, time; the oldest first
    for round_ in range(400):
        fresh = [tag for tag in rng.sample(range(6000), rng.choice((1, 3, 50, 400))) if tag not in model]
        scores = [rng.randrange(1000) for _ in fresh]
        for place, tag in enumerate(fresh):
            model[tag] = (waiting.next + place, tag % 7, scores[place], round_)
        waiting.add(tags_of(fresh), tags_of(fresh) % np.uint64(7), round_, np.array(scores, np.int32))
        n_gone = rng.choice((0, 0, 2, 300, len(model)))
        gone = waiting.drop_before(waiting.first + min(n_gone, len(waiting)))
        left = list(model)[:n_gone]
        assert gone.tags.tolist() == left
        for tag in left:
            del model[tag]
        asked = list(range(0, 6000, 13))
        assert waiting.find(tags_of(asked)).tolist() == [model[tag][0] if tag in model else -1 for tag in asked]
        assert len(waiting) == len(model)
    rows = waiting.rows(waiting.first, waiting.next)
    columns = (rows.tags, rows.cells, rows.scores, rows.times_s)
    waiting_rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert waiting_rows == [(tag, cell, score, time_s) for tag, (_, cell, score, time_s) in model.items()]


def test_the_rows_of_the_oldest_block_stay_readable_after_some_of_them_have_left() -> None:
    waiting = WaitingDecisions()
    for first in range(0, 5 * BLOCK, 100):
        waiting.add(tags_of(list(range(first, first + 100))), np.full(100, first), first, None)
        waiting.drop_before(max(waiting.first, waiting.next - 150))
    base = waiting.first // BLOCK * BLOCK
    assert base < waiting.first
    assert waiting.rows(base, waiting.next).tags.tolist() == list(range(base, waiting.next))


def test_labels_belong_to_their_decision_whatever_left_before_it() -> None:
    waiting = WaitingDecisions()
    waiting.add(tags_of([5, 6, 7]), np.array([1, 2, 3]), 10, None)
    waiting.set_label(2, 2)
    waiting.drop_before(1)
    assert [waiting.label_of(serial) for serial in (1, 2)] == [0, 2]
    assert waiting.at(np.array([2, 1])).cells.tolist() == [3, 2]
    assert waiting.at(np.array([2, 1])).labels.tolist() == [2, 0]


def test_the_number_of_decisions_before_a_time_is_known() -> None:
    waiting = WaitingDecisions()
    assert waiting.n_older_than(10) == 0
    for time_s in (10, 20, 20, 30):
        waiting.add(tags_of([waiting.next]), np.array([0]), time_s, None)
    assert [waiting.n_older_than(time_s) for time_s in (10, 11, 20, 21, 31)] == [0, 1, 1, 3, 4]


def test_an_index_drops_decisions_that_left_when_its_runs_merge() -> None:
    index = TagIndex()
    for first in range(0, 100_000, 1000):
        index.add(np.arange(first, first + 1000, dtype=np.uint64), np.arange(first, first + 1000), max(0, first - 2000))
    assert sum(len(tags) for tags, _ in index._runs) < 10_000
    index.add(tags_of([]), np.array([], np.int64), 0)
    assert index.find(tags_of([99_999, 3]), 98_000).tolist() == [99_999, -1]


def test_rows_are_read_as_written_and_split_where_a_record_would_be_too_large() -> None:
    n = MAX_ROWS + 1
    records = pack_decisions(
        "h", 7, np.arange(n, dtype=np.uint64), np.zeros(n, np.uint32), np.arange(n, dtype=np.int32)
    )
    assert [len(record) < 1_000_000 for record in records] == [True, True]
    rows = [decode_rows(record) for record in records]
    assert [(row.time_s, row.layout_hash) for row in rows if isinstance(row, JoinDecisions)] == [(7, "h")] * 2
    times_s, labels = np.arange(n, dtype=np.uint32), np.arange(n, dtype=np.uint8) % 2
    wide = pack_outcomes(times_s, labels.astype(np.uint8), [np.arange(n, dtype=np.uint64)] * 20)
    assert max(map(len, wide)) < 1_000_000
    read = [decode_rows(record) for record in wide]
    assert b"".join(row.times_s for row in read if isinstance(row, JoinOutcomes)) == times_s.tobytes()
    with pytest.raises(msgspec.MsgspecError):
        decode_rows(b"\x93\xa1x")
