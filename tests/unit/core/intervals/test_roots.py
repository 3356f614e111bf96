"""The solver: roots of every size, ends without a root, hard shapes."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.intervals.roots import find_roots


def test_roots_of_many_functions_are_solved_together() -> None:
    wanted = np.array([-63.9, -1.0, -1e-9, 0.0, 1e-9, 0.3, 2.0, 63.9])
    low, high = np.full(wanted.shape, -64.0), np.full(wanted.shape, 64.0)
    for increasing in (
        lambda x: x - wanted,
        lambda x: np.expm1(np.clip(x - wanted, -50, 50)),
        lambda x: np.sign(x - wanted),
        lambda x: np.arctan(1e6 * (x - wanted)),
        lambda x: (x - wanted) ** 3,
    ):
        assert find_roots(increasing, low, high) == pytest.approx(wanted, abs=1e-9, rel=1e-9)


def test_without_a_root_inside_the_nearer_end_is_taken() -> None:
    low, high = np.array([1.0, 1.0]), np.array([2.0, 2.0])
    assert find_roots(lambda x: x - np.array([0.0, 9.0]), low, high).tolist() == [1.0, 2.0]
    assert find_roots(np.zeros_like, low, high).tolist() == [1.0, 1.0]
    assert find_roots(lambda x: x - 5, low, low).tolist() == [1.0, 1.0]


def test_nothing_to_solve_is_solved() -> None:
    assert find_roots(lambda x: x, np.zeros(0), np.zeros(0)).shape == (0,)


def test_one_number_alone_has_a_root() -> None:
    assert float(find_roots(lambda x: x**2 - 2, np.array(0.0), np.array(2.0))) == pytest.approx(2**0.5, abs=1e-14)


def test_the_search_ends_also_in_a_curve_without_numbers() -> None:
    assert find_roots(lambda x: np.full(x.shape, np.nan), np.zeros(1), np.ones(1)).shape == (1,)


def test_the_search_ends_also_in_a_bracket_that_never_gets_narrow() -> None:
    with np.errstate(invalid="ignore"):
        assert find_roots(lambda x: x, np.full(1, -np.inf), np.full(1, np.inf)).shape == (1,)
