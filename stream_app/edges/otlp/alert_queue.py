"""Alerts that wait to be pushed: a bounded queue, so that a collector that is away costs no memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.records.alerts import MonitoringRestart, SealedAlert


class ReportedAlert(NamedTuple):
    """An alert as it may be seen.

    Attributes:
        alert: The alert, or that monitoring was restarted.
        observed_s: When its transaction was committed, seconds since the epoch.
    """

    alert: DisclosedAlert | MonitoringRestart | SealedAlert
    observed_s: float


class AlertQueue:
    """Keeps the oldest alerts, in order; thread-safe.

    Args:
        max_queued: Most alerts that wait, >= 1.

    >>> restart = MonitoringRestart(model="m", at_s=None, former_policy_hash="", policy_hash="", n_kept=0,
    ...     n_restarted=0, open_breaches=(), ended_breaches=(), sentence="", offsets={}, code_version="")
    >>> queue = AlertQueue(2)
    >>> queue.add([ReportedAlert(restart, time_s) for time_s in (1.0, 2.0, 3.0)])
    1
    >>> [alert.observed_s for alert in queue.take(9)], queue.take(9)
    ([1.0, 2.0], [])
    """

    def __init__(self, max_queued: int) -> None:
        self._max_queued = max_queued
        self._lock = Lock()
        self._waiting: deque[ReportedAlert] = deque()

    def add(self, alerts: Sequence[ReportedAlert]) -> int:
        """Append alerts as long as there is room; return how many there was none for."""
        with self._lock:
            taken = alerts[: self._max_queued - len(self._waiting)]
            self._waiting += taken
        return len(alerts) - len(taken)

    def take(self, n: int) -> list[ReportedAlert]:
        """Remove and return the oldest ``n`` alerts, or all that wait."""
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(n, len(self._waiting)))]
