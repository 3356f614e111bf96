"""Runs FairStream's worker on a stage, with a time limit that only a stuck worker reaches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from benchmarks.stage.bench import Bench
from benchmarks.stage.process import Mark, Run, run_system
from benchmarks.systems.task import Task

COMMAND = (sys.executable, "-m", "benchmarks.systems.fairstream")
_START_S = 60.0
_SLOWEST_EVENTS_PER_S = 4000.0


def run_worker(
    bench: Bench, task: Task, *, on_poll: Callable[[float, Sequence[Mark]], None] = lambda _rss_mb, _marks: None
) -> Run:
    """Run a worker until its task is done.

    Raises:
        SystemFailedError: it ended early or took too long.
    """
    timeout_s = _START_S + task.n_events / _SLOWEST_EVENTS_PER_S
    return run_system(COMMAND, task, bench.folder, timeout_s=timeout_s, broker_pid=bench.broker_pid, on_poll=on_poll)
