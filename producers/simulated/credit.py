"""Simulated loan decisions by a score, and their late outcomes: calibrated and fair unless a drift is given.

Each applicant has a probability of repayment ``p`` in [0.02, 0.99]: 0.02 + 0.97 times the greater of two uniforms, with
the same law for any gender, race or product. The score is ``p``, rounded to four digits; from 0.5 on a loan is granted
(about three in four). The outcome of 19 in 20 granted loans is known after a while: repaid with probability ``p``. So
the score is calibrated, and good outcomes are as frequent among approved women as among approved men. The outcomes of
denied applicants are unknown, unless the stream includes them (from another lender, for example).

- *Label drift* at level L removes 0.4 L of women's probability of repayment: their outcomes get worse while scores and
  decisions stay the same.
- *Score shift* at level S subtracts 0.2 S from the score of women: fewer are approved, and those repay more often than
  their score predicts.

Women and men come in pairs as in ``producers.simulated.loans``. An outcome follows its decision by at most
``longest_delay_s`` of event time, more often soon than late, and is sent when the stream reaches its event time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from producers.event import Event
from producers.simulated.draws import BLOCK, Draws, Floats, select
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import POPULATION, PRODUCTS, RACES
from producers.timeline import Timeline, iso_times, run_tag

CUT = 0.5
LOWEST, SPREAD = 0.02, 0.97
LABEL_EFFECT = 0.4  # share of women's probability of repayment that label drift of level 1 removes
SCORE_EFFECT = 0.2  # what a score shift of level 1 subtracts from the score of women
KNOWN_SHARE = 0.95  # of the outcomes of granted loans
EVENTS_PER_DECISION = 1.72  # a decision, and an outcome of about 0.755 * 0.95 of them; divides the sending rate
EVENTS_PER_KNOWN_CASE = 1.0 + KNOWN_SHARE  # the same with outcomes of denied cases
_HALF = 0.5
_DIGITS = 10_000


class CreditDrift(NamedTuple):
    """How the stream becomes unfair.

    Attributes:
        label: Level of the label drift.
        score: Level of the score shift.
    """

    label: DriftSchedule = DriftSchedule()
    score: DriftSchedule = DriftSchedule()


class Case(NamedTuple):
    """One applicant.

    Attributes:
        decision: Its event.
        outcome: Its outcome, or the one that it would have had if granted; None if it never becomes known.
        is_granted: The decision.
    """

    decision: Event
    outcome: Event | None
    is_granted: bool


def simulate_credit(
    seed: int,
    timeline: Timeline,
    drifts: CreditDrift,
    *,
    n: int | None,
    longest_delay_s: float,
    is_denied_known: bool = False,
) -> Iterator[Event]:
    """Yield decisions and outcomes in the order of event time; the same arguments give the same bytes.

    Args:
        seed: Integer >= 0.
        timeline: Event time of each decision.
        drifts: Levels over the decisions.
        n: Number of decisions; None for no end. After the last one the pending outcomes follow immediately.
        longest_delay_s: Longest time from a decision to its outcome, seconds of event time, > 0.
        is_denied_known: Whether outcomes of denied cases are included, with the same share as granted ones.
    """
    due: list[tuple[int, int, Event]] = []  # event time, number, outcome
    for number, (decision, outcome, is_granted) in enumerate(_decide(seed, timeline, drifts, longest_delay_s)):
        if number == n:
            break
        while due and due[0][0] <= decision.time_ms:
            yield heapq.heappop(due)[2]
        yield decision
        if outcome is not None and (is_granted or is_denied_known):
            heapq.heappush(due, (outcome.time_ms, number, outcome))
    while due:
        yield heapq.heappop(due)[2]


def _decide(seed: int, timeline: Timeline, drifts: CreditDrift, longest_delay_s: float) -> Iterator[Case]:
    run = run_tag(seed, timeline)
    for first, uniforms in zip(count(0, BLOCK), Draws(seed, "credit").blocks(9), strict=False):
        yield from _decide_block(first, uniforms, timeline, drifts, longest_delay_s, run)


def _decide_block(
    first: int, uniforms: Floats, timeline: Timeline, drifts: CreditDrift, longest_delay_s: float, run: str
) -> Iterator[Case]:
    order, who, race, product, merit, other_merit, repayment, delay, known = uniforms
    events = np.arange(first, first + BLOCK)
    is_male = (np.repeat(order[::2] < _HALF, 2) ^ (events % 2 == 1)).astype(np.int64)
    label_level, score_level = (
        drift.levels(events=events, offsets_s=events * timeline.spacing_s) for drift in (drifts.label, drifts.score)
    )
    chance = LOWEST + SPREAD * np.maximum(merit, other_merit)
    score = _rounded(chance - SCORE_EFFECT * score_level * (1 - is_male))
    is_repaid = repayment < _rounded(chance) * (1 - LABEL_EFFECT * label_level * (1 - is_male))
    times_ms = timeline.times_ms(first, BLOCK)
    outcome_ms = times_ms + 1 + (delay * delay * longest_delay_s * 1000).astype(np.int64)

    columns = zip(
        events.tolist(), ((who * (POPULATION // 2)).astype(np.int64) * 2 + is_male).tolist(), is_male.tolist(),
        select(RACES, race).tolist(), select(PRODUCTS, product).tolist(), score.tolist(), is_repaid.tolist(),
        (known < KNOWN_SHARE).tolist(), iso_times(times_ms), times_ms.tolist(), iso_times(outcome_ms),
        outcome_ms.tolist(), strict=True,
    )  # fmt: skip
    races, products = list(RACES), list(PRODUCTS)
    for event, person, male, r, kind, points, repaid, has_outcome, ts, time_ms, later_ts, later_ms in columns:
        case = f"C-{run}-{event + 1:07d}"
        is_approved = points >= CUT
        # Every part is a number or a label of this module, so nothing needs escaping.
        ids = f'{{"application_id":"{case}","applicant_id":"P-{person:08d}"'
        value = (
            f'{ids},"ts":"{ts}","gender":"{"male" if male else "female"}","race":"{races[r]}",'
            f'"product":"{products[kind]}","score":{points!r},"approved":{"true" if is_approved else "false"}}}'
        )
        decision = Event(case.encode(), value.encode(), time_ms)
        label = f'{ids},"ts":"{later_ts}","repaid":{"true" if repaid else "false"}}}'
        outcome = Event(case.encode(), label.encode(), later_ms, is_outcome=True) if has_outcome else None
        yield Case(decision, outcome, is_approved)


def _rounded(values: Floats) -> NDArray[np.float64]:
    """Round to four digits, not below zero."""
    rounded: NDArray[np.float64] = np.rint(np.maximum(values, 0.0) * _DIGITS) / _DIGITS
    return rounded
