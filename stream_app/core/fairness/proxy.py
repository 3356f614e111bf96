"""Rates of groups that are known by probabilities only: the weighting estimator, its bias, and bounds of it.

A record has a decision Y and, for each group g, a probability ``p_g = P(A = g | Z)`` from what is known of the person
(Z: name and address, for example). The estimate of the rate of a group, of its ratio and gap to a reference is

    rate_g = sum p_g Y / sum p_g,   ratio = rate_g / rate_ref,   gap = rate_g - rate_ref

**Bias.** With right probabilities the estimate tends to ``E[p_g Y] / P(A = g)``, which differs from the true rate by

    - E[Cov(1{A = g}, Y | Z)] / P(A = g)

It is right if decisions do not depend on the group among people with the same Z. Where members of a group are treated
worse than others with the same Z, that group seems to fare better than it does, so a harm looks smaller. No number of
records reduces it, and the sampling interval does not contain it. Wrong probabilities add an error of their own.
Assigning each record to its most probable group has a bias with more sources, which usually exaggerates differences.

**Bounds.** What no dependence can exceed. In a stratum of n records with ``M = sum p`` expected members, F favorable
decisions, ``K = sum p Y`` and ``S = sum p^2``, the expected favorable decisions about members are between

    K - min(K, n - M - F + K, M - S)   and   K + min(M - K, F - K, M - S)

The first two terms are the bounds of Frechet, ``max(0, M + F - n)`` and ``min(M, F)``. The third one holds because a
record with probability p contributes a covariance between ``-p (1 - p)`` and ``p (1 - p)`` at most, whatever the chance
of its decision: certain records cannot be wrong. Strata add up. Ratio and gap follow from the ends of both rates. The
bounds are about the people in the records, without sampling error.

**Effective number.** ``(sum p)^2 / sum p^2`` records with certain membership would say as much about a group (Kish), or
fewer: ``rate (1 - rate) (sum p)^2 / sum p^2 (Y - rate)^2`` where the records with high probabilities vary more. The
smaller one is put in the score intervals of ``intervals`` instead of n. Members of two groups are estimated from the
same records, which makes both rates err in the same direction; intervals of ratio and gap ignore that, so they are
too wide rather than too narrow.

Source: Chen, Kallus, Mao, Svacha and Udell 2019, "Fairness under unawareness" (both estimators and their bias), arXiv
1811.11154; McCartan, Fisher, Goldin, Ho and Imai 2024, "Estimating racial disparities when race is not observed" (the
attenuation), arXiv 2303.02580; Kallus, Mao and Zhou 2022, "Assessing algorithmic fairness with unobserved protected
class using data combination" (bounds); Kish 1965, "Survey sampling".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stream_app.core.groups.memberships import MembershipSums
from stream_app.core.intervals.interval_ends import koopman_many, newcombe_many, wilson_many


@dataclass(frozen=True)
class ValueRange:
    """A closed range of a value.

    Attributes:
        lower: Lower end.
        upper: Upper end; None when there is none.
    """

    lower: float
    upper: float | None


@dataclass(frozen=True)
class GroupEstimate:
    """What is known of a group by probabilities.

    Attributes:
        n: Expected decisions about its members, >= 0.
        favorable: Expected favorable ones among them by the weighting estimator.
        n_effective: Effective number of decisions, at most their number.
        n_for_intervals: The number that stands for n in intervals, at most ``n_effective``.
        bounds: Range of the favorable decisions about its members, over every dependence.
    """

    n: float
    favorable: float
    n_effective: float
    n_for_intervals: float
    bounds: ValueRange

    @property
    def rate(self) -> float | None:
        """Estimated approval rate in [0, 1]; None without members."""
        return min(self.favorable / self.n, 1.0) if self.n else None

    @property
    def rate_interval(self) -> ValueRange | None:
        """95 % interval of the rate by sampling alone (Wilson); None without members."""
        if self.rate is None:
            return None
        lower, upper = wilson_many(self.rate * self.n_for_intervals, self.n_for_intervals)
        return ValueRange(float(lower), float(upper))

    @property
    def rate_bounds(self) -> ValueRange | None:
        """Range of the rate over every dependence; None without members."""
        if not self.n or self.bounds.upper is None:
            return None
        return ValueRange(self.bounds.lower / self.n, min(self.bounds.upper / self.n, 1.0))


@dataclass(frozen=True)
class PairEstimate:
    """A group beside its reference; every value is None where it cannot be formed.

    Attributes:
        ratio: Disparate impact ratio.
        gap: Statistical parity difference.
        ratio_interval: 95 % interval by sampling alone (Koopman).
        gap_interval: 95 % interval by sampling alone (Newcombe).
        ratio_bounds: Range over every dependence.
        gap_bounds: The same of the gap.
    """

    ratio: float | None
    gap: float | None
    ratio_interval: ValueRange | None
    gap_interval: ValueRange | None
    ratio_bounds: ValueRange | None
    gap_bounds: ValueRange | None


NOTHING_KNOWN = PairEstimate(None, None, None, None, None, None)


def estimate_groups(sums: MembershipSums, scale: int) -> list[GroupEstimate]:
    """Estimate every group from the sums of its probabilities.

    Args:
        sums: The sums, by stratum.
        scale: Their fixed point: 1 is kept as this number.

    >>> from stream_app.core.groups.memberships import MembershipSums
    >>> one = MembershipSums(  # 100 records with p = 0.5, 60 of them favorable
    ...     np.array([0]), np.array([[60, 40]]), np.array([[[30], [20]]]), np.array([[[15], [10]]])
    ... )
    >>> [group] = estimate_groups(one, 1)
    >>> group.n, group.rate, group.n_effective, group.rate_bounds
    (50.0, 0.6, 100.0, ValueRange(lower=0.2, upper=1.0))
    """
    members, favorable = sums.sums.sum(axis=1) * scale, sums.sums[:, 0] * scale  # by stratum and group, as squares
    squares = sums.squares.sum(axis=1)
    n, n_favorable = (part[:, np.newaxis] * scale**2 for part in (sums.n.sum(axis=1), sums.n[:, 0]))
    uncertain = members - squares
    less = np.minimum(np.minimum(favorable, n - members - n_favorable + favorable), uncertain)
    more = np.minimum(np.minimum(members - favorable, n_favorable - favorable), uncertain)
    ends = ((favorable - np.maximum(less, 0)).sum(axis=0), (favorable + np.maximum(more, 0)).sum(axis=0))
    by_outcome = (sums.squares[:, outcome].sum(axis=0) for outcome in (0, 1))
    columns = (members.sum(axis=0), favorable.sum(axis=0), *by_outcome, *ends)
    return [_estimate(*(int(entry) / scale**2 for entry in row)) for row in zip(*columns, strict=True)]


def estimate_pair(group: GroupEstimate, reference: GroupEstimate) -> PairEstimate:
    """Compare a group with its reference."""
    rate, rate_ref = group.rate, reference.rate
    bounds, bounds_ref = group.rate_bounds, reference.rate_bounds
    if rate is None or rate_ref is None or bounds is None or bounds_ref is None:
        return NOTHING_KNOWN
    if bounds.upper is None or bounds_ref.upper is None:
        return NOTHING_KNOWN
    n, n_ref = group.n_for_intervals, reference.n_for_intervals
    counts = (rate * n, n, rate_ref * n_ref, n_ref)
    (gap_low, gap_high), (ratio_low, ratio_high) = newcombe_many(*counts), koopman_many(*counts)
    has_ratio, has_ends = bool(rate_ref), bool(bounds_ref.upper)
    return PairEstimate(
        ratio=rate / rate_ref if has_ratio else None,
        gap=rate - rate_ref,
        ratio_interval=ValueRange(float(ratio_low), float(ratio_high)) if has_ratio else None,
        gap_interval=ValueRange(float(gap_low), float(gap_high)),
        ratio_bounds=ValueRange(
            bounds.lower / bounds_ref.upper, bounds.upper / bounds_ref.lower if bounds_ref.lower else None
        )
        if has_ends
        else None,
        gap_bounds=ValueRange(bounds.lower - bounds_ref.upper, bounds.upper - bounds_ref.lower),
    )


def _estimate(
    members: float, favorable: float, favorable_squares: float, other_squares: float, lower: float, upper: float
) -> GroupEstimate:
    squares = favorable_squares + other_squares
    n_effective = members**2 / squares if squares else 0.0
    rate = favorable / members if members else 0.0
    spread = (1 - rate) ** 2 * favorable_squares + rate**2 * other_squares
    n_varying = rate * (1 - rate) * members**2 / spread if spread > 0 else n_effective
    return GroupEstimate(
        n=members,
        favorable=favorable,
        n_effective=n_effective,
        n_for_intervals=min(n_effective, n_varying) or n_effective,
        bounds=ValueRange(lower, upper),
    )
