"""Delays of each method after a sudden change, and the onset that the detector estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.methods.detector import (
    FOUR_FIFTHS,
    GAP,
    LOG_C,
    DetectorRuns,
    first_after,
    quantile,
    run_detector,
)
from benchmarks.detect.methods.oracle import new_oracle
from benchmarks.detect.methods.rivals import RIVER, RULES
from benchmarks.detect.size import Size
from benchmarks.detect.streams import PANE_N, Stream, between
from stream_app.offline.planning.violation import Violation, delay_bound

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DETECTOR = "e-detector"
ORACLE = "oracle"
_MIN_OBSERVED_N = 20_000
_BOUNDS_OBSERVED = 8
_WINDOW_PANES = 5

JUDGED_CHANGES = tuple(
    Violation(FOUR_FIFTHS, p_a, p_b, q)
    for p_b, p_a in ((0.7, 0.5), (0.7, 0.3), (0.05, 0.025), (0.05, 0.01))
    for q in (0.5, 0.1)
)
SHOWN_CHANGES = (Violation(GAP, 0.45, 0.7, 0.5), Violation(GAP, 0.3, 0.7, 0.1))


@dataclass(frozen=True)
class Delay:
    """Delays of one method after one change, in decisions.

    Attributes:
        after: Delay of each run; inf without an alarm until the end.
        n_runs_before: Runs with an alarm before the change.
    """

    after: Floats
    n_runs_before: int

    def quantile(self, share: float) -> float:
        """Return the delay that a share of the runs does not exceed; inf if too many runs end without an alarm."""
        return quantile(self.after, share)

    @property
    def n_missed(self) -> int:
        """Runs without an alarm until the end."""
        return int(np.isinf(self.after).sum())


@dataclass(frozen=True)
class ChangeResult:
    """All methods after one change.

    Attributes:
        change: What changed.
        stream: Name of the stream.
        seed: Its seed.
        is_judged: Whether an acceptance number covers it.
        n_runs: Runs.
        n_observed: Decisions after the change for which was runs.
        bound: Approximate number of decisions that any method needs.
        delays: By method.
        onset_errors: Estimated onset minus true onset in decisions, of the detector's first alarm after the change;
            shape (runs with an alarm,).
    """

    change: Violation
    stream: str
    seed: int
    is_judged: bool
    n_runs: int
    n_observed: int
    bound: float
    delays: dict[str, Delay]
    onset_errors: Floats


def delays_after(change: Violation, size: Size) -> ChangeResult:
    """Draw runs that are fair at first, then change, and apply every method to them."""
    bound = delay_bound(math.exp(LOG_C), change.divergence())
    calm = size.n_calm_panes
    n_after = panes_after(change)
    stream = Stream(name_of(change), between(change.p_b, change.p_a, change.q, calm))
    counts = stream.draw(calm + n_after, size.n_delay_runs)
    runs = run_detector(change.rule, counts, enough=lambda alarms: bool(alarms[calm:].any(axis=0).all()))
    oracle = new_oracle(change, n_panes=size.n_oracle_panes, n_runs=size.n_oracle_runs)
    delays = {ORACLE: _delay(oracle.alarms(counts), calm), DETECTOR: _delay(runs.alarms, calm)}
    delays |= {name: _delay(method(counts), calm) for name, method in RULES.items()}
    delays |= {name: _delay(method(counts[:, : size.n_river_runs]), calm) for name, method in RIVER.items()}
    return ChangeResult(
        change=change,
        stream=stream.name,
        seed=stream.seed,
        is_judged=change in JUDGED_CHANGES,
        n_runs=size.n_delay_runs,
        n_observed=n_after * PANE_N,
        bound=bound,
        delays=delays,
        onset_errors=_onset_errors(runs, calm),
    )


def panes_after(change: Violation) -> int:
    """Return for how many panes a change is observed: whole windows, long enough for nearly every alarm."""
    bound = delay_bound(math.exp(LOG_C), change.divergence())
    return _WINDOW_PANES * math.ceil(max(_BOUNDS_OBSERVED * bound, _MIN_OBSERVED_N) / (PANE_N * _WINDOW_PANES))


def name_of(change: Violation) -> str:
    """Name a change, as "DIR .8: .7 to .5, q .1"."""
    rule = "DIR" if change.rule == FOUR_FIFTHS else "gap"
    return f"{rule} {change.rule.limit:g}: {change.p_b:g} to {change.p_a:g}, q {change.q:g}"


def _delay(alarms: Bools, calm: int) -> Delay:
    return Delay(first_after(alarms, calm), int(alarms[:calm].any(axis=0).sum()))


def _onset_errors(runs: DetectorRuns, calm: int) -> Floats:
    after = runs.alarms[calm:]
    alarmed = np.flatnonzero(after.any(axis=0))
    onset_pane = runs.onset_pane[calm:][after.argmax(axis=0)[alarmed], alarmed]
    errors: Floats = (onset_pane - calm) * float(PANE_N)
    return errors
