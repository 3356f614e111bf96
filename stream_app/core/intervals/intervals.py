"""Intervals for one window: what the rate, the gap and the ratio can be, given the number of decisions.

Fixed-time intervals: each covers the truth in 95 of 100 windows, for a window chosen before looking at it, on average
over true rates; for single rates and small groups less (``docs/explanation/statistics.md``). Continuous monitoring
needs ``confidence_sequence`` instead.

Score intervals, because the textbook ones (Wald for the gap, Katz for the ratio) fail where groups are small: with 10
decisions about a group at a rate of 0.9 beside 90 about the reference they cover 65 in 100, these 95 to 96, by full
enumeration. They always exist, also for rates of 0 and 1. ``docs/explanation/statistics.md`` has the table.

The arithmetic is in ``interval_ends``, over arrays; here are its scalar form, its reasons and the intervals of many
pairs. Counts are integers with 0 <= k <= n; ``z`` is the two-sided normal quantile of the level.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.core.groups.comparison import Reason
from stream_app.core.groups.counts import GroupCount
from stream_app.core.intervals.interval_ends import (
    Z_95,
    koopman_many,
    miettinen_nurminen_many,
    newcombe_many,
    wilson_many,
)


class Interval(NamedTuple):
    """A closed interval.

    Attributes:
        lower: Lower end, finite.
        upper: Upper end, finite; None when there is none.
        reason: Why the interval is uninformative or has no upper end; None when it has both ends.
    """

    lower: float
    upper: float | None
    reason: enum.StrEnum | None = None


class PairIntervals(NamedTuple):
    """The intervals of one group beside the reference: its rate, the gap, the disparate impact ratio."""

    rate: Interval
    gap: Interval
    ratio: Interval


def wilson(k: int, n: int, *, z: float = Z_95) -> Interval:
    """Return the Wilson score interval of a rate, in [0, 1].

    ``(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)`` with ``p = k/n``; exactly 0 at k = 0, exactly 1 at k = n.
    [0, 1] with the reason ``no_decisions`` at n = 0.

    Source: Wilson 1927, JASA 22, 209-212.

    >>> lower, upper, _ = wilson(133, 197)
    >>> round(lower, 6), round(upper, 6)
    (0.606921, 0.736633)
    """
    lower, upper = wilson_many(k, n, z=z)
    return Interval(float(lower), float(upper), None if n else Reason.NO_DECISIONS)


def newcombe(k_a: int, n_a: int, k_b: int, n_b: int, *, z: float = Z_95) -> Interval:
    """Return the interval of the gap ``k_a/n_a - k_b/n_b`` (group minus reference), in [-1, 1].

    ``d - sqrt((p_a-l_a)² + (u_b-p_b)²)`` to ``d + sqrt((u_a-p_a)² + (p_b-l_b)²)``,
    l and u the Wilson ends of each rate.
    [-1, 1] with the reason ``no_decisions`` or ``reference_empty`` where a group is empty.

    Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10.

    >>> lower, upper, _ = newcombe(133, 197, 1527, 1681)
    >>> round(lower, 6), round(upper, 6)
    (-0.302671, -0.170014)
    """
    lower, upper = newcombe_many(k_a, n_a, k_b, n_b, z=z)
    return Interval(float(lower), float(upper), missing_group(n_a, n_b))


def miettinen_nurminen(k_a: int, n_a: int, k_b: int, n_b: int, *, z: float = Z_95) -> Interval:
    """Return the score interval of the gap ``k_a/n_a - k_b/n_b`` (group minus reference), in [-1, 1].

    All d with ``|p_a - p_b - d| <= z sqrt((x(1-x)/n_a + u(1-u)/n_b) N/(N-1))``, where (x, u) are the most likely rates
    with ``x = u + d`` and N = n_a + n_b. Its coverage is closer to 95 % than that of ``newcombe`` for every pair of
    true rates, at 2 % more length; it takes 60 times as long, so windows have Newcombe's.
    [-1, 1] with the reason ``no_decisions`` or ``reference_empty`` where a group is empty.

    Source: Miettinen and Nurminen 1985, Statistics in Medicine 4, 213-226.

    >>> lower, upper, _ = miettinen_nurminen(56, 70, 48, 80)
    >>> round(lower, 4), round(upper, 4)
    (0.0528, 0.3382)
    """
    lower, upper = miettinen_nurminen_many(k_a, n_a, k_b, n_b, z=z)
    return Interval(float(lower), float(upper), missing_group(n_a, n_b))


def koopman(k_a: int, n_a: int, k_b: int, n_b: int, *, z: float = Z_95) -> Interval:
    """Return the score interval of the disparate impact ratio ``(k_a/n_a) / (k_b/n_b)``, lower end >= 0.

    All t with ``|p_a - t p_b| <= z sqrt(x(1-x)/n_a + t² u(1-u)/n_b)``, where (x, u) are the most likely rates with
    ``x = t u``. Lower end 0 at k_a = 0. No upper end, with the reason ``reference_rate_zero``, at k_b = 0; [0, none]
    with ``no_decisions`` or ``reference_empty`` where a group is empty.

    Source: Koopman 1984, Biometrics 40, 513-517; Miettinen and Nurminen 1985 without their N/(N-1).

    >>> lower, upper, _ = koopman(133, 197, 1527, 1681)
    >>> round(lower, 6), round(upper, 6)
    (0.667482, 0.812141)
    >>> koopman(0, 10, 0, 10)
    Interval(lower=0.0, upper=None, reason=<Reason.REFERENCE_RATE_ZERO: 'reference_rate_zero'>)
    """
    lower, upper = koopman_many(k_a, n_a, k_b, n_b, z=z)
    reason = missing_group(n_a, n_b) or (None if k_b else Reason.REFERENCE_RATE_ZERO)
    return Interval(float(lower), _finite_or_none(float(upper)), reason)


def intervals_of_pairs(
    pairs: Sequence[tuple[GroupCount, GroupCount]], effects: Floats | None = None, *, z: float = Z_95
) -> list[PairIntervals]:
    """Return the three intervals of each pair of a group and its reference, solved together.

    The same values as the scalar forms; 100 pairs cost little more than one, so call it once for each closed window.

    Args:
        pairs: Counts of the group and of its reference.
        effects: Design effects, which divide all counts of a pair (Kish 1965), shape (pairs,); None for 1.
        z: Two-sided normal quantile of the level.

    >>> [both] = intervals_of_pairs([(GroupCount(197, 133), GroupCount(1681, 1527))])
    >>> both.gap == newcombe(133, 197, 1527, 1681), intervals_of_pairs([])
    (True, [])
    """
    counts = np.array([(*group, *reference) for group, reference in pairs], dtype=np.float64).reshape(-1, 4)
    n_a, k_a, n_b, k_b = counts.T if effects is None else counts.T / effects
    ends = (
        *wilson_many(k_a, n_a, z=z),
        *newcombe_many(k_a, n_a, k_b, n_b, z=z),
        *koopman_many(k_a, n_a, k_b, n_b, z=z),
    )
    intervals = []
    for (group, reference), (rate_low, rate_high, gap_low, gap_high, ratio_low, ratio_high) in zip(
        pairs, np.stack(ends, axis=1).tolist(), strict=True
    ):
        reason = missing_group(group.n, reference.n)
        zero = None if reference.favorable else Reason.REFERENCE_RATE_ZERO
        intervals.append(
            PairIntervals(
                Interval(rate_low, rate_high, None if group.n else Reason.NO_DECISIONS),
                Interval(gap_low, gap_high, reason),
                Interval(ratio_low, _finite_or_none(ratio_high), reason or zero),
            )
        )
    return intervals


def mean_of_gaps(first: tuple[float, Interval], second: tuple[float, Interval]) -> Interval:
    """Return the interval of the mean of two independent gaps (MOVER), in [-1, 1].

    ``m - ½ sqrt((d_1-l_1)² + (d_2-l_2)²)`` to ``m + ½ sqrt((u_1-d_1)² + (u_2-d_2)²)`` with ``m = (d_1+d_2)/2``.

    Args:
        first: A gap and its interval, with both ends.
        second: Another one, from other decisions.

    Raises:
        ValueError: An interval has no upper end.

    Source: Zou and Donner 2008, Statistics in Medicine 27, 1693-1702.

    >>> half = (0.0, Interval(-0.3, 0.4))
    >>> lower, upper, _ = mean_of_gaps(half, half)
    >>> round(lower, 6), round(upper, 6)
    (-0.212132, 0.282843)
    """
    (gap, interval), (other_gap, other) = first, second
    if interval.upper is None or other.upper is None:
        raise ValueError("The mean of two gaps needs both ends of both intervals")
    mean = (gap + other_gap) / 2
    below = math.hypot(gap - interval.lower, other_gap - other.lower) / 2
    above = math.hypot(interval.upper - gap, other.upper - other_gap) / 2
    return Interval(mean - below, mean + above)


def missing_group(n_a: int, n_b: int) -> Reason | None:
    """Return which group of a pair has no decision, as a reason."""
    if not n_a:
        return Reason.NO_DECISIONS
    return None if n_b else Reason.REFERENCE_EMPTY


def _finite_or_none(end: float) -> float | None:
    return end if math.isfinite(end) else None
