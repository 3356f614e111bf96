"""Pairs against reference values and at the edges."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stream_app.core.groups.comparison import (
    PlainRule,
    Reason,
    RuleLimits,
    State,
    broken_rules,
    compare,
    describe_reference,
    describe_undeclared,
    disparate_impact_ratio,
    shortfall,
    statistical_parity_difference,
    worst_of,
)
from stream_app.core.groups.counts import GroupCount, approval_rate

LIMITS = RuleLimits()
WHITE, BLACK, HISPAN = GroupCount(1681, 1527), GroupCount(197, 133), GroupCount(111, 85)
FEMALE, MALE = GroupCount(369, 319), GroupCount(1605, 1411)


@pytest.mark.parametrize(
    ("group", "reference", "ratio", "gap"),
    [
        (BLACK, WHITE, 0.743214, -0.233261),
        (HISPAN, WHITE, 0.842994, -0.142622),
        (GroupCount(308, 218), WHITE, 0.779174, -0.200596),
        (FEMALE, MALE, 0.983360, -0.014629),
        (GroupCount(300, 187), GroupCount(2700, 2362), 0.712532, -0.251481),
        (GroupCount(600, 450), GroupCount(5400, 4725), 0.857143, -0.125000),
        (GroupCount(1835, 557), GroupCount(2691, 1198), 0.681830, -0.141645),
    ],
)
def test_ratio_and_gap_equal_the_reference_values(
    group: GroupCount, reference: GroupCount, ratio: float, gap: float
) -> None:
    assert disparate_impact_ratio(group, reference) == pytest.approx(ratio, abs=5e-7)
    assert statistical_parity_difference(group, reference) == pytest.approx(gap, abs=5e-7)


@pytest.mark.parametrize(
    ("group", "reference", "needed"),
    [
        (BLACK, WHITE, 11),
        (GroupCount(51, 31), GroupCount(296, 271), 7),
        (GroupCount(144, 100), GroupCount(296, 271), 6),
        (HISPAN, WHITE, 0),
        (GroupCount(10, 8), GroupCount(10, 10), 0),
        (GroupCount(10, 7), GroupCount(10, 10), 1),
        (GroupCount(0, 0), WHITE, 0),
        (BLACK, GroupCount(0, 0), None),
        (BLACK, GroupCount(10, 0), 0),
    ],
)
def test_shortfall_is_the_smallest_number_that_meets_the_rule(
    group: GroupCount, reference: GroupCount, needed: int | None
) -> None:
    assert shortfall(group, reference, LIMITS.min_disparate_impact_ratio) == needed


def test_shortfall_goes_by_the_threshold_of_the_policy() -> None:
    assert shortfall(GroupCount(10, 7), GroupCount(10, 10), Fraction(9, 10)) == 2


@pytest.mark.parametrize(
    ("group", "reference", "rules"),
    [
        (BLACK, WHITE, (PlainRule.DISPARATE_IMPACT_RATIO, PlainRule.GAP)),
        (HISPAN, WHITE, ()),
        (GroupCount(10, 8), GroupCount(10, 10), ()),  # exactly 0.8 and exactly -0.2
        (
            GroupCount(10, 7),
            GroupCount(10, 9),
            (PlainRule.DISPARATE_IMPACT_RATIO,),
        ),  # 0.9 - 0.7 is more than 0.2 in floats
        (GroupCount(10, 10), GroupCount(10, 7), (PlainRule.GAP,)),  # harm to the reference group
        (GroupCount(10, 0), GroupCount(10, 0), (PlainRule.DISPARATE_IMPACT_UNDEFINED,)),
        (GroupCount(10, 3), GroupCount(10, 0), (PlainRule.DISPARATE_IMPACT_UNDEFINED, PlainRule.GAP)),
        (GroupCount(0, 0), GroupCount(10, 5), ()),
        (GroupCount(10, 5), GroupCount(0, 0), ()),
    ],
)
def test_rules_are_decided_exactly(group: GroupCount, reference: GroupCount, rules: tuple[PlainRule, ...]) -> None:
    assert broken_rules(group, reference, LIMITS) == rules


def test_a_threshold_is_the_decimal_that_a_person_wrote() -> None:
    limits = RuleLimits.from_decimals(0.8, 0.2, 30)
    assert broken_rules(GroupCount(10, 8), GroupCount(10, 10), limits) == ()
    assert broken_rules(GroupCount(10, 7), GroupCount(10, 9), limits) == (PlainRule.DISPARATE_IMPACT_RATIO,)


@pytest.mark.parametrize(
    ("group", "reference", "state", "reason"),
    [
        (BLACK, WHITE, State.BREACH, None),
        (HISPAN, WHITE, State.OK, None),
        (GroupCount(29, 1), WHITE, State.INSUFFICIENT, Reason.BELOW_MIN_N),
        (GroupCount(30, 1), WHITE, State.BREACH, None),
        (BLACK, GroupCount(29, 29), State.INSUFFICIENT, Reason.BELOW_MIN_N),
        (GroupCount(0, 0), WHITE, State.INSUFFICIENT, Reason.NO_DECISIONS),
        (GroupCount(0, 0), GroupCount(0, 0), State.INSUFFICIENT, Reason.NO_DECISIONS),
        (BLACK, GroupCount(0, 0), State.INSUFFICIENT, Reason.REFERENCE_EMPTY),
        (BLACK, GroupCount(50, 0), State.BREACH, Reason.REFERENCE_RATE_ZERO),
        (BLACK, GroupCount(5, 0), State.INSUFFICIENT, Reason.REFERENCE_RATE_ZERO),
    ],
)
def test_state_and_reason_of_a_pair(
    group: GroupCount, reference: GroupCount, state: State, reason: Reason | None
) -> None:
    comparison = compare(group, reference, LIMITS)
    assert (comparison.state, comparison.reason) == (state, reason)
    assert comparison.rules == () or comparison.state is State.BREACH


def test_a_value_is_missing_and_never_zero_or_infinite_where_it_cannot_be_formed() -> None:
    empty = GroupCount(0, 0)
    assert approval_rate(empty) is None
    assert compare(empty, WHITE, LIMITS).disparate_impact_ratio is None
    assert compare(empty, WHITE, LIMITS).gap is None
    assert compare(BLACK, empty, LIMITS).disparate_impact_ratio is None
    assert compare(BLACK, empty, LIMITS).gap is None
    assert compare(BLACK, GroupCount(50, 0), LIMITS).disparate_impact_ratio is None
    assert compare(BLACK, GroupCount(50, 0), LIMITS).gap == approval_rate(BLACK)


def test_the_reference_and_undeclared_values_are_shown_but_not_judged() -> None:
    assert describe_reference(WHITE).state is None
    assert describe_reference(WHITE).reason is Reason.REFERENCE
    unknown = describe_undeclared(GroupCount(15, 0), MALE)
    assert (unknown.state, unknown.reason, unknown.disparate_impact_ratio) == (None, Reason.NOT_DECLARED, 0.0)


def test_the_worst_state_wins_and_nothing_judged_is_insufficient() -> None:
    assert worst_of([State.OK, State.WARNING, State.INSUFFICIENT]) is State.WARNING
    assert worst_of([None, State.OK]) is State.OK
    assert worst_of([None]) is State.INSUFFICIENT
