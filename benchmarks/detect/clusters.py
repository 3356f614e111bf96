"""Decisions in clusters: false alarms on the limit, and delays, by how the tests allow for their dependence.

A period has 1,000 decisions in clusters of one size, each of them about one group (the worst case: the decisions of an
officer about both groups cancel in part). The rate of each cluster is drawn from the beta distribution with the given
correlation, so its counts are beta-binomial, and every period has clusters of its own. Groups are of equal size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.detect.judgment import HARDLY, Verdict, most_by_chance
from benchmarks.detect.methods.detector import FOUR_FIFTHS, LOG_C
from benchmarks.detect.size import Size
from benchmarks.detect.streams import Stream, steady
from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.unit_bettor import Units
from stream_app.policy import N_BUCKETS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PERIOD_N = 1_000  # decisions
_P_B, _ON_THE_LIMIT = 0.70, 0.8
_CALM_PERIODS, _MOST_PERIODS = 20, 200
RATIOS = (0.7, 0.5)  # of the violations
NEITHER, DIVIDED, BY_BUCKET = "neither", "design_effect", "cluster"


@dataclass(frozen=True)
class Clustering:
    """How decisions depend on one another.

    Attributes:
        n: Decisions of a cluster.
        correlation: Of two of them.
    """

    n: int
    correlation: float

    @property
    def name(self) -> str:
        """What it is; the seed is derived from it."""
        return f"clusters of {self.n}, correlation {self.correlation:g}" if self.n > 1 else "independent decisions"

    @property
    def design_effect(self) -> float:
        """The design effect of Kish: ``1 + (n - 1) correlation``."""
        return 1 + (self.n - 1) * self.correlation


CLUSTERINGS = (Clustering(1, 0.0), Clustering(50, 0.02), Clustering(10, 0.1), Clustering(50, 0.1))


@dataclass(frozen=True)
class ClusterResult:
    """What one way to allow for dependence makes of clusters.

    Attributes:
        clustering: How decisions depend on one another.
        method: ``neither``, ``design_effect`` (the true one), or ``cluster``.
        seed: Seed of its stream on the limit.
        n_runs: Runs on the limit.
        n_runs_with_any: Those with an alarm.
        permitted: Share of them that may have one.
        delays: By ratio of the violation: decisions from its beginning to the alarm, inf for none, shape (runs,).
        design_effect: Mean of the design effects measured on the limit; None where none is measured.
    """

    clustering: Clustering
    method: str
    seed: int
    n_runs: int
    n_runs_with_any: int
    permitted: float
    delays: dict[float, Floats]
    design_effect: float | None

    @property
    def name(self) -> str:
        """Clustering and method."""
        return f"{self.clustering.name}, {self.method}"


SUBJECTS = [
    (clustering, method)
    for clustering in CLUSTERINGS
    for method in (NEITHER, DIVIDED, BY_BUCKET)
    if clustering.n > 1 or method != DIVIDED
]


def measure_clusters(clustering: Clustering, method: str, size: Size) -> ClusterResult:
    """Draw runs on the limit and runs with a violation."""
    n_periods = size.n_null_panes // 10
    seed = Stream(clustering.name, steady(_P_B, _ON_THE_LIMIT, 0.5)).seed
    rng = np.random.default_rng(seed)
    bank = _bank(clustering, method, size.n_fault_runs, size.null_log_c, has_lifecycle=False)
    has_alarm = np.zeros(size.n_fault_runs, np.bool_)
    for period in range(n_periods):
        _feed(bank, period, _draw(rng, clustering, _ON_THE_LIMIT, size.n_fault_runs), has_alarm)
    return ClusterResult(
        clustering=clustering,
        method=method,
        seed=seed,
        n_runs=size.n_fault_runs,
        n_runs_with_any=int(has_alarm.sum()),
        permitted=n_periods * PERIOD_N / math.exp(size.null_log_c),
        delays={ratio: _delays(clustering, method, ratio, size) for ratio in RATIOS},
        design_effect=None if bank.design_effects is None else float(np.mean(bank.design_effects)),
    )


def judge_clusters(results: list[ClusterResult]) -> list[Verdict]:
    """Judge false alarms of ``cluster`` by the bound, which tests of independent decisions must miss somewhere."""
    worst = {
        method: max((r for r in results if r.method == method), key=lambda r: r.n_runs_with_any)
        for method in (NEITHER, BY_BUCKET)
    }
    most = most_by_chance(worst[BY_BUCKET].n_runs, worst[BY_BUCKET].permitted, HARDLY)
    n_found = sum(
        int(np.isfinite(delays).sum()) for r in results if r.method == BY_BUCKET for delays in r.delays.values()
    )
    n_delays = sum(delays.size for r in results if r.method == BY_BUCKET for delays in r.delays.values())

    def measured(method: str) -> str:
        return (
            f"at most {worst[method].n_runs_with_any} of {worst[method].n_runs} runs ({worst[method].clustering.name})"
        )

    return [
        Verdict(
            f"clusters, by bucket: alarms in <= {most} runs",
            measured(BY_BUCKET),
            worst[BY_BUCKET].n_runs_with_any <= most,
        ),
        Verdict("clusters, as independent: more", measured(NEITHER), worst[NEITHER].n_runs_with_any > most),
        Verdict("clusters, by bucket: no violation is missed", f"{n_found} of {n_delays} runs", n_found == n_delays),
    ]


def _bank(clustering: Clustering, method: str, n_runs: int, log_c: float, *, has_lifecycle: bool) -> DetectorBank:
    effects: dict[str, float | Units] = {NEITHER: 1.0, DIVIDED: clustering.design_effect, BY_BUCKET: Units(N_BUCKETS)}
    return DetectorBank(
        [FOUR_FIFTHS] * n_runs, [log_c] * n_runs, design_effect=effects[method], has_lifecycle=has_lifecycle
    )


def _feed(bank: DetectorBank, period: int, units: Ints, has_alarm: NDArray[np.bool_]) -> None:
    counts = units.sum(axis=1, keepdims=True) if bank.design_effects is None else units
    for change in bank.update(period, counts):
        has_alarm[change.detector] = True


def _delays(clustering: Clustering, method: str, ratio: float, size: Size) -> Floats:
    """Return the decisions from the beginning of a violation, after equal rates, to the alarm."""
    n_runs = size.n_fault_runs
    rng = np.random.default_rng(Stream(f"{clustering.name}, ratio {ratio}", steady(_P_B, ratio, 0.5)).seed)
    bank = _bank(clustering, method, n_runs, LOG_C, has_lifecycle=True)
    delays = np.full(n_runs, np.inf)
    for period in range(_CALM_PERIODS + _MOST_PERIODS):
        has_alarm = np.zeros(n_runs, np.bool_)
        _feed(bank, period, _draw(rng, clustering, 1.0 if period < _CALM_PERIODS else ratio, n_runs), has_alarm)
        n_after = (period + 1 - _CALM_PERIODS) * PERIOD_N
        if n_after > 0:
            delays[has_alarm & np.isinf(delays)] = n_after
        if np.isfinite(delays).all():
            break
    return delays


def _draw(rng: Generator, clustering: Clustering, ratio: float, n_runs: int) -> Ints:
    """Return ``k_a, n_a, k_b, n_b`` of each run and bucket, shape (runs, buckets, 4)."""
    shape = (n_runs, PERIOD_N // clustering.n)
    is_a = rng.integers(0, 2, shape) == 1
    rates = np.where(is_a, ratio * _P_B, _P_B)
    if clustering.correlation:
        weight = 1 / clustering.correlation - 1
        rates = rng.beta(rates * weight, (1 - rates) * weight)
    favorable = rng.binomial(clustering.n, rates)
    place = np.arange(n_runs)[:, None] * N_BUCKETS + rng.integers(0, N_BUCKETS, shape)
    columns = [favorable * is_a, clustering.n * is_a, favorable * ~is_a, clustering.n * ~is_a]
    sums = [np.bincount(place.ravel(), column.ravel(), minlength=n_runs * N_BUCKETS) for column in columns]
    return np.stack(sums, axis=-1).astype(np.int64).reshape(n_runs, N_BUCKETS, 4)
