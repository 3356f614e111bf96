"""The decisions of a run, and the ways in which one and the same decisions can reach the broker."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from producers.event import Event
from producers.simulated.disorder import Disorder
from producers.simulated.drift import parse_drift
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline

PANE_S = 10
OUT_OF_ORDERNESS_S = 5
_HOUR_S = 3600
_SEED = 42


class Sending(enum.StrEnum):
    """How the decisions of a drift are sent; what is decided is the same each time."""

    ONCE = "once"
    TWICE = "twice"  # every event again, up to 5 s of event time later
    LATE = "late"  # one in twenty is delayed by up to 5 s, which the policy allows
    KILLED = "killed"  # the worker is killed with SIGKILL between breach and recovery
    SINGLE = "single"  # one partition instead of four


@dataclass(frozen=True)
class Scenario:
    """A fair period, a drift against women, and a fair period again.

    Attributes:
        attributes: Protected attributes of the policy.
        level: Drift level, 0-1; 1 takes 40 points from the approval rate of women.
        n_per_pane: Decisions in each pane.
        n_before: Decisions before the drift; all three numbers are multiples of ``n_per_pane``.
        n_drift: Decisions under the drift.
        n_after: Decisions after it.
        n_fair: Decisions of the other stream, in which nothing ever drifts.
        n_per_fair_pane: Decisions in each of its panes.
        n_kills: How often the worker is killed while the drift lasts.
    """

    attributes: tuple[str, ...]
    level: float
    n_per_pane: int
    n_before: int
    n_drift: int
    n_after: int
    n_fair: int
    n_per_fair_pane: int
    n_kills: int

    @property
    def n(self) -> int:
        """Decisions of the stream with the drift."""
        return self.n_before + self.n_drift + self.n_after

    def time_s(self, n: int) -> int:
        """Return seconds of event time from the beginning until so many decisions were made."""
        return n // self.n_per_pane * PANE_S

    def start_s(self, now_s: float) -> int:
        """Return a start at a full hour, so far back that no event is in the future.

        So panes and windows contain the same decisions whenever the run is made.
        """
        longest_s = max(self.n / self.n_per_pane, self.n_fair / self.n_per_fair_pane) * PANE_S
        return int((now_s - longest_s) // _HOUR_S) * _HOUR_S

    def decisions(self, start_s: int) -> Iterator[Event]:
        """Yield the decisions with the drift."""
        drift = parse_drift(f"0@0,{self.level:g}@{self.n_before},0@{self.n_before + self.n_drift}")
        timeline = Timeline(start_s * 1000, PANE_S / self.n_per_pane)
        return islice(simulate_loans(_SEED, timeline, drift), self.n)

    def fair_decisions(self, start_s: int) -> Iterator[Event]:
        """Yield the decisions without any drift."""
        timeline = Timeline(start_s * 1000, PANE_S / self.n_per_fair_pane)
        return islice(simulate_loans(_SEED + 1, timeline, parse_drift("0")), self.n_fair)


SHORT = Scenario(
    attributes=("gender", "race"),
    level=1.0,
    n_per_pane=100,
    n_before=20_000,
    n_drift=10_000,
    n_after=20_000,
    n_fair=100_000,
    n_per_fair_pane=100,
    n_kills=1,
)
LONG = Scenario(
    attributes=("gender", "race", "age"),
    level=0.8,
    n_per_pane=250,
    n_before=50_000,
    n_drift=150_000,
    n_after=150_000,
    n_fair=1_000_000,
    n_per_fair_pane=500,
    n_kills=3,
)


def disorder_of(sending: Sending) -> Disorder | None:
    """Return what disturbs the order of a stream; None where nothing does."""
    if sending is Sending.TWICE:
        return Disorder(_SEED, late_share=0.0, duplicate_share=1.0, late_by_s=OUT_OF_ORDERNESS_S)
    if sending is Sending.LATE:
        return Disorder(_SEED, late_share=0.05, duplicate_share=0.0, late_by_s=OUT_OF_ORDERNESS_S)
    return None
