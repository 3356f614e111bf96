"""The e-value of a period from two sums over its units (``contrasts``), where the contrast of each is not known.

For a bet l in [0, 1)

    e = exp(l S - psi(l) Q),   psi(l) = -log(1 - l) - l,   S = sum_c xi_c,   Q = sum_c xi_c^2

has mean <= 1 while the means of the period keep the rule, whatever depends on what inside a unit. An upper bound in
place of Q only lowers it.

Proof. ``(log(1 + y) - y) / y^2`` rises in ``y > -1``, so with ``y = l x`` and ``x >= -1`` it is at least its value at
``y = -l``, which is ``-psi(l) / l^2``: ``exp(l x - psi(l) x^2) <= 1 + l x``. So ``e`` is at most the e-value of
``units``.

Source: Fan, Grama and Liu 2015, "Exponential inequalities for martingales with applications" (the inequality); Howard,
Ramdas, McAuliffe and Sekhon 2020, "Time-uniform Chernoff bounds via nonnegative supermartingales".
"""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Bools, Floats
from stream_app.core.detection.betting.contrasts import Alternatives, Contrast

HIGHEST_BET = 0.9


def record_moments(contrast: Contrast, n: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return an upper bound of ``Q / s^2``, and ``1 / s``, for records that belong to groups with probabilities.

    A record with outcome y in {0, 1} that belongs to a with chance ``w_a`` and to b with chance ``w_b`` is a unit with
    ``K_g = w_g y`` and ``N_g = w_g``. The square of its contrast is that of both parts, less ``2 r w_a w_b (y - u)
    (y - v) / (N_a N_b)``, which is never below 0: with u and v in [0, 1] both factors are >= 0 for y = 1 and <= 0 for
    y = 0, for a gap too. It is left out, so sums of squared chances by outcome suffice. Only one y occurs, so the
    furthest below 0 is the larger of both parts and not their sum.

    With chances 0 and 1 a record is a decision about one group: then ``weights`` are counts, and Q is exact.

    Args:
        contrast: What units are compared by.
        n: Sizes ``N_a``, ``N_b``: sums of chances, > 0, shape (2, m).
        weights: Sums of squared chances: of a with y = 1 and y = 0, of b with y = 1 and y = 0, shape (4, m).

    Returns:
        Both of shape (m,) and > 0.

    >>> contrast = Contrast(np.array([0.8]), np.array([0.4]), np.array([0.5]), np.array([False]))
    >>> squares, furthest = record_moments(contrast, np.array([[10.0], [10.0]]), np.array([[2.0], [8.0], [5.0], [5.0]]))
    >>> squares.round(6).tolist(), furthest.round(6).tolist()
    ([0.036], [0.06])
    """
    r, v, u, is_recovery = contrast
    favorable_a, denied_a, favorable_b, denied_b = weights
    of_a = (favorable_a * (1 - v) ** 2 + denied_a * v**2) / n[0] ** 2
    of_b = (favorable_b * (1 - u) ** 2 + denied_b * u**2) / n[1] ** 2
    for_alarm = np.maximum(r * u / n[1], (1 - v) / n[0])
    for_recovery = np.maximum(r * (1 - u) / n[1], v / n[0])
    return of_a + r * r * of_b, np.where(is_recovery, for_recovery, for_alarm)


def moment_evidence(
    contrast: Contrast, alternatives: Alternatives, sums: Floats, squares: Floats, furthest: Floats
) -> tuple[Floats, Bools]:
    """Return the log e-value of each alternative, and where it is a bet.

    The bet is ``l = D / (D + s V)``, at most 0.9, with the expected ``S = s D`` and ``Q = s^2 V`` of the alternative:
    the one of highest expected log e-value.

    Args:
        contrast: What units were compared by.
        alternatives: What is bet on.
        sums: ``K_a, N_a, K_b, N_b`` of the period, both sizes > 0, shape (4, m).
        squares: ``Q / s^2`` of the period or an upper bound, shape (m,).
        furthest: ``1 / s``, > 0, shape (m,).

    Returns:
        Log e-values, 0 where there is no bet, and "is a bet", both of shape (5, m).

    >>> from stream_app.core.detection.betting.contrasts import bet_on, contrast_of
    >>> from stream_app.core.detection.rules import RuleKind
    >>> kind, limits, rates = RuleKind.RATIO, np.array([0.8]), np.array([[0.5], [0.7]])
    >>> sums = np.array([[20.0], [50.0], [35.0], [50.0]])
    >>> contrast = contrast_of(kind, limits, np.array([False]), rates, sums[1::2])
    >>> alternatives = bet_on(kind, limits, contrast, rates, np.ones(1), sums[1::2], sums[1::2])
    >>> squares, furthest = record_moments(contrast, sums[1::2], np.array([[20.0], [30.0], [35.0], [15.0]]))
    >>> log_e, is_bet = moment_evidence(contrast, alternatives, sums, squares, furthest)
    >>> log_e[:, 0].round(6).tolist(), is_bet.all()
    ([0.617746, 1.032844, 1.407792, 1.019329, -0.875904], np.True_)
    """
    r, v, u, is_recovery = contrast
    missed, expected, is_bet = alternatives
    k_a, n_a, k_b, n_b = sums
    bets = np.minimum(missed / (missed + expected / furthest), HIGHEST_BET)
    s = 1 / furthest
    total = np.where(is_recovery, -s, s) * (r * (k_b / n_b - u) - (k_a / n_a - v))
    log_e = bets * total + (np.log1p(-bets) + bets) * (s * s * squares)
    return np.where(is_bet, log_e, 0.0), is_bet
