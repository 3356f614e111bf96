"""When the difference between two groups changed: the estimate and a 99 % interval, from counts by time.

At each boundary between two spans of time two descriptions are compared: a ratio (or gap) of its own before and after,
or one for all time. Twice the difference of their log likelihoods,

    G(t) = deviance of what is before t from the common value + deviance of what is after it,

is greatest at the estimate. Its signed root ``z(t)`` is about a standard normal where nothing changes. A deviance is
that of two binomial samples from the nearest rates on the line of a value (``null_point``). The samples are
Mantel-Haenszel sums over spans, so that a base rate and a mix that move together from span to span do not look like a
change: with ``n = n_a + n_b`` in each span and ``W = sum n_a n_b / n``,

    p_a = sum k_a n_b / n / W   of   W^2 / sum n_a (n_b / n)^2   decisions about a
    p_b = sum k_b n_a / n / W   of   W^2 / sum n_b (n_a / n)^2   decisions about b

An abrupt change is, with 99 % confidence, at one of the boundaries with ``G(t) >= max G - c``: at the true one
``P(max G - G(t) <= c) = (1 - e^(-c/2))^2``. A slow change has no such boundary.

Where a rule is known to be broken after the change and kept before it, a boundary that has the value before it beyond
the limit, or the value after it within the limit, fits worse by the deviance from the limit. So the interval of a rule
that was broken from the very beginning is near the beginning, although nothing changed.

Source: Hinkley 1970, "Inference about the change-point in a sequence of random variables" (the estimate); Hansen 2000,
"Sample splitting and threshold estimation", theorem 2 (the interval); Mantel and Haenszel 1959, "Statistical aspects of
the analysis of data from retrospective studies of disease" (the sums).
"""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.detection.betting.null_point import gap_null_point, ratio_null_point
from stream_app.core.detection.rules import RateRule, RuleKind

SHORTFALL = -2 * log(1 - sqrt(0.99))  # c of the module's text
MOST_BEFORE = 8  # decisions before the onset that a test gives, for each one since
_TINY = 1e-12  # no rate on a line is nearer to 0 or 1
_WIDEST_RATIO = 1e6


class Onset(NamedTuple):
    """Spans from which a change began, by number.

    Attributes:
        best: The estimate.
        earliest: First span of the 99 % interval.
        latest: Last span of the 99 % interval.
    """

    best: int
    earliest: int
    latest: int


class _Samples(NamedTuple):
    """The two groups on one side of each boundary; every array has shape (spans,)."""

    n_a: Floats
    p_a: Floats
    n_b: Floats
    p_b: Floats


def standardized_changes(counts: Ints | Floats, kind: RuleKind, least_n: int = 1) -> tuple[Floats, int]:
    """Return how much the difference of two groups changed at each boundary, in standard errors.

    Args:
        counts: ``k_a, n_a, k_b, n_b`` of each span in order of time, shape (spans, 4) or (spans, strata, 4); at least
            one span.
        kind: Whether their ratio or their gap is compared.
        least_n: Fewest decisions of each group before and after a boundary, >= 1.

    Returns:
        ``z`` of each boundary, negative where a fares worse after it, 0 where a side has fewer decisions; shape
        (spans - 1,). And how many boundaries have enough decisions.

    >>> counts = np.array([[50, 100, 50, 100]] * 6 + [[30, 100, 50, 100]] * 4)
    >>> z, n_boundaries = standardized_changes(counts, RuleKind.GAP)
    >>> int(np.argmax(np.abs(z))) + 1, round(float(z[5]), 2), n_boundaries
    (6, -4.46, 9)
    """
    before, after = _samples_around(counts)
    common = _value_of_all(after, kind)
    gain = _deviance(before, kind, common) + _deviance(after, kind, common)
    z = np.where(_is_lower(after, before, kind), -1.0, 1.0) * np.sqrt(gain)
    n_before = np.cumsum(counts.reshape(len(counts), -1, 4)[..., 1::2].sum(axis=1), axis=0)
    is_enough = (np.minimum(n_before, n_before[-1:] - n_before) >= max(least_n, 1)).all(axis=1)[:-1]
    return np.where(is_enough, z[1:], 0.0), int(is_enough.sum())


def likely_boundaries(fit: Floats) -> tuple[int, int, int]:
    """Return the boundary that fits best, and the first and the last one that is within ``SHORTFALL`` of it.

    Args:
        fit: ``z^2`` of each boundary, or less where it contradicts what is known; not empty.
    """
    best = int(np.argmax(fit))
    likely = np.flatnonzero(fit >= fit[best] - SHORTFALL)
    return best, int(likely[0]), int(likely[-1])


def find_onset(counts: Ints | Floats, rule: RateRule, fallback: int, *, is_recovery: bool = False) -> Onset:
    """Return the span from which a rule was broken, given that it is broken at the end; or kept, for a recovery.

    Args:
        counts: ``k_a, n_a, k_b, n_b`` of each span in order of time, from the start of what is searched to the alarm,
            shape (spans, 4) or (spans, strata, 4); at least one span has decisions of both groups in a stratum.
        rule: The rule; a is the group that may be harmed.
        fallback: Number of the span that the test itself gives, for where no boundary stands out.
        is_recovery: Whether the rule was broken before and is kept now.

    Returns:
        Spans with decisions of both groups: never one before the first of them. Of the time before ``fallback`` no more
        is searched than has eight times the decisions from there on, since old changes have nothing to do with it.

    >>> fair, unfair, one_group = [70, 100, 70, 100], [40, 100, 70, 100], [0, 0, 70, 100]
    >>> find_onset(np.array([one_group] + [fair] * 9 + [unfair] * 5), RateRule(RuleKind.RATIO, 0.8), 11)
    Onset(best=10, earliest=10, latest=10)
    >>> find_onset(np.array([one_group] * 3 + [unfair] * 5), RateRule(RuleKind.RATIO, 0.8), 3)
    Onset(best=3, earliest=3, latest=4)
    """
    counts = counts.reshape(len(counts), -1, 4)
    comparable = np.flatnonzero(((counts[..., 1] > 0) & (counts[..., 3] > 0)).any(axis=1))
    comparable = comparable[comparable >= _first_searched(counts, fallback)]
    of_both = counts[comparable]
    z, _ = standardized_changes(of_both, rule.kind)
    way = 1.0 if is_recovery else -1.0
    gain = np.concatenate([[0.0], np.where(z * way > 0, z * z, 0.0)])  # the first span: nothing changed
    best, earliest, latest = likely_boundaries(gain - _misfit(of_both, rule, is_recovery=is_recovery))
    if gain.max() <= SHORTFALL:
        best = min(max(int(np.searchsorted(comparable, fallback)), earliest), latest)
    return Onset(*(int(comparable[at]) for at in (best, earliest, latest)))


def _first_searched(counts: Ints | Floats, fallback: int) -> int:
    """Return the first span that is searched: at least the last one with both groups is left."""
    n = np.where((counts[..., 1] > 0) & (counts[..., 3] > 0), counts[..., 1] + counts[..., 3], 0).sum(axis=1)
    fallback = min(fallback, int(np.flatnonzero(n)[-1]))
    from_there_on = int(n[fallback:].sum())
    before = np.cumsum(n[:fallback][::-1])  # from there backwards
    return fallback - int(np.searchsorted(before, MOST_BEFORE * from_there_on, side="right"))


def _misfit(counts: Ints | Floats, rule: RateRule, *, is_recovery: bool) -> Floats:
    """Return how far the values before each span and from it on are on the wrong side of the limit, as deviance."""
    border = rule.limit if rule.kind is RuleKind.RATIO else -rule.limit
    before, after = _samples_around(counts)
    is_broken_before, is_broken_after = (_is_beyond(side, rule.kind, border) for side in (before, after))
    misfit: Floats = np.where(is_broken_before != is_recovery, _deviance(before, rule.kind, border), 0.0)
    misfit[0] = 0.0  # there is nothing before
    return misfit + np.where(is_broken_after == is_recovery, _deviance(after, rule.kind, border), 0.0)


def _samples_around(counts: Ints | Floats) -> tuple[_Samples, _Samples]:
    """Return the samples before each span and from it on; nothing is before the first."""
    k_a, n_a, k_b, n_b = np.moveaxis(counts.reshape(len(counts), -1, 4), -1, 0).astype(np.float64)
    n = np.maximum(n_a + n_b, 1.0)
    terms = np.stack([n_a * n_b / n, k_a * n_b / n, k_b * n_a / n, n_a * (n_b / n) ** 2, n_b * (n_a / n) ** 2], axis=-1)
    through = np.cumsum(terms.sum(axis=1), axis=0)
    before = np.concatenate([np.zeros((1, through.shape[1])), through[:-1]])
    return _samples(before), _samples(np.maximum(through[-1] - before, 0.0))


def _samples(sums: Floats) -> _Samples:
    weight, favorable_a, favorable_b, spread_a, spread_b = sums.T
    n_a, n_b = (_share(weight * weight, spread) for spread in (spread_a, spread_b))
    return _Samples(n_a, _share(favorable_a, weight), n_b, _share(favorable_b, weight))


def _value_of_all(after: _Samples, kind: RuleKind) -> float:
    """Return the ratio or gap over all spans."""
    p_a, p_b = float(after.p_a[0]), float(after.p_b[0])
    if kind is RuleKind.GAP:
        return p_a - p_b
    return min(max(p_a / p_b, 1 / _WIDEST_RATIO), _WIDEST_RATIO) if p_b else _WIDEST_RATIO


def _deviance(side: _Samples, kind: RuleKind, value: float) -> Floats:
    """Return twice the log likelihood that is lost where the difference of the groups is one value."""
    n_a, n_b = np.maximum(side.n_a, _TINY), np.maximum(side.n_b, _TINY)
    point = ratio_null_point if kind is RuleKind.RATIO else gap_null_point
    x, u = point(n_a, side.p_a, n_b, side.p_b, value)
    return 2 * (side.n_a * _divergence(side.p_a, x) + side.n_b * _divergence(side.p_b, u))


def _divergence(p: Floats, q: Floats) -> Floats:
    """Return the Kullback-Leibler divergence of two rates, >= 0."""
    q = np.minimum(np.maximum(q, _TINY), 1 - _TINY)
    favorable = p * np.log(np.maximum(p, _TINY) / q)
    divergence: Floats = favorable + (1 - p) * np.log(np.maximum(1 - p, _TINY) / (1 - q))
    return np.maximum(divergence, 0.0)


def _is_lower(side: _Samples, other: _Samples, kind: RuleKind) -> Bools:
    if kind is RuleKind.RATIO:
        return side.p_a * other.p_b < other.p_a * side.p_b
    return side.p_a - side.p_b < other.p_a - other.p_b


def _is_beyond(side: _Samples, kind: RuleKind, border: float) -> Bools:
    if kind is RuleKind.RATIO:
        return side.p_a < border * side.p_b
    return side.p_a - side.p_b < border


def _share(part: Floats, whole: Floats) -> Floats:
    """Return a quotient, 0 where nothing was counted; rounding of differences of sums leaves no rate above 1."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > _TINY)
