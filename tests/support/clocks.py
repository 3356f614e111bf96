"""Clocks that a test sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """A clock that a test sets.

    Attributes:
        now_s: What it shows.
    """

    now_s: float = 100.0

    def __call__(self) -> float:
        """Return what it shows."""
        return self.now_s
