"""How fast a replay runs, and when its next records are due."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReplaySpeed:
    """How fast a replay runs.

    Attributes:
        speed: Seconds of event time per second; None for as fast as possible.
        rate: Records per second; None for as many as possible.
    """

    speed: float | None = None
    rate: float | None = None


FULL_SPEED = ReplaySpeed()


class Pace:
    """Computes when a replay may continue.

    >>> pace = Pace(ReplaySpeed(speed=60.0, rate=100.0))
    >>> pace.due_s(50, None), pace.due_s(100, 1200), pace.due_s(150, 1800)
    (0.5, 1.0, 10.0)
    """

    def __init__(self, speed: ReplaySpeed) -> None:
        self._speed = speed
        self._first_s: int | None = None

    def due_s(self, n_read: int, reached_s: int | None) -> float:
        """Return the seconds since the start at which this progress is due.

        Args:
            n_read: Records that were read.
            reached_s: Event time that was reached; None where it does not count.
        """
        due_s = 0.0 if self._speed.rate is None else n_read / self._speed.rate
        if self._speed.speed is not None and reached_s is not None:
            self._first_s = reached_s if self._first_s is None else self._first_s
            due_s = max(due_s, (reached_s - self._first_s) / self._speed.speed)
        return due_s
