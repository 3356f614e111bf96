"""Detectors of rules about weighted rates: records belong to groups with probabilities."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.core.arrays import Ints
from stream_app.core.detection.bank import LOG_RECOVERY_THRESHOLD, DetectorBank
from stream_app.core.detection.betting.memberships import N_SUMS, MembershipBettor
from stream_app.core.detection.procedures import Procedure
from stream_app.core.detection.rules import RateRule
from stream_app.policy import PROBABILITY_SCALE


class MembershipBank(DetectorBank):
    """A bank whose counts are sums of probabilities in fixed point; everything else is as for ``DetectorBank``.

    A false alarm is one while the rule is kept by the *weighted* rates. They differ from the rates of the groups by the
    bias of the estimator (``core.fairness.proxy``), which no test can know.

    Args:
        rules: Rule of each detector.
        log_thresholds: Natural log of the threshold of each detector, > 0.
        n_strata: Strata whose evidence is added up, >= 1.
        design_effect: Divides the evidence where decisions come in copies or clusters, >= 1.
        log_recovery_threshold: Natural log of the threshold of the recovery, > 0.
        has_lifecycle: False to restart at each alarm, without ever being in breach.
        gates: As for ``DetectorBank``.
        procedure: How alarms are selected.
    """

    def __init__(
        self,
        rules: Sequence[RateRule],
        log_thresholds: Sequence[float],
        *,
        n_strata: int = 1,
        design_effect: float = 1.0,
        log_recovery_threshold: float = LOG_RECOVERY_THRESHOLD,
        has_lifecycle: bool = True,
        gates: Sequence[int] | None = None,
        procedure: Procedure = Procedure.PER_MILLION,
    ) -> None:
        super().__init__(
            rules,
            log_thresholds,
            n_strata=n_strata,
            design_effect=design_effect,
            log_recovery_threshold=log_recovery_threshold,
            has_lifecycle=has_lifecycle,
            gates=gates,
            procedure=procedure,
        )
        self._shape = (len(rules), n_strata, N_SUMS)
        self._bettor = MembershipBettor(rules, n_strata=n_strata, design_effect=design_effect)

    def _n_counted(self, counts: Ints, n_model: int | None) -> Ints | int:
        """Return the decisions of the model; without them, the expected decisions about both groups, rounded up."""
        if n_model is not None:
            return n_model
        expected: Ints = -(-counts[..., 1:4:2].sum(axis=(1, 2)) // PROBABILITY_SCALE)
        return expected

    def _check(self, period_start_s: int, counts: Ints) -> None:
        if counts.shape != self._shape:
            raise ValueError(f"sums have shape {counts.shape}, not {self._shape}")
        if (counts < 0).any() or (counts[..., 0:4:2] > counts[..., 1:4:2]).any():
            raise ValueError("sums of favorable decisions must be between 0 and those of all decisions")
        self._check_order(period_start_s)
