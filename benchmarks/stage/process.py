"""Runs one system as a process of its own and measures it: CPU time from its marks, memory from outside."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.systems.task import Task
from stream_app.edges.host.processes import BoundProcess

_ROOT = Path(__file__).parents[2]
_POLL_S = 0.05
_LOG_TAIL_LINES = 12
_MIB = 1024 * 1024

Mark = dict[str, Any]


class SystemFailedError(Exception):
    """A system ended early, or did not end in time; the text contains the end of its log."""


@dataclass(frozen=True)
class Phase:
    """What one system used between its first event and the durable end.

    Attributes:
        cpu_s: User and system time of the whole process.
        wall_s: Wall-clock time.
        broker_cpu_s: CPU time of the broker in that time; None if it is not a child of the harness.
        done: The mark of the end.
    """

    cpu_s: float
    wall_s: float
    broker_cpu_s: float | None
    done: Mark


@dataclass(frozen=True)
class Run:
    """A finished process.

    Attributes:
        phases: One, or two for a system that is measured cold and warmed.
        peak_rss_mb: Highest resident memory, MiB.
        marks: All marks in order.
        started_at_s: When the process was started, seconds since the epoch.
    """

    phases: tuple[Phase, ...]
    peak_rss_mb: float
    marks: tuple[Mark, ...]
    started_at_s: float


def run_system(
    argv: Sequence[str],
    task: Task,
    folder: Path,
    *,
    n_phases: int = 1,
    timeout_s: float,
    broker_pid: int | None = None,
    on_poll: Callable[[float, Sequence[Mark]], None] = lambda _rss_mb, _marks: None,
) -> Run:
    """Start a system, wait until it marks its end, and stop it.

    Args:
        argv: The program; the file with the task is added.
        task: Its task.
        folder: Folder for its files.
        n_phases: Number of ends that it marks.
        timeout_s: Maximum total time.
        broker_pid: Process whose CPU time is read too.
        on_poll: Called with the resident memory and the marks so far, 20 times per second.

    Raises:
        SystemFailedError: it ended early or took too long.
    """
    task_path, log_path, marks_path = folder / f"{task.run}.json", folder / f"{task.run}.log", Path(task.marks_path)
    task_path.write_text(json.dumps(asdict(task)), "utf-8")
    marks_path.touch()
    environ = os.environ | {"PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"}
    started_at_s = time.time()
    deadline = time.monotonic() + timeout_s
    with BoundProcess([*argv, str(task_path)], log_path, env=environ) as child:
        meter = _Meter(child.pid, broker_pid)
        while meter.n_done < n_phases:
            meter.read(marks_path)
            on_poll(meter.rss_mb, meter.marks)
            if meter.n_done < n_phases and child.exit_code() is not None:
                raise SystemFailedError(f"ended with {child.exit_code()}\n{_tail(log_path)}")
            if meter.n_reloads:
                raise SystemFailedError(f"a lane failed and was reloaded\n{_tail(log_path)}")
            if time.monotonic() > deadline:
                raise SystemFailedError(f"not done after {timeout_s:g} s\n{_tail(log_path)}")
            time.sleep(_POLL_S)
    return Run(tuple(meter.phases()), meter.peak_rss_mb, tuple(meter.marks), started_at_s)


class _Meter:
    """Reads marks, memory and the broker's CPU time while a system runs."""

    def __init__(self, pid: int, broker_pid: int | None) -> None:
        self.marks: list[Mark] = []
        self.peak_rss_mb = 0.0
        self.rss_mb = 0.0
        self.n_done = 0
        self.n_reloads = 0
        self._process = psutil.Process(pid)
        self._broker = psutil.Process(broker_pid) if broker_pid else None
        self._read_to = 0

    def read(self, path: Path) -> None:
        try:
            self.rss_mb = self._process.memory_info().rss / _MIB
        except psutil.NoSuchProcess:
            return
        self.peak_rss_mb = max(self.peak_rss_mb, self.rss_mb)
        with path.open("rb") as file:
            file.seek(self._read_to)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                self._take(json.loads(line))

    def phases(self) -> list[Phase]:
        firsts = [mark for mark in self.marks if mark["mark"] == "first"]
        dones = [mark for mark in self.marks if mark["mark"] == "done"]
        return [
            Phase(
                done["cpu_s"] - first["cpu_s"],
                done["at_s"] - first["at_s"],
                None if self._broker is None else done["broker_cpu_s"] - first["broker_cpu_s"],
                done,
            )
            for first, done in zip(firsts, dones, strict=True)
        ]

    def _take(self, mark: Mark) -> None:
        if self._broker is not None:
            times = self._broker.cpu_times()
            mark["broker_cpu_s"] = times.user + times.system
        self.marks.append(mark)
        self.n_done += mark["mark"] == "done"
        self.n_reloads += mark["mark"] == "reloaded"


def _tail(path: Path) -> str:
    return "\n".join(path.read_text("utf-8", "replace").splitlines()[-_LOG_TAIL_LINES:])
