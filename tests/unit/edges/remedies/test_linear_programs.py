"""Programs that have a solution, none, and no end."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.allocation.program import LinearProgram, Rows
from stream_app.edges.remedies.linear_programs import solve_program
from stream_app.errors import ConfigError

NONE = Rows(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
SUM = Rows(np.array([0, 0]), np.array([0, 1]), np.ones(2), np.array([5.0]))


def test_the_cheapest_point() -> None:
    solution = solve_program(LinearProgram(np.array([2.0, 1.0]), SUM, NONE, np.array([9.0, 3.0])))
    assert solution is not None
    assert solution.tolist() == [2.0, 3.0]


def test_none_where_no_point_meets_the_rows() -> None:
    assert solve_program(LinearProgram(np.ones(2), SUM, NONE, np.array([1.0, 1.0]))) is None


def test_another_end_is_an_error() -> None:
    with pytest.raises(ConfigError, match="cannot be solved"):
        solve_program(LinearProgram(-np.ones(2), NONE, NONE, np.array([np.inf, 1.0])))
