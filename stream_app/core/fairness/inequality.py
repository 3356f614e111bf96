"""How unequally decisions benefit people: the generalized entropy index of benefits, from counts.

The benefit of a case is ``b = approved - good + 1``: 1 where decision and outcome agree, 2 for an approval that turned
out badly, 0 for a denial of a good case. With mean benefit ``m`` over n cases and weight ``alpha``::

    GE(alpha) = mean((b/m)^alpha - 1) / (alpha (alpha - 1))
    GE(1)     = mean(b/m log(b/m))                           Theil index
    GE(0)     = -mean(log(b/m))                              mean log deviation

0 means that everybody has the same benefit. It is one number about all cases, whatever their groups: it says how
unequal single people fare, not who is worse off.

Source: Speicher et al. 2018, "A unified approach to quantifying algorithmic unfairness"; Theil 1967, Economics and
Information Theory. AIF360 has the same as ``generalized_entropy_index`` (alpha = 2) and ``theil_index``.
"""

from __future__ import annotations

import enum
import math
from typing import NamedTuple

from stream_app.core.fairness.outcome_rates import ConfusionCount


class InequalityReason(enum.StrEnum):
    """Why there is no index."""

    NO_OUTCOMES = "no_outcomes"
    NO_BENEFIT = "no_benefit"  # every case was good and denied: the mean benefit is 0
    ZERO_BENEFIT = "zero_benefit"  # alpha <= 0 gives infinite weight to cases with benefit 0


class Inequality(NamedTuple):
    """An index of inequality.

    Attributes:
        value: >= 0; None when it cannot be formed.
        n: Cases with an outcome.
        reason: Why there is no value.
    """

    value: float | None
    n: int
    reason: InequalityReason | None = None


def generalized_entropy_index(count: ConfusionCount, alpha: float = 2.0) -> Inequality:
    """Return the generalized entropy index of the benefits of all cases.

    Args:
        count: Decisions about all cases with a known outcome.
        alpha: Weight of large benefits, finite; 2 gives half the squared coefficient of variation.

    >>> index = generalized_entropy_index(ConfusionCount(tp=1496, fp=29, fn=81, tn=73))
    >>> round(index.value, 6), index.n
    (0.034374, 1679)
    >>> generalized_entropy_index(ConfusionCount(0, 0, 3, 0)).reason.value
    'no_benefit'
    """
    n = sum(count)
    by_benefit = ((0, count.fn), (1, count.tp + count.tn), (2, count.fp))
    total = sum(benefit * n_cases for benefit, n_cases in by_benefit)
    if not n:
        return Inequality(None, n, InequalityReason.NO_OUTCOMES)
    if not total:
        return Inequality(None, n, InequalityReason.NO_BENEFIT)
    if alpha <= 0 and count.fn:
        return Inequality(None, n, InequalityReason.ZERO_BENEFIT)
    terms = [n_cases * _term(benefit * n / total, alpha) for benefit, n_cases in by_benefit if n_cases]
    return Inequality(max(0.0, math.fsum(terms) / n), n)


def theil_index(count: ConfusionCount) -> Inequality:
    """Return the Theil index of the benefits of all cases: the generalized entropy index with alpha = 1.

    >>> round(theil_index(ConfusionCount(tp=1496, fp=29, fn=81, tn=73)).value, 6)
    0.05617
    """
    return generalized_entropy_index(count, 1.0)


def _term(share: float, alpha: float) -> float:
    """Return what one case with this benefit, relative to the mean, adds to the sum."""
    if alpha == 1:
        return share * math.log(share) if share else 0.0
    if alpha == 0:
        return -math.log(share)
    return (math.pow(share, alpha) - 1) / (alpha * (alpha - 1))
