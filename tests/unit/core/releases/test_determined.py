"""Which sums follow from released ones."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.releases.determined import SmallSums

CELLS = np.eye(4, dtype=bool)


def rows(*cells: tuple[int, ...]) -> np.ndarray:
    return np.array([[column in row for column in range(4)] for row in cells])


def found(released: np.ndarray, people: list[int], targets: np.ndarray = CELLS, k: int = 10) -> list[int]:
    sums = SmallSums(released, np.array(people), targets, k)
    return list(sums.that_follow(np.ones(len(released), np.bool_)).n)


def test_the_rest_of_a_total_follows() -> None:
    assert found(rows((0, 1, 2, 3), (0, 1), (2,)), [20, 20, 20, 4]) == [4]


def test_two_hidden_cells_hide_each_other() -> None:
    assert found(rows((0, 1, 2, 3), (0, 1)), [20, 20, 8, 4]) == []


def test_a_union_of_two_small_cells_that_follows_together_is_found() -> None:
    assert found(rows((0, 1, 2, 3), (0, 1)), [20, 20, 3, 4]) == [7]


def test_the_difference_of_two_sets_that_follow_is_found() -> None:
    targets = rows((0, 1, 2), (0, 1))
    assert found(rows((0, 1, 2), (0, 1)), [20, 20, 4, 30], targets) == [4]


def test_a_cell_without_people_does_not_hide_another_one() -> None:
    assert found(rows((0, 1, 2, 3), (0, 1)), [20, 20, 0, 4]) == [4]


@pytest.mark.parametrize("k", [0, 1, 4])
def test_what_has_at_least_k_people_may_follow(k: int) -> None:
    assert found(rows((0, 1, 2, 3), (0, 1), (2,)), [20, 20, 20, 4], k=k) == []


def test_nobody_is_nobody() -> None:
    assert found(rows((0, 1, 2, 3)), [0, 0, 0, 0]) == []


def test_the_released_sums_that_are_needed_are_named() -> None:
    sums = SmallSums(rows((0, 1, 2, 3), (0, 1), (2,), (0,)), np.array([20, 20, 20, 4]), CELLS, 10)
    assert (sums.that_follow(np.ones(4, np.bool_)).shares > 0).tolist() == [[True, True, True, False]]


def test_the_sum_with_the_largest_share_is_hidden_and_of_equal_ones_the_first() -> None:
    # The fourth cell alone is released; it is also what all are without the three others.
    released = rows((0, 1, 2, 3), (0,), (1,), (2,), (3,))
    sums = SmallSums(released, np.array([20, 20, 20, 4]), CELLS, 10, order=[1, 2, 3, 4])
    assert sums.to_hide(np.ones(5, np.bool_)) == [4]
    assert sums.to_hide(np.array([True, True, True, True, False])) == [1]


def test_a_small_sum_that_is_known_anyway_does_not_end_the_search_for_unions() -> None:
    people, cells = np.array([3, 4, 3, 4, 30, 40]), np.eye(6, dtype=bool)
    known = np.array([[True, True, False, False, False, False]])
    released = np.array([[True] * 6, [False] * 4 + [True, False], [False] * 5 + [True]])
    sums = SmallSums(released, people, np.vstack([cells, known]), 10, order=[1, 2], known=known)
    assert sums.to_hide(np.ones(3, np.bool_)) == [1]
    assert sums.to_hide(np.array([True, False, True])) == []


def test_a_small_sum_for_which_nothing_can_be_hidden_does_not_end_the_search_for_unions() -> None:
    people, cells = np.array([3, 4, 4, 40]), np.eye(4, dtype=bool)
    released = rows((0,), (0, 1, 2, 3), (3,))
    sums = SmallSums(released, people, cells, 10, order=[2])
    assert sums.to_hide(np.ones(3, np.bool_)) == [2]
