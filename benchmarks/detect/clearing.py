"""A violation that ends: how soon the detector says so, and whether it ever says so while the violation lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.size import Size
from benchmarks.detect.streams import Stream, between
from benchmarks.detect.watching import FOUR_FIFTHS, first_after, watch

Floats = NDArray[np.float64]

_CALM_PANES, _BROKEN_PANES, _AFTER_PANES = 200, 600, 400
_BASE = 0.7


@dataclass(frozen=True)
class ClearResult:
    """Violations of one kind that ended.

    Attributes:
        stream: Name of the stream.
        seed: Its seed.
        q: Share of the harmed group.
        n_runs: Runs.
        n_in_breach: Runs in breach when the violation ended; the others have nothing to clear.
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


ENDED = tuple((p_a, q) for p_a in (0.5, 0.3) for q in (0.5, 0.1))


def clearing(p_a: float, q: float, size: Size) -> ClearResult:
    """Draw 20,000 fair decisions, 60,000 under a violation and 40,000 fair ones."""
    end = _CALM_PANES + _BROKEN_PANES
    stream = Stream(f"recovery: .7 to {p_a} and back, q {q}", between(_BASE, p_a, q, _CALM_PANES, end))
    watched = watch(FOUR_FIFTHS, stream.draw(end + _AFTER_PANES, size.n_clear_runs), has_lifecycle=True)
    is_in_breach = watched.alarms[:end].sum(axis=0) > watched.clears[:end].sum(axis=0)
    return ClearResult(
        stream=stream.name,
        seed=stream.seed,
        q=q,
        n_runs=size.n_clear_runs,
        n_in_breach=int(is_in_breach.sum()),
        n_false=int(watched.clears[_CALM_PANES:end].any(axis=0).sum()),
        after=first_after(watched.clears, end)[is_in_breach],
    )
