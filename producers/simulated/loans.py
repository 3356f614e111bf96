"""Simulated loan decisions: fair at drift level 0, and unfair to women as the level rises.

On average, at level L a man is approved with rate 0.70 and a woman with rate max(0, 0.70 - 0.4 L): the offsets by
product and race below cancel out over their shares. Within that, drift is not uniform: it is strongest for personal
loans (segment) and for black women (intersection), so that there is a cause to detect.

Women and men come in pairs, in random order within the pair, so any two or more events contain both. Race, age band
and region belong to the applicant, a person of a population drawn once from the seed who may apply again; product,
score and decision belong to the application and are independent of everything else. The credit score depends on the
latent creditworthiness that decides, not on gender: under drift, approved women have better scores than approved men.

Raising the level only changes decisions from approved to denied: everything else stays the same, byte for byte. A model
version is included on request; with ``releases`` each stage of the drift schedule is a release of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from typing import NamedTuple

import numpy as np

from producers.event import Event
from producers.simulated.draws import BLOCK, Draws, Floats, Indices, select
from producers.simulated.drift import DriftSchedule
from producers.timeline import Timeline, iso_times, run_tag

BASE_RATE = 0.70
DRIFT_EFFECT = 0.4  # what level 1 subtracts from the rate of women
SCORE_RANGE = (500, 800)
_HALF = 0.5
POPULATION = 200_000  # half of them are women: the even numbers

VersionOf = Callable[[int], str]  # version of the model by stage of the drift schedule, from 0

RACES = {"asian": 0.08, "black": 0.14, "hispanic": 0.18, "white": 0.60}
AGE_BANDS = {"18-29": 0.22, "30-44": 0.35, "45-59": 0.28, "60+": 0.15}
REGIONS = {"east": 0.18, "north": 0.28, "south": 0.32, "west": 0.22}
PRODUCTS = {"auto": 0.30, "home": 0.35, "personal": 0.25, "student": 0.10}

# Weighted by the shares above, the rates give 0.70, the product weights 1 and the race weights 0. The largest sum
# of weights is 1.7 (personal, black): 0.70 - 0.4 * 1.7 = 0.02 > 0, so no rate is clipped at 0.
PRODUCT_RATE = np.array([0.75, 0.65, 0.70, 0.725])
PRODUCT_DRIFT = np.array([0.8, 1.0, 1.4, 0.6])
RACE_DRIFT = np.array([0.0, 0.3, 0.1, -0.1])


def female_rate(level: float) -> float:
    """Return the approval rate of women at a drift level.

    >>> female_rate(0), round(female_rate(0.5), 6)
    (0.7, 0.5)
    """
    return max(0.0, BASE_RATE - DRIFT_EFFECT * level)


def releases(only: str | None = None) -> VersionOf:
    """Return the naming of model versions: each stage of the drift is a release, or there is ``only`` one.

    >>> [releases()(stage) for stage in (0, 1)], releases("rc-7")(1)
    (['1', '2'], 'rc-7')
    """
    return (lambda stage: str(stage + 1)) if only is None else (lambda _: only)


def simulate_loans(
    seed: int, timeline: Timeline, drift: DriftSchedule, version_of: VersionOf | None = None, *, part: int = 0
) -> Iterator[Event]:
    """Yield loan decisions without end; the same arguments give the same bytes.

    About 4 microseconds per event. The numbers are drawn in blocks, so they do not depend on how many events are taken.

    Args:
        seed: Integer >= 0.
        timeline: Event time of each event.
        drift: Drift level over the stream.
        version_of: Version of the model in a stage of the schedule, see ``releases``; it is written to
            ``model_version``, and nothing else depends on it. None leaves the field out.
        part: Number of the part of a stream that consists of several: the same people, other applications.
    """
    people = population_of(seed)
    run = run_tag(seed, timeline)
    draws = Draws(seed, f"applications {part}" if part else "applications").blocks(5)
    for first, uniforms in zip(count(0, BLOCK), draws, strict=False):
        yield from _decide_block(first, uniforms, people, timeline, drift, run, version_of)


class Population(NamedTuple):
    """The people who apply; index = applicant number, even numbers are women."""

    race: Indices
    labels: list[str]  # gender, race, age band and region as a piece of JSON

    @classmethod
    def draw(cls, seed: int) -> Population:
        """Draw them from a seed."""
        uniforms = Draws(seed, "population").uniforms(3 * POPULATION).reshape(3, POPULATION)
        shares = (RACES, AGE_BANDS, REGIONS)
        race, age, region = (select(share, column) for share, column in zip(shares, uniforms, strict=True))
        pieces = [
            f'"gender":"{gender}","race":"{r}","age_band":"{a}","region":"{g}"'
            for gender in ("female", "male")
            for r in RACES
            for a in AGE_BANDS
            for g in REGIONS
        ]
        gender = np.arange(POPULATION) % 2
        codes = ((gender * len(RACES) + race) * len(AGE_BANDS) + age) * len(REGIONS) + region
        return cls(race, [pieces[code] for code in codes.tolist()])


population_of = lru_cache(maxsize=1)(Population.draw)  # about 0.1 s, and the same for each part of a stream


def _decide_block(
    first: int,
    uniforms: Floats,
    people: Population,
    timeline: Timeline,
    drift: DriftSchedule,
    run: str,
    version_of: VersionOf | None,
) -> Iterator[Event]:
    order, who, product_draw, merit, noise = uniforms
    events = np.arange(first, first + BLOCK)
    is_male = (np.repeat(order[::2] < _HALF, 2) ^ (events % 2 == 1)).astype(np.int64)
    applicant = (who * (POPULATION // 2)).astype(np.int64) * 2 + is_male
    product = select(PRODUCTS, product_draw)
    offsets_s = events * timeline.spacing_s
    level = drift.levels(events=events, offsets_s=offsets_s)
    stage = drift.stage_numbers(events=events, offsets_s=offsets_s).tolist()
    versions = {
        number: "" if version_of is None else _member("model_version", version_of(number)) for number in set(stage)
    }
    weight = (1 - is_male) * (PRODUCT_DRIFT[product] + RACE_DRIFT[people.race[applicant]])
    is_approved = merit < PRODUCT_RATE[product] - DRIFT_EFFECT * level * weight
    low, high = SCORE_RANGE
    score = low + ((1 - merit + noise) / 2 * (high - low + 1)).astype(np.int64).clip(0, high - low)
    times_ms = timeline.times_ms(first, BLOCK)

    columns = zip(
        events.tolist(), applicant.tolist(), iso_times(times_ms), product.tolist(), score.tolist(),
        is_approved.tolist(), times_ms.tolist(), map(versions.__getitem__, stage), strict=True,
    )  # fmt: skip
    products = list(PRODUCTS)
    for event, person, ts, kind, points, approved, time_ms, version in columns:
        case = f"A-{run}-{event + 1:07d}"
        # Every other part is a number or a label of this module, so nothing else needs escaping.
        value = (
            f'{{"application_id":"{case}","applicant_id":"P-{person:08d}","ts":"{ts}",{people.labels[person]},'
            f'"product":"{products[kind]}","credit_score":{points},"approved":{"true" if approved else "false"}'
            f"{version}}}"
        )
        yield Event(case.encode(), value.encode(), time_ms)


def _member(name: str, value: str) -> str:
    """Return a further member of a JSON object, with the comma before it."""
    return f',"{name}":{json.dumps(value)}'
