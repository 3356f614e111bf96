"""When a worker counts as standing still."""

from __future__ import annotations

import pytest
from faust.types import TP

from stream_app.edges.lanes.progress import BROKER_SILENCE_S, STALL_S, LaneProgress
from tests.support.clocks import Clock

FIRST, SECOND = TP("raw", 0), TP("raw", 1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> LaneProgress:
    progress = LaneProgress(clock)
    progress.open(FIRST)
    progress.open(SECOND)
    return progress


def test_a_lane_with_records_that_does_not_move_is_stalled_whatever_the_others_do(
    clock: Clock, progress: LaneProgress
) -> None:
    for second in range(int(STALL_S) + 2):
        assert not progress.is_stalled
        clock.now_s += 1
        progress.observe({FIRST: 7, SECOND: second}, {FIRST: 12, SECOND: 5})
    clock.now_s += 1
    assert progress.is_stalled
    assert progress.ages_s() == {FIRST: STALL_S + 2, SECOND: 1}
    progress.observe({FIRST: 8, SECOND: 99}, {FIRST: 11, SECOND: 5})
    assert not progress.is_stalled


def test_a_lane_that_has_read_everything_is_not_stalled(clock: Clock, progress: LaneProgress) -> None:
    for _ in range(100):
        progress.observe({FIRST: 7, SECOND: 0}, {FIRST: 0, SECOND: 0})
        clock.now_s += 1
    assert not progress.is_stalled


def test_a_lane_that_never_loads_or_reloads_for_ever_is_stalled(clock: Clock, progress: LaneProgress) -> None:
    clock.now_s += STALL_S + 1
    progress.observe({SECOND: 3}, {SECOND: 0})
    assert progress.is_stalled
    progress.close(FIRST)
    assert not progress.is_stalled
    assert list(progress.ages_s()) == [SECOND]


def test_the_broker_is_away_when_no_fetch_is_answered_and_nothing_is_left_to_process(
    clock: Clock, progress: LaneProgress
) -> None:
    progress.observe({FIRST: 7}, {FIRST: 0})
    assert not progress.is_broker_away(None)
    clock.now_s += BROKER_SILENCE_S + 1
    progress.observe({FIRST: 7}, {FIRST: 0})
    assert progress.is_broker_away(None)  # no fetch was ever answered
    assert progress.is_broker_away(BROKER_SILENCE_S + 1)
    assert not progress.is_broker_away(0.2)
    progress.observe({FIRST: 8}, {FIRST: 4})
    assert not progress.is_broker_away(BROKER_SILENCE_S + 1)  # what was fetched before is still being processed


def test_a_worker_without_partitions_says_nothing_about_the_broker(clock: Clock) -> None:
    progress = LaneProgress(clock)
    clock.now_s += 1000
    assert not progress.is_broker_away(None)
    assert not progress.is_stalled
