"""Slows a replay down."""

from __future__ import annotations

import time
from collections.abc import Callable

from stream_app.pipeline.replay.ranges.pace import Pace, ReplaySpeed


class Throttle:
    """Sleeps until the progress of a replay is due."""

    def __init__(self, speed: ReplaySpeed, now: Callable[[], float] = time.monotonic) -> None:
        self._pace = Pace(speed)
        self._now = now
        self._started = now()

    def wait(self, n_read: int, reached_s: int | None) -> None:
        """Sleep until this many records and this much event time are due."""
        due_s = self._started + self._pace.due_s(n_read, reached_s)
        time.sleep(max(0.0, due_s - self._now()))
