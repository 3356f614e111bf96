"""Detection times at the default threshold, by size of the violation and share of the disadvantaged group."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.detect.delays import Delay
from benchmarks.detect.methods.detector import FOUR_FIFTHS, LOG_C
from benchmarks.detect.size import Size
from benchmarks.detect.streams import PANE_N, Stream, between
from stream_app.offline.planning.delays import Period, find_delays
from stream_app.offline.planning.violation import Violation, delay_bound

_CALM_PANES = 200
_BOUNDS_OBSERVED = 4
_LEAST_PANES = 100

CELLS = tuple(
    Violation(FOUR_FIFTHS, round(ratio * p_b, 6), p_b, q)
    for p_b in (0.9, 0.7, 0.3)
    for ratio in (0.75, 0.7, 0.6, 0.5, 0.3)
    for q in (0.5, 0.2, 0.1, 0.05)
)


@dataclass(frozen=True)
class PatienceResult:
    """Decisions until one violation is detected.

    Attributes:
        violation: Rates and mix.
        seed: Seed of the stream.
        n_runs: Runs.
        bound: Approximate number of decisions that any method needs.
        delay: Of the detector.
    """

    violation: Violation
    seed: int
    n_runs: int
    bound: float
    delay: Delay


def patience(violation: Violation, size: Size) -> PatienceResult:
    """Draw runs with 20,000 fair decisions before the violation; it lasts until it is detected, or four bounds."""
    bound = delay_bound(math.exp(LOG_C), violation.divergence())
    name = f"patience: {violation.p_b:g} to {violation.p_a:g}, q {violation.q:g}"
    stream = Stream(name, between(violation.p_b, violation.p_a, violation.q, _CALM_PANES))
    n_panes = _CALM_PANES + _LEAST_PANES + math.ceil(_BOUNDS_OBSERVED * bound / PANE_N)
    counts = stream.draw(n_panes, size.n_patience_runs)
    periods = (Period(pane, PANE_N, 0) for pane in counts)
    found = find_delays(FOUR_FIFTHS, periods, [LOG_C], n_runs=size.n_patience_runs, n_calm=_CALM_PANES)
    delay = Delay(found.decisions[0], found.n_runs_before)
    return PatienceResult(violation, stream.seed, size.n_patience_runs, bound, delay)


def cells_of(size: Size) -> list[Violation]:
    """Return the cells that this size allows."""
    c = math.exp(LOG_C)
    return [cell for cell in CELLS if delay_bound(c, cell.divergence()) <= size.longest_patience_n]
