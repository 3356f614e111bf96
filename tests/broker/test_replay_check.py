"""``make replay-check`` in short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.chaos.replay_check import TOPIC_CHANGES, check
from tests.programs.chaos.schedule import Plan


@pytest.mark.timeout(900)
def test_live_and_replay_are_equal_through_rebalances_a_crash_and_another_log(tmp_path: Path) -> None:
    plan = Plan(
        seed=3,
        n_events=40_000,
        n_afterwards=10_000,
        rate=2_500.0,
        event_rate=100.0,
        n_kills=1,
        n_broker_kills=0,
        n_zombies=0,
        n_changes=1,
        topic_changes=TOPIC_CHANGES,
        n_policy_changes=0,
        n_clock_jumps=0,
    )
    line = check(plan, tmp_path)
    assert line.startswith("EQUAL: ")
    assert "1 x add partition, 1 x add worker, 1 x kill worker, 1 x re-create topic, 1 x remove worker" in line
