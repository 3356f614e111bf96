"""From periods to bets where decisions are amounts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stream_app.core.amounts.counts import N_COLUMNS, edge_weights, edges
from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.detection.amounts.evidence import amount_evidence
from stream_app.core.detection.amounts.lines import line_of
from stream_app.core.detection.amounts.usual_amounts import add_amounts, new_amount_sums, usual_amounts
from stream_app.core.detection.betting.alternatives import N_ALTERNATIVES
from stream_app.core.detection.betting.bettor import Bets, Bettor, sum_over_strata
from stream_app.core.detection.rules import RateRule

ROWS_AT_ONCE = 100  # so that intermediate results, five alternatives by edge, stay in the processor's cache


class AmountBettor(Bettor):
    """Bets on each period by the amounts known before it, then learns from it.

    Args:
        rules: Rule of each detector: a gap as a share of the range, or a ratio.
        n_strata: Strata whose evidence is added up, >= 1.
        design_effect: Divides the evidence, where decisions come in copies, >= 1: the mean of a root of an e-value
            is at most that root of its mean.
        zero: The amount 0 as a share of the range, more being better; of use to ratios alone.
    """

    def __init__(self, rules: Sequence[RateRule], *, n_strata: int, design_effect: float, zero: float = 0.0) -> None:
        super().__init__(rules, n_strata=n_strata, design_effect=design_effect)
        lines = np.array([line_of(rule, zero) for rule in rules], np.float64).reshape(-1, 3).T
        self._scales, self._limits = lines[:2], lines[2]
        self._rate_sums = new_amount_sums(len(rules) * n_strata)

    def bet(self, counts: Ints, is_breach: Bools) -> Bets:
        """Take in a period, shape (detectors, strata, 4 bins); in breach the bet is that the rule is kept again."""
        by_row = counts.reshape(-1, counts.shape[-1] // N_COLUMNS, N_COLUMNS)
        n = by_row[..., 1::2].sum(axis=1)
        rows = np.flatnonzero((n > 0).all(axis=1))
        detectors = rows // self._n_strata
        log_e, is_bet = np.empty((N_ALTERNATIVES, rows.size)), np.empty((N_ALTERNATIVES, rows.size), np.bool_)
        for start in range(0, rows.size, ROWS_AT_ONCE):
            at = slice(start, start + ROWS_AT_ONCE)
            who, own = detectors[at], rows[at]
            weights = _weights_of(by_row[own])
            usual = usual_amounts(self._rate_sums[own])
            log_e[:, at], is_bet[:, at] = amount_evidence(
                self._limits[who], is_breach[who], usual, weights, self._scales[:, who]
            )
            self._rate_sums[own] = add_amounts(self._rate_sums[own], _moments_of(weights))
        return sum_over_strata(Bets(detectors, log_e / self._design_effect, is_bet))


def _weights_of(by_row: Ints) -> Floats:
    """Return decisions on each edge, of a and b, shape (2, rows, bins + 1)."""
    sides = np.ascontiguousarray(by_row.transpose(2, 0, 1))
    return edge_weights(sides[1::2], sides[0::2])


def _moments_of(weights: Floats) -> Floats:
    """Return number, sum and squares of a, then of b, shape (rows, 6)."""
    at = edges(weights.shape[-1] - 1)
    moments = np.stack([weights.sum(axis=-1), (weights * at).sum(axis=-1), (weights * at**2).sum(axis=-1)], axis=1)
    return moments.transpose(2, 0, 1).reshape(-1, 6)
