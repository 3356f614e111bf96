"""Feeds a table of counts to the detectors, pane by pane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank, Transition
from stream_app.core.detection.change_point import find_onset
from stream_app.core.detection.shiryaev_roberts import NO_EVIDENCE
from stream_app.offline.plan import Direction, Plan
from stream_app.offline.table import PaneTable

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_NOTHING = NO_EVIDENCE / 10  # a statistic below it contains no evidence
_COLUMNS = {Direction.LOW: (0, 1, 2, 3), Direction.HIGH: (2, 3, 0, 1)}


class AlarmChange(NamedTuple):
    """An alarm or a recovery of a detector.

    Attributes:
        detector: Index of the detector.
        is_alarm: True for an alarm, False for a recovery.
        pane: Number of the pane in which it was raised, from 0.
        onset: Number of the pane of the estimated onset.
        onset_earliest: Number of the first pane of its 99 % interval, for an abrupt change.
        onset_latest: Number of the last pane of that interval.
        log_evidence: Natural log of the statistic, at least the threshold.
    """

    detector: int
    is_alarm: bool
    pane: int
    onset: int
    onset_earliest: int
    onset_latest: int
    log_evidence: float


class PaneStep(NamedTuple):
    """The state of the detectors after one pane; every array has shape (detectors,).

    Attributes:
        pane: Number of the pane, from 0.
        log_sr: Statistic of the alarm; NaN where there is none: no block yet, or in breach.
        log_eproc: e-process since the last restart; 0 in breach.
        log_recovery: Statistic of the recovery; NaN outside a breach.
        is_breach: Whether an alarm is open, with no recovery yet.
        has_block: Whether there was a pane with decisions of both groups.
        changes: Alarms and recoveries of this pane.
    """

    pane: int
    log_sr: Floats
    log_eproc: Floats
    log_recovery: Floats
    is_breach: Bools
    has_block: Bools
    changes: tuple[AlarmChange, ...]


def run_detectors(table: PaneTable, plan: Plan) -> Iterator[PaneStep]:
    """Feed every pane to the detectors, in order, and yield their state after it."""
    bank = DetectorBank(
        [detector.rule for detector in plan.detectors],
        plan.log_thresholds,
        design_effect=plan.design_effect,
        has_lifecycle=plan.has_lifecycle,
    )
    onsets = _Onsets(table, plan)
    pairs = np.array([detector.pair for detector in plan.detectors])[:, np.newaxis]
    columns = np.array([_COLUMNS[detector.direction] for detector in plan.detectors])
    for pane in range(table.n_panes):
        counts = table.counts[pane][pairs, columns]
        changes = bank.update(int(table.starts_s[pane]), counts[:, np.newaxis, :], table.n_decisions(pane))
        yield PaneStep(
            pane,
            _known(bank.log_sr),
            bank.log_eproc.copy(),
            _known(bank.log_recovery),
            bank.is_breach.copy(),
            bank.has_block.copy(),
            tuple(
                AlarmChange(change.detector, change.to_breach, pane, *onsets.find(change, pane), change.log_evidence)
                for change in changes
            ),
        )


class _Onsets:
    """Searches the onset of each change between the last change of its detector and the pane in which it came out."""

    def __init__(self, table: PaneTable, plan: Plan) -> None:
        self._table, self._plan = table, plan
        self._first = [0] * len(plan.detectors)  # of the panes that are searched

    def find(self, change: Transition, pane: int) -> tuple[int, int, int]:
        """Return the pane of the estimated onset, and the first and the last one of its interval."""
        detector, first = self._plan.detectors[change.detector], self._first[change.detector]
        counts = self._table.counts[first : pane + 1, detector.pair][:, _COLUMNS[detector.direction]]
        own = self._table.pane_at(change.onset_s) - first
        onset = find_onset(counts, detector.rule, own, is_recovery=not change.to_breach)
        self._first[change.detector] = first + onset.best if self._plan.has_lifecycle else pane + 1
        return first + onset.best, first + onset.earliest, first + onset.latest


def _known(log_values: Floats) -> Floats:
    return np.where(log_values > _NOTHING, log_values, np.nan)
