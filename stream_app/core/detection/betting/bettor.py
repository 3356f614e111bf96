"""From periods to bets: which detectors can compare both groups in a period, and what it says about their rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints, Rows
from stream_app.core.detection.betting.alternatives import N_ALTERNATIVES
from stream_app.core.detection.betting.block import block_evidence
from stream_app.core.detection.betting.usual_rates import add_blocks, new_rate_sums, usual_rates
from stream_app.core.detection.betting.worst_case import worst_case_evidence
from stream_app.core.detection.rules import RateRule, RuleKind

BLOCKS_AT_ONCE = 500  # so that intermediate results stay in the processor's cache


Strata = Sequence[tuple[int, int]]  # a stratum, and the same one of another bank
SAME_STRATA: Strata = ((0, 0),)


@dataclass(frozen=True)
class Bets:
    """What one period says: one column for each detector, in order, that can compare both groups in some stratum.

    Attributes:
        detectors: Detectors, shape (m,); m may be 0.
        log_e: Log e-value of each alternative, 0 where there is no bet, shape (5, m).
        is_bet: Where an alternative bets in some stratum, shape (5, m).
        is_known: Whether both groups have a known decision in some stratum, shape (m,); False where candidates alone
            lower the evidence. None where all have.
    """

    detectors: Rows
    log_e: Floats
    is_bet: Bools
    is_known: Bools | None = None


class Bettor:
    """Bets on each period by the rates known before it, then learns from it.

    A period in which a stratum has decisions of both groups is one block of that stratum, whatever its size. A period
    without one of them says nothing: it is no bet, and no rate is learned from it. Each detector has usual rates for
    each of its strata, which survive alarms.

    Args:
        rules: Rule of each detector.
        n_strata: Strata whose evidence is added up, >= 1.
        design_effect: Divides all counts of a block, >= 1.
    """

    def __init__(self, rules: Sequence[RateRule], *, n_strata: int, design_effect: float) -> None:
        self._n_strata = n_strata
        self._design_effect = design_effect
        self._limits = np.array([rule.limit for rule in rules], dtype=np.float64)
        self._is_ratio = np.array([rule.kind is RuleKind.RATIO for rule in rules], dtype=np.bool_)
        self._rate_sums = new_rate_sums(len(rules) * n_strata)

    def bet(self, counts: Ints, is_breach: Bools) -> Bets:
        """Take in a period, shape (detectors, strata, 4); in breach the bet is that the rule is kept again."""
        by_row = counts.reshape(-1, 4)
        rows = np.flatnonzero((by_row[:, 1] > 0) & (by_row[:, 3] > 0))
        blocks = by_row[rows] / self._design_effect
        detectors = rows // self._n_strata
        log_e, is_bet = self._evidence(detectors, is_breach, usual_rates(self._rate_sums[rows]), blocks)
        self._rate_sums[rows] = add_blocks(self._rate_sums[rows], blocks)
        return sum_over_strata(Bets(detectors, log_e, is_bet))

    def bet_at_worst(self, counts: Ints, candidates: Ints, is_breach: Bools) -> Bets:
        """Take in a period with decisions of unknown groups, counted at their worst; rates are learned without them.

        Args:
            counts: Known ``k_a, n_a, k_b, n_b``, shape (detectors, strata, 4).
            candidates: The same of decisions that may be about a or b.
            is_breach: Detectors whose bet is that the rule is kept again, shape (detectors,).
        """
        by_row, unknown = counts.reshape(-1, 4), candidates.reshape(-1, 4)
        could_be = by_row + unknown
        rows = np.flatnonzero((could_be[:, 1] > 0) & (could_be[:, 3] > 0))
        blocks, more = by_row[rows] / self._design_effect, unknown[rows] / self._design_effect
        detectors = rows // self._n_strata
        log_e, is_bet = self._evidence(detectors, is_breach, usual_rates(self._rate_sums[rows]), blocks, more)
        is_known = (blocks[:, 1] > 0) & (blocks[:, 3] > 0)
        learned = rows[is_known]
        self._rate_sums[learned] = add_blocks(self._rate_sums[learned], blocks[is_known])
        return sum_over_strata(Bets(detectors, log_e, is_bet, is_known))

    def continue_rows(self, former: Self, rows: Rows, former_rows: Rows, strata: Strata) -> None:
        """Continue the usual rates of detectors of another bettor, in the strata that both have."""
        width = self._rate_sums.shape[1]
        mine = self._rate_sums.reshape(-1, self._n_strata, width)
        theirs = former._rate_sums.reshape(-1, former._n_strata, width)
        for stratum, former_stratum in strata:
            mine[rows, stratum] = theirs[former_rows, former_stratum]

    def state(self) -> tuple[Floats, ...]:
        """Return the arrays that change."""
        return (self._rate_sums,)

    def _evidence(
        self, detectors: Rows, is_breach: Bools, rates: Floats, blocks: Floats, candidates: Floats | None = None
    ) -> tuple[Floats, Bools]:
        columns = np.ascontiguousarray(blocks.T)
        more = None if candidates is None else np.ascontiguousarray(candidates.T)
        log_e = np.empty((N_ALTERNATIVES, detectors.size))
        is_bet = np.empty(log_e.shape, dtype=np.bool_)
        is_ratio = self._is_ratio[detectors]
        for kind, of_kind in ((RuleKind.RATIO, np.flatnonzero(is_ratio)), (RuleKind.GAP, np.flatnonzero(~is_ratio))):
            for start in range(0, of_kind.size, BLOCKS_AT_ONCE):
                at = of_kind[start : start + BLOCKS_AT_ONCE]
                who = detectors[at]
                about = kind, self._limits[who], is_breach[who], rates[:, at], columns[:, at]
                log_e[:, at], is_bet[:, at] = (
                    block_evidence(*about) if more is None else worst_case_evidence(*about, more[:, at])
                )
        return log_e, is_bet


def sum_over_strata(bets: Bets) -> Bets:
    """Add up the evidence of the strata of each detector."""
    starts = np.flatnonzero(np.diff(bets.detectors, prepend=-1))
    if starts.size == bets.detectors.size:
        return bets
    return Bets(
        detectors=bets.detectors[starts],
        log_e=np.add.reduceat(bets.log_e, starts, axis=1),
        is_bet=np.logical_or.reduceat(bets.is_bet, starts, axis=1),
        is_known=None if bets.is_known is None else np.logical_or.reduceat(bets.is_known, starts),
    )
