"""From periods to bets where decisions depend on one another: what the units of a period say about each rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints, Rows
from stream_app.core.detection.betting.alternatives import N_ALTERNATIVES
from stream_app.core.detection.betting.bettor import Bets
from stream_app.core.detection.betting.contrasts import bet_on, contrast_of
from stream_app.core.detection.betting.units import (
    add_variances,
    n_units_of,
    new_effect_sums,
    unit_contrasts,
    unit_evidence,
    unit_variance,
    usual_effects,
)
from stream_app.core.detection.betting.usual_rates import add_blocks, new_rate_sums, usual_rates
from stream_app.core.detection.rules import RateRule, RuleKind

ROWS_AT_ONCE = 100  # so that intermediate results, five alternatives by unit, stay in the processor's cache


class Units(NamedTuple):
    """Parts of a period that do not depend on one another, whatever depends on what inside each of them.

    Attributes:
        n: Their number, >= 1.
    """

    n: int


class UnitBettor:
    """Bets on each period by rates and design effects known before it, then learns from it.

    A period with decisions of both groups is one bet, whatever its size; a period without one of them says nothing.

    Args:
        rules: Rule of each detector.
    """

    def __init__(self, rules: Sequence[RateRule]) -> None:
        self._limits = np.array([rule.limit for rule in rules], dtype=np.float64)
        self._is_ratio = np.array([rule.kind is RuleKind.RATIO for rule in rules], dtype=np.bool_)
        self._rate_sums = new_rate_sums(len(rules))
        self._effect_sums = new_effect_sums(len(rules))

    def bet(self, counts: Ints, is_breach: Bools) -> Bets:
        """Take in a period, shape (detectors, units, 4); in breach the bet is that the rule is kept again."""
        sums = counts.sum(axis=1)
        detectors = np.flatnonzero((sums[:, 1] > 0) & (sums[:, 3] > 0))
        log_e = np.empty((N_ALTERNATIVES, detectors.size))
        is_bet = np.empty(log_e.shape, dtype=np.bool_)
        is_ratio = self._is_ratio[detectors]
        for kind, of_kind in ((RuleKind.RATIO, np.flatnonzero(is_ratio)), (RuleKind.GAP, np.flatnonzero(~is_ratio))):
            for start in range(0, of_kind.size, ROWS_AT_ONCE):
                at = of_kind[start : start + ROWS_AT_ONCE]
                who = detectors[at]
                log_e[:, at], is_bet[:, at] = self._evidence(kind, who, is_breach[who], counts[who], sums[who])
        return Bets(detectors, log_e, is_bet)

    def effects(self) -> Floats:
        """Return the usual design effect of each detector, > 0, shape (detectors,); 1 before the first period."""
        return usual_effects(self._effect_sums)

    def continue_rows(self, former: UnitBettor, rows: Rows, former_rows: Rows) -> None:
        """Continue what detectors of another bettor have learned."""
        self._rate_sums[rows] = former._rate_sums[former_rows]
        self._effect_sums[rows] = former._effect_sums[former_rows]

    def state(self) -> tuple[Floats, ...]:
        """Return the arrays that change."""
        return (self._rate_sums, self._effect_sums)

    def _evidence(
        self, kind: RuleKind, who: Rows, is_recovery: Bools, counts: Ints, sums: Ints
    ) -> tuple[Floats, Bools]:
        """Return the log e-value of each alternative, and where it is a bet; learn from the period."""
        units = np.ascontiguousarray(counts.transpose(2, 0, 1))
        n = sums[:, 1::2].T.astype(np.float64)
        limits, rates = self._limits[who], usual_rates(self._rate_sums[who])
        contrast = contrast_of(kind, limits, is_recovery, rates, n)
        effects = usual_effects(self._effect_sums[who])
        alternatives = bet_on(kind, limits, contrast, rates, effects, n, n_units_of(units))
        evidence = unit_evidence(alternatives, unit_contrasts(contrast, units))
        self._rate_sums[who] = add_blocks(self._rate_sums[who], sums.astype(np.float64))
        self._effect_sums[who] = add_variances(self._effect_sums[who], unit_variance(contrast.r, units), n.sum(axis=0))
        return evidence
