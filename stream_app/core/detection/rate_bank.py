"""Sequential tests of single rates against known bounds: calibration of scores, and their drift.

The rule is "the rate is in [low, high]". Two uses:

- *Calibration* of one group in one score bin: ``k`` good outcomes of ``n`` scored, ``low = high = sum of scores / n``.
  That is valid for any scores in the bin, as their mean is the hardest case (AM-GM).
- *Score drift*: ``k`` of ``n`` scores in one bin, and the ends of an interval for the share of that bin in a frozen
  reference (Wilson, with a ``z`` that makes the intervals of all bins right together: Bonferroni). So the bounds
  account for chance in the reference.

One block of ``n`` decisions, ``k`` of them favorable, has for each bet ``l`` in {0.1, 0.3, 1} the log e-values

    above  l k - n log(1 + high (e^l - 1))
    below  -l k - n log(1 + low (e^-l - 1))

Source: Howard, Ramdas, McAuliffe and Sekhon 2020, "Time-uniform Chernoff bounds", sub-Bernoulli case; Shin, Ramdas and
Rinaldo 2024, "E-detectors".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stream_app.core.arrays import Floats, Ints
from stream_app.core.detection.array_bytes import fingerprint
from stream_app.core.detection.evidence_bank import EvidenceBank, own_or_model_n
from stream_app.core.detection.shiryaev_roberts import log_mean

BETS = np.array([[0.1], [0.3], [1.0]])
N_BETS = 2 * BETS.size  # above, then below


@dataclass(frozen=True)
class RateAlarm:
    """A rate was detected outside its bounds.

    Attributes:
        row: Index of the rate.
        is_above: True when it is too high, False when it is too low.
        period_start_s: Start of the period that made it so.
        onset_s: Estimated onset: start of a period.
        log_evidence: Natural log of the statistic, at least the threshold.
    """

    row: int
    is_above: bool
    period_start_s: int
    onset_s: int
    log_evidence: float


class RateBank(EvidenceBank):
    """Sequential tests of many rates, each against bounds of its own.

    While a rate is within its bounds, its test raises at most ``N / exp(log_threshold)`` false alarms in ``N``
    decisions of the model, on average. After an alarm the test starts again without evidence. To monitor all bins of a
    group, allocate the false alarms by ``thresholds``. Periods without decisions change nothing. Cost of
    an update: about thirty passes over (6, rows) numbers.

    Args:
        log_thresholds: Natural log of the threshold of each rate, > 0.

    Attributes:
        log_sr: Statistic after the last update; in the update of an alarm the one that raised it; -1e300 before any
            decision. Shape (rows,), as all arrays of this list.
        log_eproc: e-process since the last restart, for reports at a fixed time.
        onset_s: Start of the period since which the test has its evidence; -1 without any.

    Raises:
        ValueError: A threshold is not finite or not > 0.

    >>> bank = RateBank([math.log(1e6)])
    >>> for minute in range(20):  # scores that say 0.5, outcomes that say 0.7 from minute 10 on
    ...     k = 10 if minute < 10 else 14
    ...     for alarm in bank.update(60 * minute, np.array([k]), np.array([20]), np.array([0.5]), np.array([0.5])):
    ...         print(alarm.is_above, alarm.period_start_s, alarm.onset_s, round(alarm.log_evidence, 3))
    True 1020 600 14.315
    """

    def __init__(self, log_thresholds: Sequence[float]) -> None:
        if not all(0 < threshold < math.inf for threshold in log_thresholds):
            raise ValueError("a threshold's log must be finite and > 0")
        self._thresholds = np.array(log_thresholds, dtype=np.float64)
        super().__init__(fingerprint("rates", self._thresholds.tolist()), N_BETS, len(log_thresholds))

    def update(
        self, period_start_s: int, k: Ints, n: Ints, low: Floats, high: Floats, n_model: int | None = None
    ) -> list[RateAlarm]:
        """Take in one complete period, once, in order of time; all arrays have shape (rows,).

        Args:
            period_start_s: Start of the period in event time, later than that of every period before.
            k: Favorable decisions, 0 to n.
            n: Decisions, >= 0.
            low: Lowest rate permitted, in [0, high]; any number where n = 0.
            high: Highest rate permitted, in [low, 1]; any number where n = 0.
            n_model: All decisions of the model in the period, at least those of each row; None to count for each row
                its own.

        Returns:
            Rates that are detected outside their bounds, in order of rows.

        Raises:
            ValueError: A shape is wrong, a number is impossible, or the period is not later than the last one.
        """
        self._check(period_start_s, k, n, low, high)
        counted = own_or_model_n(n, n_model)
        self._evidence.count(counted)
        self._last_period_s[0] = period_start_s
        rows = np.flatnonzero(n)
        if rows.size:
            log_e = _log_e_values(k[rows], n[rows], low[rows], high[rows])
            is_bet = np.ones(log_e.shape, dtype=np.bool_)
            self._evidence.add(rows, log_e, is_bet, period_start_s)
            self._log_r[rows] = log_mean(self._evidence.log_r[:, rows], math.log(N_BETS))
            self.log_eproc[rows] = log_mean(self._evidence.log_m[:, rows], math.log(N_BETS))
        self.log_sr = self._log_r.copy()
        self.onset_s = self._evidence.best_onset_s(np.arange(self._log_r.size))
        return self._decide(period_start_s)

    def _state(self) -> tuple[Floats | Ints, ...]:
        evidence = self._evidence
        return (
            *(evidence.n_seen, evidence.n_used, evidence.log_r, evidence.log_m, evidence.cusum, evidence.onset_s),
            *(self._last_period_s, self._log_r, self.log_sr, self.log_eproc, self.onset_s),
        )

    def _check(self, period_start_s: int, k: Ints, n: Ints, low: Floats, high: Floats) -> None:
        if any(array.shape != self._log_r.shape for array in (k, n, low, high)):
            raise ValueError(f"all arrays need the shape {self._log_r.shape}")
        if ((k < 0) | (k > n)).any():
            raise ValueError("favorable decisions must be between 0 and all decisions")
        is_ordered = (low >= 0) & (low <= high) & (high <= 1)
        if not (is_ordered | (n == 0)).all():
            raise ValueError("needed: 0 <= low <= high <= 1")
        self._check_order(period_start_s)

    def _decide(self, period_start_s: int) -> list[RateAlarm]:
        raised = np.flatnonzero(self._log_r >= self._thresholds)
        is_above = np.argmax(self._evidence.cusum[:, raised], axis=0) < BETS.size
        alarms = [
            RateAlarm(int(row), bool(is_high), period_start_s, int(self.onset_s[row]), float(self._log_r[row]))
            for row, is_high in zip(raised, is_above, strict=True)
        ]
        self._restart(raised)
        return alarms


def _log_e_values(k: Ints, n: Ints, low: Floats, high: Floats) -> Floats:
    """Return the log e-value of each bet, shape (6, rows): above, then below."""
    too_high = BETS * k - n * np.log1p(high * np.expm1(BETS))
    too_low = -BETS * k - n * np.log1p(low * np.expm1(-BETS))
    return np.concatenate([too_high, too_low])
