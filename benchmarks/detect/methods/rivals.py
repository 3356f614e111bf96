"""Other methods: rules for single windows, drift detectors of river, and a dummy that always fires.

Each takes counts of shape (panes, runs, 4) and returns its alarms, shape (panes, runs). A window alarms in its last
pane.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from river.drift import ADWIN, PageHinkley

from benchmarks.detect.methods.detector import Method
from benchmarks.detect.streams import PANE_N
from stream_app.core.detection.betting.null_point import ratio_null_point

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WINDOW_N = 500
_LEVEL = 0.05
_BONFERRONI_LEVEL = (
    0.01 * WINDOW_N / 1e6
)  # one false alarm in a hundred runs of a million decisions, shared by the windows
_FOUR_FIFTHS = 0.8


class _DriftDetector(Protocol):
    @property
    def drift_detected(self) -> bool: ...

    def update(self, x: float) -> object: ...


def low_ratio_windows(counts: Ints) -> Bools:
    """Alarm in each window whose ratio of rates is below 0.8."""
    k_a, n_a, k_b, n_b = _windows(counts)
    return _at_ends((n_a > 0) & (k_b > 0) & (5 * k_a * n_b < 4 * k_b * n_a), counts)


def unequal_windows(counts: Ints) -> Bools:
    """Alarm in each window in which a two-sided z test at 5% rejects equal rates."""
    k_a, n_a, k_b, n_b = _windows(counts)
    pooled = (k_a + k_b) / (n_a + n_b)
    variance = pooled * (1 - pooled) * (n_a + n_b)
    z = _quotient(k_a * n_b - k_b * n_a, np.sqrt(variance * n_a * n_b))
    return _at_ends(np.abs(z) >= NormalDist().inv_cdf(1 - _LEVEL / 2), counts)


def z_windows(counts: Ints) -> Bools:
    """Alarm in each window in which a one-sided score test at 5% rejects a ratio of at least four fifths."""
    return _at_ends(_four_fifths_z(counts) <= NormalDist().inv_cdf(_LEVEL), counts)


def bonferroni_windows(counts: Ints) -> Bools:
    """Alarm in the same way, at 1% shared by all windows of a million decisions."""
    return _at_ends(_four_fifths_z(counts) <= NormalDist().inv_cdf(_BONFERRONI_LEVEL), counts)


def always(counts: Ints) -> Bools:
    """Alarm in every pane: no delay is shorter, and the acceptance numbers must reject it."""
    return np.ones(counts.shape[:2], dtype=np.bool_)


def adwin(counts: Ints) -> Bools:
    """Alarm where ADWIN detects a change in the gap of rates, pane by pane."""
    return _on_gaps(counts, ADWIN)


def page_hinkley(counts: Ints) -> Bools:
    """Alarm where the test of Page and Hinkley detects a change in the gap; the library's default settings."""
    return _on_gaps(counts, PageHinkley)


# Rules for tumbling windows of 500 decisions, and the dummy.
RULES: dict[str, Method] = {
    "DIR < .8": low_ratio_windows,
    "z equal 5 %": unequal_windows,
    "z .8 5 %": z_windows,
    "z .8 Bonferroni": bonferroni_windows,
    "always": always,
}
RIVER: dict[str, Method] = {"river ADWIN": adwin, "river Page-Hinkley": page_hinkley}


def _windows(counts: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    n_panes, n_runs, _ = counts.shape
    size = WINDOW_N // PANE_N
    k_a, n_a, k_b, n_b = np.moveaxis(counts.reshape(n_panes // size, size, n_runs, 4).sum(axis=1), -1, 0)
    return k_a, n_a, k_b, n_b


def _four_fifths_z(counts: Ints) -> Floats:
    k_a, n_a, k_b, n_b = _windows(counts)
    some_a, some_b = np.maximum(n_a, 1), np.maximum(n_b, 1)
    p_a, p_b = k_a / some_a, k_b / some_b
    x, u = ratio_null_point(some_a, p_a, some_b, p_b, _FOUR_FIFTHS)
    variance = x * (1 - x) / some_a + _FOUR_FIFTHS**2 * u * (1 - u) / some_b
    return np.where((n_a > 0) & (n_b > 0), _quotient(p_a - _FOUR_FIFTHS * p_b, np.sqrt(variance)), 0.0)


def _quotient(above: Floats | Ints, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(below.shape), where=below > 0)


def _at_ends(is_alarm: Bools, counts: Ints) -> Bools:
    alarms = np.zeros(counts.shape[:2], dtype=np.bool_)
    size = WINDOW_N // PANE_N
    alarms[size - 1 :: size] = is_alarm
    return alarms


def _on_gaps(counts: Ints, new_detector: Callable[[], _DriftDetector]) -> Bools:
    alarms = np.zeros(counts.shape[:2], dtype=np.bool_)
    k_a, n_a, k_b, n_b = np.moveaxis(counts, -1, 0)
    has_both = (n_a > 0) & (n_b > 0)
    gaps = k_b / np.maximum(n_b, 1) - k_a / np.maximum(n_a, 1)
    for run in range(counts.shape[1]):
        detector = new_detector()
        for pane in np.flatnonzero(has_both[:, run]).tolist():
            detector.update(float(gaps[pane, run]))
            alarms[pane, run] = detector.drift_detected
    return alarms
