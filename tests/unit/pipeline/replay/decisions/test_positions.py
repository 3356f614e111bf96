"""The numbers of one decision among those of the approved: exact, ranked, and of no other person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.pipeline.replay.decisions.positions import FeaturePosition, Population

K = 10


def population(approved: list[float], denied: list[float], name: str = "x") -> Population:
    made = Population((name,))
    for value in approved:
        made.add({name: value}, is_approved=True)
    for value in denied:
        made.add({name: value}, is_approved=False)
    return made


def position(approved: list[float], denied: list[float], value: object) -> FeaturePosition:
    [found] = population(approved, denied).positions({"x": value}, K)
    return found


def test_a_position_is_the_share_below_with_equal_ones_counted_half() -> None:
    hundred = [float(n) for n in range(100)]
    assert position(hundred, [0.0] * K, 50.0).position == 0.51  # 50 below, half of the equal one, to two digits
    assert position(hundred, [0.0] * K, 49.5).position == 0.5
    assert position([5.0] * 40, [0.0] * K, 5.0).position == 0.5


def test_the_adverse_end_is_where_denied_decisions_have_their_mean() -> None:
    hundred = [float(n) for n in range(100)]
    low = position(hundred, [1.0] * K, 20.0)
    assert (low.adverse, low.adversity) == ("low", 0.6)
    high = position(hundred, [99.0] * K, 20.0)
    assert (high.adverse, high.adversity) == ("high", -0.6)
    assert position(hundred, [1.0] * (K - 1), 20.0).adverse is None
    assert position(hundred, [49.5] * K, 20.0).adverse is None


def test_the_most_adverse_feature_is_first_and_one_without_a_direction_last() -> None:
    made = Population(("a", "b", "c"))
    for n in range(100):
        made.add({"a": n, "b": n, "c": n}, is_approved=True)
    for _ in range(K):
        made.add({"a": 0, "b": 0}, is_approved=False)
    found = made.positions({"a": 60, "b": 20, "c": 20}, K)
    assert [one.feature for one in found] == ["b", "a", "c"]


@pytest.mark.parametrize("value", [None, "7", True, float("nan"), float("inf"), 10**400])
def test_what_is_no_number_has_no_position(value: object) -> None:
    found = position([1.0] * 50, [0.0] * K, value)
    assert (found.position, found.value, found.withheld) == (None, None, "no_value")


values = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(values, max_size=60), st.lists(values, max_size=20), values)
def test_nothing_is_shown_about_fewer_than_k(approved: list[float], denied: list[float], value: float) -> None:
    found = position(approved, denied, value)
    if len(approved) < K:
        assert (found.withheld, found.position, found.approved_mean, found.n_approved) == (
            "few_approved",
            None,
            None,
            None,
        )
    if len(denied) < K:
        assert (found.adverse, found.adversity) == (None, None)


@given(st.lists(values, min_size=3 * K, max_size=60), st.integers(1, K - 1), st.floats(1.0, 1e6))
def test_the_position_does_not_reveal_the_values_at_an_end(approved: list[float], n: int, far: float) -> None:
    """Below the k-th value the answer is the same wherever fewer than k of the approved are."""
    value = min(approved) - 2 * far
    one = position(approved, [0.0] * K, value)
    moved = [low - 3 * far for low in sorted(approved)[:n]] + sorted(approved)[n:]
    other = position(moved, [0.0] * K, value)
    assert (one.position, one.bound) == (other.position, other.bound) == (round(K / len(approved), 2), "at_most")
