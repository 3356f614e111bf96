"""The space of sums over cells: what is left of a set of cells when all that follows from released sums is taken away.

Cells that are in the same sums are one coordinate: moving people between them changes none of the sums. What sums that
are known anyway leave open is computed once. The others, of which fewer and fewer are released, are then a small system
with one equation for each, and taking one of them away changes little.

Source: Greville 1960, Some applications of the pseudoinverse of a matrix (adding and removing a row).
"""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints

_RANK_TOLERANCE = 1e-9


class SumSpace:
    """What sums over cells leave open.

    Args:
        sums: Cells of each sum that may be released, shape (sums, cells).
        known: Cells of each sum that is known anyway, shape (known, cells).
        parts: The part that each cell belongs to, where each known sum is about one part, shape (cells,).

    >>> space = SumSpace(np.array([[True, True, False], [True, False, True]]), np.zeros((0, 3), bool), np.zeros(3, int))
    >>> sets = np.array([[True, True, False], [True, False, True], [False, True, False]])
    >>> for is_released in ([True, True], [True, False], [False, False]):
    ...     space.release(np.array(is_released))
    ...     space.lengths(sets).round(3).tolist()
    [0.0, 0.0, 0.333]
    [0.0, 1.5, 0.5]
    [2.0, 2.0, 1.0]
    """

    def __init__(self, sums: Bools, known: Bools, parts: Ints) -> None:
        rows = np.vstack([sums, known])
        of_parts = parts[None, :] == np.unique(parts)[:, None]
        packed = np.packbits(np.vstack([rows, of_parts]).T, axis=1)
        _, first, classes, sizes = np.unique(packed, axis=0, return_index=True, return_inverse=True, return_counts=True)
        self._weights: Floats = np.zeros((len(parts), len(first)))
        self._weights[np.arange(len(parts)), classes.ravel()] = 1 / np.sqrt(sizes)[classes.ravel()]
        of_classes: Floats = rows[:, first] * np.sqrt(sizes)
        self._open, self._inner = _bases(of_classes[len(sums) :], parts[first])
        self._sums: Floats = of_classes[: len(sums)] @ self._open
        self._sums_inner: Floats = of_classes[: len(sums)] @ self._inner
        self._is_released: Bools = np.zeros(len(sums), np.bool_)
        self._inverse: Floats = np.zeros(self._sums.T.shape)  # of the released sums; 0 for others

    def release(self, is_released: Bools) -> None:
        """Note which sums are released, shape (sums,)."""
        gone = np.flatnonzero(self._is_released & ~is_released)
        is_more = bool((is_released & ~self._is_released).any())
        self._is_released = is_released
        if not is_more:
            for place in gone.tolist():
                self._remove(place)
        if is_more or self._is_inexact():
            rows = self._sums[is_released]
            self._inverse = np.zeros(self._sums.T.shape)
            self._inverse[:, is_released] = _pseudoinverse(rows)

    def left_of(self, direction: Floats) -> Floats:
        """Return what is left of a vector of cells, shape (cells,)."""
        places = direction @ self._weights
        moves = places @ self._open
        moves -= self._inverse @ (self._sums @ moves)
        left: Floats = direction + self._weights @ (self._open @ moves - places)
        return left

    def lengths(self, sets: Bools) -> Floats:
        """Return the squared length of what is left of sets of cells, shape (sets,); 0 for one that follows."""
        columns = sets.astype(np.float64)
        places = columns @ self._weights
        moves = places @ self._open
        moves -= (moves @ self._inverse) @ self._sums
        squares = [np.einsum("ij,ij->i", each, each) for each in (columns, places, moves)]
        lengths: Floats = squares[0] - squares[1] + squares[2]
        return lengths

    def shares(self, sets: Bools) -> Floats:
        """Return how much of each sum it takes to compute sets that follow, shape (sets, sums).

        Where there are several ways, this is the one with the least squares, those of known sums included.
        """
        places = sets.astype(np.float64) @ self._weights
        shares: Floats = places @ self._open @ self._inverse
        if not self._inner.shape[1]:
            return shares
        is_released = self._is_released.astype(np.float64)
        free = np.diag(is_released) - is_released[:, None] * (
            self._sums @ self._inverse
        )  # combinations that cancel out
        products = self._sums_inner @ self._sums_inner.T
        missing = (places @ self._inner @ self._sums_inner.T - shares @ products) @ free
        shares += np.linalg.solve(free @ products @ free + np.eye(len(free)), missing.T).T
        return shares

    def _remove(self, place: int) -> None:
        """Take a sum away from the pseudoinverse (Greville's method, the other way round)."""
        row, column = self._sums[place], self._inverse[:, place].copy()
        rest = 1 - float(row @ column)
        if rest > _RANK_TOLERANCE:  # the others give the same sum
            self._inverse += np.outer(column, row @ self._inverse) / rest
        else:
            self._inverse -= np.outer(column, column @ self._inverse) / float(column @ column)
        self._inverse[:, place] = 0

    def _is_inexact(self) -> bool:
        """Return whether rounding has added up."""
        rows = self._sums[self._is_released]
        error = rows @ self._inverse[:, self._is_released] @ rows - rows
        return bool(np.abs(error).max(initial=0.0) > _RANK_TOLERANCE)


def _pseudoinverse(rows: Floats) -> Floats:
    """Return the pseudoinverse of some rows, shape (dimensions, rows)."""
    values, vectors = np.linalg.eigh(rows @ rows.T)
    seen = vectors[:, ~_is_null(values)]
    inverse: Floats = rows.T @ ((seen / values[~_is_null(values)]) @ seen.T)
    return inverse


def _bases(rows: Floats, parts: Ints) -> tuple[Floats, Floats]:
    """Return what no row sees and what rows see, part by part.

    Args:
        rows: Shape (rows, classes); each is about one part.
        parts: The part of each class, shape (classes,).

    Returns:
        An orthonormal basis of the null space, and a root of the pseudoinverse of the scalar products of classes.
    """
    n_classes = rows.shape[1]
    if not len(rows):
        return np.eye(n_classes), np.zeros((n_classes, 0))
    left, seen = [], []
    for part in np.unique(parts):
        places = np.flatnonzero(parts == part)
        own = rows[:, places]
        values, vectors = np.linalg.eigh(own.T @ own)
        padded, is_null = np.zeros((n_classes, len(places))), _is_null(values)
        padded[places] = vectors
        left.append(padded[:, is_null])
        seen.append(padded[:, ~is_null] / np.sqrt(values[~is_null]))
    return np.hstack(left), np.hstack(seen)


def _is_null(values: Floats) -> Bools:
    """Return which eigenvalues, in ascending order, are those of the null space."""
    is_null: Bools = values < _RANK_TOLERANCE * max([1.0, *values.tolist()[-1:]]) * len(values)
    return is_null
