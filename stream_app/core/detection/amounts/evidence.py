"""The e-value of a period from the amounts of two groups, of which only number and sum in each bin are known.

The rule is ``p_a >= p_b - g`` for the mean amounts of the period, as shares of their range, more being better; group a
may be harmed. For a bet L >= 0 and a point ``(v, u)`` with ``v = u - g``, chosen from the past and the sizes alone,

    e = prod_a (1 - L (x - v) / n_a) * prod_b (1 + L (x - u) / n_b)

over the amounts x of both groups, with both signs turned for a recovery, which tests the opposite. L is small enough
that every factor is > 0, whatever x is in [0, 1].

**The mean of e is at most 1 where the rule is kept.** Given what came before, a decision about a whose mean amount is p
multiplies e by a factor of mean ``1 - L (p - v) / n_a <= exp(-L (p - v) / n_a)``, one about b by at most
``exp(L (p - u) / n_b)``. So e divided by the product of these means has mean 1, and the product is at most
``exp(L ((p_b - u) - (p_a - v))) = exp(L (p_b - p_a - g)) <= 1`` for the means ``p_a``, ``p_b`` of the period. The level
u, which both groups share, cancels: nothing need be known of it, and amounts may drift, depend on earlier ones and have
any distribution on their range. Needed: sizes and bet are fixed before the first amount of the period.

**Bins cost evidence and never validity.** Every factor is linear in x, so its log is concave, and the sum of logs over
decisions that are moved to the edges of their bins (``core.amounts.counts``) is never above the true one. An e-value
that is replaced by less has a mean of at most 1 still. How much is lost: the variance of the amounts grows by at most a
quarter of the square of a bin's width, a sixth for amounts that are evenly spread in the bin.

**The bet** is the one of highest expected log e-value up to its third order, ``L = D / V``. An alternative expects the
mean of a to be D beyond the line of the rule, and ``V = s_a^2 / n_a + s_b^2 / n_b`` plus what comes from the distance
of the expected means to ``(v, u)``, the point of the line nearest to them in these units. For amounts of 0 and 1 the
best L is that of the likelihood ratio of ``betting.block``, whose factors have this form with ``(v, u)`` the null
point.

**A ratio of means** is the same question about other bounded values. The rule ``s_a p_a >= s_b p_b - g`` (``lines``)
compares the means of ``s_a x`` and ``s_b x``, which are in [0, s_a] and [0, s_b]; with these instead of x and with
``v = u - g`` the product of the means is at most ``exp(L (s_b p_b - s_a p_a - g)) <= 1``. The factors are linear in x
still, so bins cost as little.

Source: Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS B 86, 1-27;
Turner, Ly and Grünwald 2024 (products over two groups).
"""

from __future__ import annotations

import numpy as np

from stream_app.core.amounts.counts import edges
from stream_app.core.arrays import Bools, Floats
from stream_app.core.detection.amounts.usual_amounts import UsualAmounts
from stream_app.core.detection.betting.alternatives import GAP_STEPS, LEAST_DISTANCE

HIGHEST_BET = 0.95  # of the greatest L with which a factor could be 0


def amount_evidence(
    limits: Floats, is_recovery: Bools, usual: UsualAmounts, weights: Floats, scales: Floats | None = None
) -> tuple[Floats, Bools]:
    """Return the log e-value of each alternative, and where it is a bet.

    The mean of b is expected to be its usual one, that of a to be 0.05, 0.1, 0.2, 0.4 or 0.8 usual standard deviations
    beyond the line of the rule.

    Args:
        limits: Widest gap permitted of each block, in [0, 1), shape (m,).
        is_recovery: Whether to bet on the rule being kept again, shape (m,).
        usual: Means and variances from earlier blocks.
        weights: Decisions on each edge of the bins, of a and b, shape (2, m, bins + 1); both groups have decisions.
        scales: What the amounts of a and b are multiplied by, in (0, 1], shape (2, m); None for 1. The limits, which
            are below the scales of b, are about the products.

    Returns:
        Log e-values, 0 where there is no bet, and "is a bet", both of shape (5, m).

    >>> usual = UsualAmounts(np.array([[0.3], [0.5]]), np.array([[0.04], [0.04]]))
    >>> weights = np.array([[[20.0, 30, 20, 10, 0]], [[5.0, 20, 30, 20, 5]]])
    >>> log_e, is_bet = amount_evidence(np.array([0.0]), np.array([False]), usual, weights)
    >>> log_e[:, 0].round(3).tolist(), is_bet.all()
    ([1.779, 3.373, 6.041, 9.501, 10.58], np.True_)
    """
    n = weights.sum(axis=-1)
    scale_a, scale_b = np.ones((2, limits.size)) if scales is None else scales
    usual = UsualAmounts(usual.means * (scale_a, scale_b), usual.variances * np.square((scale_a, scale_b)))
    (mean_b, theta_a), missed, is_bet = _place_bets(limits, is_recovery, usual, n, scale_a)
    variance_a, variance_b = usual.variances / n
    way = np.where(is_recovery, -1.0, 1.0)
    u = mean_b - way * missed * (variance_b / (variance_a + variance_b))
    u = np.minimum(np.maximum(u, limits), np.minimum(scale_b, scale_a + limits))
    v = u - limits
    squares = variance_a + variance_b + (theta_a - v) ** 2 / n[0] + (mean_b - u) ** 2 / n[1]
    furthest_a = np.where(is_recovery, v, scale_a - v) / n[0]
    furthest_b = np.where(is_recovery, scale_b - u, u) / n[1]
    bets = np.minimum(missed / squares, HIGHEST_BET / np.maximum(furthest_a, furthest_b))
    signed = np.where(is_bet, way * bets, 0.0)
    at = edges(weights.shape[-1] - 1)
    of_a = weights[0] * np.log1p(-(signed / n[0])[..., None] * (scale_a[:, None] * at - v[..., None]))
    of_b = weights[1] * np.log1p((signed / n[1])[..., None] * (scale_b[:, None] * at - u[..., None]))
    return (of_a + of_b).sum(axis=-1), is_bet


def _place_bets(
    limits: Floats, is_recovery: Bools, usual: UsualAmounts, n: Floats, highest: Floats
) -> tuple[tuple[Floats, Floats], Floats, Bools]:
    """Return the means of b and a that are bet on, how far they are beyond the line, and where there is a bet.

    ``highest`` is the greatest mean that a can have.
    """
    mean_b = usual.means[1]
    spread = np.sqrt((n * usual.variances).sum(axis=0) / n.sum(axis=0))
    line = mean_b - limits
    theta_a = np.minimum(np.maximum(line + GAP_STEPS[:, is_recovery.astype(np.intp)] * spread, 0.0), highest)
    missed = np.where(is_recovery, theta_a - line, line - theta_a)
    return (mean_b, theta_a), np.maximum(missed, 0.0), missed > LEAST_DISTANCE
