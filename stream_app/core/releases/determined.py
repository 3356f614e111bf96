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
    is_full = people > 0
    rows, asked = released[:, is_full].astype(np.float64), targets[:, is_full]
    n = asked @ people[is_full]
    asked = _distinct(asked[n > 0])
    if not len(asked):
        return []
    n = asked @ people[is_full]
    null_space, inverse = _decompose(rows)
    moves = asked @ null_space
    lengths = np.einsum("ij,ij->i", moves, moves)
    found = asked[(lengths < _TOLERANCE) & (n < k)]
    if guarded is not None and len(guarded):
        found = np.vstack([found, follow_from(null_space, guarded[:, is_full])])
    if not len(found):
        found = _combined(asked, n, moves, lengths, k)
    found = _distinct(found)
    used = np.abs(rows @ (inverse @ found.T)).T > _TOLERANCE
    return [Finding(n, needed) for n, needed in zip((found @ people[is_full]).tolist(), used, strict=True)]


def null_space_of(released: Bools, people: Ints) -> Floats:
    """Return an orthonormal basis of what released sums leave open, shape (cells with people, dimensions)."""
    return _decompose(released[:, people > 0].astype(np.float64))[0]


def follow_from(null_space: Floats, sets: Bools) -> Bools:
    """Return those of some sets of cells with people that no vector of a null space moves."""
    moves = sets @ null_space
    return sets[np.einsum("ij,ij->i", moves, moves) < _TOLERANCE]


def _combined(asked: Bools, n: Ints, moves: Floats, lengths: Floats, k: int) -> Bools:
    """Return unions and differences of two sets that are small and determined."""
    near, columns = moves @ moves.T, asked.astype(np.float64)
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
    is_null = values < _RANK_TOLERANCE * max(1.0, float(values[-1])) * len(values)
    seen = vectors[:, ~is_null]
    return vectors[:, is_null], (seen / values[~is_null]) @ seen.T
