"""What a detector bets on: rates that break the rule a little, somewhat, and badly.

Each detector has five alternatives. Group b keeps its usual rate ``q_b``; group a is placed off the line of the rule,
below it for an alarm and above it for a recovery:

    ratio  theta_a = gamma * limit * q_b
    gap    theta_a = q_b - limit -+ kappa * sd,  sd = sqrt(pm (1 - pm)),  pm = (n_a q_a + n_b q_b) / (n_a + n_b)

There is *no bet* where ``theta_a``, clipped to [5e-5, 1 - 5e-5], is not outside the null. For the
recovery of a ratio four alternatives suffice; the fifth is placed on the line, which is no bet.

Source: Grünwald, de Heide and Koolen 2024, "Safe testing" (a bet against its projection on the null); Shin, Ramdas and
Rinaldo 2024, "E-detectors" (mixtures of alternatives).
"""

from __future__ import annotations

import math

import numpy as np

from stream_app.core.arrays import Bools, Floats
from stream_app.core.detection.betting.null_point import gap_null_point, ratio_null_point
from stream_app.core.detection.rules import RuleKind

N_ALTERNATIVES = 5
LOWEST_THETA = 5e-5
LEAST_DISTANCE = 1e-9  # of a bet from the line of the rule, in rates

# Column by mode: 0 for an alarm, 1 for a recovery. Shape (5, 2).
RATIO_STEPS = np.array([[15 / 16, 17 / 16], [7 / 8, 9 / 8], [3 / 4, 5 / 4], [1 / 2, 3 / 2], [1 / 8, 1.0]])
GAP_STEPS = np.array([[-0.05, 0.05], [-0.1, 0.1], [-0.2, 0.2], [-0.4, 0.4], [-0.8, 0.8]])
# Log of how many alternatives share the start weight; shape (2,).
LOG_SHARES = {
    RuleKind.RATIO: np.log([5.0, 4.0]),
    RuleKind.GAP: np.full(2, math.log(5.0)),
}


def place_bets(kind: RuleKind, limits: Floats, is_recovery: Bools, rates: Floats, n: Floats) -> tuple[Floats, Bools]:
    """Return ``theta_a`` of each alternative, and where it is a bet at all.

    Args:
        kind: Kind of rule of all blocks.
        limits: Limit of the rule of each block, shape (m,).
        is_recovery: Whether to bet on the rule being kept again, shape (m,).
        rates: Usual rates ``q_a``, ``q_b`` from earlier blocks, in (0, 1), shape (2, m).
        n: Decisions ``n_a``, ``n_b`` of the block, shape (2, m).

    Returns:
        ``theta_a`` and "is a bet", both of shape (5, m).

    >>> theta_a, is_bet = place_bets(
    ...     RuleKind.RATIO, np.array([0.8]), np.array([False]), np.array([[0.5], [0.7]]), np.array([[20.0], [80.0]])
    ... )
    >>> theta_a[:, 0].round(4).tolist(), is_bet.all()
    ([0.525, 0.49, 0.42, 0.28, 0.07], np.True_)
    """
    mode = is_recovery.astype(np.intp)
    if kind is RuleKind.RATIO:
        line = limits * rates[1]
        theta_a = RATIO_STEPS[:, mode] * line
    else:
        pooled = (n[0] * rates[0] + n[1] * rates[1]) / (n[0] + n[1])
        line = rates[1] - limits
        theta_a = line + GAP_STEPS[:, mode] * np.sqrt(pooled * (1 - pooled))
    theta_a = np.minimum(np.maximum(theta_a, LOWEST_THETA), 1 - LOWEST_THETA)
    distance = np.where(is_recovery, theta_a - line, line - theta_a)
    return theta_a, distance > LEAST_DISTANCE


def null_point(kind: RuleKind, limits: Floats, theta_a: Floats, theta_b: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Return the point ``(x, u)`` on the line of the rule that is nearest to the bets, both of shape (5, m)."""
    if kind is RuleKind.RATIO:
        return ratio_null_point(n[0], theta_a, n[1], theta_b, limits)
    return gap_null_point(n[0], theta_a, n[1], theta_b, -limits)
