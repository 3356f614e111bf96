"""Says how much of a long measurement is done, and how long it has taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from benchmarks.stage.bench import say

Result = TypeVar("Result")


class Progress:
    """The parts of a measurement that runs in one go.

    Args:
        n_parts: How many there are.
    """

    def __init__(self, n_parts: int) -> None:
        self.n_parts = n_parts
        self._n_done = 0
        self._started_s = time.monotonic()

    def measure(self, name: str, measure: Callable[[], Result]) -> Result:
        """Run a part and say its number, its name, how long it took and how long all of them have taken."""
        started_s = time.monotonic()
        result = measure()
        self._n_done += 1
        now_s = time.monotonic()
        say(
            f"{self._n_done}/{self.n_parts} {name}: {now_s - started_s:,.1f} s, in all {now_s - self._started_s:,.0f} s"
        )
        return result
