"""Faults that invalidate the false-alarm bound: duplicates and correlated decisions; and the effect of a design effect.

All streams are exactly on the limit, DIR 0.80, with groups of equal size: the hardest case. The permitted share of runs
with an alarm is the length of a run divided by the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.detect.methods.detector import FOUR_FIFTHS, run_detector
from benchmarks.detect.size import Size
from benchmarks.detect.streams import PANE_N, Stream, steady

Ints = NDArray[np.int64]

_P_A, _P_B = 0.56, 0.70
Draw = Callable[[Generator, tuple[int, int]], Ints]


@dataclass(frozen=True)
class Fault:
    """A way in which decisions are not independent single counts.

    Attributes:
        name: What is wrong; the seed is derived from it.
        draw: Counts of shape (panes, runs, 4), 100 or a few more counted decisions in a pane.
        design_effect: Design effect that the policy declares; 1 for none.
    """

    name: str
    draw: Draw
    design_effect: float = 1.0


@dataclass(frozen=True)
class FaultResult:
    """False alarms of the ratio detector under a fault.

    Attributes:
        name: The fault.
        seed: Seed of its stream.
        design_effect: Declared design effect.
        n_runs: Runs.
        n_runs_with_any: Runs with an alarm.
        permitted: Share of runs that may have one.
    """

    name: str
    seed: int
    design_effect: float
    n_runs: int
    n_runs_with_any: int
    permitted: float


def copies(share: float) -> Draw:
    """Return a draw in which each decision has a duplicate with this probability."""

    def draw(rng: Generator, size: tuple[int, int]) -> Ints:
        once = _plain(rng, size, PANE_N)
        favorable, n = once[..., 0::2], once[..., 1::2]
        more_favorable = rng.binomial(favorable, share)
        more = more_favorable + rng.binomial(n - favorable, share)
        return np.stack([favorable + more_favorable, n + more], axis=-1).reshape(*size, 4)

    return draw


def twice(rng: Generator, size: tuple[int, int]) -> Ints:
    """Draw 50 decisions per pane and count each twice."""
    return 2 * _plain(rng, size, PANE_N // 2)


def clusters(icc: float) -> Draw:
    """Return a draw in which the decisions of a group in a pane are correlated, with this intra-class correlation.

    The rate of each group and pane is drawn from the beta distribution with that correlation: counts are beta-binomial.
    """

    def draw(rng: Generator, size: tuple[int, int]) -> Ints:
        n_a = rng.binomial(PANE_N, 0.5, size)
        weight = 1 / icc - 1
        rate_a = rng.beta(_P_A * weight, (1 - _P_A) * weight, size)
        rate_b = rng.beta(_P_B * weight, (1 - _P_B) * weight, size)
        n_b = PANE_N - n_a
        return np.stack([rng.binomial(n_a, rate_a), n_a, rng.binomial(n_b, rate_b), n_b], axis=-1)

    return draw


def _plain(rng: Generator, size: tuple[int, int], n: int) -> Ints:
    n_a = rng.binomial(n, 0.5, size)
    return np.stack([rng.binomial(n_a, _P_A), n_a, rng.binomial(n - n_a, _P_B), n - n_a], axis=-1)


_CLUSTER_N = PANE_N / 2  # correlated decisions of one group

FAULTS = (
    Fault("none: each decision counts once", copies(0.0)),
    Fault("1 % of the decisions twice", copies(0.01)),
    Fault("10 % of the decisions twice", copies(0.1)),
    Fault("every decision twice", twice),
    Fault("every decision twice", twice, design_effect=2.0),
    *(Fault(f"clusters of 50 with correlation {icc}", clusters(icc)) for icc in (0.001, 0.005, 0.02)),
    Fault("clusters of 50 with correlation 0.02", clusters(0.02), design_effect=1 + (_CLUSTER_N - 1) * 0.02),
)


def measure_fault(fault: Fault, size: Size) -> FaultResult:
    """Draw runs of a stream on the limit under a fault and count the runs with an alarm."""
    seed = Stream(fault.name, steady(_P_B, 0.8, 0.5)).seed
    counts = fault.draw(np.random.default_rng(seed), (size.n_null_panes, size.n_fault_runs))
    alarms = run_detector(FOUR_FIFTHS, counts, log_c=size.null_log_c, design_effect=fault.design_effect).alarms
    return FaultResult(
        name=fault.name,
        seed=seed,
        design_effect=fault.design_effect,
        n_runs=size.n_fault_runs,
        n_runs_with_any=int(alarms.any(axis=0).sum()),
        permitted=float(counts[..., 1::2].sum() / size.n_fault_runs / math.exp(size.null_log_c)),
    )
