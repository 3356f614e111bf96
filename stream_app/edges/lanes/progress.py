"""Whether the lanes of a worker move: a lane with records to read that stands still is the fault nobody sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from faust.types import TP

STALL_S = 30.0  # a lane that has records and has not moved for longer is stalled
BROKER_SILENCE_S = 10.0  # without an answer for longer the broker is away: it answers every fetch, also an empty one


class LaneProgress:
    """How long each lane has not moved although there is something to read.

    A lane stands still when it fails again and again, when its step takes too long, and when nothing can be fetched.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._positions: dict[TP, int] = {}
        self._moved_at: dict[TP, float] = {}
        self._any_moved_at = now()

    def open(self, tp: TP) -> None:
        """Begin to observe a lane, which has yet to load its state."""
        self._moved_at[tp] = self._any_moved_at = self._now()

    def close(self, tp: TP) -> None:
        """Forget a lane."""
        self._moved_at.pop(tp, None)
        self._positions.pop(tp, None)

    def observe(self, positions: Mapping[TP, int], lags: Mapping[TP, int | None]) -> None:
        """Note the next offset and the lag of each lane that is loaded; those of the others are as before."""
        now = self._now()
        for tp, position in positions.items():
            if self._positions.get(tp) != position:
                self._positions[tp] = position
                self._any_moved_at = self._moved_at[tp] = now
            elif lags.get(tp) == 0:
                self._moved_at[tp] = now

    def ages_s(self) -> dict[TP, float]:
        """Return for each lane the seconds since it last moved or had nothing left to read."""
        now = self._now()
        return {tp: now - moved_at for tp, moved_at in self._moved_at.items()}

    @property
    def is_stalled(self) -> bool:
        """Whether a lane has records and has not moved for ``STALL_S``."""
        return any(age_s > STALL_S for age_s in self.ages_s().values())

    def is_broker_away(self, fetch_age_s: float | None) -> bool:
        """Return whether neither an answer nor a buffered record has come for ``BROKER_SILENCE_S``.

        Args:
            fetch_age_s: Seconds since the broker last answered a fetch of a lane; None before the first answer.
        """
        still_s = self._now() - self._any_moved_at
        return bool(self._moved_at) and min(still_s, fetch_age_s or still_s) > BROKER_SILENCE_S
