"""The simulated tables of the FairLens specification."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.simulated.applications import simulate_applications

LEVELS = st.floats(0, 1)


@given(st.integers(0, 3000), LEVELS, st.integers(0, 2**32))
def test_rates_are_those_of_the_specification_up_to_half_a_decision(n: int, level: float, seed: int) -> None:
    table = simulate_applications(n, level, seed)
    assert len(table.is_female) == len(table.credit_score) == len(table.approved) == n
    assert int(table.is_female.sum()) == n - n // 2
    for is_female, rate in ((True, max(0.0, 0.7 - 0.4 * level)), (False, 0.7)):
        rows = table.approved[table.is_female == is_female]
        assert abs(int(rows.sum()) - rate * len(rows)) <= 0.5
    assert ((table.credit_score >= 500) & (table.credit_score <= 800)).all()


@given(st.integers(0, 500), LEVELS, LEVELS)
def test_the_level_changes_decisions_about_women_only_and_in_one_direction(n: int, one: float, other: float) -> None:
    low, high = (simulate_applications(n, level) for level in sorted((one, other)))
    assert (low.credit_score == high.credit_score).all()
    assert (low.approved >= high.approved).all()
    assert (low.approved[~low.is_female] == high.approved[~high.is_female]).all()


def test_the_score_depends_on_neither_gender_nor_decision() -> None:
    table = simulate_applications(100_000, 0.5)
    for column in (table.is_female, table.approved):
        assert abs(float(np.corrcoef(column, table.credit_score)[0, 1])) < 0.02


@pytest.mark.parametrize("n", [2, 3])
def test_both_genders_are_there_from_two_applications_on(n: int) -> None:
    assert {*simulate_applications(n, 1.0).is_female.tolist()} == {True, False}
