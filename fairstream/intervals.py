"""Confidence intervals for one look, and confidence sequences for every look.

A *confidence interval* covers the true value with probability ``1 - alpha`` in one window that was chosen before
looking at it. A *confidence sequence* covers the (running mean of the) true value at all times at once, so it stays
valid if you look after every decision and stop when you like; it is wider.

In every function ``k`` is the number of favorable decisions, ``n`` the number of decisions, a is the group and b the
reference. The intervals always exist, also for rates of 0 and 1.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from stream_app.core.groups.comparison import Reason
from stream_app.core.intervals import confidence_sequence, intervals
from stream_app.core.intervals.exact_tails import clopper_pearson_many
from stream_app.core.intervals.interval_ends import Z_95
from stream_app.core.intervals.intervals import Interval

__all__ = [
    "Interval",
    "clopper_pearson",
    "gap_sequence",
    "koopman",
    "miettinen_nurminen",
    "newcombe",
    "rate_sequence",
    "ratio_sequence",
    "wilson",
]

ALPHA = 0.05


def wilson(k: int, n: int, *, alpha: float = ALPHA) -> Interval:
    """Return the Wilson score interval of a rate.

    ``(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)`` with ``p = k/n``.

    Args:
        k: Favorable decisions, 0 to n.
        n: Decisions, >= 0.
        alpha: Probability of missing the true rate, in (0, 1).

    Returns:
        Interval in [0, 1]; [0, 1] with the reason ``no_decisions`` at n = 0.

    Raises:
        ValueError: A count or ``alpha`` is outside its range.

    Source: Wilson 1927, JASA 22, 209-212.

    >>> lower, upper, _ = wilson(133, 197)
    >>> round(lower, 6), round(upper, 6)
    (0.606921, 0.736633)
    """
    _check(k, n)
    return intervals.wilson(k, n, z=_quantile(alpha))


def clopper_pearson(k: int, n: int, *, alpha: float = ALPHA) -> Interval:
    """Return the exact (Clopper-Pearson) interval of a rate.

    It never misses the true rate more often than ``alpha``, half of it on each side, however rare the favorable
    decisions are; it is wider than ``wilson``, which promises that on average over rates.

    Args:
        k: Favorable decisions, 0 to n.
        n: Decisions, >= 0.
        alpha: Highest probability of missing the true rate, in (0, 1).

    Returns:
        Interval in [0, 1]; [0, 1] with the reason ``no_decisions`` at n = 0.

    Raises:
        ValueError: A count or ``alpha`` is outside its range.

    Source: Clopper and Pearson 1934, Biometrika 26, 404-413.

    >>> lower, upper, _ = clopper_pearson(133, 197)
    >>> round(lower, 6), round(upper, 6)
    (0.604916, 0.739973)
    """
    _check(k, n)
    lower, upper = clopper_pearson_many(np.float64(k), np.float64(n), alpha=_share(alpha))
    return Interval(float(lower), float(upper), None if n else Reason.NO_DECISIONS)


def newcombe(k_a: int, n_a: int, k_b: int, n_b: int, *, alpha: float = ALPHA) -> Interval:
    """Return the Newcombe interval of the statistical parity difference ``k_a/n_a - k_b/n_b``.

    ``d - sqrt((p_a-l_a)² + (u_b-p_b)²)`` to ``d + sqrt((u_a-p_a)² + (p_b-l_b)²)``, where l and u are the Wilson ends of
    each rate.

    Args:
        k_a: Favorable decisions about the group, 0 to n_a.
        n_a: Decisions about the group, >= 0.
        k_b: Favorable decisions about the reference, 0 to n_b.
        n_b: Decisions about the reference, >= 0.
        alpha: Probability of missing the true difference, in (0, 1).

    Returns:
        Interval in [-1, 1]; [-1, 1] with the reason ``no_decisions`` or ``reference_empty`` where a group is empty.

    Raises:
        ValueError: A count or ``alpha`` is outside its range.

    Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10.

    >>> lower, upper, _ = newcombe(133, 197, 1527, 1681)
    >>> round(lower, 6), round(upper, 6)
    (-0.302671, -0.170014)
    """
    _check(k_a, n_a)
    _check(k_b, n_b)
    return intervals.newcombe(k_a, n_a, k_b, n_b, z=_quantile(alpha))


def miettinen_nurminen(k_a: int, n_a: int, k_b: int, n_b: int, *, alpha: float = ALPHA) -> Interval:
    """Return the Miettinen-Nurminen score interval of the statistical parity difference ``k_a/n_a - k_b/n_b``.

    All d with ``|p_a - p_b - d| <= z sqrt((x(1-x)/n_a + u(1-u)/n_b) N/(N-1))``, where (x, u) are the most likely rates
    with ``x = u + d`` and N = n_a + n_b. For small groups it misses the true difference less often than ``newcombe``,
    at 2 % more length. FairStream publishes Newcombe's interval with windows, which is much faster.

    Args:
        k_a: Favorable decisions about the group, 0 to n_a.
        n_a: Decisions about the group, >= 0.
        k_b: Favorable decisions about the reference, 0 to n_b.
        n_b: Decisions about the reference, >= 0.
        alpha: Probability of missing the true difference, in (0, 1).

    Returns:
        Interval in [-1, 1]; [-1, 1] with the reason ``no_decisions`` or ``reference_empty`` where a group is empty.

    Raises:
        ValueError: A count or ``alpha`` is outside its range.

    Source: Miettinen and Nurminen 1985, Statistics in Medicine 4, 213-226.

    >>> lower, upper, _ = miettinen_nurminen(133, 197, 1527, 1681)
    >>> round(lower, 6), round(upper, 6)
    (-0.302789, -0.170062)
    """
    _check(k_a, n_a)
    _check(k_b, n_b)
    return intervals.miettinen_nurminen(k_a, n_a, k_b, n_b, z=_quantile(alpha))


def koopman(k_a: int, n_a: int, k_b: int, n_b: int, *, alpha: float = ALPHA) -> Interval:
    """Return the Koopman score interval of the disparate impact ratio ``(k_a/n_a) / (k_b/n_b)``.

    All t with ``|p_a - t p_b| <= z sqrt(x(1-x)/n_a + t² u(1-u)/n_b)``, where (x, u) are the most likely rates with
    ``x = t u``.

    Args:
        k_a: Favorable decisions about the group, 0 to n_a.
        n_a: Decisions about the group, >= 0.
        k_b: Favorable decisions about the reference, 0 to n_b.
        n_b: Decisions about the reference, >= 0.
        alpha: Probability of missing the true ratio, in (0, 1).

    Returns:
        Interval with a lower end >= 0. ``upper`` is None with the reason ``reference_rate_zero`` at k_b = 0, and with
        ``no_decisions`` or ``reference_empty`` where a group is empty.

    Raises:
        ValueError: A count or ``alpha`` is outside its range.

    Source: Koopman 1984, Biometrics 40, 513-517.

    >>> lower, upper, _ = koopman(133, 197, 1527, 1681)
    >>> round(lower, 6), round(upper, 6)
    (0.667482, 0.812141)
    """
    _check(k_a, n_a)
    _check(k_b, n_b)
    return intervals.koopman(k_a, n_a, k_b, n_b, z=_quantile(alpha))


def rate_sequence(k: int, n: int, *, alpha: float = ALPHA) -> Interval:
    """Return the confidence sequence of a rate after n decisions.

    Every rate p is kept for which neither the evidence for a higher nor for a lower rate reaches ``log(2/alpha)``.

    Args:
        k: Favorable decisions so far, 0 to n.
        n: Decisions so far, >= 0.
        alpha: Probability of ever missing the true running mean, in (0, 1).

    Returns:
        Interval in [0, 1]; [0, 1] with the reason ``no_decisions`` at n = 0.

    Raises:
        ValueError: A count or ``alpha`` is outside its range.

    Source: Howard, Ramdas, McAuliffe and Sekhon 2021, Annals of Statistics 49(2), 1055-1080.

    >>> lower, upper, _ = rate_sequence(133, 197)
    >>> round(lower, 6), round(upper, 6)
    (0.553216, 0.783718)
    """
    _check(k, n)
    return confidence_sequence.rate_sequence(k, n, alpha=_share(alpha))


def gap_sequence(k_a: int, n_a: int, k_b: int, n_b: int, *, alpha: float = ALPHA) -> Interval:
    """Return the confidence sequence of the statistical parity difference.

    Both rates are tested together. That is narrower than the difference of two sequences at ``alpha / 2`` while neither
    group has more than about 50 times the decisions of the other, else up to 15 % wider.

    Args:
        k_a: Favorable decisions about the group so far, 0 to n_a.
        n_a: Decisions about the group so far, >= 0.
        k_b: Favorable decisions about the reference so far, 0 to n_b.
        n_b: Decisions about the reference so far, >= 0.
        alpha: Probability of ever missing the true difference of running means, in (0, 1).

    Returns:
        Interval in [-1, 1]; [-1, 1] with the reason ``no_decisions`` or ``reference_empty`` where a group is empty.

    Raises:
        ValueError: A count or ``alpha`` is outside its range.

    Source: Turner and Grünwald 2023, Statistics & Probability Letters 198.

    >>> lower, upper, _ = gap_sequence(85, 111, 1527, 1681)
    >>> round(lower, 6), round(upper, 6)
    (-0.311914, -0.011762)
    """
    _check(k_a, n_a)
    _check(k_b, n_b)
    return confidence_sequence.gap_sequence(k_a, n_a, k_b, n_b, alpha=_share(alpha))


def ratio_sequence(k_a: int, n_a: int, k_b: int, n_b: int, *, alpha: float = ALPHA) -> Interval:
    """Return the confidence sequence of the disparate impact ratio.

    Args:
        k_a: Favorable decisions about the group so far, 0 to n_a.
        n_a: Decisions about the group so far, >= 0.
        k_b: Favorable decisions about the reference so far, 0 to n_b.
        n_b: Decisions about the reference so far, >= 0.
        alpha: Probability of ever missing the true ratio of running means, in (0, 1).

    Returns:
        Interval with a lower end >= 0. ``upper`` is None while a reference rate of 0 is not excluded; the reason is
        then ``reference_rate_zero``, ``reference_rate_near_zero``, ``no_decisions`` or ``reference_empty``.

    Raises:
        ValueError: A count or ``alpha`` is outside its range.

    Source: Turner and Grünwald 2023, Statistics & Probability Letters 198.

    >>> lower, upper, _ = ratio_sequence(133, 197, 1527, 1681)
    >>> round(lower, 6), round(upper, 6)
    (0.599359, 0.87424)
    """
    _check(k_a, n_a)
    _check(k_b, n_b)
    return confidence_sequence.ratio_sequence(k_a, n_a, k_b, n_b, alpha=_share(alpha))


def _check(k: int, n: int) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"favorable decisions must be from 0 to n, got {k} of {n}")


def _share(alpha: float) -> float:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be above 0 and below 1, got {alpha}")
    return alpha


def _quantile(alpha: float) -> float:
    """Return the two-sided normal quantile; at 0.05 the constant that all results are made with."""
    return Z_95 if alpha == ALPHA else NormalDist().inv_cdf(1 - _share(alpha) / 2)
