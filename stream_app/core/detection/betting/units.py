"""The e-value of a period from the contrast of each of its units, which depend on no other (``contrasts``).

For a bet l in [0, 1)

    e = prod_c (1 + l xi_c)

has mean <= 1 while the means of the period keep the rule, whatever depends on what inside a unit.

Proof. ``xi_c >= -1``, so every factor is > 0. Given what came before, unit c multiplies ``e`` by a factor of mean ``1 +
l E xi_c <= exp(l E xi_c)``, so ``e / prod_c (1 + l E xi_c)`` has mean 1, and that product is at most ``exp(l sum_c E
xi_c)``, which is <= 1 as the sum is <= 0 (``contrasts``).

Source: Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.detection.betting.contrasts import Alternatives, Contrast

HIGHEST_BET = 0.95
EFFECT_MEMORY_N = 10_000.0  # decisions of a pair after which an old variance weighs 1/e
EFFECT_START_N = 100.0  # independent decisions, half of them favorable, before any


class UnitContrasts(NamedTuple):
    """The contrasts of the units of some periods, before they are scaled.

    Attributes:
        xi: ``xi / s`` of each unit, shape (m, units); 0 for a unit without decisions.
        furthest: ``1 / s``: how far below 0 any of them could be, > 0, shape (m,).
    """

    xi: Floats
    furthest: Floats

    def squares(self) -> Floats:
        """Return ``Q / s^2``, shape (m,)."""
        squares: Floats = (self.xi * self.xi).sum(axis=-1)
        return squares


def n_units_of(units: Ints | Floats) -> Floats:
    """Return how many units of equal size each group has in effect: ``1 / sum_c (N_c / N)^2``, shape (2, m).

    >>> n_units_of(np.array([[[0, 0]], [[5, 5]], [[0, 0]], [[9, 1]]])).round(6).tolist()
    [[2.0], [1.219512]]
    """
    n_units: Floats = 1 / _shares_squared(units)
    return n_units


def unit_contrasts(contrast: Contrast, units: Ints | Floats) -> UnitContrasts:
    """Return the contrasts of units.

    The lowest that unit c can reach is ``-s (r u N_bc / N_b + (1 - v) N_ac / N_a)``: b is denied, a approved.

    Args:
        contrast: What units are compared by.
        units: ``K_a, N_a, K_b, N_b`` of each unit, shape (4, m, units); each of the m has decisions of both groups.

    >>> contrast = Contrast(np.array([0.8]), np.array([0.4]), np.array([0.5]), np.array([False]))
    >>> xi, furthest = unit_contrasts(contrast, np.array([[[2, 0]], [[5, 5]], [[4, 1]], [[5, 5]]]))
    >>> xi.round(6).tolist(), furthest.round(6).tolist()
    ([[0.12, 0.08]], [0.5])
    """
    sizes = units[1::2].sum(axis=-1, keepdims=True)
    rates, shares = units[0::2] / sizes, units[1::2] / sizes
    r, v, u = contrast.r[:, None], contrast.v[:, None], contrast.u[:, None]
    xi = r * (rates[1] - u * shares[1]) - (rates[0] - v * shares[0])
    for_alarm = r * u * shares[1] + (1 - v) * shares[0]
    for_recovery = r * (1 - u) * shares[1] + v * shares[0]
    is_recovery = contrast.is_recovery[:, None]
    return UnitContrasts(
        xi=np.ascontiguousarray(np.where(is_recovery, -xi, xi)),
        furthest=np.where(is_recovery, for_recovery, for_alarm).max(axis=-1),
    )


def unit_evidence(alternatives: Alternatives, contrasts: UnitContrasts) -> tuple[Floats, Bools]:
    """Return the log e-value of each alternative, and where it is a bet.

    The bet is ``l = D / (s V)``, at most 0.95, with the expected ``S = s D`` and ``Q = s^2 V`` of the alternative: the
    one of highest expected ``l S - l^2 Q / 2``, the log e-value up to its third order.

    Args:
        alternatives: What is bet on.
        contrasts: The contrasts of the units.

    Returns:
        Log e-values, 0 where there is no bet, and "is a bet", both of shape (5, m).

    >>> alternatives = Alternatives(np.array([[0.1], [0.0]]), np.array([[0.1], [0.1]]), np.array([[True], [False]]))
    >>> contrasts = UnitContrasts(np.array([[0.1, -0.2]]), np.array([0.5]))
    >>> unit_evidence(alternatives, contrasts)[0].round(6).ravel().tolist()  # log(1.1 * 0.8) and no bet
    [-0.127833, 0.0]
    """
    missed, squares, is_bet = alternatives
    bets = np.minimum(missed * contrasts.furthest / squares, HIGHEST_BET)
    factors = 1 + (bets / contrasts.furthest)[..., None] * contrasts.xi  # 65 of them never leave the range of a float
    log_e = np.log(factors.prod(axis=-1))
    return np.where(is_bet, log_e, 0.0), is_bet


class UnitVariance(NamedTuple):
    """How much the rates of some pairs vary between units in a period, shape (m,).

    Attributes:
        seen: ``sum_c (r (K_bc - p_b N_bc) / n_b - (K_ac - p_a N_ac) / n_a)^2`` with the rates ``p`` of the period.
        independent: What is expected of it for independent decisions; 0 where nothing can be seen.
        weight: Decisions times their number in effect, ``1 / (1 / n_a + r^2 / n_b)``.
    """

    seen: Floats
    independent: Floats
    weight: Floats


def unit_variance(r: Floats, units: Ints | Floats) -> UnitVariance:
    """Return how much the rates vary between units, by a contrast whose centers are the rates themselves.

    Independent decisions let expect ``p (1 - p) / (n - 1) (1 - sum_c (n_c / n)^2)`` for each group.

    Args:
        r: Factor of the rate of group b, shape (m,).
        units: ``K_a, N_a, K_b, N_b`` of each unit, shape (4, m, units); each of the m has decisions of both groups.

    >>> seen, independent, _ = unit_variance(np.array([1.0]), np.array([[[5, 0]], [[5, 5]], [[5, 5]], [[5, 5]]]))
    >>> seen.round(6).tolist(), independent.round(6).tolist()
    ([0.125], [0.013889])
    """
    n_a, n_b = units[1::2].sum(axis=-1)
    p_a, p_b = units[0::2].sum(axis=-1) / (n_a, n_b)
    xi = r[:, None] * _deviations(units[2:], p_b, n_b) - _deviations(units[:2], p_a, n_a)
    of_a, of_b = (1 - _shares_squared(units)) * (p_a * (1 - p_a), p_b * (1 - p_b)) / np.maximum((n_a - 1, n_b - 1), 1)
    return UnitVariance(
        seen=np.ascontiguousarray(xi * xi).sum(axis=-1),
        independent=of_a + r * r * of_b,
        weight=(n_a + n_b) / (1 / n_a + r * r / n_b),
    )


def new_effect_sums(n_rows: int) -> Floats:
    """Return sums as of a few independent decisions: variance seen, and that of independent ones, shape (n_rows, 2)."""
    return np.full((n_rows, 2), EFFECT_START_N / 4)


def usual_effects(sums: Floats) -> Floats:
    """Return the usual design effect, > 0, shape (m,), from sums of shape (m, 2)."""
    effects: Floats = sums[:, 0] / sums[:, 1]
    return effects


def add_variances(sums: Floats, variance: UnitVariance, n: Floats) -> Floats:
    """Return the sums after periods with ``n`` decisions of a pair: those before decay by ``exp(-n / 10000)``.

    >>> variance = UnitVariance(np.array([0.1]), np.array([0.05]), np.array([1000.0]))
    >>> usual_effects(add_variances(new_effect_sums(1), variance, np.array([100.0]))).round(6).tolist()
    [1.668885]
    """
    seen, independent, weight = variance
    more = np.stack([seen * weight, independent * weight], axis=1)
    sums_after: Floats = sums * np.exp(n / -EFFECT_MEMORY_N)[:, None] + more
    return sums_after


def _shares_squared(units: Ints | Floats) -> Floats:
    sizes = units[1::2]
    squared: Floats = np.ascontiguousarray((sizes / sizes.sum(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
    return squared


def _deviations(units: Ints | Floats, rates: Floats, n: Ints | Floats) -> Floats:
    deviations: Floats = (units[0] - rates[:, None] * units[1]) / n[:, None]
    return deviations
