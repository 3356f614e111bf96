"""False alarms of the test of mean amounts, and of windows that are compared by Welch's test."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.amounts.streams import N_BINS, AmountStream, Ints
from stream_app.core.amounts.counts import edge_weights, edges
from stream_app.core.detection.amounts.bank import AmountBank
from stream_app.core.detection.amounts.lines import AmountLine, line_of

_WINDOW_PANES = 5
_Z = 1.959963984540054
_TO_OTHER_SIDE = [2, 3, 0, 1]

new_bank = partial(AmountBank, n_bins=N_BINS, has_lifecycle=False)


@dataclass(frozen=True)
class NullResult:
    """What happened on a stream that keeps its rule.

    Attributes:
        stream: Its name.
        seed: Its seed.
        n_runs: Runs, each with a test in either direction.
        n_decisions: Decisions of a run, on average.
        c: Threshold of each test.
        n_tests: Tests that were run.
        n_with_any: Tests with an alarm.
        n_near: Tests whose statistic reached a tenth of the threshold.
        windows_per_million: Alarms of Welch's test at 5 % of every five panes, in a million decisions.
    """

    stream: str
    seed: int
    n_runs: int
    n_decisions: float
    c: float
    n_tests: int
    n_with_any: int
    n_near: int
    windows_per_million: float

    @property
    def permitted(self) -> float:
        """Share of the tests that may have an alarm."""
        return self.n_decisions / self.c


def false_alarms(stream: AmountStream, *, n_panes: int, n_runs: int, log_c: float) -> NullResult:
    """Run the test in both directions on every run of a stream."""
    bank = new_bank([stream.kept_rule] * (2 * n_runs), [log_c] * (2 * n_runs), zero=stream.zero)
    line = line_of(stream.kept_rule, stream.zero)
    has_alarm, highest = np.zeros(2 * n_runs, np.bool_), np.full(2 * n_runs, -np.inf)
    n_decisions, n_windows, window = 0, 0, deque[Ints](maxlen=_WINDOW_PANES)
    for pane, (columns, n) in enumerate(stream.panes(n_panes, n_runs)):
        both_ways = np.concatenate([columns, _swapped(columns)])[:, None]
        for change in bank.update(pane, both_ways):
            has_alarm[change.detector] = True
        np.maximum(highest, bank.log_sr, out=highest)
        n_decisions += int(n.sum())
        window.append(columns)
        if pane % _WINDOW_PANES == _WINDOW_PANES - 1:
            n_windows += int((np.abs(_welch_z(np.sum(window, axis=0), line)) > _Z).sum())
    return NullResult(
        stream=stream.name,
        seed=stream.seed,
        n_runs=n_runs,
        n_decisions=n_decisions / n_runs,
        c=math.exp(log_c),
        n_tests=2 * n_runs,
        n_with_any=int(has_alarm.sum()),
        n_near=int((highest >= log_c - math.log(10)).sum()),
        windows_per_million=n_windows / n_decisions * 1e6,
    )


def _swapped(columns: Ints) -> Ints:
    by_bin = columns.reshape(len(columns), N_BINS, 4)
    return by_bin[:, :, _TO_OTHER_SIDE].reshape(columns.shape)


def _welch_z(columns: Ints, line: AmountLine) -> NDArray[np.float64]:
    """Return Welch's statistic of each run, for means on the line; 0 where a group has fewer than two."""
    by_bin = columns.reshape(len(columns), N_BINS, 4)
    means, variances, sizes = [], [], []
    for side, scale in ((0, line.scale_a), (2, line.scale_b)):
        weights, at = edge_weights(by_bin[..., side + 1], by_bin[..., side]), scale * edges(N_BINS)
        n = weights.sum(axis=-1)
        some = np.maximum(n, 2.0)
        mean = weights @ at / some
        means.append(mean)
        variances.append((weights * (at - mean[:, None]) ** 2).sum(axis=-1) / (some - 1) / some)
        sizes.append(n)
    variance = variances[0] + variances[1]
    is_known = (np.minimum(*sizes) >= 2) & (variance > 0)  # noqa: PLR2004
    excess = means[0] - means[1] + line.gap
    z: NDArray[np.float64] = np.divide(excess, np.sqrt(variance), out=np.zeros(len(columns)), where=is_known)
    return z
