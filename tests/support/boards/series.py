"""A series of a metric, values over the half hour of the scenario, and series that belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

BREACH_S = 900  # seconds after the start
DELAY_S = 30  # from the end of a window until its values are scraped

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
        return f"fairstream_{self.metric}" if self.metric not in ("up", "ALERTS", "ALERTS_FOR_STATE") else self.metric


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


def late(value: Value) -> Value:
    """Return a value as it is scraped, some time after the end of its window."""
    return lambda t: value(max(0, t - DELAY_S))


def histogram(metric: str, labels: Labels, per_s: float, shares: Mapping[str, float]) -> Iterator[Series]:
    """Yield a histogram that counts ``per_s`` observations a second, with the share below each bound."""
    for bound, share in (dict(shares) | {"+Inf": 1.0}).items():
        yield Series(f"{metric}_bucket", dict(labels) | {"le": bound}, growing(share * per_s))
    yield Series(f"{metric}_count", labels, growing(per_s))
    yield Series(f"{metric}_sum", labels, growing(per_s * 0.5))


def interval(metric: str, labels: Labels, value: Value) -> Iterator[Series]:
    """Yield a value and both ends of its interval."""
    yield Series(metric, labels, value)
    yield from ends(metric, labels, value)


def ends(metric: str, labels: Labels, value: Value) -> Iterator[Series]:
    """Yield both ends of the interval of a value."""
    yield Series(f"{metric}_lower", labels, lambda t: at(value, t) - 0.05)
    yield Series(f"{metric}_upper", labels, lambda t: at(value, t) + 0.05)


def at(value: Value, t: int) -> float:
    """Return the value at a time at which there is one."""
    number = value(t)
    assert number is not None
    return number
