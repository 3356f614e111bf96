"""Everything that is recorded, from the raw logs to lines."""

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
    """Drive all lanes through the schedule."""
    site = Site(raw)
    for turn in TURNS:
        site.take(turn)
    return site


def recorded(raw: Logs) -> Iterator[Line]:
    """Yield every line: of the run, of the replays, of what people see."""
    yield {"topic": MACHINE, "value": machine_bits()}
    site = drive(raw)
    yield from site.lines
    policy, logs, written = site.policy, site.logs, site.written
    yield from _lines("counted again", replays.recounts(policy, logs, written))
    yield from _lines("told again", replays.retellings(policy, logs, written))
    yield from _lines("judged again", replays.range_replays(policy, logs))
    yield from _lines("shown totals", shown.shown_totals(policy, written))
    yield from _lines("shown alerts", shown.shown_alerts(policy, written))
    yield from _lines("samples", shown.samples(policy, logs))


def machine_bits() -> str:
    """Return a digest of numbers whose last bits depend on the processor and the libraries, not on the project."""
    x = np.concatenate([np.arange(1, 2000) / 1987, np.arange(1, 2000) / 71])
    found = [part(x) for part in (np.log, np.log1p, np.exp, np.expm1, np.sqrt)]
    found += [np.exp(-x), np.logaddexp(x, x[::-1]), np.array([*map(math.log, x), *map(math.exp, -x)])]
    return hashlib.sha256(b"".join(array.tobytes() for array in found)).hexdigest()


def _lines(topic: str, values: Iterable[Any]) -> Iterator[Line]:
    return ({"topic": topic, "value": value} for value in values)
