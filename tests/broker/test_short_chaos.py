"""The short form of `make chaos`: each kind of disturbance, most of them once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.chaos.run import ChaosRun
from tests.programs.chaos.schedule import Plan
from tests.programs.chaos.worker_clock import WorkerClock
from tests.support.seeds import seed_of_run


@pytest.mark.timeout(900)
def test_every_count_is_exact_and_every_record_written_once_through_crashes(tmp_path: Path) -> None:
    plan = Plan(
        seed=seed_of_run(11),
        n_events=150_000,
        rate=6_000.0,
        n_kills=4,
        n_broker_kills=1,
        n_zombies=1,
        n_changes=1,
        n_policy_changes=1,
        n_clock_jumps=1,
    )
    print(f"make chaos ARGS='--seed {plan.seed} --events 150000 --rate 6000 --kills 4 ...'")  # noqa: T201
    chaos = ChaosRun(plan, tmp_path, print)
    findings = chaos.run()
    assert [(finding.what, finding.first) for finding in findings if not finding.is_exact] == []
    jumps = {"jump clock": 1} if WorkerClock(tmp_path / "clock").is_there else {}
    assert chaos.story.done == jumps | {
        "kill worker": 4, "kill broker": 1, "freeze worker": 1, "add worker": 1, "remove worker": 1, "add partition": 1,
        "re-create topic": 1, "change policy": 1,
    }  # fmt: skip
    assert chaos.story.exits[-9] == 4
