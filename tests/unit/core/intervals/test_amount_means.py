"""Intervals of mean amounts, compared with SciPy, and how often they contain the truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.amounts.scale import FULL
from stream_app.core.intervals.amount_means import difference_ends, mean_ends, ratio_ends, variances_of
from stream_app.core.intervals.student import t_quantiles
from tests.support.amounts import counts_of

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]


def skewed(median: float, spread: float) -> Draw:
    return lambda rng, size: np.minimum(median * rng.lognormal(0.0, spread, size), 1.0)


SHAPES: dict[str, Draw] = {
    "even": lambda rng, size: rng.uniform(size=size),
    "narrow": lambda rng, size: np.clip(rng.normal(0.4, 0.05, size), 0, 1),
    "skewed": skewed(0.1, 0.8),
    "very skewed": skewed(0.03, 1.2),
    "rarely the greatest": lambda rng, size: np.where(rng.uniform(size=size) < 0.05, 1.0, 0.0),
    "mostly the least": lambda rng, size: np.where(rng.uniform(size=size) < 0.7, 0.0, rng.uniform(size=size)),
}


@pytest.mark.parametrize("probability", [0.9, 0.95, 0.975, 0.9875, 0.999])
def test_quantiles_of_t_are_those_of_scipy(probability: float) -> None:
    df = np.array([1, 2, 3, 5, 10, 29, 99, 100, 101, 120, 1_000, 1e5, 1e12])

    assert t_quantiles(probability, df) == pytest.approx(stats.t.ppf(probability, df), rel=1e-8)
    assert t_quantiles(probability, df + 0.9) == pytest.approx(t_quantiles(probability, df))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_amounts_at_edges_give_welchs_interval_of_scipy_with_two_decisions_added(shape: str, seed: int) -> None:
    # On the edges of bins the spread is exact, so nothing but the rounding of degrees of freedom is left.
    rng = np.random.default_rng(seed)
    group, reference = (np.rint(SHAPES[shape](rng, (1, n)) * 256) / 256 for n in (40, 700))
    lower, upper = difference_ends(counts_of(group, 256), counts_of(reference, 256))
    added = [np.append(side[0], [0.0, 1.0]) for side in (group, reference)]
    expected = stats.ttest_ind(*added, equal_var=False)
    df = np.floor(expected.df)
    half = stats.t.ppf(0.975, df) * (np.mean(added[0]) - np.mean(added[1])) / expected.statistic
    middle = np.mean(added[0]) - np.mean(added[1])

    assert variances_of(counts_of(group, 256)) == pytest.approx(np.var(added[0], ddof=1))
    assert lower == pytest.approx(middle - abs(half))
    assert upper == pytest.approx(middle + abs(half))


@pytest.mark.parametrize("shape", SHAPES)
def test_large_windows_have_scipys_interval_of_welch(shape: str) -> None:
    rng = np.random.default_rng(11)
    group, reference = SHAPES[shape](rng, (1, 30_000)), SHAPES[shape](rng, (1, 50_000))
    lower, upper = difference_ends(counts_of(group), counts_of(reference))
    expected = stats.ttest_ind(group[0], reference[0], equal_var=False).confidence_interval()

    assert lower == pytest.approx(expected.low, abs=0.1 * (expected.high - expected.low))
    assert upper == pytest.approx(expected.high, abs=0.1 * (expected.high - expected.low))


@pytest.mark.parametrize("sizes", [(10, 90), (30, 300), (100, 100)])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_interval_contains_the_truth_in_95_of_100_windows(shape: str, sizes: tuple[int, int]) -> None:
    rng, n_windows = np.random.default_rng(sizes[0]), 3_000
    group, reference = (counts_of(SHAPES[shape](rng, (n_windows, n))) for n in sizes)
    truth = float(SHAPES[shape](rng, (1, 2_000_000)).mean())
    by_mean, by_difference = mean_ends(group), difference_ends(group, reference)
    by_ratio = ratio_ends(group, reference, 0.1)

    chance = 4 * np.sqrt(0.05 * 0.95 / n_windows)
    for (lower, upper), value in ((by_difference, 0.0), (by_ratio, 1.0), (by_mean, truth)):
        assert ((lower <= value + 1e-9) & (value - 1e-9 <= upper)).mean() >= 0.95 - chance


def test_amounts_that_are_all_alike_do_not_make_an_interval_of_no_width() -> None:
    alike = counts_of(np.zeros((1, 30)))
    lower, upper = difference_ends(alike, counts_of(np.zeros((1, 300))))

    assert lower < -0.02
    assert upper > 0.05


def test_a_ratio_of_a_mean_that_may_be_0_has_no_upper_end() -> None:
    lower, upper = ratio_ends(counts_of(np.full((1, 50), 0.5)), counts_of(np.array([[0.001, 0.0]])), 0.0)

    assert upper == np.inf
    assert lower >= 0


@pytest.mark.parametrize("seed", range(20))
def test_what_a_window_shows_is_inside_however_few_and_unequal_the_groups(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 2_000, 2)
    group, reference = (counts_of(rng.beta(rng.uniform(0.05, 5), rng.uniform(0.05, 5), (1, n))) for n in sizes)
    least = float(rng.uniform(0, 2))
    means = group.means(), reference.means()

    for (lower, upper), shown in (
        (mean_ends(group), means[0]),
        (difference_ends(group, reference), means[0] - means[1]),
        (ratio_ends(group, reference, least), (means[0] + least) / (means[1] + least)),
    ):
        assert (lower <= shown).all()
        assert (shown <= upper).all()


def test_an_empty_group_says_nothing_and_disturbs_no_other() -> None:
    rng = np.random.default_rng(1)
    some = counts_of(rng.uniform(size=(2, 50)))
    with_empty = AmountCounts(np.where([[1], [0]], some.n, 0), np.where([[1], [0]], some.sums, 0))

    for ends in (mean_ends(with_empty), difference_ends(with_empty, some), ratio_ends(with_empty, some, 0.0)):
        assert ends.lower[1] in (0, -1)
        assert ends.upper[1] in (1, np.inf)
    assert difference_ends(with_empty, some).lower[0] == difference_ends(some, some).lower[0]


def test_counts_of_many_decisions_stay_exact() -> None:
    n = np.array([[10**9, 0, 10**9, 0]])
    huge = AmountCounts(n, n * (FULL // 4) * np.arange(4))
    lower, upper = mean_ends(huge)

    assert huge.means() == 0.25
    assert upper - lower == pytest.approx(2 * 1.96 * 0.25 / np.sqrt(2e9), rel=0.01)
