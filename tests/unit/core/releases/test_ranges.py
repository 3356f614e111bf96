"""Releases over freely chosen ranges of time and groups."""

from __future__ import annotations

import pytest

from stream_app.core.releases.ranges import Isolated, Labels, ReleasedSum, find_isolated

BLACK: list[Labels] = [("black",)]
ASIAN: list[Labels] = [("asian",)]
MINORITY = BLACK + ASIAN


def people(n: int, start_s: int, end_s: int, members: list[Labels] = BLACK) -> ReleasedSum:
    return ReleasedSum("race", frozenset(members), start_s, end_s, n)


def test_two_ranges_ten_seconds_apart_are_not_shown_both() -> None:
    """One of the attacks that worked: two replays with ``--to`` 10 s apart."""
    assert find_isolated([people(300, 0, 600)], [people(308, 0, 610)], 10) == Isolated("race", 600, 610)
    assert find_isolated([people(300, 0, 600)], [people(292, 10, 600)], 10) == Isolated("race", 0, 10)


def test_the_same_range_again_and_ranges_that_differ_by_many_are_fine() -> None:
    assert find_isolated([people(300, 0, 600)], [people(300, 0, 600)], 10) is None
    assert find_isolated([people(300, 0, 600)], [people(310, 0, 610)], 10) is None
    assert find_isolated([people(300, 0, 600)], [people(300, 0, 610)], 10) is None
    assert find_isolated([people(300, 0, 600)], [people(9, 700, 900)], 5) is None


def test_windows_of_two_sizes_are_compared_at_every_moment_that_follows() -> None:
    """One of the attacks that worked: what-if windows of 1m, 50s and 20s in one run."""
    minutes = [people(40, 0, 60), people(40, 60, 120)]
    assert find_isolated(minutes, [people(33, 0, 50)], 10) == Isolated("race", 50, 60)


def test_a_range_that_closes_a_circle_of_former_ones_is_compared() -> None:
    former = [people(100, 0, 100), people(100, 100, 200)]
    assert find_isolated(former, [people(195, 0, 195)], 10) == Isolated("race", 195, 200)


def test_a_log_that_has_grown_by_a_few_is_not_shown_again() -> None:
    assert find_isolated([people(300, 0, 600)], [people(303, 0, 600)], 10) == Isolated("race", 0, 600)


def test_a_group_folded_into_another_is_the_difference() -> None:
    """One of the attacks that worked: a group map that folds one group into another."""
    former = [people(300, 0, 600)]
    assert find_isolated(former, [people(306, 0, 600, MINORITY)], 10) == Isolated("race", 0, 600)
    assert find_isolated(former, [people(340, 0, 600, MINORITY)], 10) is None


def test_a_group_minus_all_groups_inside_it_is_the_difference() -> None:
    everybody: list[Labels] = [("black",), ("asian",), ("white",)]
    former = [people(300, 0, 600), people(200, 0, 600, ASIAN)]
    assert find_isolated(former, [people(504, 0, 600, everybody)], 10) == Isolated("race", 0, 600)


@pytest.mark.parametrize("attribute", ["gender", "race+gender"])
def test_other_attributes_are_other_counts(attribute: str) -> None:
    other = people(303, 0, 600)._replace(attribute=attribute)
    assert find_isolated([people(300, 0, 600)], [other], 10) is None
