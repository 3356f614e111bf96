"""How unequally decisions with a known outcome benefit people: one number about all cases, whatever their groups."""

from __future__ import annotations

import math

from stream_app.core.fairness import inequality
from stream_app.core.fairness.inequality import Inequality
from stream_app.core.fairness.outcome_rates import ConfusionCount

__all__ = ["Inequality", "generalized_entropy_index", "theil_index"]


def generalized_entropy_index(count: ConfusionCount, alpha: float = 2.0) -> Inequality:
    """Return the generalized entropy index of the benefits of all cases.

    A case has benefit 1 where decision and outcome agree, 2 for an approval that turned out badly and 0 for a denial
    of a good case; the index is ``mean((b/m)^alpha - 1) / (alpha (alpha - 1))`` with the mean benefit m.

    Args:
        count: Decisions about all cases with a known outcome, of all groups together.
        alpha: Weight of large benefits, finite; 1 is the Theil index, 0 the mean log deviation.

    Returns:
        Index >= 0; 0 when all have the same benefit. The value is None with a ``reason``: ``no_outcomes``,
        ``no_benefit`` when every case was good and denied, ``zero_benefit`` for alpha <= 0 with such cases.

    Raises:
        ValueError: A count is negative or ``alpha`` is not finite.

    Source: Speicher et al. 2018, "A unified approach to quantifying algorithmic unfairness".

    >>> round(generalized_entropy_index(ConfusionCount(tp=80, fp=10, fn=20, tn=40)).value, 6)
    0.112245
    """
    if not math.isfinite(alpha):
        raise ValueError(f"alpha must be finite, got {alpha}")
    return inequality.generalized_entropy_index(_checked(count), alpha)


def theil_index(count: ConfusionCount) -> Inequality:
    """Return the Theil index of the benefits of all cases: the generalized entropy index with ``alpha`` = 1.

    Args:
        count: Decisions about all cases with a known outcome, of all groups together.

    Returns:
        Index >= 0, as ``generalized_entropy_index``.

    Raises:
        ValueError: A count is negative.

    Source: Theil 1967, Economics and Information Theory; Speicher et al. 2018.

    >>> round(theil_index(ConfusionCount(tp=80, fp=10, fn=20, tn=40)).value, 6)
    0.168014
    """
    return inequality.theil_index(_checked(count))


def _checked(count: ConfusionCount) -> ConfusionCount:
    if min(count) < 0:
        raise ValueError("counts must not be negative")
    return count
