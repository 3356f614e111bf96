"""Intervals of mean amounts, their difference and their ratio, for one window: what they can be, given the decisions.

Welch's interval after one decision at each end of the range is added to each group. With ``n' = n + 2`` decisions of
mean ``m'`` and variance ``s'^2`` (over ``n' - 1``), both taken from the edges of the bins (``core.amounts.counts``),

    difference   m_a' - m_b' -+ t sqrt(V_a + V_b),   V = s'^2 / n'
    ratio        every r with (M_a - r M_b)^2 <= t^2 (V_a + r^2 V_b)

with t for Welch and Satterthwaite's degrees of freedom, and with ``n' - 1`` of the smaller group for the ratio, whose
means M are amounts and not shares of the range (Fieller). What a window shows is always inside.

Why two decisions are added: a mean of few amounts does not show what is rare. Of 30 amounts that all are at the least
one Welch's own interval has the width 0, and of 10 and 90 skewed ones (a lognormal distribution) it covers the true
difference in 86 of 100 windows, this one in at least 95 (``docs/explanation/amounts.md``). For amounts of 0 and 1 this
is the interval of Agresti and Caffo. It is one for a single look, and for large windows it becomes Welch's.

Source: Welch 1947, Biometrika 34, 28-35; Agresti and Caffo 2000, The American Statistician 54, 280-288 (one decision of
each kind in each group); Fieller 1954, J. R. Stat. Soc. B 16, 175-185.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.amounts.counts import AmountCounts, edge_weights, edges
from stream_app.core.arrays import Floats
from stream_app.core.intervals.student import t_quantiles

CONFIDENCE = 0.95
_N_ADDED, _SUM_ADDED, _SQUARES_ADDED = 2, 1.0, 1.0  # one decision at 0, one at 1
_LEAST_VARIANCE = 1e-300


class Ends(NamedTuple):
    """Lower and upper ends of many intervals; an upper end of a ratio may be infinite."""

    lower: Floats
    upper: Floats


class _Side(NamedTuple):
    """A group with the decisions that are added; amounts are shares of the range."""

    n: Floats
    mean: Floats
    variance: Floats  # of the mean


def mean_ends(counts: AmountCounts, confidence: float = CONFIDENCE) -> Ends:
    """Return the ends of the mean amount of each group, as shares of the range; [0, 1] where there is no decision.

    >>> lower, upper = mean_ends(AmountCounts(np.array([0, 40, 40, 0]), np.array([0, 40 * 196608, 40 * 327680, 0])))
    >>> print(f"{lower:.3f} {upper:.3f}")
    0.458 0.542
    """
    side = _side_of(counts)
    half = t_quantiles((1 + confidence) / 2, side.n - 1) * np.sqrt(side.variance)
    shown = counts.means()
    lower, upper = np.fmin(side.mean - half, shown), np.fmax(side.mean + half, shown)
    is_empty = counts.total_n == 0
    return Ends(np.where(is_empty, 0.0, np.maximum(lower, 0.0)), np.where(is_empty, 1.0, np.minimum(upper, 1.0)))


def difference_ends(group: AmountCounts, reference: AmountCounts, confidence: float = CONFIDENCE) -> Ends:
    """Return the ends of the difference of mean amounts, group less reference, as shares of the range.

    [-1, 1] where a group has no decision.

    Args:
        group: Counts of groups, shape (..., bins).
        reference: Those of their references, likewise.
        confidence: In (0, 1).
    """
    a, b = _side_of(group), _side_of(reference)
    variance = np.maximum(a.variance + b.variance, _LEAST_VARIANCE)
    df = variance**2 / (a.variance**2 / (a.n - 1) + b.variance**2 / (b.n - 1))
    half = t_quantiles((1 + confidence) / 2, np.maximum(df, 1.0)) * np.sqrt(variance)
    shown = group.means() - reference.means()
    lower, upper = np.fmin(a.mean - b.mean - half, shown), np.fmax(a.mean - b.mean + half, shown)
    is_empty = (group.total_n == 0) | (reference.total_n == 0)
    return Ends(np.where(is_empty, -1.0, np.maximum(lower, -1.0)), np.where(is_empty, 1.0, np.minimum(upper, 1.0)))


def ratio_ends(group: AmountCounts, reference: AmountCounts, least: float, confidence: float = CONFIDENCE) -> Ends:
    """Return the ends of the ratio of mean amounts, group to reference.

    The upper end is infinite where a mean of 0 of the reference is not ruled out, and where a group has no decision;
    the lower end is then 0 in the latter case.

    Args:
        group: Counts of groups, shape (..., bins).
        reference: Those of their references, likewise.
        least: The least amount as a multiple of the range, >= 0.
        confidence: In (0, 1).

    Source: Fieller 1954.
    """
    a, b = _side_of(group), _side_of(reference)
    t = t_quantiles((1 + confidence) / 2, np.minimum(a.n, b.n) - 1)
    mean_a, mean_b = a.mean + least, b.mean + least
    # square r^2 - 2 product r + rest <= 0
    square, product, rest = mean_b**2 - t**2 * b.variance, mean_a * mean_b, mean_a**2 - t**2 * a.variance
    root = np.sqrt(np.maximum(product**2 - square * rest, 0.0))
    shown_a, shown_b = np.nan_to_num(group.means()) + least, np.nan_to_num(reference.means()) + least
    shown = np.divide(shown_a, shown_b, out=np.full(root.shape, np.inf), where=shown_b > 0)
    lower = np.minimum(np.maximum(rest / (product + root), 0.0), shown)
    upper = np.divide(product + root, square, out=np.full(root.shape, np.inf), where=square > 0)
    is_empty = (group.total_n == 0) | (reference.total_n == 0)
    return Ends(np.where(is_empty, 0.0, lower), np.where(is_empty, np.inf, np.maximum(upper, shown)))


def variances_of(counts: AmountCounts) -> Floats:
    """Return the variance of the amounts of each group with the added decisions, in squares of the range, > 0."""
    side = _side_of(counts)
    variance: Floats = side.variance * side.n
    return variance


def _side_of(counts: AmountCounts) -> _Side:
    weights = edge_weights(counts.n, counts.sums)
    at = edges(counts.n_bins)
    n = weights.sum(axis=-1) + _N_ADDED
    mean = ((weights * at).sum(axis=-1) + _SUM_ADDED) / n
    squares = (weights * (at - mean[..., None]) ** 2).sum(axis=-1)
    squares = squares + mean**2 + (1 - mean) ** 2  # of the added decisions
    return _Side(n, mean, squares / (n - 1) / n)
