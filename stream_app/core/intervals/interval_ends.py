"""The ends of score intervals, over arrays: the arithmetic of ``intervals``.

Counts are whole numbers below 2^53 with 0 <= k <= n, in arrays that broadcast; a is the group, b the reference. ``z``
is the two-sided normal quantile of the level, > 0. Formulas and sources are given with the scalar forms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from stream_app.core.arrays import Floats
from stream_app.core.detection.betting.null_point import gap_null_point, ratio_null_point
from stream_app.core.intervals.roots import find_roots

Z_95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution

_MAX_LOG_RATIO = 64.0  # e^64: beyond any ratio of two rates of 64-bit counts
_BEYOND = 1e9  # a statistic beyond every quantile


def wilson_many(k: ArrayLike, n: ArrayLike, *, z: float = Z_95) -> tuple[Floats, Floats]:
    """Return the lower and the upper ends of ``wilson`` for many rates; [0, 1] where n = 0."""
    k, n = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    rate, safe_n = _rate(k, n), np.maximum(n, 1)
    scale = 1 + z**2 / safe_n
    center = (rate + z**2 / (2 * safe_n)) / scale
    half = z * np.sqrt(rate * (1 - rate) / safe_n + z**2 / (4 * safe_n**2)) / scale
    return np.where(k == 0, 0.0, center - half), np.where(k == n, 1.0, center + half)


def newcombe_many(
    k_a: ArrayLike, n_a: ArrayLike, k_b: ArrayLike, n_b: ArrayLike, *, z: float = Z_95
) -> tuple[Floats, Floats]:
    """Return the lower and the upper ends of ``newcombe`` for many pairs; [-1, 1] where a group is empty."""
    k_a, n_a, k_b, n_b = _as_counts(k_a, n_a, k_b, n_b)
    (low_a, high_a), (low_b, high_b) = wilson_many(k_a, n_a, z=z), wilson_many(k_b, n_b, z=z)
    rate_a, rate_b = _rate(k_a, n_a), _rate(k_b, n_b)
    lower = rate_a - rate_b - np.hypot(rate_a - low_a, high_b - rate_b)
    upper = rate_a - rate_b + np.hypot(high_a - rate_a, rate_b - low_b)
    is_empty = (n_a == 0) | (n_b == 0)
    return np.where(is_empty, -1.0, lower), np.where(is_empty, 1.0, upper)


def koopman_many(
    k_a: ArrayLike, n_a: ArrayLike, k_b: ArrayLike, n_b: ArrayLike, *, z: float = Z_95
) -> tuple[Floats, Floats]:
    """Return the lower and the upper ends of ``koopman`` for many pairs; an upper end is infinite where there is none.

    Infinity compares as it should (``upper < 0.8`` is false); it must become None before it leaves as JSON.

    >>> lower, upper = koopman_many([133, 5, 0], [197, 10, 10], [1527, 0, 10], [1681, 10, 10])
    >>> lower.round(6).tolist(), upper.round(6).tolist()
    ([0.667482, 1.631692, 0.0], [0.812141, inf, 0.277533])
    """
    k_a, n_a, k_b, n_b = _as_counts(k_a, n_a, k_b, n_b)
    # An empty group is solved as if it had one decision, and answered by its own rule below.
    some_a, some_b, rate_a, rate_b = np.maximum(n_a, 1), np.maximum(n_b, 1), _rate(k_a, n_a), _rate(k_b, n_b)
    target = np.array([-z, z]).reshape(2, *(1 for _ in k_a.shape))
    edge = np.full((2, *k_a.shape), _MAX_LOG_RATIO)
    lower, upper = np.exp(
        find_roots(lambda log_ratio: _score(some_a, rate_a, some_b, rate_b, np.exp(log_ratio)) - target, -edge, edge)
    )
    is_empty = (n_a == 0) | (n_b == 0)
    return np.where(is_empty | (k_a == 0), 0.0, lower), np.where(is_empty | (k_b == 0), np.inf, upper)


def miettinen_nurminen_many(
    k_a: ArrayLike, n_a: ArrayLike, k_b: ArrayLike, n_b: ArrayLike, *, z: float = Z_95
) -> tuple[Floats, Floats]:
    """Return the lower and the upper ends of ``miettinen_nurminen`` for many pairs; [-1, 1] where a group is empty.

    >>> lower, upper = miettinen_nurminen_many([133, 5, 0], [197, 10, 10], [1527, 0, 10], [1681, 10, 10])
    >>> lower.round(6).tolist(), upper.round(6).tolist()
    ([-0.302789, 0.146678, -1.0], [-0.170062, 0.768297, -0.663642])
    """
    k_a, n_a, k_b, n_b = _as_counts(k_a, n_a, k_b, n_b)
    some_a, some_b, rate_a, rate_b = np.maximum(n_a, 1), np.maximum(n_b, 1), _rate(k_a, n_a), _rate(k_b, n_b)
    target = np.array([-z, z]).reshape(2, *(1 for _ in k_a.shape))
    edge = np.ones((2, *k_a.shape))
    lower, upper = find_roots(lambda gap: _gap_score(some_a, rate_a, some_b, rate_b, gap) - target, -edge, edge)
    is_empty = (n_a == 0) | (n_b == 0)
    return np.where(is_empty, -1.0, lower), np.where(is_empty, 1.0, upper)


def _gap_score(n_a: Floats, rate_a: Floats, n_b: Floats, rate_b: Floats, gap: Floats) -> Floats:
    """Return the score statistic of a gap, negated: it grows with the gap and is 0 at the observed one."""
    x, u = gap_null_point(n_a, rate_a, n_b, rate_b, gap)
    n = n_a + n_b
    variance = (x * (1 - x) / n_a + u * (1 - u) / n_b) * n / (n - 1)
    excess = gap - (rate_a - rate_b)
    # Zero variance: certain rates, which contradict the counts unless the gap is the observed one.
    return np.divide(excess, np.sqrt(variance), out=_BEYOND * np.sign(excess), where=variance > 0)


def _score(n_a: Floats, rate_a: Floats, n_b: Floats, rate_b: Floats, ratio: Floats) -> Floats:
    """Return the score statistic of a ratio, negated: it grows with the ratio and is 0 at the observed one."""
    x, u = ratio_null_point(n_a, rate_a, n_b, rate_b, ratio)
    variance = x * (1 - x) / n_a + ratio**2 * u * (1 - u) / n_b
    excess = ratio * rate_b - rate_a
    # Zero variance: both rates are 0, or both are 1 and so is the ratio. Either way there is no evidence against it.
    return np.divide(excess, np.sqrt(variance), out=np.zeros_like(excess), where=variance > 0)


def _rate(k: Floats, n: Floats) -> Floats:
    return k / np.maximum(n, 1)


def _as_counts(*counts: ArrayLike) -> tuple[Floats, ...]:
    return np.broadcast_arrays(*(np.asarray(count, dtype=np.float64) for count in counts))
