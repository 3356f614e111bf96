"""A dead man's switch: it counts heartbeats and notices when they stop."""

from __future__ import annotations

import enum
from collections.abc import Callable
from threading import Lock

TIMEOUT_S = 180.0  # three heartbeats: Prometheus and Alertmanager pass the Watchdog on once a minute


class HeartbeatChange(enum.StrEnum):
    """A change that is worth reporting."""

    ALIVE = "alive"  # the first heartbeat ever, or after a silence
    SILENT = "silent"  # none for longer than the timeout


class Heartbeat:
    """Reports each change between alive and silent once; thread-safe.

    Before the first heartbeat the silence counts from the start: a chain that never worked is as bad as a broken one.

    Args:
        timeout_s: Longest silence without an alarm, > 0.
        now: Monotonic seconds.

    >>> clock = iter([0.0, 10.0, 200.0, 201.0, 202.0])
    >>> heartbeat = Heartbeat(180.0, lambda: next(clock))
    >>> heartbeat.check() is None, heartbeat.check().value, heartbeat.beat().value, heartbeat.beat() is None
    (True, 'silent', 'alive', True)
    """

    def __init__(self, timeout_s: float, now: Callable[[], float]) -> None:
        self._timeout_s = timeout_s
        self._now = now
        self._lock = Lock()
        self._last_s = now()
        self._state: HeartbeatChange | None = None

    @property
    def silence_s(self) -> float:
        """Seconds since the last heartbeat, or since the start."""
        with self._lock:
            return self._now() - self._last_s

    def beat(self) -> HeartbeatChange | None:
        """Record a heartbeat; return ``ALIVE`` if that is a change."""
        with self._lock:
            self._last_s = self._now()
            return self._change_to(HeartbeatChange.ALIVE)

    def check(self) -> HeartbeatChange | None:
        """Return ``SILENT`` if the silence has become too long since the last call."""
        with self._lock:
            is_silent = self._now() - self._last_s > self._timeout_s
            return self._change_to(HeartbeatChange.SILENT) if is_silent else None

    def _change_to(self, state: HeartbeatChange) -> HeartbeatChange | None:
        is_change = state is not self._state
        self._state = state
        return state if is_change else None
