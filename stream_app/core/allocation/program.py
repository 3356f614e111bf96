"""The limited allocation as a linear program: as near to the rule as the limits allow.

With ``q`` what the rule gives an area (``rules.floor_and_risk``), ``p`` the nearest value between its least and most,
and ``x = p + up - down`` what it gets, all in units:

1. Move as few hours as possible: minimize ``sum(up + down)``, where ``sum(x)`` is the total, the underserved areas
   together keep their floor, and each ``x`` stays between least and most.
2. Of all solutions of the first step take the one that spreads the move most evenly: minimize the largest
   ``(up + down) / q``. What one area cannot take, because of its limits, the others share in proportion to ``q``.

The solver is passed in: the core knows no solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from stream_app.core.allocation.limits import AreaBounds
from stream_app.core.arrays import Floats, Ints


class Rows(NamedTuple):
    """Rows of a sparse matrix, and what each of them times ``x`` must be, or at most be.

    Attributes:
        row: Row of each entry, int64.
        column: Its column, int64.
        value: Its value, float64.
        right: Right-hand side of each row, float64, shape (n_rows,).
    """

    row: Ints
    column: Ints
    value: Floats
    right: Floats


class LinearProgram(NamedTuple):
    """Minimize ``cost @ x`` where rows are met and ``0 <= x <= most``.

    Attributes:
        cost: float64, shape (n,).
        equal: Rows that must be equal to their right-hand side.
        at_most: Rows that must be at most their right-hand side.
        most: Upper ends, float64, shape (n,); infinite for none.
    """

    cost: Floats
    equal: Rows
    at_most: Rows
    most: Floats


class Solver(Protocol):
    """Solves linear programs."""

    def __call__(self, program: LinearProgram) -> Floats | None:
        """Return the solution, float64, shape (n,); None where none exists."""


class Targets(NamedTuple):
    """What the program is about.

    Attributes:
        units: What the rule gives each area.
        n_units: The total.
        is_underserved: Of each area.
        n_reserved: Floor of the underserved areas together, in units; 0 for none.
    """

    units: Sequence[int]
    n_units: int
    is_underserved: Sequence[bool]
    n_reserved: int


def solve_limited(targets: Targets, bounds: Sequence[AreaBounds], solve: Solver) -> Floats | None:
    """Return the nearest allocation that keeps the limits, in units that need not be integers; None where none exists.

    Args:
        targets: What the rule gives.
        bounds: Least and most of each area.
        solve: The solver.
    """
    least = np.array([bound.least.units for bound in bounds], np.float64)
    most = np.array([bound.most.units for bound in bounds], np.float64)
    if (least > most).any():
        return None
    ruled = np.array(targets.units, np.float64)
    nearest = np.clip(ruled, least, most)
    first = _least_moves(targets, nearest, least, most)
    moves = solve(first)
    if moves is None:
        return None
    evenly = solve(_even_moves(first, moves, np.maximum(ruled, 1.0)))
    moves = moves if evenly is None else evenly[:-1]
    up, down = np.split(moves, 2)
    return np.asarray(nearest + up - down, np.float64)


def _least_moves(targets: Targets, nearest: Floats, least: Floats, most: Floats) -> LinearProgram:
    n = len(nearest)
    members = np.flatnonzero(targets.is_underserved) if targets.n_reserved else np.zeros(0, np.int64)
    equal = Rows(
        np.zeros(2 * n, np.int64),
        np.arange(2 * n),
        np.repeat([1.0, -1.0], n),
        np.array([targets.n_units - nearest.sum()]),
    )
    at_most = Rows(  # -sum of the underserved <= -floor
        np.zeros(2 * len(members), np.int64),
        np.concatenate([members, members + n]),
        np.repeat([-1.0, 1.0], len(members)),
        np.array([nearest[members].sum() - targets.n_reserved]),
    )
    return LinearProgram(np.ones(2 * n), equal, at_most, np.concatenate([most - nearest, nearest - least]))


def _even_moves(first: LinearProgram, moves: Floats, weights: Floats) -> LinearProgram:
    """Return the second program: one more variable, the largest relative move; the sum of moves stays the least."""
    n = len(moves)
    rows, columns = np.arange(n), np.arange(n)
    largest = Rows(
        np.concatenate([rows, rows]) + 2,
        np.concatenate([columns, np.full(n, n)]),
        np.concatenate([np.ones(n), -np.tile(weights, 2)]),
        np.zeros(n),
    )
    slack = 1e-9 * max(1.0, float(moves.sum()))
    at_most = Rows(
        np.concatenate([first.at_most.row, np.ones(n, np.int64), largest.row]),
        np.concatenate([first.at_most.column, columns, largest.column]),
        np.concatenate([first.at_most.value, np.ones(n), largest.value]),
        np.concatenate([first.at_most.right, [float(moves.sum()) + slack], largest.right]),
    )
    cost = np.zeros(n + 1)
    cost[-1] = 1.0
    return LinearProgram(cost, first.equal, at_most, np.append(first.most, np.inf))
