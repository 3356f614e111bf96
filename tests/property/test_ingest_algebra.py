"""Ingest is a function of the source log: not of its division into batches, transactions and restarts."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from stream_app.topics import DEAD_LETTERS, LATE_DECISIONS
from tests.support.lanes.ingest_lane import IngestLane, State
from tests.support.source_logs import (
    BLOCK,
    BORDER_S,
    KEYS,
    MODEL,
    Log,
    Recount,
    broker_s,
    cells_of,
    logs,
    recount,
    seeded_log,
)

RUN, COMMIT, CRASH = "run", "commit", "crash"
cuts = st.lists(st.tuples(st.integers(1, 12), st.sampled_from((RUN, RUN, COMMIT, CRASH))), max_size=40)


def read(log: Log, steps: list[tuple[int, str]], *, may_crash: bool = True) -> IngestLane:
    """Read a log in batches of the drawn lengths, with a commit or a restart after each as drawn."""
    lane = IngestLane(MODEL, KEYS)
    steps = [*steps, (len(log), RUN)]
    for length, then in steps:
        offsets = range(lane.next_offset, min(lane.next_offset + length, len(log)))
        lane.feed([log[offset] for offset in offsets], [broker_s(offset) for offset in offsets])
        if then != RUN:
            lane.flush()
        if then == CRASH and may_crash:
            lane.restart()
    lane.flush()
    return lane


def remembered(state: State, next_offset: int) -> set[tuple[int, int]]:
    """Return block and tag of every remembered id that can still matter."""
    stored: list[tuple[int, int]] = []
    for key, value in state.items():
        if key.startswith(b"seen|"):
            block = int(key.split(b"|")[1])
            stored += [(block, tag) for tag in np.frombuffer(value, np.uint64).tolist()]
    assert len(stored) == len(set(stored)), "an id is stored once"
    return {(block, tag) for block, tag in stored if block >= next_offset // BLOCK - 2}


def all_but_ids(state: State) -> State:
    return {key: value for key, value in state.items() if not key.startswith(b"seen|")}


def published(lane: IngestLane) -> dict[str, list[tuple[bytes | None, bytes | None]]]:
    return {topic: lane.written[topic] for topic in (DEAD_LETTERS, LATE_DECISIONS, "out")}


@given(logs(), cuts)
def test_the_length_of_batches_changes_no_byte_that_is_written(log: Log, steps: list[tuple[int, str]]) -> None:
    many, one = read(log, [(length, RUN) for length, _ in steps]), read(log, [])
    assert many.written == one.written
    assert many.state == one.state
    assert many.counts == one.counts


@given(logs(), cuts)
def test_the_times_of_commits_change_no_output_and_no_count(log: Log, steps: list[tuple[int, str]]) -> None:
    often, once = read(log, steps, may_crash=False), read(log, [])
    assert published(often) == published(once)
    assert often.counted == once.counted
    assert often.counts == once.counts
    assert all_but_ids(often.state) == all_but_ids(once.state)
    assert remembered(often.state, len(log)) == remembered(once.state, len(log))


@given(logs(), cuts)
def test_a_lane_restored_at_any_commit_continues_as_if_nothing_had_happened(
    log: Log, steps: list[tuple[int, str]]
) -> None:
    event(f"restarts: {min(3, sum(then == CRASH for _, then in steps))}")
    restored, steady = read(log, steps), read(log, steps, may_crash=False)
    assert published(restored) == published(steady)
    assert restored.counted == steady.counted
    assert restored.counts == steady.counts
    assert restored.state == steady.state
    assert restored.partials[-1].closed_before_s == steady.partials[-1].closed_before_s
    assert restored.partials[-1].next_offset == len(log)


@given(logs(), cuts)
def test_the_partial_counts_equal_a_count_by_hand(log: Log, steps: list[tuple[int, str]]) -> None:
    compare(read(log, steps), recount(log))


@pytest.mark.parametrize("seed", range(4))
def test_the_counts_of_a_long_log_equal_a_count_by_hand(seed: int) -> None:
    log = seeded_log(seed, 5_000)
    rng = random.Random(seed)
    steps = [(rng.randrange(1, 80), rng.choice((RUN, RUN, COMMIT, CRASH))) for _ in range(200)]
    by_hand = recount(log)
    assert all(by_hand.n[kind] > 50 for kind in ("late", "duplicate", "rejected", "tombstone", "counted"))
    compare(read(log, steps), by_hand)


def compare(lane: IngestLane, by_hand: Recount) -> None:
    assert cells_of(lane) == by_hand.cells
    assert lane.n_counted == by_hand.n["counted"] == len(lane.events)
    assert lane.counts.n_late == by_hand.n["late"] == len(lane.late)
    assert lane.counts.n_duplicates == by_hand.n["duplicate"]
    assert sum(lane.counts.dead_letters.values()) == by_hand.n["rejected"] == len(lane.reasons)
    assert lane.counts.n_tombstones == by_hand.n["tombstone"]
    for published_event in lane.events:
        key = KEYS[published_event["t"] >= BORDER_S]
        assert published_event["id"].startswith(f"hm1.{key.kid}.")


@given(logs())
def test_the_state_contains_only_open_panes_and_the_last_blocks_of_ids(log: Log) -> None:
    lane = read(log, [(1, COMMIT)] * len(log))
    closed_before_s = lane.partials[-1].closed_before_s or 0
    starts = [int(key.split(b"|")[1]) for key in lane.state if key.startswith(b"pane|")]
    blocks = {int(key.split(b"|")[1]) for key in lane.state if key.startswith(b"seen|")}
    assert all(start_s >= closed_before_s for start_s in starts)
    assert len(blocks) <= 3
