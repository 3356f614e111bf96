"""Quantiles of amounts in bins, compared with those of the amounts themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stream_app.core.amounts.scale import FULL
from stream_app.core.intervals.amount_quantiles import quantiles_of
from tests.support.amounts import counts_of

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@given(
    st.lists(st.integers(0, FULL) | st.sampled_from((0, 1, FULL, FULL // 4)), min_size=1, max_size=60),
    st.sampled_from(LEVELS),
    st.sampled_from((4, 32)),
)
def test_a_quantile_is_that_of_numpy_within_a_bin(fixed: list[int], q: float, n_bins: int) -> None:
    shares = np.array(fixed) / FULL
    found = quantiles_of(counts_of(shares, n_bins), q)

    assert found.values == pytest.approx(np.quantile(shares, q), abs=1.001 / n_bins)
    assert found.lower <= found.values <= found.upper


@pytest.mark.parametrize("n_alike", [1, 2, 7, 100])
def test_amounts_that_are_all_at_an_end_have_exact_quantiles(n_alike: int) -> None:
    for end in (0.0, 1.0):
        found = quantiles_of(counts_of(np.full(n_alike, end)), 0.5)
        assert found.values == end
    many = quantiles_of(counts_of(np.concatenate([np.zeros(70), np.linspace(0.3, 1, 30)])), 0.5)
    assert [float(value) for value in many] == [0, 0, 0]


@pytest.mark.parametrize("q", LEVELS)
@pytest.mark.parametrize("confidence", [0.95, 0.975])
def test_the_order_statistics_contain_the_quantile_as_often_as_promised(q: float, confidence: float) -> None:
    # Amounts 1 to n, each in a bin of its own as far as ranks go: the interval shows which ranks were chosen.
    for n in [*range(1, 200), 1_000, 30_000]:
        half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(n * q * (1 - q)) + 0.5
        first, last = np.floor(n * q - half), np.ceil(n * q + half) + 1
        chance = stats.binom.cdf(last - 1, n, q) - stats.binom.cdf(first - 1, n, q)
        assert chance >= confidence - 1e-12


@pytest.mark.parametrize("q", LEVELS)
def test_the_interval_goes_from_one_order_statistic_to_the_other(q: float) -> None:
    rng = np.random.default_rng(3)
    shares = np.sort(rng.beta(0.7, 2, 500))
    found = quantiles_of(counts_of(shares, 256), q)
    half = stats.norm.ppf(0.975) * np.sqrt(500 * q * (1 - q)) + 0.5
    first, last = int(np.floor(500 * q - half)), int(np.ceil(500 * q + half)) + 1

    assert shares[first - 1] - 1 / 256 <= found.lower <= shares[first - 1] + 1e-6
    assert shares[last - 1] - 1e-6 <= found.upper <= shares[last - 1] + 1 / 256


def test_few_decisions_leave_the_ends_of_the_range_and_none_leave_nothing() -> None:
    few, none = quantiles_of(counts_of(np.array([0.4, 0.5])), 0.5), quantiles_of(counts_of(np.zeros(0)), 0.5)

    assert [float(few.lower), float(few.upper)] == [0, 1]
    assert all(np.isnan(value) for value in none)


def test_rows_do_not_depend_on_one_another() -> None:
    rng = np.random.default_rng(4)
    shares = rng.uniform(size=(7, 80)) ** 2
    together = quantiles_of(counts_of(shares), 0.3)

    for row, own in enumerate(shares):
        alone = quantiles_of(counts_of(own), 0.3)
        assert tuple(float(part[row]) for part in together) == tuple(float(part) for part in alone)
