"""Cells that have nobody in every solution, compared with linear programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from stream_app.core.arrays import Bools, Floats
from stream_app.core.releases.overlaps.nonnegative import always_empty


def most_of(rows: Bools, people: Floats, cell: int) -> float:
    costs = np.zeros(rows.shape[1])
    costs[cell] = -1
    solved = linprog(costs, A_eq=rows.astype(np.float64), b_eq=people)
    assert solved.status == 0, solved.message
    return -float(solved.fun)


@pytest.mark.parametrize("seed", range(40))
def test_a_cell_is_empty_where_no_solution_has_anybody_in_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_cells, n_rows = int(rng.integers(4, 40)), int(rng.integers(2, 20))
    truth = rng.poisson(rng.choice([0.5, 2, 20]), n_cells)
    rows = np.vstack([rng.random((n_rows, n_cells)) < rng.choice([0.1, 0.3, 0.5]), np.ones(n_cells, np.bool_)])
    people = (rows @ truth).astype(np.float64)
    expected = [most_of(rows, people, cell) < 1e-6 for cell in range(n_cells)]
    assert always_empty(rows, people).tolist() == expected


def test_nobody_at_all_and_cells_that_no_sum_contains() -> None:
    rows = np.array([[True, True, False]])
    assert always_empty(rows, np.array([0.0])).tolist() == [True, True, False]
    assert always_empty(rows, np.array([3.0])).tolist() == [False, False, False]
    assert always_empty(rows[:0], np.zeros(0)).tolist() == [False, False, False]


def test_sums_that_contradict_each_other_leave_everything_open() -> None:
    """A log that has grown between two counts."""
    rows = np.array([[True, True, False], [True, True, False], [False, False, True]])
    assert not always_empty(rows, np.array([30.0, 34.0, 5.0])).any()
