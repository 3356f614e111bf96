"""Many detectors, fed period by period: which rules are broken, from which onset, and which are kept again.

One detector monitors one rule about one pair of groups. The rule is about the decisions of each *period*: a period with
a decision of both groups is one block, which yields an e-value for each of five alternatives (``alternatives``,
``block``), and those add up to a Shiryaev-Roberts statistic (``shiryaev_roberts``). When it reaches its threshold
(``procedures``), the detector reports a *breach*; from then on it tests the opposite, that the rule is still broken,
until it reports a *recovery*.

Needed: every decision is counted once, decisions do not copy one another, groups, rules and periods are fixed before
looking, and the number of decisions in a period does not depend on their outcomes. Not needed: known, constant or equal
base rates, inside a period or between periods; a training period, a constant mix, a fixed number of looks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Bools, Floats, Ints, Rows
from stream_app.core.detection.array_bytes import fingerprint
from stream_app.core.detection.betting.alternatives import LOG_SHARES, N_ALTERNATIVES
from stream_app.core.detection.betting.bettor import SAME_STRATA, Bettor, Strata
from stream_app.core.detection.betting.unit_bettor import UnitBettor, Units
from stream_app.core.detection.evidence_bank import EvidenceBank, own_or_model_n
from stream_app.core.detection.procedures import Procedure, select_alarms
from stream_app.core.detection.rules import RateRule
from stream_app.core.detection.shiryaev_roberts import NO_EVIDENCE, NO_ONSET_S, log_mean

LOG_RECOVERY_THRESHOLD = math.log(1e6)


@dataclass(frozen=True)
class Transition:
    """A detector changed its state.

    Attributes:
        detector: Index of the detector.
        to_breach: True when a breach is detected, False when a recovery is.
        period_start_s: Start of the period that made it so.
        onset_s: Estimated onset: start of a period.
        log_evidence: Natural log of the statistic, at least the threshold.
        log_threshold: Natural log of the evidence that was needed.
    """

    detector: int
    to_breach: bool
    period_start_s: int
    onset_s: int
    log_evidence: float
    log_threshold: float


class DetectorBank(EvidenceBank):
    """Sequential detectors with a bounded number of false alarms.

    While a rule is kept, its detector raises at most ``N / exp(log_threshold)`` false alarms in ``N`` decisions of the
    model on average, and a false recovery comes at most once in ``exp(log_recovery_threshold)`` decisions of the model
    during a breach. A breach that is real is detected after little more than ``log_threshold / KL`` decisions, KL being
    the divergence of the true rates from the rule for each decision: it is small where the harmed group is small. With
    strata a rule means "kept in every stratum". With units, decisions inside a unit may depend on one another.

    Cost of an update: ``python -m benchmarks.detectors``; it grows with the detectors that can bet. Memory: 260 bytes
    for each detector and 32 for each of its strata. Without decisions nothing changes, however long.

    Args:
        rules: Rule of each detector.
        log_thresholds: Natural log of the threshold of each detector, > 0.
        n_strata: Strata whose evidence is added up, >= 1.
        design_effect: Divides all counts where decisions come in copies or clusters, >= 1; or the units by which it is
            measured, not together with strata.
        log_recovery_threshold: Natural log of the threshold of the recovery, > 0.
        has_lifecycle: False to restart at each alarm, without ever being in breach.
        gates: Number of the detector in whose breach alone each may raise an alarm (``procedures``), its own number
            where it needs none; None for no gates.
        procedure: How alarms are selected; ``FDR`` has another promise (``procedures``).

    Attributes:
        log_sr: Statistic after the last update; in the update of an alarm the one that raised it; -1e300 in breach
            and before the first block. All arrays of this list have shape
            (detectors,) and are to be read before the next update, which may write into them.
        log_eproc: e-process since the last restart, which a fixed-time report may use; 0 in breach.
        log_recovery: Statistic of the recovery, likewise; -1e300 outside a breach.
        onset_s: Start of the period since which the running test has its evidence; -1 without any.
        is_breach: Whether a breach was detected and no recovery since.
        breach_onset_s: Estimated onset of the present breach; -1 outside a breach.
        has_block: Whether there ever was a period with decisions of both groups.

    Raises:
        ValueError: Lengths differ or an argument is out of range.

    >>> from stream_app.core.detection.rules import RuleKind
    >>> bank = DetectorBank([RateRule(RuleKind.RATIO, 0.8)], [math.log(1e8)])
    >>> for minute, approved in enumerate([35] * 5 + [15] * 20 + [36] * 10):
    ...     for change in bank.update(60 * minute, np.array([[[approved, 50, 35, 50]]])):
    ...         print(change.to_breach, change.period_start_s, change.onset_s, round(change.log_evidence, 6))
    True 480 300 20.233719
    False 1800 1500 14.253497
    """

    def __init__(
        self,
        rules: Sequence[RateRule],
        log_thresholds: Sequence[float],
        *,
        n_strata: int = 1,
        design_effect: float | Units = 1.0,
        log_recovery_threshold: float = LOG_RECOVERY_THRESHOLD,
        has_lifecycle: bool = True,
        gates: Sequence[int] | None = None,
        procedure: Procedure = Procedure.PER_MILLION,
    ) -> None:
        n_detectors = len(rules)
        gates = range(n_detectors) if gates is None else gates
        if not len(log_thresholds) == len(gates) == n_detectors:
            raise ValueError(f"{n_detectors} rules, but {len(log_thresholds)} thresholds and {len(gates)} gates")
        if not all(0 < threshold < math.inf for threshold in (*log_thresholds, log_recovery_threshold)):
            raise ValueError("a threshold's log must be finite and > 0")
        units = design_effect if isinstance(design_effect, Units) else None
        divisor = 1.0 if isinstance(design_effect, Units) else float(design_effect)
        if n_strata < 1 or not 1 <= divisor < math.inf:
            raise ValueError("needed: n_strata >= 1, a finite design_effect >= 1")
        if not all(0 <= gate < n_detectors and gates[gate] == gate for gate in gates):
            raise ValueError("a gate must be a detector without a gate of its own")
        if units is not None and (n_strata > 1 or units.n < 1):
            raise ValueError("units exclude strata, and there is at least one")
        self._shape = (n_detectors, n_strata if units is None else units.n, 4)
        self._has_lifecycle = has_lifecycle
        self._gates = np.array(gates, dtype=np.intp)
        self._procedure = procedure
        self._thresholds = np.array([(low, log_recovery_threshold) for low in log_thresholds]).reshape(n_detectors, 2)
        self._log_shares = np.array([LOG_SHARES[rule.kind] for rule in rules]).reshape(n_detectors, 2)
        config = fingerprint(
            [(rule.kind.value, float(rule.limit)) for rule in rules],
            self._thresholds.tolist(),
            (n_strata, divisor, has_lifecycle, list(gates), procedure.value),
            *([] if units is None else [units.n]),
        )
        super().__init__(config, N_ALTERNATIVES, n_detectors, divisor)
        self._bettor: Bettor | UnitBettor
        if units is None:
            self._bettor = Bettor(rules, n_strata=n_strata, design_effect=divisor)
        else:
            self._bettor = UnitBettor(rules)
        self.log_recovery = np.full(n_detectors, NO_EVIDENCE)
        self.is_breach = np.zeros(n_detectors, dtype=np.bool_)
        self.breach_onset_s = np.full(n_detectors, NO_ONSET_S, dtype=np.int64)
        self.has_block = np.zeros(n_detectors, dtype=np.bool_)

    @property
    def log_needed(self) -> Floats:
        """Natural log of the statistic with which each would change its state now, shape (detectors,)."""
        log_k = math.log(1 + int(self.is_breach.sum())) if self._procedure is Procedure.FDR else 0.0
        return np.where(self.is_breach, self._thresholds[:, 1], self._thresholds[:, 0] - log_k)

    @property
    def design_effects(self) -> Floats | None:
        """How many times larger the variance usually is than that of independent decisions; None without units.

        Shape (detectors,); nan before the first period with decisions of both groups.
        """
        if not isinstance(self._bettor, UnitBettor):
            return None
        return np.where(self.has_block, self._bettor.effects(), np.nan)

    def update(
        self, period_start_s: int, counts: Ints, n_model: int | None = None, candidates: Ints | None = None
    ) -> list[Transition]:
        """Take in one complete period, once, in order of time.

        Args:
            period_start_s: Start of the period in event time, later than that of every period before.
            counts: ``k_a, n_a, k_b, n_b`` of each detector and stratum or unit, shape (detectors, strata or units, 4);
                a is the group that may be harmed.
            n_model: All decisions of the model in the period, which the bound on false alarms counts; at least those of
                each detector. None to count for each detector its own.
            candidates: Decisions of unknown groups that may be about a or b, of the shape of ``counts``: favorable and
                all that a may have, then b; many are candidates of both. They count at their worst, so alarms and
                recoveries hold for every allocation of them (``betting.worst_case``). None to leave them out.

        Returns:
            Changes to or from breach, in order of detectors.

        Raises:
            ValueError: A shape is wrong, a count is impossible, the period is not later than the last one, or there
                are candidates without ``n_model``: which decisions are a detector's own is not known then.
        """
        self._check(period_start_s, counts)
        if candidates is not None:
            self._check_candidates(counts, candidates, n_model)
        n = self._n_counted(counts, n_model)
        self._last_period_s[0] = period_start_s
        self._evidence.count(n)
        if candidates is None:
            bets = self._bettor.bet(counts, self.is_breach)
        elif isinstance(self._bettor, UnitBettor):
            raise ValueError("units exclude candidates")
        else:
            bets = self._bettor.bet_at_worst(counts, candidates, self.is_breach)
        if bets.detectors.size:
            self._evidence.add(bets.detectors, bets.log_e, bets.is_bet, period_start_s)
            self._weigh(bets.detectors)
            self.has_block[bets.detectors if bets.is_known is None else bets.detectors[bets.is_known]] = True
        self.log_sr = np.where(self.is_breach, NO_EVIDENCE, self._log_r)
        self.log_recovery = np.where(self.is_breach, self._log_r, NO_EVIDENCE)
        self.onset_s = self._evidence.best_onset_s(np.arange(self._shape[0]))
        return self._decide(period_start_s)

    def continue_rows(self, former: Self, rows: Rows, former_rows: Rows, strata: Strata = SAME_STRATA) -> None:
        """Continue the evidence of rows of another bank.

        Args:
            former: The other bank.
            rows: Rows of this bank, shape (m,).
            former_rows: Rows of the other one that test the same, shape (m,).
            strata: Strata of this bank and those of the other one that are the same.
        """
        super().continue_rows(former, rows, former_rows)
        if isinstance(self._bettor, Bettor) and isinstance(former._bettor, Bettor):
            self._bettor.continue_rows(former._bettor, rows, former_rows, strata)
        elif isinstance(self._bettor, UnitBettor) and isinstance(former._bettor, UnitBettor):
            self._bettor.continue_rows(former._bettor, rows, former_rows)
        elif rows.size:
            raise ValueError("what is known of single decisions says nothing about units")

    def open_breaches(self, rows: Rows, onsets_s: Ints) -> None:
        """Put rows in breach, as if detected under another rule; their recovery needs evidence from now on.

        Args:
            rows: Rows, shape (m,).
            onsets_s: Estimated onset of each breach, shape (m,).
        """
        self.is_breach[rows], self.breach_onset_s[rows], self.has_block[rows] = True, onsets_s, True

    def _by_row(self) -> tuple[NDArray[Any], ...]:
        return (*super()._by_row(), self.log_recovery, self.is_breach, self.breach_onset_s, self.has_block)

    def _state(self) -> tuple[Floats | Ints | Bools, ...]:
        evidence = self._evidence
        return (
            *(self._last_period_s, *self._bettor.state(), evidence.n_seen, evidence.n_used),
            *(evidence.log_r, evidence.log_m, evidence.cusum, evidence.onset_s, self._log_r),
            *(self.log_sr, self.log_eproc, self.log_recovery, self.onset_s),
            *(self.is_breach, self.breach_onset_s, self.has_block),
        )

    def _n_counted(self, counts: Ints, n_model: int | None) -> Ints | int:
        return own_or_model_n(counts[..., 1::2].sum(axis=(1, 2)), n_model)

    def _check(self, period_start_s: int, counts: Ints) -> None:
        self._check_counts(counts)
        self._check_order(period_start_s)

    def _check_candidates(self, counts: Ints, candidates: Ints, n_model: int | None) -> None:
        self._check_counts(candidates)
        own = counts[..., 1::2].sum(axis=2) + candidates[..., 1::2].max(axis=2)
        if n_model is None or (own.size and n_model < own.sum(axis=1).max()):
            raise ValueError("candidates need n_model: at least the decisions and candidates of each detector")

    def _check_counts(self, counts: Ints) -> None:
        if counts.shape != self._shape:
            raise ValueError(f"counts have shape {counts.shape}, not {self._shape}")
        favorable, n = counts[..., 0::2], counts[..., 1::2]
        if (favorable < 0).any() or (favorable > n).any():
            raise ValueError("favorable decisions must be between 0 and all decisions")

    def _weigh(self, rows: Rows) -> None:
        """Update the mean over alternatives of detectors whose evidence has changed."""
        log_shares = self._log_shares[rows, self.is_breach[rows].astype(np.intp)]
        self._log_r[rows] = log_mean(self._evidence.log_r[:, rows], log_shares)
        log_m = log_mean(self._evidence.log_m[:, rows], math.log(N_ALTERNATIVES))
        self.log_eproc[rows] = np.where(self.is_breach[rows], 0.0, log_m)

    def _decide(self, period_start_s: int) -> list[Transition]:
        """Report detectors whose statistic has reached its threshold, and restart them."""
        is_recovered = self.is_breach & (self._log_r >= self._thresholds[:, 1])
        is_open = self.is_breach & ~is_recovered
        excess = np.where(self.is_breach, NO_EVIDENCE, self._log_r - self._thresholds[:, 0])
        is_alarm, k = select_alarms(excess, is_open, self._gates, self._procedure)
        changed = np.flatnonzero(is_alarm | is_recovered)
        if not changed.size:
            return []
        to_breach = is_alarm[changed]
        onset_s = self.onset_s[changed]
        needed = np.where(to_breach, self._thresholds[changed, 0] - math.log(k), self._thresholds[changed, 1])
        transitions = [
            Transition(int(who), bool(to), period_start_s, int(since_s), float(self._log_r[who]), float(log_threshold))
            for who, to, since_s, log_threshold in zip(changed, to_breach, onset_s, needed, strict=True)
        ]
        if self._has_lifecycle:
            self.is_breach[changed] = to_breach
            self.breach_onset_s[changed] = np.where(to_breach, onset_s, NO_ONSET_S)
        self._restart(changed)
        return transitions
