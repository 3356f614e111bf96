"""Which sets of cells follow from rows of a linear system, and by which combination of these."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Rows
from stream_app.core.releases.sum_space import SumSpace

NEAR = 1e-6  # of a length along one direction; what remains is tested again
_TOLERANCE = 1e-7  # of a squared length; the rows are zeros and ones


class Following(NamedTuple):
    """Sets that follow from rows.

    Attributes:
        places: Their places among the sets that were asked about, shape (sets,).
        shares: How much of each row makes them, shape (sets, rows).
    """

    places: Rows
    shares: Floats


class RowSpace:
    """What follows from some rows.

    Args:
        rows: Cells of each row, shape (rows, cells).

    Attributes:
        left: What the rows leave of one direction, shape (cells,): along it, a set that follows is 0 long.

    >>> space = RowSpace(np.array([[True, True, True], [True, False, False]]))
    >>> following = space.that_follow(np.array([[False, True, True], [False, True, False]]))
    >>> following.places.tolist(), following.shares.round(6).tolist()
    ([0], [[1.0, -1.0]])
    >>> space.solution_of(np.array([9.0, 2.0])).round(6).tolist()
    [2.0, 3.5, 3.5]
    """

    def __init__(self, rows: Bools) -> None:
        n_rows, n_cells = rows.shape
        self._space = SumSpace(rows, np.zeros((0, n_cells), np.bool_), np.zeros(n_cells, np.int64))
        self._space.release(np.ones(n_rows, np.bool_))
        direction = np.cos(np.arange(1.0, 1.0 + n_cells) ** 2)  # no sum of a few cells is 0
        self.left: Floats = self._space.left_of(direction)

    def solution_of(self, people: Floats) -> Floats:
        """Return people of each cell that give those of the rows, shape (cells,)."""
        return self._space.solution_of(people)

    def that_follow(self, targets: Bools) -> Following:
        """Return which sets follow, shape (targets, cells)."""
        near = np.flatnonzero(np.abs(targets @ self.left) < NEAR)
        moves = self._space.moves_of(targets[near])
        is_following = self._space.lengths(moves) < _TOLERANCE
        return Following(near[is_following], self._space.shares(moves.those(is_following)))


def that_follow(rows: Bools, targets: Bools) -> Following:
    """Return which sets follow from rows; those without cells do not count.

    Args:
        rows: Cells of each row, shape (rows, cells).
        targets: Cells of each set, shape (targets, cells).
    """
    asked = np.flatnonzero(targets.any(axis=1))
    if not len(rows) or not len(asked):
        return Following(np.zeros(0, np.intp), np.zeros((0, len(rows))))
    places, shares = RowSpace(rows).that_follow(targets[asked])
    return Following(asked[places], shares)
