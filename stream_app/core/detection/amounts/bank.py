"""Detectors of rules about mean amounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from stream_app.core.amounts.counts import N_COLUMNS, are_possible
from stream_app.core.amounts.scale import DEFAULT_BINS
from stream_app.core.arrays import Ints
from stream_app.core.detection.amounts.bettor import AmountBettor
from stream_app.core.detection.amounts.lines import line_of
from stream_app.core.detection.array_bytes import fingerprint
from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.unit_bettor import Units
from stream_app.core.detection.procedures import Procedure
from stream_app.core.detection.rules import RateRule, RuleKind


class BankOptions(TypedDict, total=False):
    """What a bank of amounts takes as ``DetectorBank`` does."""

    log_recovery_threshold: float
    has_lifecycle: bool
    gates: Sequence[int] | None
    procedure: Procedure


class AmountBank(DetectorBank):
    """A bank whose counts are numbers and sums by bin (``paired_columns``); everything else is as for ``DetectorBank``.

    Args:
        rules: Rule of each detector: the widest gap of mean amounts, as a share of their range, or their lowest ratio.
        log_thresholds: Natural log of the threshold of each detector, > 0.
        n_bins: Bins of the range.
        n_strata: Strata whose evidence is added up, >= 1.
        design_effect: Divides the evidence where decisions come in copies or clusters, >= 1; never units.
        zero: For ratios: the amount 0 as a share of the range, more being better; at most 0, or at least 1 where less
            is better and the range is mirrored.
        options: As for ``DetectorBank``.

    Raises:
        ValueError: Lengths differ, a value is out of range, a ratio is impossible (``line_of``), or units are given.

    >>> import numpy as np
    >>> bank = AmountBank([RateRule(RuleKind.GAP, 0.0)], [18.4], n_bins=4)
    >>> unfair = np.array([[[0, 30, 0, 10] + [131072 * 10, 10, 131072 * 20, 20] + [262144 * 10, 10, 262144 * 20, 20]
    ...     + [0, 0, 0, 0]]])
    >>> [change.to_breach for minute in range(9) for change in bank.update(60 * minute, unfair)]
    [True]
    """

    def __init__(
        self,
        rules: Sequence[RateRule],
        log_thresholds: Sequence[float],
        *,
        n_bins: int = DEFAULT_BINS,
        n_strata: int = 1,
        design_effect: float | Units = 1.0,
        zero: float = 0.0,
        **options: Unpack[BankOptions],
    ) -> None:
        if isinstance(design_effect, Units):
            raise ValueError("a rule about mean amounts excludes units")  # noqa: TRY004  # as for other arguments
        lines = [line_of(rule, zero) for rule in rules]
        gaps = [RateRule(RuleKind.GAP, line.gap) for line in lines]  # also of a ratio: its bets are those of a gap
        super().__init__(gaps, log_thresholds, n_strata=n_strata, design_effect=design_effect, **options)
        self._fingerprint = fingerprint("amounts", n_bins, self._fingerprint)
        if any(rule.kind is RuleKind.RATIO for rule in rules):
            self._fingerprint = fingerprint("lines", lines, self._fingerprint)
        self._shape = (len(rules), n_strata, N_COLUMNS * n_bins)
        self._bettor = AmountBettor(rules, n_strata=n_strata, design_effect=design_effect, zero=zero)

    def _check_counts(self, counts: Ints) -> None:
        if counts.shape != self._shape:
            raise ValueError(f"counts have shape {counts.shape}, not {self._shape}")
        by_bin = counts.reshape(*counts.shape[:-1], -1, N_COLUMNS)
        if not all(are_possible(by_bin[..., side + 1], by_bin[..., side]) for side in (0, 2)):
            raise ValueError("no amounts in a bin have such a number and such a sum")

    def _check_candidates(self, counts: Ints, candidates: Ints, n_model: int | None) -> None:  # noqa: ARG002
        raise ValueError("amounts exclude candidates")
