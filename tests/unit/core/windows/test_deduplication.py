"""The deduplication window: how long an event that is sent again is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.deduplication import N_BLOCKS, DeduplicationWindow


def admit(window: DeduplicationWindow, first_offset: int, tags: list[int]) -> list[bool]:
    offsets = np.arange(first_offset, first_offset + len(tags))
    ids = np.array(tags, np.uint64) * np.uint64(2)  # the last bit is the decision
    return [bool(answer) for answer in window.admit(offsets, ids).is_duplicate]


def test_of_equal_ids_the_first_counts_within_a_run_and_across_runs() -> None:
    window = DeduplicationWindow(1000)
    assert admit(window, 0, [5, 5, 7, 5]) == [False, True, False, True]
    assert admit(window, 4, [7, 8]) == [True, False]
    assert len(window) == 3


@pytest.mark.parametrize("size", [1, 2, 9, 10, 11])
def test_an_id_is_known_for_at_least_the_window_and_at_most_half_as_long_again_plus_a_block(size: int) -> None:
    block = -(-size // N_BLOCKS)
    for first in range(3 * block):
        for distance in range(1, 4 * block):
            window = DeduplicationWindow(size)
            admit(window, first, [1])
            (is_duplicate,) = admit(window, first + distance, [1])
            if distance <= size:
                assert is_duplicate
            if distance >= (N_BLOCKS + 1) * block:
                assert not is_duplicate


def test_a_duplicate_does_not_extend_the_window() -> None:
    window = DeduplicationWindow(4)  # blocks of two offsets
    assert [admit(window, offset, [1])[0] for offset in range(7)] == [False, True, True, True, True, True, False]


def test_a_window_of_zero_remembers_nothing() -> None:
    window = DeduplicationWindow(0)
    assert admit(window, 0, [1, 1]) == [False, False]
    assert len(window) == 0
    assert window.block_of(123) == 0


def test_an_empty_run_has_no_duplicates() -> None:
    assert admit(DeduplicationWindow(10), 0, []) == []


def test_memory_stays_within_three_blocks() -> None:
    window = DeduplicationWindow(1000)
    for offset in range(0, 20_000, 100):
        admit(window, offset, list(range(offset, offset + 100)))
        assert len(window) <= (N_BLOCKS + 1) * 500


@given(st.lists(st.integers(0, 30), max_size=80), st.lists(st.integers(1, 9), max_size=20), st.integers(0, 20))
def test_the_answers_are_those_of_a_plain_dictionary(tags: list[int], lengths: list[int], size: int) -> None:
    block = -(-size // N_BLOCKS)
    seen: dict[int, int] = {}
    expected = []
    for offset, tag in enumerate(tags):
        is_duplicate = bool(block) and tag in seen and offset // block - seen[tag] <= N_BLOCKS
        expected.append(is_duplicate)
        if block and not is_duplicate:
            seen[tag] = offset // block
    window = DeduplicationWindow(size)
    answers: list[bool] = []
    for length in [*lengths, len(tags)]:
        answers += admit(window, len(answers), tags[len(answers) : len(answers) + length])
    assert answers == expected


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=60),
    st.integers(1, 15),
    st.sampled_from([3, 8, 100]),
)
def test_a_conflict_is_a_duplicate_with_another_decision_than_the_first(
    log: list[tuple[int, bool]], n_batch: int, size: int
) -> None:
    """Against a reader of one event at a time, which remembers blocks of ids with their decisions."""
    window, block_size = DeduplicationWindow(size), -(-size // N_BLOCKS)
    blocks: dict[int, dict[int, bool]] = {}
    conflicts = []
    expected = []
    for offset, (identity, decision) in enumerate(log):
        block = offset // block_size
        live = [blocks.setdefault(number, {}) for number in range(block - N_BLOCKS, block + 1)]
        first = next((seen[identity] for seen in live if identity in seen), None)
        expected.append(first is not None)
        conflicts.append(first is not None and first != decision)
        if first is None:
            blocks[block][identity] = decision
    found = [
        window.admit(
            np.arange(start, min(start + n_batch, len(log))),
            np.array([2 * identity + decision for identity, decision in log[start : start + n_batch]], np.uint64),
        )
        for start in range(0, len(log), n_batch)
    ]
    assert [bool(answer) for part in found for answer in part.is_duplicate] == expected
    assert [bool(answer) for part in found for answer in part.is_conflict] == conflicts


def test_ids_of_a_former_version_are_duplicates_and_never_conflicts() -> None:
    window = DeduplicationWindow(100)
    window.remember(0, np.array([10, 21], np.uint64), has_decisions=False)
    found = window.admit(np.arange(4), np.array([10, 11, 20, 30], np.uint64))
    assert found.is_duplicate.tolist() == [True, True, True, False]
    assert not found.is_conflict.any()
    assert len(window) == 3
