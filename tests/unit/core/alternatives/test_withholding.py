"""Cuts that are shown can be subtracted, and never give the scores of fewer than k people."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.alternatives.withholding import shown_cuts, shown_rules


@given(st.lists(st.integers(0, 15), min_size=2, max_size=12), st.integers(0, 20))
def test_no_two_shown_numbers_differ_by_fewer_than_k(people: list[int], k: int) -> None:
    shown = shown_cuts(np.array(people), k)
    from_cut = [sum(people[cut + 1 :]) for cut in np.flatnonzero(shown)]
    numbers = [sum(people), *from_cut, *([0] if shown.any() else [])]  # nobody, beside the people from a cut on
    for first, second in combinations(numbers, 2):
        assert first == second or abs(first - second) >= k
    if k == 0:
        assert shown.all()


def test_as_many_cuts_are_shown_as_the_people_permit() -> None:
    assert shown_cuts(np.full(11, 10), 10).all()
    assert shown_cuts(np.full(11, 5), 10).tolist() == [False, True] * 4 + [False, False]
    assert not shown_cuts(np.array([3, 3]), 10).any()


def test_a_rule_is_shown_where_all_of_its_cuts_are() -> None:
    shown = np.array([[True, False, True], [False, True, True]])
    rules = np.array([[0, 1], [0, 0], [1, 1], [2, -1], [-1, -1]])
    assert shown_rules(rules, shown).tolist() == [True, False, False, True, True]
