"""The space of sums over cells: what is left of a set of cells when all that follows from released sums is taken away.

Cells that are in the same sums are one coordinate: moving people between them changes none of the sums. What sums that
are known anyway leave open is computed once. The others, of which fewer and fewer are released, are then a small system
with one equation for each, and taking one of them away changes little.

Source: Greville 1960, Some applications of the pseudoinverse of a matrix (adding and removing a row).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints

_RANK_TOLERANCE = 1e-9
_MOST_REMOVED = 20  # sums that are taken away before the system is solved again


class Moves(NamedTuple):
    """What known sums leave of some sets of cells.

    Attributes:
        sets: Cells of each set, shape (sets, cells).
        moves: What they leave between the coordinates, shape (sets, dimensions).
        squares: Squared length of what they leave within the coordinates, shape (sets,).
        inner: Scalar products of what they see with what they see of each sum, shape (sets, sums).
    """

    sets: Bools
    moves: Floats
    squares: Floats
    inner: Floats

    def those(self, is_chosen: Bools) -> Moves:
        """Return some of them, shape (sets,)."""
        return Moves(self.sets[is_chosen], self.moves[is_chosen], self.squares[is_chosen], self.inner[is_chosen])


class SumSpace:
    """What sums over cells leave open.

    Args:
        sums: Cells of each sum that may be released, shape (sums, cells).
        known: Cells of each sum that is known anyway, shape (known, cells).
        parts: The part that each cell belongs to, where each known sum is about one part, shape (cells,).

    >>> space = SumSpace(np.array([[True, True, False], [True, False, True]]), np.zeros((0, 3), bool), np.zeros(3, int))
    >>> moves = space.moves_of(np.array([[True, True, False], [True, False, True], [False, True, False]]))
    >>> for is_released in ([True, True], [True, False], [False, False]):
    ...     space.release(np.array(is_released))
    ...     space.lengths(moves).round(3).tolist()
    [0.0, 0.0, 0.333]
    [0.0, 1.5, 0.5]
    [2.0, 2.0, 1.0]
    """

    def __init__(self, sums: Bools, known: Bools, parts: Ints) -> None:
        rows = np.vstack([sums, known])
        of_parts = parts[None, :] == np.array(list(dict.fromkeys(parts.tolist())))[:, None]
        columns = [column.tobytes() for column in np.packbits(np.vstack([rows, of_parts]).T, axis=1)]
        numbers = {column: number for number, column in enumerate(dict.fromkeys(columns))}
        classes = np.array([numbers[column] for column in columns])
        first, sizes = [columns.index(column) for column in numbers], np.bincount(classes)
        self._weights: Floats = np.zeros((len(parts), len(first)))
        self._weights[np.arange(len(parts)), classes] = 1 / np.sqrt(sizes)[classes]
        of_classes: Floats = rows[:, first].astype(np.float64) * np.sqrt(sizes)
        self._open, self._inner = _bases(of_classes[len(sums) :], parts[first])
        self._sums: Floats = of_classes[: len(sums)] @ self._open
        self._sums_inner: Floats = of_classes[: len(sums)] @ self._inner
        self._inner_products: Floats = self._sums_inner @ self._sums_inner.T
        self._is_released: Bools = np.zeros(len(sums), np.bool_)
        self._inverse: Floats = np.zeros(self._sums.T.shape)  # of the released sums; 0 for others
        self._n_removed = 0

    def release(self, is_released: Bools) -> None:
        """Note which sums are released, shape (sums,)."""
        gone = np.flatnonzero(self._is_released & ~is_released).tolist()
        self._n_removed += len(gone)
        if self._n_removed > _MOST_REMOVED or (is_released & ~self._is_released).any():
            self._n_removed = 0
            self._inverse = np.zeros(self._sums.T.shape)
            self._inverse[:, is_released] = _pseudoinverse(self._sums[is_released])
        else:
            for place in gone:
                self._remove(place)
        self._is_released = is_released

    def left_of(self, direction: Floats) -> Floats:
        """Return what is left of a vector of cells, shape (cells,)."""
        places = direction @ self._weights
        moves = places @ self._open
        moves -= self._inverse @ (self._sums @ moves)
        left: Floats = direction + self._weights @ (self._open @ moves - places)
        return left

    def solution_of(self, people: Floats) -> Floats:
        """Return people of each cell that give those of the released sums, which are all sums, shape (cells,).

        Of sets that follow it gives the people, whatever those of single cells are.
        """
        solution: Floats = self._weights @ (self._open @ (self._inverse @ people))
        return solution

    def moves_of(self, sets: Bools) -> Moves:
        """Return what known sums leave of sets of cells, shape (sets, cells)."""
        columns = sets.astype(np.float64)
        places = columns @ self._weights
        squares = columns.sum(axis=1) - np.einsum("ij,ij->i", places, places)
        return Moves(sets, places @ self._open, squares, (places @ self._inner) @ self._sums_inner.T)

    def lengths(self, moves: Moves) -> Floats:
        """Return the squared length of what is left of sets of cells, shape (sets,); 0 for one that follows."""
        left = moves.moves - (moves.moves @ self._inverse) @ self._sums
        lengths: Floats = moves.squares + np.einsum("ij,ij->i", left, left)
        return lengths

    def shares(self, moves: Moves) -> Floats:
        """Return how much of each sum it takes to compute sets that follow, shape (sets, sums).

        Where there are several ways, this is the one with the least squares, those of known sums included.
        """
        shares: Floats = moves.moves @ self._inverse
        if not self._inner.shape[1] or not len(shares):
            return shares
        own = np.flatnonzero(self._is_released)  # others have no share
        products = self._inner_products[np.ix_(own, own)]
        free = np.eye(len(own)) - self._sums[own] @ self._inverse[:, own]  # combinations that cancel out
        within = free @ products @ free + np.eye(len(own))
        missing = (moves.inner[:, own] - shares[:, own] @ products) @ free
        shares[:, own] += np.linalg.solve(within, missing.T).T
        return shares

    def _remove(self, place: int) -> None:
        """Take a sum away from the pseudoinverse (Greville's method in the other direction)."""
        row, column = self._sums[place], self._inverse[:, place].copy()
        rest = 1 - float(row @ column)
        if rest > _RANK_TOLERANCE:  # the others give the same sum
            self._inverse += np.outer(column, row @ self._inverse) / rest
        else:
            self._inverse -= np.outer(column, column @ self._inverse) / float(column @ column)
        self._inverse[:, place] = 0


def _pseudoinverse(rows: Floats) -> Floats:
    """Return the pseudoinverse of some rows, shape (dimensions, rows), from the scalar products of the fewer sides."""
    is_wide = len(rows) <= rows.shape[1]
    values, vectors = np.linalg.eigh(rows @ rows.T if is_wide else rows.T @ rows)
    is_seen = ~_is_null(values)
    seen = vectors[:, is_seen]
    products: Floats = (seen / values[is_seen]) @ seen.T
    inverse: Floats = rows.T @ products if is_wide else products @ rows.T
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
    for part in dict.fromkeys(parts.tolist()):
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
