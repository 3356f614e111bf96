"""A pair of rates that violates a rule, and how many decisions any method needs to detect it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stream_app.core.detection.betting.null_point import gap_null_point, ratio_null_point
from stream_app.core.detection.rules import RateRule, RuleKind


@dataclass(frozen=True)
class Violation:
    """Rates that violate a rule.

    Attributes:
        rule: The rule.
        p_a: Rate of the disadvantaged group, in (0, 1).
        p_b: Rate of the reference, in (0, 1).
        q: Share of the pair's decisions that are about the disadvantaged group, in (0, 1).
    """

    rule: RateRule
    p_a: float
    p_b: float
    q: float

    def nearest_fair_rates(self) -> tuple[float, float]:
        """Return the rates within the limit that are hardest to distinguish from the violation."""
        null_point = ratio_null_point if self.rule.kind is RuleKind.RATIO else gap_null_point
        limit = self.rule.limit if self.rule.kind is RuleKind.RATIO else -self.rule.limit
        x, u = null_point(self.q, self.p_a, 1 - self.q, self.p_b, limit)
        return float(x), float(u)

    def divergence(self) -> float:
        """Return the Kullback-Leibler divergence from the nearest fair rates, in nats per decision of the pair."""
        x, u = self.nearest_fair_rates()
        return self.q * _divergence(self.p_a, x) + (1 - self.q) * _divergence(self.p_b, u)


def delay_bound(c: float, divergence: float) -> float:
    """Return the approximate number of decisions that any detector needs: ``LB = (log(c K) - 1) / K``.

    No detector with a mean of ``c`` decisions to a false alarm has a worst-case mean delay below ``log(c) / K`` to
    first order (Lorden); CUSUM reaches the bound, exactly so for a Brownian motion, where false alarms come every
    ``(e^h - h - 1)/K`` and the delay is ``(h - 1 + e^-h)/K``: with ``h = log(c K)`` that is the formula. A mean over
    few decisions, or a median, may be slightly below it.

    Args:
        c: Mean decisions to a false alarm, > 0.
        divergence: ``K`` of the violation from the rule, nats per decision, > 0.

    Returns:
        Decisions after the change; 0 where the formula is negative, because a single decision is enough.

    Source: Lorden 1971, "Procedures for reacting to a change in distribution", theorem 3; Tartakovsky, Nikiforov and
    Basseville 2014, "Sequential analysis", section 8.2 (CUSUM, Brownian motion).

    >>> round(delay_bound(1e8, Violation(RateRule(RuleKind.RATIO, 0.8), 0.5, 0.7, 0.5).divergence()))
    4895
    """
    return max((math.log(c * divergence) - 1) / divergence, 0.0)


def _divergence(p: float, r: float) -> float:
    return p * math.log(p / r) + (1 - p) * math.log((1 - p) / (1 - r))
