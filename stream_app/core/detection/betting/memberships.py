"""From periods to bets where records belong to groups with probabilities: every record is a unit of its own."""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.detection.betting.alternatives import N_ALTERNATIVES
from stream_app.core.detection.betting.bettor import Bets, Bettor, sum_over_strata
from stream_app.core.detection.betting.contrasts import bet_on, contrast_of
from stream_app.core.detection.betting.moments import moment_evidence, record_moments
from stream_app.core.detection.betting.usual_rates import add_blocks, usual_rates
from stream_app.core.detection.rules import RuleKind
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

    def bet(self, counts: Ints, is_breach: Bools) -> Bets:
        """Take in sums of a period, shape (detectors, strata, 8); in breach the bet is that the rule is kept again."""
        by_row = counts.reshape(-1, N_SUMS)
        rows = np.flatnonzero((by_row[:, 1] > 0) & (by_row[:, 3] > 0))
        sums, detectors = by_row[rows] / _SCALES, rows // self._n_strata
        log_e, is_bet = np.empty((N_ALTERNATIVES, rows.size)), np.empty((N_ALTERNATIVES, rows.size), np.bool_)
        is_ratio = self._is_ratio[detectors]
        for kind, at in ((RuleKind.RATIO, np.flatnonzero(is_ratio)), (RuleKind.GAP, np.flatnonzero(~is_ratio))):
            if at.size:
                who, columns = detectors[at], np.ascontiguousarray(sums[at].T)
                rates = usual_rates(self._rate_sums[rows[at]])
                log_e[:, at], is_bet[:, at] = _evidence(kind, self._limits[who], is_breach[who], rates, columns)
        self._rate_sums[rows] = add_blocks(self._rate_sums[rows], sums[:, :4])
        return sum_over_strata(Bets(detectors, log_e / self._design_effect, is_bet))


def _evidence(kind: RuleKind, limits: Floats, is_recovery: Bools, rates: Floats, sums: Floats) -> tuple[Floats, Bools]:
    """Return log e-values, and "is a bet", for periods of shape (8, m)."""
    n, squares_by_group = sums[1:4:2], np.stack([sums[4] + sums[5], sums[6] + sums[7]])
    n_effective = n * n / squares_by_group
    contrast = contrast_of(kind, limits, is_recovery, rates, n_effective)
    alternatives = bet_on(kind, limits, contrast, rates, np.ones_like(limits), n_effective, n_effective)
    squares, furthest = record_moments(contrast, n, sums[4:])
    return moment_evidence(contrast, alternatives, sums[:4], squares, furthest)
