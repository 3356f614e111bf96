"""The quantiles of t equal SciPy's, and the interval of a ratio is Fieller's whatever its form."""

from __future__ import annotations

import math
import random

import pytest
from scipy import stats

from stream_app.core.intervals.ratio_of_means import Estimate, fieller_interval, t_quantile


@pytest.mark.parametrize("df", [*range(1, 12), 29, 30, 99, 1000])
@pytest.mark.parametrize("probability", [0.6, 0.9, 0.975, 0.9995])
def test_quantiles_of_t_equal_those_of_scipy(probability: float, df: int) -> None:
    assert t_quantile(probability, df) == pytest.approx(stats.t.ppf(probability, df), rel=1e-10)


@pytest.mark.parametrize(("probability", "df"), [(0.5, 3), (0.4, 3), (1.0, 3), (0.9, 0)])
def test_other_quantiles_are_errors(probability: float, df: int) -> None:
    with pytest.raises(ValueError, match="expected a probability"):
        t_quantile(probability, df)


def is_ruled_out(ratio: float, above: Estimate, below: Estimate) -> bool:
    t = t_quantile(0.975, min(above.n, below.n) - 1)
    return (above.value - ratio * below.value) ** 2 > t * t * (above.variance + ratio**2 * below.variance)


def test_the_interval_has_exactly_the_ratios_that_a_test_does_not_rule_out() -> None:
    random_numbers = random.Random(7)
    for _ in range(500):
        above, below = (
            Estimate(random_numbers.uniform(0, 5), 10 ** random_numbers.uniform(-4, 1), random_numbers.randint(2, 20))
            for _ in range(2)
        )
        interval = fieller_interval(above, below)
        upper = math.inf if interval.upper is None else interval.upper
        assert 0 <= interval.lower <= upper
        for ratio in (0.0, 0.01, 0.3, 1.0, 2.0, 10.0, 1e4):
            is_inside = interval.lower <= ratio <= upper
            assert is_inside != is_ruled_out(ratio, above, below)


def test_without_spread_the_interval_is_the_ratio() -> None:
    assert fieller_interval(Estimate(6, 0, 2), Estimate(2, 0, 2)) == (3, 3)
    assert fieller_interval(Estimate(0, 0, 2), Estimate(2, 0, 2)) == (0, 0)


def test_the_inverse_has_the_inverse_interval() -> None:
    above, below = Estimate(6.0, 0.04, 30), Estimate(2.0, 0.01, 12)
    interval, inverse = fieller_interval(above, below), fieller_interval(below, above)
    assert interval.upper is not None
    assert inverse.upper is not None
    assert inverse.lower == pytest.approx(1 / interval.upper)
    assert inverse.upper == pytest.approx(1 / interval.lower)


def test_intervals_of_normal_samples_contain_the_ratio_as_often_as_they_promise() -> None:
    # 4,000 samples: fewer than 93 % by chance less than once in 10^7 runs, were the coverage 95 %; the seed is fixed.
    random_numbers = random.Random(11)
    hits = 0
    for _ in range(4000):
        sides = []
        for mean, n in ((3.0, 3), (2.0, 5)):
            values = [random_numbers.gauss(mean, 0.5) for _ in range(n)]
            average = sum(values) / n
            sides.append(Estimate(average, sum((v - average) ** 2 for v in values) / (n - 1) / n, n))
        interval = fieller_interval(sides[0], sides[1])
        hits += interval.lower <= 1.5 and (interval.upper is None or interval.upper >= 1.5)
    assert hits / 4000 > 0.93
