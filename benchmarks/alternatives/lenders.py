"""Simulated lenders: one whose model is unfair to a group, and two kinds that have no better alternative.

Every applicant has a chance to repay, which the score shows with noise. The lender approves from ``CUT`` on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.alternatives.rules import cuts_by_segment, one_cut
from stream_app.core.alternatives.tables import BAD, GOOD, NOT_KNOWN, ScoreTable, places_of
from stream_app.core.arrays import Floats, Ints

N_SEGMENTS = 4
CUT = 0.55
MARGIN = 0.01
SHARE_OF_GROUP = 0.3
UNDERSTATED = 0.08  # by how much the score of the unfair lender is too low for the group
CUTS = np.arange(40, 71) / 100
FAIR_CUT = 0.57
PLANTED = len(CUTS) * (1 + N_SEGMENTS) + int(np.searchsorted(CUTS, FAIR_CUT))  # the model without the fault


class Lender(NamedTuple):
    """The decisions of a lender under every alternative.

    Attributes:
        joint: Counts by alternative, group (0, and 1 for the reference), logged decision, decision of the alternative
            and outcome, shape (alternatives, 2, 2, 2, 3).
        planted: Number of the alternative that is better; None where there is none.
    """

    joint: Ints
    planted: int | None


def unfair_lender(rng: np.random.Generator, n: int, *, is_selective: bool = False) -> Lender:
    """Return a lender whose score is too low for a group, with the cuts of that score and of one without the fault.

    Args:
        rng: Source of randomness.
        n: Applicants.
        is_selective: Whether outcomes are known for approved applicants only.
    """
    group, segment = (rng.random(n) > SHARE_OF_GROUP).astype(np.int64), rng.integers(0, N_SEGMENTS, n)
    chance, fair_score = _chances(rng, n)
    score = fair_score - UNDERSTATED * (group == 0)
    approved = (score >= CUT).astype(np.int64)
    outcome = np.where(rng.random(n) < chance, GOOD, BAD)
    if is_selective:
        outcome[approved == 0] = NOT_KNOWN
    tables = [_table(places, segment, group, approved, outcome) for places in (_places(score), _places(fair_score))]
    uniform = one_cut(len(CUTS), N_SEGMENTS)
    by_segment, _ = cuts_by_segment(len(CUTS), N_SEGMENTS, 1000)
    joint = [tables[0].joint(uniform), tables[0].joint(by_segment), tables[1].joint(uniform)]
    return Lender(np.concatenate(joint), PLANTED)


def equal_lender(rng: np.random.Generator, n: int) -> Lender:
    """Return a lender who treats two equal groups alike: no alternative has less disparity than none."""
    group, segment = (rng.random(n) > SHARE_OF_GROUP).astype(np.int64), rng.integers(0, N_SEGMENTS, n)
    chance, score = _chances(rng, n)
    outcome = np.where(rng.random(n) < chance, GOOD, BAD)
    table = _table(_places(score), segment, group, (score >= CUT).astype(np.int64), outcome)
    uniform = one_cut(len(CUTS), N_SEGMENTS)
    return Lender(table.joint(np.concatenate([uniform, cuts_by_segment(len(CUTS), N_SEGMENTS, 1000)[0]])), None)


def costly_lender(rng: np.random.Generator, n: int, n_alternatives: int = 100) -> Lender:
    """Return a lender whose alternatives all lessen disparity, and lose exactly the margin of good outcomes.

    Each approves further applicants of the group at random; they repay so rarely that the share of good outcomes falls
    by ``MARGIN``: the hypothesis of no alternative is true and as hard to distinguish from its contrary as can be. The
    alternatives are independent of each other.
    """
    share, rates = 0.85, np.array([0.4, 0.6])
    n_group = np.array([round(n * SHARE_OF_GROUP), n - round(n * SHARE_OF_GROUP)])
    joint = np.zeros((n_alternatives, 2, 2, 2, 3), np.int64)
    added = 0.1  # share of the group
    approved = float(rates @ n_group)
    after = approved + added * n_group[0]
    good_rate = ((share - MARGIN) * after - share * approved) / (added * n_group[0])
    for number in (0, 1):
        extra = added if number == 0 else 0.0
        chances = [rates[number] * share, rates[number] * (1 - share), extra * good_rate, extra * (1 - good_rate)]
        counts = rng.multinomial(n_group[number], [*chances, 1 - sum(chances)], n_alternatives)
        joint[:, number, 1, 1, GOOD], joint[:, number, 1, 1, BAD] = counts[:, 0], counts[:, 1]
        joint[:, number, 0, 1, GOOD], joint[:, number, 0, 1, BAD] = counts[:, 2], counts[:, 3]
        joint[:, number, 0, 0, BAD] = counts[:, 4]
    return Lender(joint, None)


def _chances(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Return the chance of each applicant to repay, and a score that shows it with noise."""
    chance = rng.beta(6, 4, n)
    return chance, np.clip(chance + rng.normal(0, 0.05, n), 0, 1)


def _places(scores: Floats) -> Ints:
    return places_of(CUTS, scores)


def _table(places: Ints, segment: Ints, group: Ints, approved: Ints, outcome: Ints) -> ScoreTable:
    table = ScoreTable(CUTS, N_SEGMENTS, 2)
    table.add(segment, group, approved, outcome, places)
    return table
