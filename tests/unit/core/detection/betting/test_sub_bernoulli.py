"""Evidence about one rate: known values, the empty case, and its mean under the null by enumeration."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from stream_app.core.detection.betting.sub_bernoulli import above, below

Evidence = Callable[[float, float, float], np.ndarray[tuple[int, ...], np.dtype[np.float64]]]


@pytest.mark.parametrize(
    ("evidence", "k", "n", "p", "expected"),
    [
        (above, 30, 50, 0.4, 1.952792),
        (below, 30, 50, 0.4, -0.801546),
        (above, 300, 500, 0.55, 0.817820),
        (below, 10, 100, 0.2, 1.712568),
    ],
)
def test_known_values(evidence: Evidence, k: int, n: int, p: float, expected: float) -> None:
    assert evidence(k, n, p) == pytest.approx(expected, abs=1e-6)


def test_no_decisions_are_no_evidence() -> None:
    assert above(0, 0, [0.0, 0.3, 1.0]).tolist() == below(0, 0, [0.0, 0.3, 1.0]).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("p", [0.0, 1e-4, 0.05, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("n", [1, 7, 60])
def test_evidence_has_mean_one_at_most_under_the_null(n: int, p: float) -> None:
    k = np.arange(n + 1)
    chance = np.array([math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in k])
    assert chance @ np.exp(above(k, n, p)) <= 1 + 1e-12
    assert chance @ np.exp(below(k, n, p)) <= 1 + 1e-12


def test_evidence_is_finite_at_the_ends() -> None:
    k, n, p = np.meshgrid([0, 1_000_000], [1_000_000], [0.0, 1.0])
    assert np.isfinite(above(k, n, p)).all()
    assert np.isfinite(below(k, n, p)).all()


def test_arrays_are_broadcast_against_each_other() -> None:
    together = above(np.array([[3], [9]]), 10, np.array([0.2, 0.5, 0.7]))
    assert together.shape == (2, 3)
    assert together[1, 2] == above(9, 10, 0.7)
