"""False alarms on streams on which no limit is violated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detect.methods.detector import FOUR_FIFTHS, GAP, run_detector
from benchmarks.detect.methods.rivals import RIVER, RULES
from benchmarks.detect.size import Size
from benchmarks.detect.streams import JUDGED_BOUNDARIES, PANE_N, Stream, is_fair

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RATIO_DETECTOR = "e-detector DIR .8"
GAP_DETECTOR = "e-detector gap .2"


@dataclass(frozen=True)
class Alarms:
    """Alarms of one method on one stream; all of them false.

    Attributes:
        n_runs: Runs that it monitored.
        n_runs_with_any: Runs with at least one alarm.
        per_million: Alarms per million decisions.
    """

    n_runs: int
    n_runs_with_any: int
    per_million: float


@dataclass(frozen=True)
class NullResult:
    """All methods on one null stream.

    Attributes:
        stream: Name of the stream.
        seed: Its seed.
        is_fair: Whether the groups have equal rates at each moment.
        is_judged_boundary: Whether it is on the limit and judged.
        n_decisions: Length of a run.
        c: Threshold of the detectors.
        alarms: By method.
        n_runs_near: Runs in which the statistic reached a tenth of the threshold, by detector.
    """

    stream: str
    seed: int
    is_fair: bool
    is_judged_boundary: bool
    n_decisions: int
    c: float
    alarms: dict[str, Alarms]
    n_runs_near: dict[str, int]


def false_alarms(stream: Stream, size: Size) -> NullResult:
    """Draw the runs of a null stream and apply every method to them."""
    is_judged = stream.name in JUDGED_BOUNDARIES
    counts = stream.draw(size.n_null_panes, size.n_boundary_runs if is_judged else size.n_null_runs)
    runs = {
        name: run_detector(rule, counts, log_c=size.null_log_c)
        for name, rule in ((RATIO_DETECTOR, FOUR_FIFTHS), (GAP_DETECTOR, GAP))
    }
    alarms = {name: _counted(result.alarms) for name, result in runs.items()}
    alarms |= {name: _counted(method(counts)) for name, method in RULES.items()}
    alarms |= {name: _counted(method(counts[:, : size.n_river_runs])) for name, method in RIVER.items()}
    return NullResult(
        stream=stream.name,
        seed=stream.seed,
        is_fair=is_fair(stream),
        is_judged_boundary=is_judged,
        n_decisions=size.n_null_panes * PANE_N,
        c=math.exp(size.null_log_c),
        alarms=alarms,
        n_runs_near={name: _n_near(result.highest_log_r, size.null_log_c) for name, result in runs.items()},
    )


def _counted(alarms: Bools) -> Alarms:
    n_panes, n_runs = alarms.shape
    return Alarms(
        n_runs=n_runs,
        n_runs_with_any=int(alarms.any(axis=0).sum()),
        per_million=float(alarms.sum() / (n_panes * PANE_N * n_runs) * 1e6),
    )


def _n_near(highest_log_r: Floats, log_c: float) -> int:
    return int((highest_log_r >= log_c - math.log(10)).sum())
