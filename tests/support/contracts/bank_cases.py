"""The detector banks as cases of one contract: rows of sequential tests, fed pane by pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.evidence_bank import EvidenceBank
from stream_app.core.detection.rate_bank import RateBank
from stream_app.core.detection.rules import RateRule, RuleKind

Counts = NDArray[np.int64]  # (rows, 4): favorable and all decisions of a group, then of what it is compared with
LOW, HIGH = 0.6, 0.8


class BankAlarm(NamedTuple):
    """What an alarm of any bank says; ``kind`` is its direction."""

    row: int
    kind: bool
    period_start_s: int
    onset_s: int
    log_evidence: float


@dataclass(frozen=True)
class BankCase:
    """One bank.

    Attributes:
        name: Name of the class.
        new_bank: Makes a bank from the log thresholds of its rows.
        update: Feeds a pane to it.
        statistic: The statistic of each row after an update, of whichever test runs in it.
    """

    name: str
    new_bank: Callable[[Sequence[float]], Any]
    update: Callable[[Any, int, Counts], list[BankAlarm]]
    statistic: Callable[[Any], NDArray[np.float64]]

    def run(self, bank: EvidenceBank, panes: Sequence[Counts], first_s: int = 0) -> list[BankAlarm]:
        """Feed panes of one minute each."""
        return [alarm for number, pane in enumerate(panes) for alarm in self.update(bank, first_s + 60 * number, pane)]


def draw_panes(seed: int, n_panes: int, n_rows: int) -> list[Counts]:
    """Draw panes in which the first group of every row fares badly in the middle third; about one in ten is empty."""
    rng = np.random.default_rng(seed)
    panes = []
    for number in range(n_panes):
        n = rng.poisson(12, (n_rows, 2)) * (rng.random((n_rows, 1)) > 0.1)
        rates = np.full((n_rows, 2), 0.7)
        rates[:, 0] = 0.2 if n_panes // 3 <= number < 2 * n_panes // 3 else 0.7
        k = rng.binomial(n, rates)
        panes.append(np.column_stack([k[:, 0], n[:, 0], k[:, 1], n[:, 1]]).astype(np.int64))
    return panes


def _new_detectors(log_thresholds: Sequence[float]) -> DetectorBank:
    rules = [RateRule(RuleKind.RATIO, 0.8)] * len(log_thresholds)
    # The same threshold for the recovery, so that one law covers both.
    return DetectorBank(rules, log_thresholds, log_recovery_threshold=log_thresholds[0])


def _update_detectors(bank: DetectorBank, period_start_s: int, counts: Counts) -> list[BankAlarm]:
    changes = bank.update(period_start_s, counts[:, np.newaxis, :])
    return [BankAlarm(c.detector, c.to_breach, c.period_start_s, c.onset_s, c.log_evidence) for c in changes]


def _update_rates(bank: RateBank, period_start_s: int, counts: Counts) -> list[BankAlarm]:
    low, high = np.full(len(counts), LOW), np.full(len(counts), HIGH)
    alarms = bank.update(period_start_s, counts[:, 0], counts[:, 1], low, high)
    return [BankAlarm(a.row, a.is_above, a.period_start_s, a.onset_s, a.log_evidence) for a in alarms]


BANKS = [
    BankCase(
        "DetectorBank", _new_detectors, _update_detectors, lambda bank: np.maximum(bank.log_sr, bank.log_recovery)
    ),
    BankCase("RateBank", RateBank, _update_rates, lambda bank: bank.log_sr),
]
