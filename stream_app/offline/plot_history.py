"""The history that a chart needs of a long run: a bounded number of points for any number of panes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from stream_app.core.intervals.interval_ends import koopman_many, newcombe_many, wilson_many
from stream_app.offline.run import PaneStep
from stream_app.offline.table import PaneTable

Floats = NDArray[np.float64]

MAX_POINTS = 600  # in a line of evidence
MAX_BINS = 100  # in a line of rates


class PlotHistory:
    """The highest evidence of each detector in each of at most 600 intervals of panes.

    Args:
        n_panes: Number of panes in the run, >= 1.
        n_detectors: Number of detectors.

    Attributes:
        n_panes_per_point: Panes in one interval.
        alarm: log10 of the statistic of the alarm, shape (intervals, detectors); NaN where there is none.
        recovery: The same for the recovery.
    """

    def __init__(self, n_panes: int, n_detectors: int) -> None:
        self.n_panes_per_point = math.ceil(n_panes / MAX_POINTS)
        shape = (math.ceil(n_panes / self.n_panes_per_point), n_detectors)
        self.alarm = np.full(shape, np.nan)
        self.recovery = np.full(shape, np.nan)

    def centers(self, n_panes: int) -> Floats:
        """Return the pane number in the middle of each interval, shape (intervals,)."""
        middles = (np.arange(len(self.alarm)) + 0.5) * self.n_panes_per_point - 0.5
        centers: Floats = np.minimum(middles, n_panes - 1).astype(np.float64)
        return centers

    def take(self, step: PaneStep) -> None:
        """Add one step."""
        point = step.pane // self.n_panes_per_point
        np.fmax(self.alarm[point], step.log_sr / math.log(10), out=self.alarm[point])
        np.fmax(self.recovery[point], step.log_recovery / math.log(10), out=self.recovery[point])


class Bins:
    """Rates of a pair in at most 100 bins of panes, each with its 95 % interval.

    An undefined value is NaN. Every array of an interval has shape (2, bins): lower, upper.

    Attributes:
        n_panes_per_bin: Panes in one bin.
        centers: Pane number in the middle of each bin, shape (bins,).
        rates: Of the group and of the reference, each with its interval (Wilson).
        ratio: Disparate impact ratio with its interval (Koopman); an upper end may be infinite.
        gap: Gap with its interval (Newcombe).
    """

    def __init__(self, table: PaneTable, pair: int, design_effect: float) -> None:
        self.n_panes_per_bin = math.ceil(table.n_panes / MAX_BINS)
        firsts = np.arange(0, table.n_panes, self.n_panes_per_bin)
        lasts = np.minimum(firsts + self.n_panes_per_bin, table.n_panes) - 1
        self.centers: Floats = ((firsts + lasts) / 2).astype(np.float64)
        counts = np.add.reduceat(table.counts[:, pair], firsts, axis=0).astype(np.float64)
        k_a, n_a, k_b, n_b = (counts / design_effect).T
        rate_a, rate_b = _quotient(k_a, n_a), _quotient(k_b, n_b)
        has_both = (n_a > 0) & (n_b > 0)
        self.rates = (
            (rate_a, _where(n_a > 0, wilson_many(k_a, n_a))),
            (rate_b, _where(n_b > 0, wilson_many(k_b, n_b))),
        )
        self.ratio = (_quotient(rate_a, rate_b), _where(has_both, koopman_many(k_a, n_a, k_b, n_b)))
        self.gap = (rate_a - rate_b, _where(has_both, newcombe_many(k_a, n_a, k_b, n_b)))


def _quotient(above: Floats, below: Floats) -> Floats:
    quotient: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return quotient


def _where(has_some: NDArray[np.bool_], ends: tuple[Floats, Floats]) -> Floats:
    return np.where(has_some, np.stack(ends), np.nan)
