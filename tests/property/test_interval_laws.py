"""Laws that hold for the intervals and confidence sequences of any counts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.fairness.outcome_rates import ConfusionCount, average_odds_difference
from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.intervals.confidence_sequence import gap_sequence, rate_sequence, ratio_sequence
from stream_app.core.intervals.intervals import Interval, koopman, newcombe, wilson

SIZES = st.one_of(st.integers(0, 5), st.integers(0, 10**6))
COUNTS = SIZES.flatmap(lambda n: st.builds(GroupCount, st.just(n), st.integers(0, n)))


def assert_contains(interval: Interval, value: float | None, *, is_possible_without: bool = False) -> None:
    """The interval is finite or open upwards for a reason, goes into JSON, and contains the observed value."""
    json.dumps(interval, allow_nan=False)
    assert interval.upper is not None or interval.reason is not None
    if value is not None:
        assert interval.lower <= value + 1e-12
        assert interval.upper is None or value - 1e-12 * max(1.0, value) <= interval.upper
        assert interval.reason is None or is_possible_without
    else:
        assert interval.reason is not None


@given(COUNTS)
def test_a_rate_is_in_its_interval_and_sequence(count: GroupCount) -> None:
    for interval in (wilson(count.favorable, count.n), rate_sequence(count.favorable, count.n)):
        assert_contains(interval, approval_rate(count))
        assert interval.upper is not None
        assert 0 <= interval.lower <= interval.upper <= 1


@settings(max_examples=50)  # each solves several sequences, one pair at a time
@given(COUNTS, COUNTS)
def test_a_gap_and_a_ratio_lie_in_their_intervals_and_sequences(group: GroupCount, reference: GroupCount) -> None:
    pair = (group.favorable, group.n, reference.favorable, reference.n)
    gap, ratio = statistical_parity_difference(group, reference), disparate_impact_ratio(group, reference)
    for interval in (newcombe(*pair), gap_sequence(*pair)):
        assert_contains(interval, gap)
        assert interval.upper is not None
        assert -1 - 1e-12 <= interval.lower <= interval.upper <= 1 + 1e-12
    for interval in (koopman(*pair), ratio_sequence(*pair)):
        assert_contains(interval, ratio, is_possible_without=True)
        assert interval.lower >= 0


@settings(max_examples=50)  # each solves several sequences, one pair at a time
@given(COUNTS, COUNTS)
def test_calling_favorable_what_was_not_mirrors_the_gap(group: GroupCount, reference: GroupCount) -> None:
    pair = (group.favorable, group.n, reference.favorable, reference.n)
    denied = (group.n - group.favorable, group.n, reference.n - reference.favorable, reference.n)
    for interval_of in (newcombe, gap_sequence):
        lower, upper, _ = interval_of(*pair)
        assert upper is not None
        assert (-upper, -lower) == pytest.approx(interval_of(*denied)[:2], abs=1e-9)


@given(st.lists(st.integers(0, 2000), min_size=8, max_size=8))
def test_average_odds_have_a_value_in_their_interval_or_a_reason(cells: list[int]) -> None:
    measured = average_odds_difference(ConfusionCount(*cells[:4]), ConfusionCount(*cells[4:]))
    assert_contains(measured.interval, measured.value)
