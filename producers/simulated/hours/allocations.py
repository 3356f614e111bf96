"""Simulated hours of patrols: records of eight areas in turn, shared fairly or the more skewed the higher the drift.

Without drift each area gets the same hours per resident, but for a little noise. At full drift an area of high income
gets 2.5 times as many, and one of low income 0.6 times: the ratio of High to Low is then about 4, as in the example of
the camera lab.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from producers.event import Event
from producers.simulated.draws import BLOCK, Draws
from producers.simulated.drift import DriftSchedule
from producers.timeline import Timeline, iso_times, run_tag


class Place(NamedTuple):
    """An area.

    Attributes:
        name: Its name.
        level: Its level of income.
        population: Its residents.
        risk: Reported incidents, relative to other areas.
    """

    name: str
    level: str
    population: int
    risk: float


AREAS = (
    Place("Harbor", "High", 10_000, 4.0),
    Place("Market", "High", 5_000, 3.0),
    Place("University", "Middle", 8_000, 2.5),
    Place("Old Town", "Middle", 6_000, 2.0),
    Place("Mill Hill", "Low", 15_000, 3.0),
    Place("Station", "Low", 12_000, 2.0),
    Place("Riverside", "Low", 9_000, 2.5),
    Place("Northgate", "High", 7_000, 3.5),
)
HOURS_PER_1000 = 1.0  # of one record
_NOISE = 0.2  # width of the uniform noise, as a share of the hours
_AT_FULL_DRIFT = {"High": 2.5, "Middle": 1.0, "Low": 0.6}


def simulate_allocations(seed: int, timeline: Timeline, drift: DriftSchedule) -> Iterator[Event]:
    """Yield records without end, one area after another; the same arguments give the same bytes.

    Args:
        seed: Integer >= 0.
        timeline: Time of each record.
        drift: How skewed the hours are, 0 to 1, by time.
    """
    run, first = run_tag(seed, timeline), 0
    for (noise,) in Draws(seed, "allocations").blocks(1):
        times_ms = timeline.times_ms(first, BLOCK)
        levels = drift.levels(events=np.arange(first, first + BLOCK), offsets_s=(times_ms - timeline.start_ms) / 1000)
        for place, (iso, time_ms) in enumerate(zip(iso_times(times_ms), times_ms.tolist(), strict=True)):
            number = first + place
            area = AREAS[number % len(AREAS)]
            skew = 1 + float(levels[place]) * (_AT_FULL_DRIFT[area.level] - 1)
            hours = HOURS_PER_1000 * area.population / 1000 * skew * (1 + _NOISE * (float(noise[place]) - 0.5))
            record = {
                "allocation_id": f"{run}-{number + 1}",
                "ts": iso,
                "area": area.name,
                "income_level": area.level,
                "population": area.population,
                "hours": round(hours, 2),
                "risk": area.risk,
            }
            yield Event(area.name.encode(), json.dumps(record, separators=(",", ":")).encode(), time_ms)
        first += BLOCK
