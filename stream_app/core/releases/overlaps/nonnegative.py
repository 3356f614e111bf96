"""Which cells have nobody in every solution: no count is negative, so some sums leave others no room.

An interior-point method finds a solution in the middle of all solutions. There a cell is 0 only where it is 0 in all of
them; without those cells every solution can be moved in both directions, so the signs say no more.

Source: Mehrotra 1992, On the implementation of a primal-dual interior point method; Greenberg 1994, The use of the
optimal partition in a linear programming solution (which variables are 0 in every solution).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from stream_app.core.arrays import Bools, Floats

_MOST_STEPS = 60
_EXACT = 1e-9  # of the largest number of people
_EXACT_GAP, _LARGEST_GAP = 1e-13, 1e13
_NOBODY = 1e-3  # people in the middle of all solutions
_SOMEBODY = 0.1  # people in one solution: then in the middle of all of them too
_DAMPING = 0.9
_MOST_WEIGHT = 1e6  # beside the least one, for a system that is easily solved


def always_empty(rows: Bools, people: Floats) -> Bools:
    """Return which cells have nobody in every solution, shape (cells,); none where there is no solution.

    Args:
        rows: Cells of each sum, shape (sums, cells); of cells that are in none nothing is known.
        people: People of each sum, shape (sums,).

    >>> rows = np.array([[True, True, False, False], [False, False, True, True], [True, False, True, False]])
    >>> always_empty(rows, np.array([5.0, 7.0, 12.0])).tolist()
    [False, True, False, True]
    >>> always_empty(rows, np.array([5.0, 7.0, 11.0])).tolist()
    [False, False, False, False]
    """
    is_empty: Bools = np.zeros(rows.shape[1], np.bool_)
    covered = np.flatnonzero(np.logical_or.reduce(rows, initial=False))
    if len(covered):
        columns = [column.tobytes() for column in np.packbits(rows[:, covered], axis=0).T]
        numbers = {column: number for number, column in enumerate(dict.fromkeys(columns))}
        alike = np.array([numbers[column] for column in columns], np.intp)
        first = np.unique(alike, return_index=True)[1]
        is_empty[covered] = _empty_of(rows[:, covered[first]].astype(np.float64), people)[alike]
    return is_empty


def _empty_of(rows: Floats, people: Floats) -> Bools:
    n_cells, scale = rows.shape[1], float(people.max())
    if scale <= 0:
        return np.ones(n_cells, np.bool_)
    matrix, right = _independent(rows, people / scale)
    if len(matrix) == n_cells:
        return np.asarray(matrix.T @ right * scale < _NOBODY)
    x, s, y = np.ones(n_cells), np.ones(n_cells), np.zeros(len(matrix))
    for _ in range(_MOST_STEPS):
        gap = float(x @ s) / len(x)
        if not gap < _LARGEST_GAP:  # there is no solution
            return np.zeros(n_cells, np.bool_)
        newton = _Newton(matrix, x, s, right - matrix @ x, -matrix.T @ y - s)
        if newton.is_feasible and (gap < _EXACT_GAP or x.min() * scale > _SOMEBODY):
            break
        d_x, _, d_s = newton.step(-x * s)
        near = float((x + _longest(x, d_x) * d_x) @ (s + _longest(s, d_s) * d_s)) / len(x)
        center = max((near / gap) ** 3, 0.1) * gap
        d_x, d_y, d_s = newton.step(center - x * s - d_x * d_s)
        x_step, s_step = (min(1.0, _DAMPING * _longest(*each)) for each in ((x, d_x), (s, d_s)))
        x, y, s = x + x_step * d_x, y + s_step * d_y, s + s_step * d_s
    if np.abs(right - matrix @ x).max() * scale > _NOBODY:
        return np.zeros(n_cells, np.bool_)
    return np.asarray(x * scale < _NOBODY)


class _Newton:
    """Newton steps from one point: toward the rows, and toward given products of cells and their prices.

    Args:
        matrix: The rows, shape (rows, cells).
        x: People, shape (cells,).
        s: Prices, shape (cells,).
        primal: What the rows lack, shape (rows,).
        dual: What the prices lack, shape (cells,).
    """

    def __init__(self, matrix: Floats, x: Floats, s: Floats, primal: Floats, dual: Floats) -> None:
        self._matrix, self._x, self._s, self._primal, self._dual = matrix, x, s, primal, dual
        self._weights = x / s

    @cached_property
    def _inverse(self) -> Floats:
        system = (self._matrix * self._weights) @ self._matrix.T
        is_easy = self._weights.max() < _MOST_WEIGHT * self._weights.min()
        inverse = np.linalg.inv(system) if is_easy else np.linalg.pinv(system, rcond=1e-16, hermitian=True)
        return np.asarray(inverse, np.float64)

    @property
    def is_feasible(self) -> bool:
        """Whether the rows lack nothing."""
        return float(np.abs(self._primal).max(initial=0)) < _EXACT

    def step(self, products: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the steps of people, rows and prices, shapes (cells,), (rows,) and (cells,)."""
        wanted = self._primal - self._matrix @ (products / self._s) + self._matrix @ (self._weights * self._dual)
        d_y = self._inverse @ wanted
        d_s = self._dual - self._matrix.T @ d_y
        return (products - self._x * d_s) / self._s, d_y, d_s


def _independent(matrix: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return orthonormal rows that say the same."""
    left, sizes, rows = np.linalg.svd(matrix, full_matrices=False)
    is_seen = sizes > _EXACT * sizes.max()
    return rows[is_seen], (left.T @ right)[is_seen] / sizes[is_seen]


def _longest(values: Floats, steps: Floats) -> float:
    """Return how far values can go before one is 0, at most 1 / damping."""
    is_less = steps < 0
    return float(np.min(-values[is_less] / steps[is_less], initial=1 / _DAMPING))
