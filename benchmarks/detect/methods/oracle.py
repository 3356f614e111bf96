"""How fast a detector can be: an oracle that knows the rates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.streams import PANE_N, Stream, steady
from stream_app.core.detection.betting.block import log_e_value
from stream_app.offline.planning.violation import Violation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MILLION = 1e6
_ORACLE_LEVEL = 0.01  # probability of a false alarm of the oracle in a million decisions


@dataclass(frozen=True)
class Oracle:
    """A CUSUM that knows both the violation and the nearest fair rates.

    Attributes:
        violation: The violation that it knows.
        threshold: Of its statistic, in nats.
    """

    violation: Violation
    threshold: float

    def alarms(self, counts: Ints) -> Bools:
        """Return where the statistic reaches the threshold, shape (panes, runs)."""
        return _cusum(self.violation, counts) >= self.threshold


def new_oracle(violation: Violation, *, n_panes: int, n_runs: int) -> Oracle:
    """Return an oracle whose threshold is simulated for a false alarm in 1% of runs of a million decisions.

    The maximum ``M`` of a CUSUM of log likelihood ratios over a long stream has the Gumbel distribution with scale 1,
    so its location, and with it any quantile, follows from all runs: ``location = -log(mean(exp(-M)))``.
    """
    x, u = violation.nearest_fair_rates()
    null = Stream(f"oracle {x:.6f} {u:.6f} {violation.q}", steady(u, x / u, violation.q))
    highest = _cusum(violation, null.draw(n_panes, n_runs)).max(axis=0)
    location = -math.log(float(np.exp(-highest).mean()))
    location_of_a_million = location + math.log(_MILLION / (n_panes * PANE_N))
    return Oracle(violation, location_of_a_million - math.log(-math.log(1 - _ORACLE_LEVEL)))


def _cusum(violation: Violation, counts: Ints) -> Floats:
    theta_a, theta_b = np.array(violation.p_a), np.array(violation.p_b)
    x, u = (np.array(rate) for rate in violation.nearest_fair_rates())
    log_e = log_e_value(np.moveaxis(counts, -1, 0).astype(np.float64), theta_a, theta_b, x, u)
    value = np.zeros(counts.shape[1])
    values = np.empty(log_e.shape)
    for pane, step in enumerate(log_e):
        value = np.maximum(value, 0) + step
        values[pane] = value
    return values
