"""How fast any detector can be: a bound, and an oracle that knows the rates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.streams import PANE_N, Stream, steady
from stream_app.core.detection.betting.block import log_e_value
from stream_app.core.detection.betting.null_point import gap_null_point, ratio_null_point
from stream_app.core.detection.rules import RateRule, RuleKind

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MILLION = 1e6
_ORACLE_LEVEL = 0.01  # probability of a false alarm of the oracle in a million decisions


@dataclass(frozen=True)
class Violation:
    """Rates that violate a rule.

    Attributes:
        rule: The rule.
        p_a: Rate of the disadvantaged group, in (0, 1).
        p_b: Rate of the reference, in (0, 1).
        q: Share of decisions about the disadvantaged group, in (0, 1).
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
        """Return the Kullback-Leibler divergence from the nearest fair rates, in nats per decision."""
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

    >>> from benchmarks.detect.methods.detector import FOUR_FIFTHS
    >>> round(delay_bound(1e8, Violation(FOUR_FIFTHS, 0.5, 0.7, 0.5).divergence()))
    4895
    """
    return max((math.log(c * divergence) - 1) / divergence, 0.0)


@dataclass(frozen=True)
class Oracle:
    """A CUSUM that knows both the violation and the nearest fair rates.

    Attributes:
        violation: The violation that it knows.
        threshold: Of its statistic, in nats.
    """

    violation: Violation
    threshold: float

    def alarms(self, counts: Ints) -> Bools:
        """Return where the statistic reaches the threshold, shape (panes, runs)."""
        return _cusum(self.violation, counts) >= self.threshold


def new_oracle(violation: Violation, *, n_panes: int, n_runs: int) -> Oracle:
    """Return an oracle whose threshold is simulated for a false alarm in 1% of runs of a million decisions.

    The maximum ``M`` of a CUSUM of log likelihood ratios over a long stream has the Gumbel distribution with scale 1,
    so its location, and with it any quantile, follows from all runs: ``location = -log(mean(exp(-M)))``.
    """
    x, u = violation.nearest_fair_rates()
    null = Stream(f"oracle {x:.6f} {u:.6f} {violation.q}", steady(u, x / u, violation.q))
    highest = _cusum(violation, null.draw(n_panes, n_runs)).max(axis=0)
    location = -math.log(float(np.exp(-highest).mean()))
    location_of_a_million = location + math.log(_MILLION / (n_panes * PANE_N))
    return Oracle(violation, location_of_a_million - math.log(-math.log(1 - _ORACLE_LEVEL)))


def _cusum(violation: Violation, counts: Ints) -> Floats:
    theta_a, theta_b = np.array(violation.p_a), np.array(violation.p_b)
    x, u = (np.array(rate) for rate in violation.nearest_fair_rates())
    log_e = log_e_value(np.moveaxis(counts, -1, 0).astype(np.float64), theta_a, theta_b, x, u)
    value = np.zeros(counts.shape[1])
    values = np.empty(log_e.shape)
    for pane, step in enumerate(log_e):
        value = np.maximum(value, 0) + step
        values[pane] = value
    return values


def _divergence(p: float, r: float) -> float:
    return p * math.log(p / r) + (1 - p) * math.log((1 - p) / (1 - r))
