"""From panes to bets: which detectors have a block now, and what it is worth as evidence about their rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints, Rows
from stream_app.core.detection.betting.alternatives import N_ALTERNATIVES
from stream_app.core.detection.betting.block import block_evidence
from stream_app.core.detection.betting.blocks import Carry
from stream_app.core.detection.betting.usual_rates import add_blocks, new_rate_sums, usual_rates
from stream_app.core.detection.rules import RateRule, RuleKind

BLOCKS_AT_ONCE = 500  # so that intermediate results stay in the processor's cache


@dataclass(frozen=True)
class Bets:
    """What one pane completed: one column for each detector, in order, that has a block in some stratum.

    Attributes:
        detectors: Detectors, shape (m,); m may be 0.
        log_e: Log e-value of each alternative, 0 where there is no bet, shape (5, m).
        is_bet: Where an alternative bets in some stratum, shape (5, m).
        n: Decisions of the block over all strata that have one, shape (m,).
        first_pane_s: Start of the first pane of the block, shape (m,).
    """

    detectors: Rows
    log_e: Floats
    is_bet: Bools
    n: Floats
    first_pane_s: Ints


class Bettor:
    """Adds panes up to blocks, bets on each by the rates known before it, then learns from it.

    Each detector has a carry and usual rates for each of its strata. Both survive alarms.

    Args:
        rules: Rule of each detector.
        n_strata: Strata whose evidence is added up, >= 1.
        design_effect: Divides all counts of a block, >= 1.
        max_carry_s: Age beyond which waiting decisions are dropped, >= 0.
    """

    def __init__(self, rules: Sequence[RateRule], *, n_strata: int, design_effect: float, max_carry_s: int) -> None:
        self._n_strata = n_strata
        self._design_effect = design_effect
        self._max_carry_s = max_carry_s
        self._limits = np.array([rule.limit for rule in rules], dtype=np.float64)
        self._is_ratio = np.array([rule.kind is RuleKind.RATIO for rule in rules], dtype=np.bool_)
        self._carry = Carry.empty(len(rules) * n_strata)
        self._rate_sums = new_rate_sums(len(rules) * n_strata)

    def bet(self, pane_start_s: int, counts: Ints, is_breach: Bools) -> Bets:
        """Take in a pane, shape (detectors, strata, 4); in breach the bet is that the rule is kept again."""
        rows = self._carry.add(pane_start_s, counts.reshape(-1, 4), max_age_s=self._max_carry_s)
        raw, first_pane_s = self._carry.take(rows)
        blocks = raw / self._design_effect
        detectors = rows // self._n_strata
        log_e, is_bet = self._evidence(detectors, is_breach, usual_rates(self._rate_sums[rows]), blocks)
        self._rate_sums[rows] = add_blocks(self._rate_sums[rows], blocks)
        return _sum_over_strata(Bets(detectors, log_e, is_bet, blocks[:, 1] + blocks[:, 3], first_pane_s))

    def state(self) -> tuple[Ints | Floats, ...]:
        """Return the arrays that change."""
        return (self._carry.counts, self._carry.start_s, self._rate_sums)

    def _evidence(self, detectors: Rows, is_breach: Bools, rates: Floats, blocks: Floats) -> tuple[Floats, Bools]:
        columns = np.ascontiguousarray(blocks.T)
        log_e = np.empty((N_ALTERNATIVES, detectors.size))
        is_bet = np.empty(log_e.shape, dtype=np.bool_)
        is_ratio = self._is_ratio[detectors]
        for kind, of_kind in ((RuleKind.RATIO, np.flatnonzero(is_ratio)), (RuleKind.GAP, np.flatnonzero(~is_ratio))):
            for start in range(0, of_kind.size, BLOCKS_AT_ONCE):
                at = of_kind[start : start + BLOCKS_AT_ONCE]
                who = detectors[at]
                log_e[:, at], is_bet[:, at] = block_evidence(
                    kind, self._limits[who], is_breach[who], rates[:, at], columns[:, at]
                )
        return log_e, is_bet


def _sum_over_strata(bets: Bets) -> Bets:
    starts = np.flatnonzero(np.diff(bets.detectors, prepend=-1))
    if starts.size == bets.detectors.size:
        return bets
    return Bets(
        detectors=bets.detectors[starts],
        log_e=np.add.reduceat(bets.log_e, starts, axis=1),
        is_bet=np.logical_or.reduceat(bets.is_bet, starts, axis=1),
        n=np.add.reduceat(bets.n, starts),
        first_pane_s=np.minimum.reduceat(bets.first_pane_s, starts),
    )
