"""Simulated interest rates of granted loans: fair at drift level 0, and dearer for women as the level rises.

Who applies is drawn as in ``loans``: a population from the seed, race, age band and region of each person, product and
score of each application, women and men in pairs. The rate is that of the product, less for a good score, with noise:
8.5 points on average. At level L women pay 0.8 L points more on average; within that, the drift is strongest for
personal loans (segment) and for black women (intersection), so that there is a cause to detect. Raising the level only
raises rates of women: everything else stays the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np

from producers.event import Event
from producers.simulated.draws import BLOCK, Draws, Floats, select
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import (
    POPULATION,
    PRODUCT_DRIFT,
    PRODUCTS,
    RACE_DRIFT,
    SCORE_RANGE,
    Population,
    population_of,
)
from producers.timeline import Timeline, iso_times, run_tag

DRIFT_EFFECT = 0.8  # points that level 1 adds to the mean rate of women
PRODUCT_RATE = np.array([7.5, 6.0, 13.0, 9.0])
_BY_SCORE = 6.0  # points between the worst score and the best
_N_PARTS = 3  # uniforms whose sum is what else decides: nearly normal
_SPREAD = 4.0  # width of each in points, so that their sum has a standard deviation of 2
_RANGE = (0.5, 35.5)
_HALF = 0.5


def simulate_rates(seed: int, timeline: Timeline, drift: DriftSchedule) -> Iterator[Event]:
    """Yield granted loans without end; the same arguments give the same bytes.

    Args:
        seed: Integer >= 0.
        timeline: Event time of each event.
        drift: Drift level over the stream.
    """
    people, run = population_of(seed), run_tag(seed, timeline)
    draws = Draws(seed, "rates").blocks(4 + _N_PARTS)
    for first, uniforms in zip(count(0, BLOCK), draws, strict=False):
        yield from _price_block(first, uniforms, people, timeline, drift, run)


def _price_block(
    first: int, uniforms: Floats, people: Population, timeline: Timeline, drift: DriftSchedule, run: str
) -> Iterator[Event]:
    order, who, product_draw, merit, *noise = uniforms
    events = np.arange(first, first + BLOCK)
    is_male = (np.repeat(order[::2] < _HALF, 2) ^ (events % 2 == 1)).astype(np.int64)
    applicant = (who * (POPULATION // 2)).astype(np.int64) * 2 + is_male
    product = select(PRODUCTS, product_draw)
    level = drift.levels(events=events, offsets_s=events * timeline.spacing_s)
    weight = (1 - is_male) * (PRODUCT_DRIFT[product] + RACE_DRIFT[people.race[applicant]])
    low, high = SCORE_RANGE
    score = low + ((1 - merit) * (high - low + 1)).astype(np.int64).clip(0, high - low)
    other = _SPREAD * (np.sum(noise, axis=0) - _N_PARTS * _HALF)
    rate = PRODUCT_RATE[product] + _BY_SCORE * (merit - _HALF) + other + DRIFT_EFFECT * level * weight
    rates = np.round(rate.clip(*_RANGE), 2)
    times_ms = timeline.times_ms(first, BLOCK)
    columns = zip(
        events.tolist(), applicant.tolist(), iso_times(times_ms), product.tolist(), score.tolist(), rates.tolist(),
        times_ms.tolist(), strict=True,
    )  # fmt: skip
    products = list(PRODUCTS)
    for event, person, ts, kind, points, percent, time_ms in columns:
        loan = f"L-{run}-{event + 1:07d}"
        # Every other part is a number or a label of these modules, so nothing else needs escaping.
        value = (
            f'{{"loan_id":"{loan}","applicant_id":"P-{person:08d}","ts":"{ts}",{people.labels[person]},'
            f'"product":"{products[kind]}","credit_score":{points},"rate":{percent}}}'
        )
        yield Event(loan.encode(), value.encode(), time_ms)
