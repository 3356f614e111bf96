"""What the parts of a period are compared by where they are not single independent decisions, and how much is bet.

A *unit* is a part of a period that depends on no other part: all decisions of some clusters, or one record that
belongs to each group with a probability. Inside a unit anything may depend on anything. With sizes ``N`` that are fixed
before the outcomes and favorable decisions ``K``, the contrast of unit c for the rule ``p_a >= r p_b - m`` (ratio: ``m
= 0``; gap: ``r = 1``) is

    xi_c = s (r (K_bc - u N_bc) / N_b - (K_ac - v N_ac) / N_a),   v = r u - m,   N_g = sum_c N_gc

and with turned sign for a recovery, which tests the opposite. ``(v, u)`` is a point on the line of the rule, chosen
from the past, and ``s > 0`` is chosen from the sizes alone so that every ``xi_c >= -1``. As the parts ``N_gc / N_g``
add up to 1, the centers cancel: ``sum_c E xi_c = s (r p_b - p_a - m)`` with the mean rates ``p_g = E K_g / N_g`` of
the period, which is <= 0 where these keep the rule. ``units`` and ``moments`` turn that into e-values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats
from stream_app.core.detection.betting.alternatives import place_bets
from stream_app.core.detection.rules import RuleKind

LOWEST_RATE = 1e-4  # of group b at the center of a ratio


class Contrast(NamedTuple):
    """What the units of some periods are compared by, all arrays of shape (m,).

    Attributes:
        r: Factor of the rate of group b: the limit of a ratio, 1 for a gap.
        v: Rate of group a at the center, in [0, 1].
        u: Rate of group b at the center, in [0, 1].
        is_recovery: Whether the bet is that the rule is kept again.
    """

    r: Floats
    v: Floats
    u: Floats
    is_recovery: Bools


class Alternatives(NamedTuple):
    """What is bet on in some periods, all arrays of shape (5, m).

    Attributes:
        missed: How far the rates that are bet on are beyond the line of the rule: expected ``S / s``, >= 0.
        squares: Expected ``Q / s^2``, > 0.
        is_bet: Where an alternative bets.
    """

    missed: Floats
    squares: Floats
    is_bet: Bools


def contrast_of(kind: RuleKind, limits: Floats, is_recovery: Bools, rates: Floats, n: Floats) -> Contrast:
    """Return the contrast whose center is the point of the line of the rule from which Q is expected to be smallest.

    Independent decisions at rates ``q`` that miss the line by ``d = r q_b - m - q_a`` have the smallest Q around ``u =
    q_b - d n_b / (r (n_a + n_b))``. Rates on the side of the rule that is not bet on are taken to be on the line. Any
    other center is as valid.

    Args:
        kind: Kind of rule of all periods.
        limits: Limit of the rule of each period, shape (m,).
        is_recovery: Whether to bet on the rule being kept again, shape (m,).
        rates: Usual rates ``q_a``, ``q_b`` from earlier periods, in (0, 1), shape (2, m).
        n: Sizes ``N_a``, ``N_b`` of the period, > 0, shape (2, m).

    >>> contrast = contrast_of(
    ...     RuleKind.RATIO, np.array([0.8]), np.array([False]), np.array([[0.4], [0.7]]), np.array([[50.0], [50.0]])
    ... )
    >>> contrast.v.round(6).tolist(), contrast.u.round(6).tolist()
    ([0.48], [0.6])
    """
    is_ratio = kind is RuleKind.RATIO
    r, m = (limits, np.zeros_like(limits)) if is_ratio else (np.ones_like(limits), limits)
    d = r * rates[1] - m - rates[0]
    d = np.where(is_recovery, np.minimum(d, 0.0), np.maximum(d, 0.0))
    u = rates[1] - d * n[1] / (r * (n[0] + n[1]))
    lowest, highest = (LOWEST_RATE, np.minimum(1.0, 1 / r)) if is_ratio else (m, 1.0)
    u = np.minimum(np.maximum(u, lowest), highest)
    return Contrast(r, np.minimum(np.maximum(r * u - m, 0.0), 1.0), u, is_recovery)


def bet_on(
    kind: RuleKind, limits: Floats, contrast: Contrast, rates: Floats, effects: Floats, n: Floats, n_units: Floats
) -> Alternatives:
    """Return what is expected of the contrasts at the rates ``theta`` of ``place_bets``, before the outcomes.

    ``Q / s^2`` is expected to be the variance of the difference plus what comes from the distance of the center:

        effect (theta_a (1 - theta_a) / n_a + r^2 theta_b (1 - theta_b) / n_b)
        + (|theta_a - v| / sqrt(units_a) + r |theta_b - u| / sqrt(units_b))^2

    Args:
        kind: Kind of rule of all periods.
        limits: Limit of the rule of each period, shape (m,).
        contrast: What units are compared by.
        rates: Usual rates ``q_a``, ``q_b`` from earlier periods, in (0, 1), shape (2, m).
        effects: How many times larger the variance usually is than that of independent decisions, > 0, shape (m,).
        n: How many independent decisions have the variance of each group's rate, > 0, shape (2, m): the number of
            decisions; ``(sum w)^2 / sum w^2`` of records that belong to the group with the chance w.
        n_units: How many units of equal size each group has in effect, ``1 / sum_c (N_c / N)^2``, shape (2, m); of
            records the same as ``n``.
    """
    r, v, u, is_recovery = contrast
    theta_a, is_bet = place_bets(kind, limits, is_recovery, rates, n)
    theta_b = rates[1]
    off_a, off_b = theta_a - v, r * (theta_b - u)
    missed = np.maximum(np.where(is_recovery, off_a - off_b, off_b - off_a), 0.0)
    variance = theta_a * (1 - theta_a) / n[0] + r * r * theta_b * (1 - theta_b) / n[1]
    distance = np.abs(off_a) / np.sqrt(n_units[0]) + np.abs(off_b) / np.sqrt(n_units[1])
    return Alternatives(missed, effects * variance + distance * distance, is_bet)
