"""Which subgroups there are, and which of them is hit worst."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.groups.subgroups import Subgroup, subgroups, worst_hit

SEX = ("sex", ("female", "male"), "male")
RACE = ("race", ("white", "black", "hispan"), "white")
AGE = ("age", ("18-29", "30-59", "60+"), "30-59")


def test_single_attributes_come_first_in_the_order_of_the_policy() -> None:
    assert subgroups([SEX, RACE], 1) == [
        Subgroup(("sex",), ("female",), ("male",)),
        Subgroup(("race",), ("black",), ("white",)),
        Subgroup(("race",), ("hispan",), ("white",)),
    ]


@pytest.mark.parametrize(("max_depth", "n"), [(1, 5), (2, 5 + 5 + 5 + 8), (3, 5 + 18 + 17), (4, 5 + 18 + 17)])
def test_every_combination_but_that_of_all_references_is_listed_once(max_depth: int, n: int) -> None:
    compared = subgroups([SEX, RACE, AGE], max_depth)
    assert len(compared) == len(set(compared)) == n
    assert all(subgroup.labels != subgroup.reference for subgroup in compared)


def test_a_label_of_the_subgroup_may_be_a_reference_label() -> None:
    assert Subgroup(("sex", "race"), ("female", "white"), ("male", "white")) in subgroups([SEX, RACE])


def test_depth_three_is_the_default_and_zero_is_rejected() -> None:
    assert subgroups([SEX, RACE, AGE]) == subgroups([SEX, RACE, AGE], 3)
    assert subgroups([]) == []
    with pytest.raises(ValueError, match="max_depth is 0"):
        subgroups([SEX], 0)


def test_the_worst_hit_subgroup_has_the_most_negative_gap_among_those_with_enough_decisions() -> None:
    pairs = np.array([[[9, 10, 9, 10]], [[6, 10, 9, 10]], [[0, 9, 9, 10]], [[0, 10, 9, 9]], [[60, 100, 90, 100]]])
    assert worst_hit(pairs, min_n=10) == 1
    assert worst_hit(pairs, min_n=9) == 3
    assert worst_hit(pairs, min_n=11) == 4
    assert worst_hit(pairs, min_n=101) is None


def test_strata_are_added_before_gaps_are_compared() -> None:
    pairs = np.array([[[0, 5, 5, 5], [10, 10, 5, 5]], [[4, 5, 5, 5], [4, 10, 5, 5]]])
    assert worst_hit(pairs, min_n=1) == 1


def test_no_subgroup_is_hit_worst_where_none_is_hit() -> None:
    assert worst_hit(np.array([[[9, 10, 9, 10]], [[10, 10, 9, 10]]]), min_n=1) is None
    assert worst_hit(np.zeros((0, 1, 4), dtype=np.int64), min_n=1) is None
