"""Evidence with unknown groups at their worst, against every allocation and every way of hiding groups."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.arrays import Bools, Floats
from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.alternatives import null_point, place_bets
from stream_app.core.detection.betting.block import log_e_value
from stream_app.core.detection.betting.worst_case import worst_case_evidence
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.groups.counts import GroupCount
from tests.property.test_allocations import allocations, counted, counts_up_to, some_candidates
from tests.property.test_detector_evidence import (
    RULES,
    USUAL_RATES,
    border_and_inside,
    chances_of,
    outcomes,
    recoveries,
)

N_POINTS = 400  # null points that a search tries on the stretch between the extreme sizes


def worst(rule: RateRule, usual: Floats, block: Floats, candidates: Floats, *, is_recovery: bool) -> Floats:
    """Return the evidence of blocks, shape (5, m), from arrays of shape (4, m)."""
    m = block.shape[1]
    limits, mode = np.full(m, rule.limit), np.full(m, is_recovery)
    return worst_case_evidence(rule.kind, limits, mode, np.repeat(usual[:, None], m, axis=1), block, candidates)[0]


def bets_of(rule: RateRule, usual: Floats, *, is_recovery: bool) -> tuple[Floats, Bools]:
    """Return ``theta_a`` of the alternatives, and which of them bet."""
    theta_a, is_bet = place_bets(
        rule.kind, np.array([rule.limit]), np.array([is_recovery]), usual[:, None], np.ones((2, 1))
    )
    return theta_a, is_bet


def true_evidence(rule: RateRule, usual: Floats, blocks: Floats, *, is_recovery: bool) -> Floats:
    """Return the log e-values of blocks whose groups are all known, by the same bets; 0 where a group is missing."""
    theta_a, is_bet = bets_of(rule, usual, is_recovery=is_recovery)
    n = np.maximum(blocks[1::2], 1e-9)
    x, u = null_point(rule.kind, np.full(blocks.shape[1], rule.limit), theta_a, np.full(n.shape[1], usual[1]), n)
    log_e = np.where(is_bet, log_e_value(blocks, theta_a, usual[1], x, u), 0.0)
    return np.where(blocks[1::2].min(axis=0) > 0, log_e, 0.0)


rules = st.sampled_from(RULES)
rates = st.sampled_from([*USUAL_RATES, (0.02, 0.97), (0.6, 0.6)]).map(np.array)


@settings(max_examples=300, deadline=None)
@given(counts_up_to(4), counts_up_to(4), some_candidates, rules, rates, st.booleans())
def test_the_evidence_is_not_above_that_of_any_allocation(
    group: GroupCount,
    reference: GroupCount,
    candidates: tuple[tuple[int, int, int], tuple[int, int, int]],
    rule: RateRule,
    usual: Floats,
    is_recovery: bool,  # noqa: FBT001 - hypothesis passes it by place
) -> None:
    of_a, of_b = counted(candidates)
    known = np.array([[group.favorable], [group.n], [reference.favorable], [reference.n]], np.float64)
    more = np.array([[of_a.favorable], [of_a.n], [of_b.favorable], [of_b.n]], np.float64)
    if not (known + more)[1::2].min() > 0:
        return
    log_e = worst(rule, usual, known, more, is_recovery=is_recovery)
    every = np.array(
        [(a.favorable, a.n, b.favorable, b.n) for a, b in allocations((group, reference), candidates)], np.float64
    ).T
    lowest = true_evidence(rule, usual, every, is_recovery=is_recovery).min(axis=1)
    assert np.isfinite(log_e).all()
    assert (log_e[:, 0] <= lowest + 1e-9).all()
    if not more.any():
        assert log_e[:, 0] == pytest.approx(lowest, rel=1e-9, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(counts_up_to(9, least_n=1), counts_up_to(9, least_n=1), counts_up_to(9), rules, rates, st.booleans())
def test_the_evidence_is_the_least_over_allocations_and_null_points(
    group: GroupCount,
    reference: GroupCount,
    unknown: GroupCount,
    rule: RateRule,
    usual: Floats,
    is_recovery: bool,  # noqa: FBT001 - as above
) -> None:
    known = np.array([[group.favorable], [group.n], [reference.favorable], [reference.n]], np.float64)
    more = np.array([[unknown.favorable], [unknown.n]] * 2, np.float64)
    log_e = worst(rule, usual, known, more, is_recovery=is_recovery)
    theta_a, is_bet = bets_of(rule, usual, is_recovery=is_recovery)
    ends = [
        null_point(rule.kind, np.array([rule.limit]), theta_a, usual[1:], np.array(sizes)[:, None])[1][:, 0]
        for sizes in ((group.n + unknown.n, reference.n), (group.n, reference.n + unknown.n))
    ]
    u = np.linspace(ends[0], ends[1], N_POINTS)  # shape (points, 5)
    x = rule.limit * u if rule.kind is RuleKind.RATIO else u - rule.limit
    favorable, denied = unknown.favorable, unknown.n - unknown.favorable
    searched = np.min(
        [
            log_e_value(np.array(block, np.float64), theta_a[:, 0], usual[1], x, u).min(axis=0)
            for to_a, to_b in product((0, favorable), (0, denied))
            for block in (
                (group.favorable + to_a, group.n + to_a, reference.favorable, reference.n + to_b),
                (group.favorable, group.n + to_b, reference.favorable + to_a, reference.n + to_a),
            )
        ],
        axis=0,
    )
    bets = is_bet[:, 0]
    assert (log_e[bets, 0] <= searched[bets] + 1e-9).all()
    assert log_e[bets, 0] == pytest.approx(searched[bets], abs=0.01 + 0.01 * float(np.abs(searched).max()))


@recoveries
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_whoever_hides_groups_after_seeing_the_outcomes_cannot_lift_the_mean_above_one(
    rule: RateRule, *, is_recovery: bool
) -> None:
    """Each decision's group may be hidden, by someone who knows all outcomes and picks the best for an alarm."""
    highest = 0.0
    for seed, sizes in enumerate([(2, 2), (3, 1), (1, 4), (4, 3)]):
        true = outcomes(*sizes)
        p = border_and_inside(rule, is_recovery=is_recovery, seed=seed)
        chances = chances_of(sizes, p)
        for usual in map(np.array, USUAL_RATES):
            best = np.array([_best_hidden(rule, usual, block, is_recovery=is_recovery) for block in true.T])
            means = chances @ np.exp(best)
            highest = max(highest, float(means.max()))
    assert 0.5 < highest <= 1 + 1e-9


def _best_hidden(rule: RateRule, usual: Floats, block: Floats, *, is_recovery: bool) -> Floats:
    """Return the most evidence of each alternative over every choice of decisions whose group is hidden."""
    k_a, n_a, k_b, n_b = block.tolist()
    hidden = np.array(
        list(product(range(k_a + 1), range(n_a - k_a + 1), range(k_b + 1), range(n_b - k_b + 1))), np.float64
    ).T
    favorable_a, denied_a, favorable_b, denied_b = hidden
    taken = np.stack([favorable_a, favorable_a + denied_a, favorable_b, favorable_b + denied_b])
    unknown = np.stack([favorable_a + favorable_b, hidden.sum(axis=0)] * 2)
    most: Floats = worst(rule, usual, block[:, None] - taken, unknown, is_recovery=is_recovery).max(axis=1)
    return most


@st.composite
def periods(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Draw the known counts of a period, and the unknown ones."""
    sizes = st.one_of(st.integers(0, 3), st.integers(0, 30_000))
    n_a, n_b, n_unknown = draw(sizes), draw(sizes), draw(sizes)
    known = [draw(st.integers(0, n_a)), n_a, draw(st.integers(0, n_b)), n_b]
    return known, [draw(st.integers(0, n_unknown)), n_unknown]


@settings(max_examples=150, deadline=None)
@given(st.lists(periods(), max_size=15), st.floats(1, 1000))
def test_whatever_comes_all_readings_are_finite(
    stream: list[tuple[list[int], list[int]]], design_effect: float
) -> None:
    bank = DetectorBank(RULES, [math.log(1e4)] * len(RULES), design_effect=design_effect)
    for at, (known, unknown) in enumerate(stream):
        n_model = known[1] + known[3] + unknown[1]
        counts, candidates = (np.tile(row, (len(RULES), 1, 1)) for row in (known, unknown * 2))
        bank.update(at, counts, n_model, candidates)
        assert np.isfinite([bank.log_sr, bank.log_eproc, bank.log_recovery]).all()
