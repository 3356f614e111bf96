"""Simulated loan decisions by a score, and their late outcomes: calibrated and fair until told otherwise.

Each applicant has a chance of repayment ``p`` in [0.02, 0.99]: 0.02 + 0.97 times the greater of two uniforms, the same
for everybody whatever their gender, race or product. The score is ``p``, rounded to four digits; from 0.5 on a loan is
granted (about three in four). What comes of a granted loan is known after a while, of 19 in 20: repaid with chance
``p``. So the score is calibrated, and good outcomes are as frequent among approved women as among approved men. Of
refused applicants nothing is known, unless the stream is one in which somebody else tells it (another lender's loan).

- *Label drift* at level L takes 0.4 L of the chance of women to repay: their outcomes get worse while scores and
  decisions stay.
- *Score shift* at level S takes 0.2 S from the score of women: fewer are approved, and those repay more often than
  their score says.

Women and men come in pairs as in ``producers.simulated.loans``. An outcome follows its decision by at most
``longest_delay_s`` of event time, more often soon than late, and is sent as soon as the stream has come that far.
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
LABEL_EFFECT = 0.4  # what label drift of level 1 takes from the chance of women to repay, as a share
SCORE_EFFECT = 0.2  # what a score shift of level 1 takes from the score of women
KNOWN_SHARE = 0.95  # of the outcomes of granted loans
EVENTS_PER_DECISION = 1.72  # a decision, and the outcome of about 0.755 * 0.95: what a rate of sending is shared by
EVENTS_PER_KNOWN_CASE = 1.0 + KNOWN_SHARE  # the same where outcomes of refused cases come too
_HALF = 0.5
_DIGITS = 10_000


class CreditDrift(NamedTuple):
    """How the stream leaves fairness.

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
        outcome: What is to be known of it, or would be had the loan been granted; None if nobody ever tells.
        is_granted: What was decided.
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
        seed: Whole number >= 0.
        timeline: Event time of each decision.
        drifts: Levels over the decisions.
        n: Number of decisions; None for no end. Outcomes that are still to come then follow at once.
        longest_delay_s: Longest time from a decision to its outcome, seconds of event time, > 0.
        is_denied_known: Whether outcomes of refused cases come too, as many as of granted ones.
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
    order, who, race, product, merit, other_merit, disposition, delay, known = uniforms
    events = np.arange(first, first + BLOCK)
    is_male = (np.repeat(order[::2] < _HALF, 2) ^ (events % 2 == 1)).astype(np.int64)
    label_level, score_level = (
        drift.levels(events=events, offsets_s=events * timeline.spacing_s) for drift in (drifts.label, drifts.score)
    )
    chance = LOWEST + SPREAD * np.maximum(merit, other_merit)
    score = _rounded(chance - SCORE_EFFECT * score_level * (1 - is_male))
    is_repaid = disposition < _rounded(chance) * (1 - LABEL_EFFECT * label_level * (1 - is_male))
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
