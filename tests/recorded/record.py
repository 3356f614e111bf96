"""Run the pipeline on the raw logs and collect everything that is recorded."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tests.recorded import replays, shown
from tests.recorded.inputs import Logs
from tests.recorded.lines import Line
from tests.recorded.schedule import TURNS
from tests.recorded.site import Site

MACHINE = "bits of this machine"


def drive(raw: Logs) -> Site:
    """Run all lanes through the schedule."""
    site = Site(raw)
    for turn in TURNS:
        site.run_turn(turn)
    return site


def recorded(raw: Logs) -> Iterator[Line]:
    """Yield the lines of the run, of the replays and of the disclosed results."""
    yield {"topic": MACHINE, "value": machine_bits()}
    site = drive(raw)
    yield from site.lines
    policy, logs, written = site.policy, site.logs, site.written
    yield from _lines("counted again", replays.recounts(policy, logs, written))
    yield from _lines("told again", replays.recomputations(policy, logs, written))
    yield from _lines("judged again", replays.range_replays(policy, logs))
    yield from _lines("shown totals", shown.shown_totals(policy, written))
    yield from _lines("shown alerts", shown.shown_alerts(policy, written))
    yield from _lines("samples", shown.samples(policy, logs))


def machine_bits() -> str:
    """Return a digest of floating-point results whose last bits depend on the processor and the libraries."""
    x = np.concatenate([np.arange(1, 2000) / 1987, np.arange(1, 2000) / 71])
    arrays = [function(x) for function in (np.log, np.log1p, np.exp, np.expm1, np.sqrt)]
    arrays += [np.exp(-x), np.logaddexp(x, x[::-1]), np.array([*map(math.log, x), *map(math.exp, -x)])]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def _lines(topic: str, values: Iterable[Any]) -> Iterator[Line]:
    return ({"topic": topic, "value": value} for value in values)
