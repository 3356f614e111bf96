"""Intervals against reference values, at the edges, by their exact coverage, and against statsmodels."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from stream_app.core.groups.comparison import Reason
from stream_app.core.groups.counts import GroupCount
from stream_app.core.intervals.interval_ends import (
    Z_95,
    koopman_many,
    miettinen_nurminen_many,
    newcombe_many,
    wilson_many,
)
from stream_app.core.intervals.intervals import (
    Interval,
    intervals_of_pairs,
    koopman,
    mean_of_gaps,
    miettinen_nurminen,
    newcombe,
    wilson,
)
from tests.support.count_tables import EDGE_TABLES, INTERIOR_TABLES
from tests.support.paths import ROOT

GOLDEN: list[dict[str, Any]] = json.loads((ROOT / "tests/data/interval_golden.json").read_text())


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


def ends(interval: Interval | list[float | None]) -> list[float]:
    """Return both ends, with infinity for a missing one, so that they can be compared."""
    lower, upper = interval[:2]
    assert lower is not None
    return [lower, math.inf if upper is None else upper]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: str(golden["table"]))
def test_intervals_equal_the_reference_values(golden: dict[str, Any]) -> None:
    k_a, n_a, k_b, n_b = golden["table"]
    assert ends(wilson(k_a, n_a)) == pytest.approx(ends(golden["wilson_a"]), abs=1e-6)
    assert ends(wilson(k_b, n_b)) == pytest.approx(ends(golden["wilson_b"]), abs=1e-6)
    assert ends(newcombe(k_a, n_a, k_b, n_b)) == pytest.approx(ends(golden["spd_newcombe"]), abs=1e-6)
    assert ends(koopman(k_a, n_a, k_b, n_b)) == pytest.approx(ends(golden["dir_koopman"]), abs=1e-6)


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


def test_interior_tables_agree_with_statsmodels() -> None:
    assert len(INTERIOR_TABLES) >= 200
    for k_a, n_a, k_b, n_b in INTERIOR_TABLES:
        gap = confint_proportions_2indep(k_a, n_a, k_b, n_b, compare="diff", method="newcomb")
        ratio = confint_proportions_2indep(k_a, n_a, k_b, n_b, compare="ratio", method="score", correction=False)
        assert ends(wilson(k_a, n_a)) == pytest.approx(proportion_confint(k_a, n_a, method="wilson"), abs=1e-12)
        assert ends(newcombe(k_a, n_a, k_b, n_b)) == pytest.approx(gap, abs=1e-12)
        assert ends(koopman(k_a, n_a, k_b, n_b)) == pytest.approx(ratio, rel=1e-6)  # it stops its search at 1e-6


# Newcombe 1998, Statistics in Medicine 17, Table II, method 5. The score interval of statsmodels 0.15 is no check: the
# coefficient of its cubic has a count (``count0 * diff``) where Miettinen and Nurminen have a size (``nobs0``).
@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((56, 70, 48, 80), (0.0528, 0.3382)),
        ((9, 10, 3, 10), (0.1700, 0.8406)),
        ((6, 7, 2, 7), (0.0342, 0.8534)),
        ((5, 56, 0, 29), (-0.0326, 0.1933)),
        ((0, 10, 0, 20), (-0.1658, 0.2844)),
        ((0, 10, 0, 10), (-0.2879, 0.2879)),
        ((10, 10, 0, 20), (0.7156, 1.0)),
    ],
)
def test_miettinen_nurminen_equals_the_published_intervals(
    table: tuple[int, int, int, int], expected: tuple[float, float]
) -> None:
    assert ends(miettinen_nurminen(*table)) == pytest.approx(expected, abs=5.1e-5)


@pytest.mark.parametrize("table", [*EDGE_TABLES, *INTERIOR_TABLES[:40]], ids=str)
def test_miettinen_nurminen_contains_exactly_the_gaps_that_the_likelihood_does_not_exclude(
    table: tuple[int, int, int, int],
) -> None:
    k_a, n_a, k_b, n_b = table
    interval = miettinen_nurminen(*table)
    if not n_a or not n_b:
        assert (interval[:2], interval.reason) == ((-1.0, 1.0), newcombe(*table).reason)
        return
    lower, upper = ends(interval)
    scale = math.sqrt((n_a + n_b - 1) / (n_a + n_b))
    for end, is_inside in ((lower, lower > -1), (upper, upper < 1)):
        if is_inside:
            assert scale * brute_force_gap_score(*table, end) == pytest.approx(Z_95, abs=1e-4)
    assert lower <= k_a / n_a - k_b / n_b <= upper


def brute_force_gap_score(k_a: int, n_a: int, k_b: int, n_b: int, gap: float) -> float:
    """Return the absolute score statistic of a gap; the restricted rates come from a grid, refined."""
    low, high = max(0.0, -gap), min(1.0, 1 - gap)
    for _ in range(16):
        grid = np.linspace(low, high, 101)
        rates_a, rates_b = np.clip(grid + gap, 0, 1), grid
        with np.errstate(divide="ignore", invalid="ignore"):
            log_likelihood = sum(
                np.where(k > 0, k * np.log(rate), 0.0)
                for k, rate in ((k_a, rates_a), (n_a - k_a, 1 - rates_a), (k_b, rates_b), (n_b - k_b, 1 - rates_b))
            )
        best = int(np.argmax(log_likelihood))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 100)]
    x, u = rates_a[best], rates_b[best]
    variance = x * (1 - x) / n_a + u * (1 - u) / n_b
    return float(abs(k_a / n_a - k_b / n_b - gap) / math.sqrt(variance)) if variance else 0.0


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


@pytest.mark.parametrize("table", [*EDGE_TABLES, *INTERIOR_TABLES[:40]], ids=str)
def test_koopman_contains_exactly_the_ratios_that_the_likelihood_does_not_exclude(
    table: tuple[int, int, int, int],
) -> None:
    lower, upper, _ = koopman(*table)
    k_a, _, k_b, _ = table
    assert (lower == 0) == (k_a == 0)
    assert (upper is None) == (k_b == 0)
    if lower > 0:
        assert brute_force_score(*table, lower) == pytest.approx(Z_95, abs=1e-4)
    if upper is not None:
        assert brute_force_score(*table, upper) == pytest.approx(Z_95, abs=1e-4)
    inside = math.sqrt(max(lower, 1e-9) * (upper or 1e9))
    assert brute_force_score(*table, inside) <= Z_95


def brute_force_score(k_a: int, n_a: int, k_b: int, n_b: int, ratio: float) -> float:
    """Return the absolute score statistic; the restricted rates come from a grid over the likelihood, refined."""
    low, high = 0.0, min(1.0, 1 / ratio)
    for _ in range(16):
        grid = np.linspace(low, high, 101)
        rates_a, rates_b = np.minimum(ratio * grid, 1), np.minimum(grid, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_likelihood = sum(
                np.where(k > 0, k * np.log(rate), 0.0)
                for k, rate in ((k_a, rates_a), (n_a - k_a, 1 - rates_a), (k_b, rates_b), (n_b - k_b, 1 - rates_b))
            )
        best = int(np.argmax(log_likelihood))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 100)]
    x, u = rates_a[best], rates_b[best]
    variance = x * (1 - x) / n_a + ratio**2 * u * (1 - u) / n_b
    return float(abs(k_a / n_a - ratio * k_b / n_b) / math.sqrt(variance)) if variance else 0.0


def test_empty_groups_leave_everything_possible_and_say_which_group_is_empty() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0, Reason.NO_DECISIONS)
    assert newcombe(0, 0, 5, 10) == Interval(-1.0, 1.0, Reason.NO_DECISIONS)
    assert newcombe(5, 10, 0, 0) == Interval(-1.0, 1.0, Reason.REFERENCE_EMPTY)
    assert koopman(0, 0, 5, 10) == Interval(0.0, None, Reason.NO_DECISIONS)
    assert koopman(5, 10, 0, 0).reason is Reason.REFERENCE_EMPTY
    assert koopman(5, 10, 0, 0)[:2] == (0.0, None)


def test_an_undefined_ratio_has_a_lower_end_no_upper_end_and_a_reason() -> None:
    assert koopman(5, 10, 0, 10)[1:] == (None, Reason.REFERENCE_RATE_ZERO)
    assert koopman(5, 10, 0, 10).lower == pytest.approx(1.631692, abs=1e-6)


def test_ends_are_exact_where_the_rate_is_0_or_1() -> None:
    assert wilson(0, 7).lower == 0.0
    assert wilson(7, 7).upper == 1.0
    assert koopman(0, 7, 3, 7).lower == 0.0
    assert newcombe(0, 10, 10, 10).lower == -1.0


def test_many_pairs_have_the_intervals_of_each_pair_alone() -> None:
    tables = [*EDGE_TABLES, *INTERIOR_TABLES[:100], (0, 0, 0, 0), (0, 0, 3, 5), (3, 5, 0, 0)]
    together = intervals_of_pairs([(GroupCount(n_a, k_a), GroupCount(n_b, k_b)) for k_a, n_a, k_b, n_b in tables])
    for table, (rate, gap, ratio) in zip(tables, together, strict=True):
        alone = (wilson(*table[:2]), newcombe(*table), koopman(*table))
        for one, other in zip((rate, gap, ratio), alone, strict=True):
            assert ends(one) == pytest.approx(ends(other), rel=1e-9, abs=1e-12)
            assert one.reason == other.reason


def test_arrays_broadcast_and_may_have_any_shape() -> None:
    lower, upper = koopman_many([[1], [2]], 10, [3, 4, 5], 10)
    assert lower.shape == upper.shape == (2, 3)
    assert lower[1, 2] == pytest.approx(koopman(2, 10, 5, 10).lower, rel=1e-9)
    assert wilson_many([], [])[0].shape == (0,)
    assert koopman_many([], [], [], [])[1].shape == (0,)


def test_swapping_the_groups_mirrors_the_gap_and_inverts_the_ratio() -> None:
    for k_a, n_a, k_b, n_b in INTERIOR_TABLES[:50]:
        gap, mirrored = newcombe(k_a, n_a, k_b, n_b), newcombe(k_b, n_b, k_a, n_a)
        ratio, inverted = koopman(k_a, n_a, k_b, n_b), koopman(k_b, n_b, k_a, n_a)
        assert gap.upper == pytest.approx(-mirrored.lower, abs=1e-12)
        assert ratio.upper == pytest.approx(1 / inverted.lower, rel=1e-9)


def test_a_higher_level_gives_a_wider_interval() -> None:
    z_999 = 3.2905267314919255
    for interval_of in (newcombe, koopman):
        usual, wide = interval_of(30, 50, 35, 50), interval_of(30, 50, 35, 50, z=z_999)
        assert usual.upper is not None
        assert wide.upper is not None
        assert wide.lower < usual.lower < usual.upper < wide.upper
    assert wilson(30, 50, z=z_999).lower < wilson(30, 50).lower


def test_a_billion_decisions_of_every_kind_have_finite_ends() -> None:
    counts = (0, 1, 10**9 - 1, 10**9)
    for k_a, k_b in itertools.product(counts, counts[1:]):
        lower, upper, reason = koopman(k_a, 10**9, k_b, 10**9)
        assert upper is not None
        assert 0 <= lower <= k_a / k_b <= upper
        assert reason is None


def test_the_mean_of_gaps_wants_both_ends() -> None:
    with pytest.raises(ValueError, match="both ends"):
        mean_of_gaps((0.0, Interval(-1.0, None)), (0.0, Interval(-1.0, 1.0)))
