"""Score intervals against published ones and against the likelihood by brute force."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from stream_app.core.arrays import Floats
from stream_app.core.intervals.interval_ends import Z_95
from stream_app.core.intervals.intervals import koopman, miettinen_nurminen, newcombe
from tests.support.count_tables import EDGE_TABLES, INTERIOR_TABLES
from tests.support.interval_ends import ends


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
    """Return the absolute score statistic of a gap."""
    x, u = likeliest_rates(
        (k_a, n_a, k_b, n_b),
        (max(0.0, -gap), min(1.0, 1 - gap)),
        lambda grid: (np.clip(grid + gap, 0, 1), grid),
    )
    variance = x * (1 - x) / n_a + u * (1 - u) / n_b
    return float(abs(k_a / n_a - k_b / n_b - gap) / math.sqrt(variance)) if variance else 0.0


def likeliest_rates(
    table: tuple[int, int, int, int],
    ends_of_grid: tuple[float, float],
    rates_of: Callable[[Floats], tuple[Floats, Floats]],
) -> tuple[float, float]:
    """Return the restricted rates that are likeliest; they come from a grid over the likelihood, refined."""
    k_a, n_a, k_b, n_b = table
    low, high = ends_of_grid
    for _ in range(16):
        grid = np.linspace(low, high, 101)
        rates_a, rates_b = rates_of(grid)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_likelihood = sum(
                np.where(k > 0, k * np.log(rate), 0.0)
                for k, rate in ((k_a, rates_a), (n_a - k_a, 1 - rates_a), (k_b, rates_b), (n_b - k_b, 1 - rates_b))
            )
        best = int(np.argmax(log_likelihood))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 100)]
    return float(rates_a[best]), float(rates_b[best])


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
    """Return the absolute score statistic of a ratio."""
    x, u = likeliest_rates(
        (k_a, n_a, k_b, n_b),
        (0.0, min(1.0, 1 / ratio)),
        lambda grid: (np.minimum(ratio * grid, 1), np.minimum(grid, 1)),
    )
    variance = x * (1 - x) / n_a + ratio**2 * u * (1 - u) / n_b
    return float(abs(k_a / n_a - ratio * k_b / n_b) / math.sqrt(variance)) if variance else 0.0
