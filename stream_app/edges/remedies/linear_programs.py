"""Solves linear programs with the solver HiGHS of SciPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stream_app.core.allocation.program import LinearProgram, Rows
from stream_app.core.arrays import Floats
from stream_app.errors import ConfigError
from stream_app.extras import import_extra

_INFEASIBLE = 2  # status of ``linprog``


def solve_program(program: LinearProgram) -> Floats | None:
    """Return the solution; None where none exists.

    Raises:
        ConfigError: the solver stopped for another reason, such as numbers of very different size.
        DependencyMissingError: SciPy is not installed.
    """
    optimize, sparse = import_scipy("scipy.optimize"), import_scipy("scipy.sparse")
    n = len(program.cost)
    result = optimize.linprog(
        program.cost,
        A_ub=_matrix(sparse, program.at_most, n),
        b_ub=program.at_most.right,
        A_eq=_matrix(sparse, program.equal, n),
        b_eq=program.equal.right,
        bounds=np.column_stack([np.zeros(n), program.most]),
        method="highs-ds",  # dual simplex: the same vertex each time
    )
    if result.status == _INFEASIBLE:
        return None
    if not result.success:
        raise ConfigError(
            f"The linear program cannot be solved (status {result.status})", action="Give a larger --unit"
        )
    return np.asarray(result.x, np.float64)


def import_scipy(module: str) -> Any:
    """Return a module of SciPy.

    Raises:
        DependencyMissingError: it is not installed.
    """
    return import_extra(module, "An allocation with limits")


def _matrix(sparse: Any, rows: Rows, n_columns: int) -> Any:
    shape: Sequence[int] = (len(rows.right), n_columns)
    return sparse.csr_array((rows.value, (rows.row, rows.column)), shape=shape)
