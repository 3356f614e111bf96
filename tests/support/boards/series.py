"""A series of a metric, and values over the half hour of the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

BREACH_S = 900  # seconds after the start

Value = Callable[[int], float | None]
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Series:
    """One series: metric without prefix, labels, and its value at a time after the start; None for a gap."""

    metric: str
    labels: Labels
    value: Value

    @property
    def name(self) -> str:
        """Name in Prometheus."""
        return f"fairstream_{self.metric}" if self.metric not in ("up", "ALERTS") else self.metric


def constant(value: float) -> Value:
    """Return a value that does not change."""
    return lambda _: value


def growing(per_s: float) -> Value:
    """Return a counter."""
    return lambda t: per_s * t


def stepping(height: float) -> Value:
    """Return 0 before the breach and a height after it."""
    return lambda t: height if t >= BREACH_S else 0.0


def from_breach_on(value: float) -> Value:
    """Return nothing before the breach and a value after it."""
    return lambda t: value if t >= BREACH_S else None
