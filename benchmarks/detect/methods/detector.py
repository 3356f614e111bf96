"""FairStream's detector bank over many runs at once: each run is one detector, each pane one update."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.streams import PANE_N
from stream_app.core.detection.bank import DetectorBank, Transition
from stream_app.core.detection.rules import RateRule, RuleKind

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Method = Callable[[Ints], Bools]

FOUR_FIFTHS = RateRule(RuleKind.RATIO, 0.8)
GAP = RateRule(RuleKind.GAP, 0.2)
LOG_C = math.log(1e8)


@dataclass(frozen=True)
class DetectorRuns:
    """Alarms, recoveries and onsets of the detectors.

    Attributes:
        alarms: Whether a breach was reported at the end of a pane, shape (panes, runs).
        recoveries: Whether a recovery was reported, same shape.
        onset_pane: Estimated first pane of the breach, where one was reported, else -1; shape (panes, runs).
        highest_log_r: Highest statistic of each run, shape (runs,).
    """

    alarms: Bools
    recoveries: Bools
    onset_pane: Ints
    highest_log_r: Floats


def run_detector(
    rule: RateRule,
    counts: Ints,
    *,
    log_c: float = LOG_C,
    has_lifecycle: bool = False,
    design_effect: float = 1.0,
    candidates: Ints | None = None,
    enough: Callable[[Bools], bool] = lambda _: False,
    make_bank: Callable[..., DetectorBank] = DetectorBank,
) -> DetectorRuns:
    """Run the detectors over all panes.

    Args:
        rule: Rule of every run.
        counts: Shape (panes, runs, 4).
        log_c: Natural log of the threshold.
        has_lifecycle: Whether an alarm starts a breach; otherwise the detector restarts.
        design_effect: Of the bank.
        candidates: Decisions of unknown groups, to count at their worst, shape (panes, runs, 4); the bound then counts
            all 100 decisions of a pane. None where all groups are known.
        enough: Called every 100 panes with the alarms so far; True ends the run.
        make_bank: Makes the detectors; those of another kind take other counts.
    """
    n_panes, n_runs, _ = counts.shape
    bank = make_bank([rule] * n_runs, [log_c] * n_runs, has_lifecycle=has_lifecycle, design_effect=design_effect)
    alarms, recoveries = np.zeros((2, n_panes, n_runs), dtype=np.bool_)
    onset_pane = np.full((n_panes, n_runs), -1)
    highest = np.full(n_runs, -np.inf)
    for pane in range(n_panes):
        known, at_s = counts[pane][:, None, :], pane * PANE_N
        unknown = () if candidates is None else (PANE_N, candidates[pane][:, None, :])
        for change in bank.update(at_s, known, *unknown):
            _note(change, pane, alarms if change.to_breach else recoveries, onset_pane)
        np.maximum(highest, bank.log_sr, out=highest)
        if pane % 100 == 0 and enough(alarms):
            break
    return DetectorRuns(alarms, recoveries, onset_pane, highest)


def _note(change: Transition, pane: int, into: Bools, onset_pane: Ints) -> None:
    into[pane, change.detector] = True
    if change.to_breach:
        onset_pane[pane, change.detector] = change.onset_s // PANE_N


def first_after(alarms: Bools, change_pane: int) -> Floats:
    """Return the decisions from a change to the end of the pane of the first alarm, shape (runs,); inf for none.

    >>> first_after(np.array([[True, True], [False, False], [True, False]]), 1)
    array([200.,  inf])
    """
    after = alarms[change_pane:]
    delays: Floats = np.where(after.any(axis=0), (after.argmax(axis=0) + 1.0) * PANE_N, np.inf)
    return delays


def quantile(values: Floats, share: float) -> float:
    """Return the value that a share of all values does not exceed; inf if there are none or too many are inf.

    >>> quantile(np.array([100.0, 300.0, np.inf]), 0.5), quantile(np.array([]), 0.5)
    (300.0, inf)
    """
    return float(np.quantile(values, share, method="inverted_cdf")) if values.size else np.inf
