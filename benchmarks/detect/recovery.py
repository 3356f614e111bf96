"""A violation that ends: the delay of the recovery, and false recoveries while the violation lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.methods.detector import FOUR_FIFTHS, first_after, run_detector
from benchmarks.detect.size import Size
from benchmarks.detect.streams import Stream, between

Floats = NDArray[np.float64]

_CALM_PANES, _VIOLATED_PANES, _AFTER_PANES = 200, 600, 400
_BASE = 0.7


@dataclass(frozen=True)
class RecoveryResult:
    """Violations of one kind that ended.

    Attributes:
        stream: Name of the stream.
        seed: Its seed.
        q: Share of the disadvantaged group.
        n_runs: Runs.
        n_in_breach: Runs in breach when the violation ended; the others have no recovery.
        n_false: Runs with a recovery while the violation lasted.
        after: Decisions from the end of the violation to the recovery of the runs in breach, inf for none.
    """

    stream: str
    seed: int
    q: float
    n_runs: int
    n_in_breach: int
    n_false: int
    after: Floats


_SEEDS = {  # of the figures in docs/explanation/detection.md
    (0.5, 0.5): 131343593340194,
    (0.5, 0.1): 189099229664217,
    (0.3, 0.5): 95609849199028,
    (0.3, 0.1): 270150974311557,
}
ENDED = tuple(_SEEDS)


def measure_recovery(p_a: float, q: float, size: Size) -> RecoveryResult:
    """Draw 20,000 fair decisions, 60,000 under a violation and 40,000 fair ones."""
    end = _CALM_PANES + _VIOLATED_PANES
    stream = Stream(f"recovery: .7 to {p_a} and back, q {q}", between(_BASE, p_a, q, _CALM_PANES, end), _SEEDS[p_a, q])
    runs = run_detector(FOUR_FIFTHS, stream.draw(end + _AFTER_PANES, size.n_recovery_runs), has_lifecycle=True)
    is_in_breach = runs.alarms[:end].sum(axis=0) > runs.recoveries[:end].sum(axis=0)
    return RecoveryResult(
        stream=stream.name,
        seed=stream.seed,
        q=q,
        n_runs=size.n_recovery_runs,
        n_in_breach=int(is_in_breach.sum()),
        n_false=int(runs.recoveries[_CALM_PANES:end].any(axis=0).sum()),
        after=first_after(runs.recoveries, end)[is_in_breach],
    )
