"""The onset that is estimated at an alarm, and whether its 99 % interval contains the true one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.detect.delays import JUDGED_CHANGES, SHOWN_CHANGES, name_of, panes_after
from benchmarks.detect.methods.detector import Ints, run_detector
from benchmarks.detect.size import Size
from benchmarks.detect.streams import Floats, Stream, between
from stream_app.core.detection.change_point import find_onset
from stream_app.offline.planning.violation import Violation

ONSET_CHANGES = (*JUDGED_CHANGES, SHOWN_CHANGES[0])


@dataclass(frozen=True)
class OnsetResult:
    """Onsets after one change, in panes; of runs whose first alarm came after it.

    Attributes:
        stream: Name of the stream.
        seed: Its seed.
        errors: Absolute error of the estimate, shape (runs,).
        own_errors: The same of the onset that the test itself gives.
        widths: Panes in the interval, shape (runs,).
        n_covered: Runs whose interval contains the change.
    """

    stream: str
    seed: int
    errors: Floats
    own_errors: Floats
    widths: Floats
    n_covered: int


def measure_onsets(change: Violation, size: Size) -> OnsetResult:
    """Draw runs that are fair at first, then change, and search the change in the panes up to the alarm."""
    calm = size.n_calm_panes
    stream = Stream(f"onset of {name_of(change)}", between(change.p_b, change.p_a, change.q, calm))
    counts = stream.draw(calm + panes_after(change), size.n_onset_runs)
    runs = run_detector(change.rule, counts, enough=lambda alarms: bool(alarms[calm:].any(axis=0).all()))
    found = [
        _of_run(change, counts[:, run], runs.alarms[:, run], runs.onset_pane[:, run])
        for run in _clean(runs.alarms, calm)
    ]
    best, earliest, latest, own = np.array(found).T
    return OnsetResult(
        stream=stream.name,
        seed=stream.seed,
        errors=np.abs(best - calm).astype(np.float64),
        own_errors=np.abs(own - calm).astype(np.float64),
        widths=(latest - earliest + 1).astype(np.float64),
        n_covered=int(((earliest <= calm) & (calm <= latest)).sum()),
    )


def _clean(alarms: np.typing.NDArray[np.bool_], calm: int) -> list[int]:
    """Return the runs without an alarm before the change and with one after it."""
    runs: list[int] = np.flatnonzero(~alarms[:calm].any(axis=0) & alarms[calm:].any(axis=0)).tolist()
    return runs


def _of_run(
    change: Violation, counts: Ints, alarms: np.typing.NDArray[np.bool_], onset_pane: Ints
) -> tuple[int, int, int, int]:
    at = int(alarms.argmax())
    own = int(onset_pane[at])
    return *find_onset(counts[: at + 1], change.rule, own), own
