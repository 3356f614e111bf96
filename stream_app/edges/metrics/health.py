"""Whether this process is alive and ready; read from another thread than the one that does the work."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from threading import Lock

MAX_SILENCE_S = 30.0


class ReadinessGate(enum.StrEnum):
    """What a process can wait for before it is ready."""

    BROKER = "broker"  # no broker answers
    CONNECTION = "connection"  # a broker answers and does not accept this process
    PROGRESS = "progress"  # a lane has records to read and does not move
    ASSIGNMENT = "assignment"  # the group has not given out partitions yet
    RECOVERY = "recovery"  # the state of assigned partitions is being read
    TOPICS = "topics"  # a source topic is gone, or has partitions for which the worker may not add others


class Health:
    """Heartbeat and reasons for not being ready; thread-safe.

    A new process waits for its assignment and is alive until the first heartbeat is overdue.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._beat_s = now()
        self._waiting = {ReadinessGate.ASSIGNMENT}

    def heartbeat(self) -> None:
        """Report that the event loop is running; to be called from it about once per second."""
        with self._lock:
            self._beat_s = self._now()

    def wait_for(self, gate: ReadinessGate) -> None:
        """Report that the process is not ready for a reason."""
        with self._lock:
            self._waiting.add(gate)

    def waits_if(self, gate: ReadinessGate, *, is_closed: bool) -> None:
        """Report whether a reason applies now."""
        if is_closed:
            self.wait_for(gate)
        else:
            self.arrived(gate)

    def arrived(self, gate: ReadinessGate) -> None:
        """Report that a reason no longer applies."""
        with self._lock:
            self._waiting.discard(gate)

    @property
    def silence_s(self) -> float:
        """Seconds since the last heartbeat."""
        with self._lock:
            return self._now() - self._beat_s

    @property
    def is_alive(self) -> bool:
        """Whether the last heartbeat is recent enough."""
        return self.silence_s < MAX_SILENCE_S

    @property
    def reasons(self) -> list[str]:
        """Why the process is not ready; empty if it is."""
        with self._lock:
            reasons = sorted(gate.value for gate in self._waiting)
        return reasons if self.is_alive else [*reasons, "event loop"]
