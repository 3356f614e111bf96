"""Quantiles of amounts by bin, and their intervals.

From number and sum of each bin a single order statistic is known within bounds: the j-th smallest of the n amounts in a
bin from ``low`` to ``high`` with the sum S is

    at least  (S - (n - j) high) / j            the others above it are at most high each
    at most   (S - (j - 1) low) / (n - j + 1)   the others below it are at least low each

and in the bin. Amounts that are all alike at an edge are known exactly. The estimate spreads the amounts of a bin
evenly, around their mean.

An interval goes from one order statistic to another. Whatever the distribution of the amounts is, the true quantile q
is between the l-th and the u-th smallest of n amounts with the chance ``P(l <= K < u)`` at least, K being a binomial
count with the parameters n and q; l and u are those of the normal approximation with a correction for continuity. The
interval has the lower bound of the one and the upper bound of the other. The interval of a difference is that of both
quantiles at half the error each.

Source: Thompson 1936, Annals of Mathematical Statistics 7, 122-128 (order statistics); Hyndman and Fan 1996, The
American Statistician 50, 361-365, definition 7 (the estimate).
"""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.amounts.scale import FULL
from stream_app.core.arrays import Floats, Ints

CONFIDENCE = 0.95


class Quantiles(NamedTuple):
    """A quantile of the amounts of each group, as shares of the range; nan where there is no decision.

    Attributes:
        values: The estimate.
        lower: Lower end of the interval; 0 where there are too few decisions.
        upper: Upper end of the interval; 1 likewise.
    """

    values: Floats
    lower: Floats
    upper: Floats


def quantiles_of(counts: AmountCounts, q: float, confidence: float = CONFIDENCE) -> Quantiles:
    """Return a quantile of the amounts of each group.

    Args:
        counts: Counts of groups, shape (..., bins).
        q: Which quantile, in (0, 1).
        confidence: In (0, 1).

    >>> counts = AmountCounts(np.array([50, 30, 20, 0]), np.array([0, 30 * 196608, 20 * 262144, 0]))
    >>> [round(float(value), 3) for value in quantiles_of(counts, 0.75)]  # all amounts of the first bin are 0
    [0.456, 0.266, 0.5]
    """
    n = counts.total_n
    place = (np.maximum(n, 1) - 1) * q
    below = np.floor(place).astype(np.int64)
    share = place - below
    half = NormalDist().inv_cdf((1 + confidence) / 2) * np.sqrt(n * q * (1 - q)) + 1 / 2
    first, last = np.floor(n * q - half).astype(np.int64), np.ceil(n * q + half).astype(np.int64) + 1
    at_most = np.maximum(n, 1)
    ranks = [below + 1, np.minimum(below + 2, at_most), np.maximum(first, 1), np.minimum(last, at_most)]
    ranked = _order_statistics(counts, np.stack(ranks))
    low, high = ranked.values[0], ranked.values[1]
    lower = np.where(first >= 1, ranked.lower[2], 0.0)
    upper = np.where(last <= n, ranked.upper[3], 1.0)
    values = np.where(n > 0, low + share * (high - low), np.nan)
    return Quantiles(values, np.where(n > 0, lower, np.nan), np.where(n > 0, upper, np.nan))


def _order_statistics(counts: AmountCounts, ranks: Ints) -> Quantiles:
    """Return the amount of each rank, 1 the smallest, with its bounds; anything where there is no decision.

    Args:
        counts: Counts of groups, shape (..., bins).
        ranks: Several of each group, shape (ranks, ...).
    """
    through = np.cumsum(counts.n, axis=-1)[None]
    number = np.minimum((through < ranks[..., None]).sum(axis=-1), counts.n_bins - 1)
    at = number[..., None]
    n = np.maximum(np.take_along_axis(counts.n[None], at, -1)[..., 0], 1)
    total = np.take_along_axis(counts.sums[None], at, -1)[..., 0].astype(np.float64)
    place = np.clip(ranks - (np.take_along_axis(through, at, -1)[..., 0] - n), 1, n)
    step = FULL // counts.n_bins
    low, high = number * step, (number + 1) * step
    lower = np.maximum((total - (n - place) * high) / place, low)
    upper = np.minimum((total - (place - 1) * low) / (n - place + 1), high)
    evenly = total / n + ((place - 1 / 2) / n - 1 / 2) * step
    return Quantiles(np.clip(evenly, lower, upper) / FULL, lower / FULL, upper / FULL)
