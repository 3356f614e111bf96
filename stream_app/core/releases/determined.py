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

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.releases.sum_space import Moves, SumSpace

_TOLERANCE = 1e-7  # of a squared length; the rows are zeros and ones
_NEAR = 1e-6  # of a length along one direction; what remains is tested again
_TIED = 1 - 1e-6  # of the largest share; shares are ratios of small numbers


class SumsThatFollow(NamedTuple):
    """Sums that follow from what was released, of fewer than k people or guarded.

    Attributes:
        n: People in each, shape (sets,).
        shares: How much of each released sum it takes to compute it, >= 0, shape (sets, sums); 0 for one not needed.
    """

    n: Ints
    shares: Floats


class SmallSums:
    """The sums of 1 to k-1 people, and guarded ones, that somebody may ask about, and which of them follow.

    Asked about are the targets, the unions of two that do not overlap, and what is left of one without another inside
    it. They are looked at again and again while fewer sums are released, and what did not follow before does not then.

    Args:
        sums: Cells of each sum that may be released, shape (sums, cells).
        people: People in each cell, shape (cells,), >= 0. A cell with nobody is listed where readers do not know that.
        targets: Cells of each set that somebody may ask about, shape (targets, cells).
        k: Fewest people about which anything may follow; below 2 nothing is too few.
        known: Cells of each sum that is known anyway, shape (known, cells).
        order: Places of the sums that can be hidden; of equally good ones the first is hidden.
        guarded: Cells of each set that must not follow whatever its size, shape (sets, cells).
        parts: The part that each cell belongs to, where each known sum is about one part, shape (cells,).

    >>> people = np.array([4, 30, 20])
    >>> sums = np.array([[True, True, True], [False, True, False], [False, False, True]])
    >>> small = SmallSums(sums, people, np.eye(3, dtype=bool), 10, order=[2, 1])
    >>> small.that_follow(np.array([True, True, True]))
    SumsThatFollow(n=array([4]), shares=array([[1., 1., 1.]]))
    >>> small.to_hide(np.array([True, True, True]))
    [2]
    >>> small.to_hide(np.array([True, True, False]))  # the total, and the second of three groups
    []
    """

    def __init__(
        self,
        sums: Bools,
        people: Ints,
        targets: Bools,
        k: int,
        *,
        order: Sequence[int] = (),
        known: Bools | None = None,
        guarded: Bools | None = None,
        parts: Ints | None = None,
    ) -> None:
        no_sums, one_part = np.zeros((0, len(people)), np.bool_), np.zeros(len(people), np.int64)
        self._people, self._k, self._is_combined = people, k, False
        self._order = np.array(order, np.intp)
        self._asked = distinct(targets)
        self._n: Ints = self._asked @ self._people
        small = self._asked[(self._n > 0) & (self._n < k)]
        self._sets = distinct(np.vstack([small, no_sums if guarded is None else guarded]))
        self._direction = np.cos(np.arange(1.0, 1.0 + len(self._people)) ** 2)  # no sum of a few of them is 0
        self._moves: Moves | None = None  # of the sets that may follow
        self._is_nothing_small = not len(self._sets) and bool((self._people >= k).all())
        self._sums = sums
        self._known = no_sums if known is None else known
        self._parts = one_part if parts is None else parts

    def to_hide(self, is_released: Bools) -> list[int]:
        """Return, for each small sum that follows, one of the sums that can be hidden and are needed for it.

        It is the one with the largest share, and the first of several: without it least can be computed another way.

        Args:
            is_released: Whether each sum is released, shape (sums,); never more of them than in the call before.
        """
        shares = self.that_follow(is_released).shares[:, self._order]
        needed = shares[shares.any(axis=1)]
        if not len(needed):
            return []
        is_main = needed >= _TIED * needed.max(axis=1, keepdims=True)
        return sorted({int(self._order[place]) for place in is_main.argmax(axis=1)})

    def that_follow(self, is_released: Bools) -> SumsThatFollow:
        """Return what follows: targets, guarded sets, and once nothing can be hidden for these, unions and differences.

        Args:
            is_released: Whether each sum is released, shape (sums,); never more of them than in the call before.
        """
        if self._is_nothing_small:
            return SumsThatFollow(np.zeros(0, np.int64), np.zeros((0, len(is_released))))
        if self._moves is None:
            self._places = np.flatnonzero(is_released)
            self._space = SumSpace(self._sums[self._places], self._known, self._parts)
        self._space.release(is_released[self._places])
        moves = self._following(self._sets) if self._moves is None else self._those_that_follow(self._moves)
        shares = self._shares_in(moves, len(is_released))
        if not self._is_combined and not shares[:, self._order].any():
            self._is_combined = True
            moves = self._following(distinct(np.vstack([moves.sets, self._combined()])))
            shares = self._shares_in(moves, len(is_released))
        self._moves = moves
        return SumsThatFollow(moves.sets @ self._people, shares)

    def _shares_in(self, moves: Moves, n_sums: int) -> Floats:
        """Return how much of each sum it takes to compute sets that follow, 0 where it is not needed."""
        own = np.abs(self._space.shares(moves))
        shares = np.zeros((len(moves.sets), n_sums))
        shares[:, self._places] = np.where(own > _TOLERANCE, own, 0)
        return shares

    def _following(self, sets: Bools) -> Moves:
        """Return the sets that follow: of their vectors nothing is left, so nothing along one direction either."""
        is_near = np.abs(sets @ self._space.left_of(self._direction)) < _NEAR
        return self._those_that_follow(self._space.moves_of(sets[is_near]))

    def _those_that_follow(self, moves: Moves) -> Moves:
        return moves.those(self._space.lengths(moves) < _TOLERANCE)

    def _combined(self) -> Bools:
        """Return the unions and differences of two sets that are small and may follow."""
        asked, n, k = self._asked, self._n, self._k
        along: Floats = asked @ self._space.left_of(self._direction)
        small = np.flatnonzero(n < k)
        small = small[_is_near_any(along[small], -along[small])]
        is_union = np.abs(along[small][:, None] + along[small]) < _NEAR
        n_both = n[small][:, None] + n[small]
        is_union &= (n_both > 0) & (n_both < k)
        one, other = (small[places] for places in np.nonzero(np.triu(is_union, 1)))
        some = np.flatnonzero(_is_near_another(along))
        rest = n[some][:, None] - n[some]
        is_rest = (np.abs(along[some][:, None] - along[some]) < _NEAR) & (rest > 0) & (rest < k)
        whole, part = (some[places] for places in np.nonzero(is_rest))
        packed = np.packbits(asked, axis=1)
        is_apart = ~(packed[one] & packed[other]).any(axis=1)
        is_inside = ~(packed[part] & ~packed[whole]).any(axis=1)
        unions = asked[one[is_apart]] | asked[other[is_apart]]
        rests = asked[whole[is_inside]] & ~asked[part[is_inside]]
        return distinct(np.vstack([unions, rests]))


class KnownSums:
    """What released sums say of cells.

    Args:
        released: Cells of each released sum, shape (released, cells).
    """

    def __init__(self, released: Bools) -> None:
        n = released.shape[1]
        self._space = SumSpace(np.zeros((0, n), np.bool_), released, np.zeros(n, np.int64))

    def follows(self, cells: Bools) -> bool:
        """Return whether the sum over some cells follows, shape (cells,)."""
        return bool(self._space.lengths(self._space.moves_of(cells[None]))[0] < _TOLERANCE)


def _is_near_any(values: Floats, others: Floats) -> Bools:
    """Return which values have another value near them."""
    others = np.sort(others)
    return np.searchsorted(others, values - _NEAR) < np.searchsorted(others, values + _NEAR, side="right")


def _is_near_another(values: Floats) -> Bools:
    """Return which values have a neighbor near them."""
    order = np.argsort(values)
    is_near = np.diff(values[order]) < _NEAR
    near: Bools = np.zeros(len(values), np.bool_)
    near[order[1:]] = is_near
    near[order[:-1]] |= is_near
    return near


def distinct(sets: Bools) -> Bools:
    """Return each set once."""
    packed = np.packbits(sets, axis=1)
    return sets[sorted({row.tobytes(): place for place, row in enumerate(packed)}.values())]
