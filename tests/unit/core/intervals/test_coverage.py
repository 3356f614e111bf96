"""Coverage of the intervals, by enumeration of every possible count."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.stats import binom

from stream_app.core.intervals.interval_ends import (
    Z_95,
    koopman_many,
    miettinen_nurminen_many,
    newcombe_many,
    wilson_many,
)


class Truth(NamedTuple):
    """Group sizes and true rates, with the coverage that a published table gives for them."""

    n_a: int
    p_a: float
    n_b: int
    p_b: float
    wald: float
    newcombe: float
    katz: float
    koopman: float


TRUTHS = [
    Truth(10, 0.90, 90, 0.90, 0.651, 0.959, 0.657, 0.953),
    Truth(10, 0.72, 90, 0.90, 0.898, 0.954, 0.881, 0.949),
    Truth(30, 0.72, 300, 0.90, 0.929, 0.951, 0.934, 0.952),
    Truth(5, 0.877, 45, 0.877, 0.562, 0.950, 0.574, 0.950),
    Truth(30, 0.98, 300, 0.98, 0.535, 0.952, 0.535, 0.948),
    Truth(50, 0.03, 450, 0.05, 0.799, 0.961, 0.744, 0.960),
]


@pytest.mark.parametrize("truth", TRUTHS, ids=str)
def test_newcombe_and_koopman_cover_as_promised_where_wald_and_katz_do_not(truth: Truth) -> None:
    k_a, k_b = (k.ravel() for k in np.meshgrid(np.arange(truth.n_a + 1), np.arange(truth.n_b + 1)))
    chance = binom.pmf(k_a, truth.n_a, truth.p_a) * binom.pmf(k_b, truth.n_b, truth.p_b)
    gap, ratio = truth.p_a - truth.p_b, truth.p_a / truth.p_b

    def coverage(lower: Any, upper: Any, value: float) -> float:
        # Where the group sizes are round, an end can be the true value itself: rounding must not decide.
        return float(chance[(lower <= value + 1e-12) & (value - 1e-12 <= upper)].sum())

    counts = (k_a, truth.n_a, k_b, truth.n_b)
    assert coverage(*newcombe_many(*counts), gap) == pytest.approx(truth.newcombe, abs=1e-3)
    assert coverage(*koopman_many(*counts), ratio) == pytest.approx(truth.koopman, abs=1e-3)
    assert coverage(*wald(*counts), gap) == pytest.approx(truth.wald, abs=1e-3)
    assert coverage(*katz(*counts), ratio) == pytest.approx(truth.katz, abs=1e-3)


def test_the_worst_single_cells_are_those_that_the_documentation_names() -> None:
    of_rates: list[float] = []
    for n in (10, 30, 100, 300, 1000):
        k = np.arange(n + 1)
        low, high = wilson_many(k, n)
        of_rates += [
            float(binom.pmf(k, n, rate) @ ((low <= rate) & (rate <= high))) for rate in np.linspace(0.005, 0.995, 199)
        ]
    assert (np.mean(of_rates), min(of_rates)) == pytest.approx((0.951, 0.860), abs=5e-4)
    covered: dict[str, list[float]] = {"newcombe": [], "miettinen_nurminen": [], "koopman": []}
    rates = np.array([0.01, 0.02, 0.05, *np.linspace(0.1, 0.9, 9), 0.95, 0.98, 0.99])
    for n_a, n_b in ((10, 10), (10, 90), (30, 30), (30, 300), (100, 900)):
        k_a, k_b = np.arange(n_a + 1), np.arange(n_b + 1)
        counts = (k_a[:, None], n_a, k_b[None, :], n_b)
        chances_a = binom.pmf(k_a, n_a, rates[:, None])
        chances_b = binom.pmf(k_b, n_b, rates[:, None])
        for name, (low, high) in (
            ("newcombe", newcombe_many(*counts)),
            ("miettinen_nurminen", miettinen_nurminen_many(*counts)),
            ("koopman", koopman_many(*counts)),
        ):
            for (a, p_a), (b, p_b) in itertools.product(enumerate(rates), repeat=2):
                truth = p_a / p_b if name == "koopman" else p_a - p_b
                is_covered = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
                covered[name].append(float(chances_a[a] @ is_covered @ chances_b[b]))
    worst = {name: (round(float(np.mean(shares)), 3), round(min(shares), 3)) for name, shares in covered.items()}
    assert worst == {"newcombe": (0.956, 0.902), "miettinen_nurminen": (0.958, 0.917), "koopman": (0.952, 0.904)}


def wald(k_a: Any, n_a: int, k_b: Any, n_b: int) -> tuple[Any, Any]:
    """Return the textbook interval of the gap, for comparison."""
    rate_a, rate_b = k_a / n_a, k_b / n_b
    half = Z_95 * np.sqrt(rate_a * (1 - rate_a) / n_a + rate_b * (1 - rate_b) / n_b)
    return rate_a - rate_b - half, rate_a - rate_b + half


def katz(k_a: Any, n_a: int, k_b: Any, n_b: int) -> tuple[Any, Any]:
    """Return the textbook interval of the ratio, for comparison; it is undefined, so covers nothing, at 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(k_a / n_a) - np.log(k_b / n_b)
        half = Z_95 * np.sqrt(1 / k_a - 1 / n_a + 1 / k_b - 1 / n_b)
        return np.exp(log_ratio - half), np.exp(log_ratio + half)


def test_miettinen_nurminen_keeps_its_promise_more_evenly_than_newcombe() -> None:
    """Over 200 pairs of sizes and rates, drawn once: the worst coverage, and the length."""
    draw = np.random.default_rng(20260201)
    covered, lengths = [], []
    for _ in range(200):
        n_a = int(draw.choice([5, 10, 20, 30, 50]))
        n_b = int(n_a * draw.choice([1, 3, 9]))
        p_a, p_b = draw.random(2)
        k_a, k_b = np.arange(n_a + 1)[:, None], np.arange(n_b + 1)[None, :]
        chance = binom.pmf(k_a, n_a, p_a) * binom.pmf(k_b, n_b, p_b)
        both = [method(k_a, n_a, k_b, n_b) for method in (newcombe_many, miettinen_nurminen_many)]
        covered.append([chance[(low <= p_a - p_b) & (p_a - p_b <= high)].sum() for low, high in both])
        lengths.append([(chance * (high - low)).sum() for low, high in both])
    assert np.min(covered, axis=0)[1] > 0.93 > np.min(covered, axis=0)[0]
    assert np.mean(np.array(lengths)[:, 1] / np.array(lengths)[:, 0]) < 1.03
