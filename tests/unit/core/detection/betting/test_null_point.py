"""The restricted maximum likelihood estimate against a bisection of the score, and at its corners."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.betting.null_point import gap_null_point, ratio_null_point

Floats = NDArray[np.float64]


def bisected(n_a: Floats, theta_a: Floats, n_b: Floats, theta_b: Floats, r: Floats, d: Floats) -> Floats:
    """Return u where the derivative of the likelihood along ``x = r u + d`` changes sign."""
    low, high = np.maximum(0, -d / r), np.minimum(1, (1 - d) / r)
    for _ in range(80):
        u = (low + high) / 2
        x = r * u + d
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = r * n_a * (theta_a - x) / (x * (1 - x)) + n_b * (theta_b - u) / (u * (1 - u))
        low, high = np.where(slope > 0, u, low), np.where(slope > 0, high, u)
    return (low + high) / 2


def drawn_cases(seed: int, size: int) -> tuple[Floats, Floats, Floats, Floats, np.random.Generator]:
    rng = np.random.default_rng(seed)
    n_a, n_b = rng.integers(1, 300, size), rng.integers(1, 300, size)
    theta = rng.uniform(0, 1, (2, size))
    corner = rng.random((2, size)) < 0.2
    theta = np.where(corner, rng.choice([0.0, 5e-5, 0.9999, 1.0], (2, size)), theta)
    return n_a.astype(float), theta[0], n_b.astype(float), theta[1], rng


def test_the_point_on_a_ratio_line_is_where_the_score_vanishes() -> None:
    n_a, theta_a, n_b, theta_b, rng = drawn_cases(1, 20_000)
    r = np.exp(rng.uniform(-2, 2, 20_000))
    x, u = ratio_null_point(n_a, theta_a, n_b, theta_b, r)
    assert np.abs(u - bisected(n_a, theta_a, n_b, theta_b, r, np.zeros_like(r))).max() < 1e-13
    assert np.abs(x - r * u).max() < 1e-15


def test_the_point_on_a_gap_line_is_where_the_score_vanishes() -> None:
    n_a, theta_a, n_b, theta_b, rng = drawn_cases(2, 20_000)
    d = rng.uniform(-0.9, 0.9, 20_000)
    x, u = gap_null_point(n_a, theta_a, n_b, theta_b, d)
    assert np.abs(u - bisected(n_a, theta_a, n_b, theta_b, np.ones_like(d), d)).max() < 1e-13
    assert np.abs(x - (u + d)).max() < 1e-15


@pytest.mark.parametrize(
    ("counts", "r", "expected"),
    [
        ((10, 0.0, 10, 0.0), 0.8, (0.0, 0.0)),
        ((10, 1.0, 10, 1.0), 0.7, (0.7, 1.0)),
        ((10, 1.0, 10, 1.0), 1.0, (1.0, 1.0)),
        ((10, 1.0, 10, 1.0), 1.4, (1.0, 1 / 1.4)),
        ((10, 0.0, 10, 1.0), 1.0, (0.5, 0.5)),
    ],
)
def test_a_ratio_point_of_rates_0_and_1_is_in_the_unit_square(
    counts: tuple[float, float, float, float], r: float, expected: tuple[float, float]
) -> None:
    assert ratio_null_point(*counts, r) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("counts", "d", "expected"),
    [
        ((10, 0.0, 10, 0.0), 0.0, (0.0, 0.0)),
        ((10, 1.0, 10, 1.0), 0.0, (1.0, 1.0)),
        ((10, 0.0, 10, 1.0), 0.0, (0.5, 0.5)),
        ((10, 0.0, 10, 1.0), -1.0, (0.0, 1.0)),
        ((10, 1.0, 10, 0.0), 1.0, (1.0, 0.0)),
        ((10, 0.0, 10, 0.0), -0.2, (0.0, 0.2)),
        ((10, 1.0, 10, 1.0), -0.2, (0.8, 1.0)),
    ],
)
def test_a_gap_point_of_rates_0_and_1_is_in_the_unit_square(
    counts: tuple[float, float, float, float], d: float, expected: tuple[float, float]
) -> None:
    assert gap_null_point(*counts, d) == pytest.approx(expected, abs=1e-7)


def test_arrays_are_broadcast_against_each_other() -> None:
    x, u = gap_null_point(np.full((3, 1), 20), 0.4, 30, np.array([0.5, 0.7]), -0.1)
    assert x.shape == u.shape == (3, 2)
    assert (x[0, 1], u[0, 1]) == gap_null_point(20, 0.4, 30, 0.7, -0.1)


def root_in_fractions(n_a: int, theta_a: float, n_b: int, theta_b: float, r: float) -> Fraction:
    """Return u by bisection of the quadratic, in exact arithmetic, to 2^-80."""
    rate_a, rate_b, ratio = Fraction(theta_a), Fraction(theta_b), Fraction(r)
    favorable = n_a * rate_a + n_b * rate_b
    slope = n_a * (ratio + rate_a) + n_b * (1 + ratio * rate_b)
    low, high = Fraction(0), min(Fraction(1), 1 / ratio)
    for _ in range(80):
        u = (low + high) / 2
        is_left = ratio * (n_a + n_b) * u * u - slope * u + favorable > 0
        low, high = (u, high) if is_left else (low, u)
    return low


@pytest.mark.parametrize("r", [0.8, 1 - 1e-7, 1.0, 1 + 1e-6, 1.25])
def test_no_digit_is_lost_where_nearly_everybody_is_approved(r: float) -> None:
    rng = np.random.default_rng(3)
    rejected = rng.choice([0.0, 1e-6, 5e-5, 1e-3], (2, 100)) * rng.uniform(0, 1, (2, 100))
    counts = rng.integers(1, 400, (2, 100))
    _, u = ratio_null_point(counts[0], 1 - rejected[0], counts[1], 1 - rejected[1], r)
    cases = zip(
        counts[0].tolist(), (1 - rejected[0]).tolist(), counts[1].tolist(), (1 - rejected[1]).tolist(), strict=True
    )
    errors = [abs(Fraction(own) - root_in_fractions(*case, r)) for own, case in zip(u.tolist(), cases, strict=True)]
    assert max(errors) < 1e-15
