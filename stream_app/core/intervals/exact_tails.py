"""The exact interval of a rate (Clopper and Pearson), for promises that must be kept far in the tail.

It inverts the binomial tails themselves: the lower end is the rate at which k or more favorable decisions have the
chance alpha/2, the upper end that at which k or fewer do. So neither side ever misses more often than alpha/2, however
rare the value is and however small alpha. Score intervals promise that on average only: of a value with a share of
1 in 20,000, a Wilson interval of 99.9998 % misses 4.8 % of the time.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from stream_app.core.arrays import Floats
from stream_app.core.intervals.roots import find_roots

_TINY = 1e-300  # instead of a zero denominator in the continued fraction
_PRECISION = 1e-10
_MAX_TERMS = 100_000  # about sqrt(n) terms are needed; this ends the sum for counts beyond any log
_LOG_HALF = math.log(0.5)
_MOST = 1 - 1e-16


def clopper_pearson_many(k: ArrayLike, n: ArrayLike, *, alpha: float) -> tuple[Floats, Floats]:
    """Return the lower and the upper ends of the exact intervals of many rates; [0, 1] where n = 0.

    Args:
        k: Favorable decisions, whole numbers from 0 to n.
        n: Decisions, >= 0; broadcast against ``k``.
        alpha: Chance of missing the true rate, at most, half of it on each side, in (0, 1).

    Source: Clopper and Pearson 1934, Biometrika 26, 404-413.

    >>> lower, upper = clopper_pearson_many([0, 1, 5, 10], 10, alpha=0.05)
    >>> lower.round(6).tolist(), upper.round(6).tolist()
    ([0.0, 0.002529, 0.187086, 0.691503], [0.308497, 0.445016, 0.812914, 1.0])
    """
    k, n = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    lower, mirrored_upper = _lower_ends(np.stack([k, n - k]), np.stack([n, n]), math.log(alpha / 2))
    return lower, 1 - mirrored_upper


def _lower_ends(k: Floats, n: Floats, log_share: float) -> Floats:
    """Return the rates at which k or more of n have the chance ``exp(log_share)``; 0 at k = 0."""
    some_k, some_n = np.maximum(k, 1), np.maximum(n, 1)
    log_scale, log_observed = _log_beta(some_k, some_n - some_k + 1), np.log(some_k / some_n)
    # Chernoff's bound puts the chance at exp(log_share) or less here, and at the observed rate it is at least 1/2.
    log_low = log_observed + np.minimum(log_share / some_k - 1, 0)

    def excess(log_rate: Floats) -> Floats:
        chance = _log_chance(some_k, some_n - some_k + 1, np.exp(log_rate), log_scale)
        return np.where(log_rate < log_observed, chance, _LOG_HALF) - log_share

    return np.where(k == 0, 0.0, np.exp(find_roots(excess, log_low, log_observed)))


def _log_chance(a: Floats, b: Floats, rate: Floats, log_scale: Floats) -> Floats:
    """Return the log of the incomplete beta function I_rate(a, b): the chance of a or more of a + b - 1."""
    rate = np.minimum(rate, _MOST)
    return a * np.log(rate) + b * np.log1p(-rate) - log_scale - np.log(a) + _log_fraction(a, b, rate)


def _log_beta(a: Floats, b: Floats) -> Floats:
    """Return the log of the beta function B(a, b)."""
    logs = [
        math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)
        for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    ]
    return np.array(logs).reshape(a.shape)


def _log_fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    """Return the log of the continued fraction of the incomplete beta function, by Lentz's method.

    Source: Press et al. 2007, Numerical Recipes, 6.4; Didonato and Morris 1992, ACM TOMS 18, 360-373.
    """
    c = np.ones_like(x)
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    log_value = np.log(np.abs(d))
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = np.ones_like(x)
        for term in (even, odd):
            d, c = 1 / _away_from_zero(1 + term * d), _away_from_zero(1 + term / c)
            change = d * c
            log_value = log_value + np.log(np.abs(change))
        if (np.abs(change - 1) < _PRECISION).all():
            break
    return log_value


def _away_from_zero(value: Floats) -> Floats:
    return np.where(np.abs(value) < _TINY, _TINY, value)
