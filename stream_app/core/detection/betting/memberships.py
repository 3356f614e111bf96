"""From periods to bets where records belong to groups with probabilities: every record is a unit of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints, Rows
from stream_app.core.detection.betting.alternatives import N_ALTERNATIVES
from stream_app.core.detection.betting.bettor import Bets, Bettor, Strata, sum_over_strata
from stream_app.core.detection.betting.contrasts import (
    add_effects,
    bet_on,
    contrast_of,
    decision_squares,
    new_effect_sums,
    usual_effects,
)
from stream_app.core.detection.betting.moments import moment_evidence, record_moments
from stream_app.core.detection.betting.usual_rates import add_blocks, usual_rates
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.policy import PROBABILITY_SCALE

_SCALES = np.array([PROBABILITY_SCALE] * 4 + [PROBABILITY_SCALE**2] * 4, np.float64)
N_SUMS = 8  # favorable and all of a, of b; squares of a: favorable and other; of b


class MembershipBettor(Bettor):
    """Bets on each period by the weighted rates known before it, then learns from it.

    The rule is about ``sum p_g y / sum p_g`` of the period. Its e-value is that of ``moments``; it is valid whatever
    the chance of each record is, and however that depends on its probabilities, if decisions about different records
    do not copy one another.

    Args:
        rules: Rule of each detector.
        n_strata: Strata whose evidence is added up, >= 1.
        design_effect: Divides the evidence, where decisions come in copies, >= 1: the mean of a root of an e-value
            is at most that root of its mean.
    """

    def __init__(self, rules: Sequence[RateRule], *, n_strata: int, design_effect: float) -> None:
        super().__init__(rules, n_strata=n_strata, design_effect=design_effect)
        self._effect_sums = new_effect_sums(len(rules) * n_strata)

    def bet(self, counts: Ints, is_breach: Bools) -> Bets:
        """Take in sums of a period, shape (detectors, strata, 8); in breach the bet is that the rule is kept again."""
        by_row = counts.reshape(-1, N_SUMS)
        rows = np.flatnonzero((by_row[:, 1] > 0) & (by_row[:, 3] > 0))
        sums, detectors = by_row[rows] / _SCALES, rows // self._n_strata
        log_e = np.empty((N_ALTERNATIVES, rows.size))
        is_bet, effects = np.empty(log_e.shape, np.bool_), np.ones(rows.size)
        is_ratio = self._is_ratio[detectors]
        for kind, at in ((RuleKind.RATIO, np.flatnonzero(is_ratio)), (RuleKind.GAP, np.flatnonzero(~is_ratio))):
            if at.size:
                who = detectors[at]
                limits, rates = self._limits[who], usual_rates(self._rate_sums[rows[at]])
                usual = usual_effects(self._effect_sums[rows[at]])
                log_e[:, at], is_bet[:, at], effects[at] = _evidence(
                    kind, limits, is_breach[who], rates, usual, np.ascontiguousarray(sums[at].T)
                )
        self._effect_sums[rows] = add_effects(self._effect_sums[rows], effects, sums[:, 1] + sums[:, 3])
        self._rate_sums[rows] = add_blocks(self._rate_sums[rows], sums[:, :4])
        return sum_over_strata(Bets(detectors, log_e / self._design_effect, is_bet))

    def continue_rows(self, former: Self, rows: Rows, former_rows: Rows, strata: Strata) -> None:
        """Continue the usual rates and effects of detectors of another bettor, in the strata that both have."""
        super().continue_rows(former, rows, former_rows, strata)
        mine = self._effect_sums.reshape(-1, self._n_strata, 2)
        theirs = former._effect_sums.reshape(-1, former._n_strata, 2)
        for stratum, former_stratum in strata:
            mine[rows, stratum] = theirs[former_rows, former_stratum]

    def state(self) -> tuple[Floats, ...]:
        """Return the arrays that change."""
        return (*super().state(), self._effect_sums)


def _evidence(
    kind: RuleKind, limits: Floats, is_recovery: Bools, rates: Floats, effects: Floats, sums: Floats
) -> tuple[Floats, Bools, Floats]:
    """Return log e-values, "is a bet", and the design effects that were seen, for periods of shape (8, m)."""
    decisions, n = sums[:4], sums[1:4:2]
    contrast = contrast_of(kind, limits, is_recovery, rates, n)
    alternatives = bet_on(kind, limits, contrast, rates, effects, n)
    squares, furthest = record_moments(contrast, n, sums[4:])
    log_e, is_bet = moment_evidence(contrast, alternatives, decisions, squares, furthest)
    as_decisions = decision_squares(contrast, decisions)
    seen = np.divide(squares, as_decisions, out=np.ones_like(squares), where=as_decisions > 0)
    return log_e, is_bet, seen
