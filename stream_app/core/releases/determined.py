"""Which sums of people follow from sums that were released: linear algebra over disjoint cells.

Every released number is a sum over cells, so a reader knows ``A x``: A has a row of zeros and ones for each released
sum, x the people of each cell. The sum over a set S of cells follows from it if its indicator is a combination of rows
of A, or, the same, if no vector of the null space of A moves it.

A reader also knows that no cell is negative. The test therefore leaves out the cells without people: the actual x is
positive everywhere else, so it can be moved along the null space of the rest in both directions, and a set that such a
vector moves is not determined by the signs either. (It may still be that only one of these points has integers.)

Source: Hundepool et al. 2012, Statistical Disclosure Control, ch. 4.3 (intervals of suppressed cells); Gusfield 1988,
A graph theoretic approach to statistical data security.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints

_RANK_TOLERANCE = 1e-9
_TOLERANCE = 1e-7  # of a squared length; the rows are zeros and ones


class Finding(NamedTuple):
    """A sum over fewer than k people that follows from what was released.

    Attributes:
        n: People in it.
        used: Whether each released sum is needed to compute it, shape (released,).
    """

    n: int
    used: Bools


def find_small_sums(
    released: Bools, people: Ints, targets: Bools, k: int, guarded: Bools | None = None
) -> list[Finding]:
    """Return the sums of 1 to k-1 people, and guarded ones, that follow from released ones.

    Tested are the targets, the unions of two that do not overlap, and what is left of one without another inside it.

    Args:
        released: Cells of each released sum, shape (released, cells).
        people: People in each cell, shape (cells,), >= 0.
        targets: Cells of each set that somebody may ask about, shape (targets, cells).
        k: Fewest people about which anything may follow; below 2 nothing is too few.
        guarded: Cells of each set that must not follow whatever its size, shape (sets, cells).

    Returns:
        The targets themselves if there are any, and only otherwise unions and differences.

    >>> people = np.array([4, 30, 20])
    >>> rows = np.array([[True, True, True], [False, True, False]])  # the total, and the second of three groups
    >>> find_small_sums(rows, people, np.eye(3, dtype=bool), 10)
    []
    >>> rows = np.array([[True, True, True], [False, True, False], [False, False, True]])
    >>> [(small.n, small.used.tolist()) for small in find_small_sums(rows, people, np.eye(3, dtype=bool), 10)]
    [(4, [True, True, True])]
    """
    known = KnownSums(released, people)
    asked = targets[:, known.is_full]
    n = asked @ known.people
    asked = _distinct(asked[n > 0])
    if not len(asked):
        return []
    n = asked @ known.people
    moves = known.moves_of(asked)
    found = asked[(moves.lengths < _TOLERANCE) & (n < k)]
    if guarded is not None and len(guarded):
        sets = guarded[:, known.is_full]
        found = np.vstack([found, sets[known.moves_of(sets).lengths < _TOLERANCE]])
    if not len(found):
        found = _combined(asked, n, moves, k)
    found = _distinct(found)
    used = known.used_for(found)
    return [Finding(n, needed) for n, needed in zip((found @ known.people).tolist(), used, strict=True)]


class Moves(NamedTuple):
    """How the vectors of the null space move some sets of cells.

    Attributes:
        lengths: Squared length of each move, shape (sets,); 0 for a set that follows.
        near: Scalar products of the moves, shape (sets, sets).
    """

    lengths: Floats
    near: Callable[[], Floats]


class KnownSums:
    """What released sums say of the cells with people.

    Cells that are in the same released sums are one coordinate: moving people between them changes none of the sums.

    Args:
        released: Cells of each released sum, shape (released, cells).
        people: People in each cell, shape (cells,).

    Attributes:
        is_full: Which cells have people, shape (cells,).
        people: Their people.
    """

    def __init__(self, released: Bools, people: Ints) -> None:
        self.is_full: Bools = people > 0
        self.people: Ints = people[self.is_full]
        rows: Bools = released[:, self.is_full]
        packed = np.packbits(rows.T, axis=1)
        _, first, classes, sizes = np.unique(packed, axis=0, return_index=True, return_inverse=True, return_counts=True)
        self._weights: Floats = np.zeros((len(self.people), len(first)))
        self._weights[np.arange(len(self.people)), classes.ravel()] = 1 / np.sqrt(sizes)[classes.ravel()]
        self._rows: Floats = rows[:, first].astype(np.float64) * np.sqrt(sizes)
        self._null_space, self._inverse = _decompose(self._rows)

    def follows(self, cells: Bools) -> bool:
        """Return whether the sum over some cells follows, shape (cells,)."""
        return bool(self.moves_of(cells[None, self.is_full]).lengths[0] < _TOLERANCE)

    def moves_of(self, sets: Bools) -> Moves:
        """Return how sets of cells with people are moved, shape (sets, cells with people)."""
        columns = sets.astype(np.float64)
        places = columns @ self._weights
        moves = places @ self._null_space
        within = columns.sum(axis=1) - np.einsum("ij,ij->i", places, places)
        lengths = np.einsum("ij,ij->i", moves, moves) + within
        return Moves(lengths, lambda: moves @ moves.T + columns @ columns.T - places @ places.T)

    def used_for(self, sets: Bools) -> Bools:
        """Return which released sums are needed to compute sets that follow, shape (sets, released)."""
        used: Bools = np.abs(self._rows @ (self._inverse @ (sets @ self._weights).T)).T > _TOLERANCE
        return used


def _combined(asked: Bools, n: Ints, moves: Moves, k: int) -> Bools:
    """Return unions and differences of two sets that are small and determined."""
    near, columns, lengths = moves.near(), asked.astype(np.float64), moves.lengths
    common = columns @ columns.T
    squares = lengths[:, None] + lengths[None, :]
    left = n[:, None] - n[None, :]
    is_union = (squares + 2 * near < _TOLERANCE) & (n[:, None] + n[None, :] < k) & (common == 0)
    is_rest = (squares - 2 * near < _TOLERANCE) & (left > 0) & (left < k) & (common == columns.sum(axis=1)[None, :])
    first, second = np.nonzero(np.triu(is_union, 1))
    whole, part = np.nonzero(is_rest)
    return np.vstack([asked[first] | asked[second], asked[whole] & ~asked[part]])


def _distinct(sets: Bools) -> Bools:
    """Return each set once, in the order in which they come first."""
    packed = np.packbits(sets, axis=1)
    return sets[list({row.tobytes(): place for place, row in reversed(list(enumerate(packed)))}.values())[::-1]]


def _decompose(rows: Floats) -> tuple[Floats, Floats]:
    """Return an orthonormal basis of what no row sees, shape (cells, dimensions), and the pseudoinverse of AᵀA."""
    values, vectors = np.linalg.eigh(rows.T @ rows)
    is_null = values < _RANK_TOLERANCE * max([1.0, *values.tolist()[-1:]]) * len(values)
    seen = vectors[:, ~is_null]
    return vectors[:, is_null], (seen / values[~is_null]) @ seen.T
