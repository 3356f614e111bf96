"""The exact interval of a rate: against SciPy, at its edges, and its promise far in the tail."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import beta, binom

from stream_app.core.intervals.exact_tails import clopper_pearson_many
from stream_app.core.intervals.interval_ends import wilson_many


@pytest.mark.parametrize("alpha", [0.5, 0.05, 1e-4, 1e-7, 1e-12])
@pytest.mark.parametrize("most", [1, 3, 10, 100, 10_000, 1_000_000, 10_000_000])
def test_both_ends_are_quantiles_of_beta_distributions(most: int, alpha: float) -> None:
    draw = np.random.default_rng(most)
    n = draw.integers(1, most, 60, endpoint=True)
    k = (n * draw.random(60) ** draw.choice([0.1, 1, 10], 60)).astype(np.int64)
    k[:4], k[4:8] = 0, n[4:8]
    lower, upper = clopper_pearson_many(k, n, alpha=alpha)
    expected = np.where(k == 0, 0.0, beta.ppf(alpha / 2, np.maximum(k, 1), n - k + 1))
    assert lower == pytest.approx(expected, rel=1e-7)
    expected = np.where(k == n, 1.0, beta.isf(alpha / 2, k + 1, np.maximum(n - k, 1)))
    assert upper == pytest.approx(expected, abs=1e-10)


def test_without_decisions_every_rate_is_possible() -> None:
    lower, upper = clopper_pearson_many(np.zeros(1), np.zeros(1), alpha=0.05)
    assert (lower.tolist(), upper.tolist()) == ([0.0], [1.0])
    assert [end.size for end in clopper_pearson_many([], [], alpha=0.05)] == [0, 0]


@pytest.mark.parametrize("n", [100, 1_000, 2_000, 50_000])
@pytest.mark.parametrize("rate", [1 / 20_000, 1 / 1_000, 0.3, 1 - 1 / 20_000])
def test_a_small_chance_of_missing_is_kept_for_rare_values_too(n: int, rate: float) -> None:
    alpha = 0.001 / 20  # of one of twenty bins, all of which are to be right in 99.9 %
    k = np.arange(n + 1)
    lower, upper = clopper_pearson_many(k, n, alpha=alpha)
    assert binom.pmf(k, n, rate) @ ((lower > rate) | (upper < rate)) <= alpha


def test_a_wilson_interval_would_miss_rare_values_hundreds_of_times_as_often() -> None:
    k, alpha = np.arange(1_001), 0.001 / 20
    lower, upper = wilson_many(k, 1_000, z=NormalDist().inv_cdf(1 - alpha / 2))
    assert binom.pmf(k, 1_000, 1 / 20_000) @ ((lower > 1 / 20_000) | (upper < 1 / 20_000)) > 500 * alpha
