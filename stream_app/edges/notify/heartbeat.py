"""A dead man's switch: it is told about heartbeats and notices that they stopped."""

from __future__ import annotations

import enum
from collections.abc import Callable
from threading import Lock

TIMEOUT_S = 180.0  # three heartbeats: Prometheus and Alertmanager pass the Watchdog on once a minute


class HeartbeatChange(enum.StrEnum):
    """What there is to tell."""

    ALIVE = "alive"  # the first heartbeat ever, or after a silence
    SILENT = "silent"  # none for longer than the timeout


class Heartbeat:
    """Tells changes between alive and silent, each once; thread-safe.

    Before the first heartbeat the silence counts from the start: a chain that never worked is as bad as a broken one.

    Args:
        timeout_s: Longest silence that is no alarm, > 0.
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
        """Take in a heartbeat; return ``ALIVE`` when that is news."""
        with self._lock:
            self._last_s = self._now()
            return self._turn(HeartbeatChange.ALIVE)

    def check(self) -> HeartbeatChange | None:
        """Return ``SILENT`` when the silence has become too long since the last call."""
        with self._lock:
            is_silent = self._now() - self._last_s > self._timeout_s
            return self._turn(HeartbeatChange.SILENT) if is_silent else None

    def _turn(self, state: HeartbeatChange) -> HeartbeatChange | None:
        is_news = state is not self._state
        self._state = state
        return state if is_news else None
