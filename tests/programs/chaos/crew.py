"""Worker processes under a supervisor that starts the dead again, as compose or Kubernetes do."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from stream_app.edges.host.processes import BoundProcess

_BACKOFF_S = (0.2, 0.5, 1.0, 2.0)
_STEADY_S = 10.0  # a worker that lived longer starts again at once when it dies
_POLL_S = 0.05
_STOP_GRACE_S = 120.0
_AWAKE_S = 240.0
_UPDATE_PAUSE_S = 1.0  # between two workers of a rolling update


@dataclass
class _Place:
    """A worker that ought to run: the process of now, and how often it failed of late."""

    name: str
    process: BoundProcess
    started_at: float
    n_failures: int = 0
    restart_at: float | None = None
    is_frozen: bool = False


@dataclass
class Crew:
    """The workers of one run; used by the thread of the run and by those that wake the frozen.

    Attributes:
        environ: Environment of every worker.
        folder: Where their logs go, one file for each place.
        exits: How often a process ended by itself with which exit code; negative is a signal.
        n_starts: Processes started.
    """

    environ: Mapping[str, str]
    folder: Path
    exits: Counter[int] = field(default_factory=Counter)
    n_starts: int = 0
    _places: list[_Place] = field(default_factory=list)
    _n_names: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _keeper: threading.Thread | None = None

    def start(self, n_workers: int) -> None:
        for _ in range(n_workers):
            self.add()
        self._keeper = threading.Thread(target=self._keep, name="supervisor")
        self._keeper.start()

    def add(self) -> None:
        with self._lock:
            name = f"worker-{self._n_names}"
            self._n_names += 1
            self._places.append(_Place(name, self._launch(name), time.monotonic()))

    def kill_one(self, draws: random.Random) -> None:
        """End a worker that runs with SIGKILL."""
        with self._one_awake(draws) as place:
            place.process.kill()

    def freeze_one(self, draws: random.Random, seconds: float) -> None:
        """Stop a worker for a while; it does not know that time has passed."""
        with self._one_awake(draws) as place:
            place.is_frozen = True
            process = place.process
            process.signal(signal.SIGSTOP)
        threading.Timer(seconds, self._wake, (place, process)).start()

    def update(self, environ: Mapping[str, str]) -> None:
        """Stop each worker and start it again with another environment, one after the other; so starts who dies."""
        with self._lock:
            self.environ = environ
            places = list(self._places)
        for place in places:
            with self._lock:
                if place in self._places and not self._is_over.is_set():
                    self._note_exit(place, time.monotonic())  # else nobody would count one that was killed just now
                    place.process.signal(signal.SIGCONT)
                    place.process.stop(_STOP_GRACE_S)
                    place.process, place.started_at, place.restart_at = self._launch(place.name), time.monotonic(), None
                    place.is_frozen = False
            time.sleep(_UPDATE_PAUSE_S)

    def remove_one(self, draws: random.Random) -> None:
        """End a worker for good with SIGTERM."""
        with self._one_awake(draws) as place:
            self._places.remove(place)
        place.process.stop(_STOP_GRACE_S)

    def stop(self) -> list[int]:
        """End all workers with SIGTERM and return their exit codes."""
        self._is_over.set()
        if self._keeper is not None:
            self._keeper.join()
        with self._lock:
            running = [place for place in self._places if place.process.exit_code() is None]
            self._places.clear()
        for place in running:
            place.process.signal(signal.SIGCONT)
            place.process.signal(signal.SIGTERM)
        return [self._end(place.process) for place in running]

    @staticmethod
    def _end(process: BoundProcess) -> int:
        """Wait for a clean end. No second SIGTERM: it could meet an interpreter that has shut down its loop."""
        with suppress(TimeoutError):
            process.wait(_STOP_GRACE_S)
        return process.kill()

    @contextmanager
    def _one_awake(self, draws: random.Random) -> Iterator[_Place]:
        """Wait until some worker runs, and pause the supervisor while something is done to it.

        Raises:
            TimeoutError: none comes up.
        """
        deadline = time.monotonic() + _AWAKE_S
        while time.monotonic() < deadline:
            with self._lock:
                awake = [p for p in self._places if p.process.exit_code() is None and not p.is_frozen]
                if awake:
                    yield draws.choice(awake)
                    return
            time.sleep(_POLL_S)
        raise TimeoutError("No worker stays alive")

    def _wake(self, place: _Place, process: BoundProcess) -> None:
        process.signal(signal.SIGCONT)
        place.is_frozen = False

    def _launch(self, name: str) -> BoundProcess:
        self.n_starts += 1
        command = [sys.executable, "-m", "stream_app", "worker"]
        environ = {**os.environ, **self.environ, "PYTHONFAULTHANDLER": "1"}
        return BoundProcess(command, self.folder / f"{name}.log", env=environ)

    def _keep(self) -> None:
        while not self._is_over.wait(_POLL_S):
            with self._lock:
                for place in self._places:
                    self._tend(place, time.monotonic())

    def _tend(self, place: _Place, now: float) -> None:
        if place.restart_at is not None:
            if now >= place.restart_at:
                place.process, place.started_at, place.restart_at = self._launch(place.name), now, None
            return
        if self._note_exit(place, now):
            place.process.kill()  # ends its monitor too

    def _note_exit(self, place: _Place, now: float) -> bool:
        """Count the exit of a worker that has ended by itself, once, and plan its restart; return whether it has."""
        code = place.process.exit_code()
        if code is None or place.restart_at is not None:
            return False
        self.exits[code] += 1
        place.n_failures = 0 if now - place.started_at > _STEADY_S else place.n_failures + 1
        place.restart_at = now + _BACKOFF_S[min(place.n_failures, len(_BACKOFF_S) - 1)]
        return True
