"""How many decisions of a group are in each bin, and the sum of their amounts: exact, and mergeable by addition.

Total and mean are exact. What else is asked of the amounts, a spread or the log of a bet, is answered by moving each
decision to the edges of its bin. In a bin from ``low`` to ``high`` with n decisions whose amounts have the sum S,

    n_high = (S - n low) / (high - low),   n_low = n - n_high

put the decisions on the edges with the same number and the same sum. A value x inside is replaced by a lottery between
both edges whose mean is x, so for every *concave* function f (Jensen), bin by bin,

    sum f(x) >= n_low f(low) + n_high f(high)

and the opposite for a convex one. So log wealth from the edges is never above the true one, and a variance from them
never below it, and above it by a quarter of the square of a bin's width at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stream_app.core.amounts.scale import FULL
from stream_app.core.arrays import Floats, Ints

Favorable = Literal["low", "high"]  # which amounts are better for the person
N_COLUMNS = 4  # of each bin: sum and number of the group, sum and number of its reference


@dataclass(frozen=True)
class AmountCounts:
    """Decisions by bin, of one group or of many.

    Attributes:
        n: Decisions in each bin, low to high, shape (..., bins).
        sums: Sums of their amounts in fixed point, likewise.

    Raises:
        ValueError: The shapes differ, or amounts of such a sum cannot be in the bin.

    >>> counts = AmountCounts(np.array([2, 0, 0, 1]), np.array([131072, 0, 0, 524288]))
    >>> int(counts.total_n), (counts + counts).sums.tolist(), counts.means().round(6)
    (3, [262144, 0, 0, 1048576], np.float64(0.416667))
    """

    n: Ints
    sums: Ints

    def __post_init__(self) -> None:
        if self.n.shape != self.sums.shape or not self.n.ndim or FULL % self.n.shape[-1]:
            raise ValueError("numbers and sums need one shape, whose last axis has the bins")
        if not are_possible(self.n, self.sums):
            raise ValueError("no amounts in a bin have such a number and such a sum")

    def __add__(self, other: AmountCounts) -> AmountCounts:
        return AmountCounts(self.n + other.n, self.sums + other.sums)

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return int(self.n.shape[-1])

    @property
    def total_n(self) -> Ints:
        """Decisions in all bins, shape (...)."""
        total: Ints = self.n.sum(axis=-1)
        return total

    @property
    def total(self) -> Ints:
        """Sum of all amounts in fixed point, shape (...)."""
        total: Ints = self.sums.sum(axis=-1)
        return total

    def means(self) -> Floats:
        """Return mean amounts as shares of the range, shape (...); nan where there is no decision."""
        n = self.total_n.astype(np.float64)
        means: Floats = np.divide(self.total / FULL, n, out=np.full(n.shape, np.nan), where=n > 0)
        return means

    def mirrored(self) -> AmountCounts:
        """Return the counts of the amounts that are as far from the other end of the range."""
        return AmountCounts(self.n[..., ::-1], self.n[..., ::-1] * FULL - self.sums[..., ::-1])


def are_possible(n: Ints, sums: Ints) -> bool:
    """Return whether amounts in each bin can have these numbers and sums; the last axis has the bins."""
    step = FULL // n.shape[-1]
    least = n * (step * np.arange(n.shape[-1]))
    return bool(((n >= 0) & (sums >= least) & (sums <= least + n * step)).all())


def paired_columns(group: AmountCounts, reference: AmountCounts, *, favorable: Favorable) -> Ints:
    """Return the counts of groups and of their references side by side, so that more is better for the person.

    Args:
        group: Counts of groups, shape (..., bins).
        reference: Those of their references, likewise.
        favorable: Whether low or high amounts are better; for low ones the range is mirrored.

    Returns:
        ``sum, n, sum_ref, n_ref`` of each bin in turn, shape (..., 4 bins).

    >>> low, high = AmountCounts(np.array([1, 0, 0, 0]), np.zeros(4, int)), AmountCounts(*np.zeros((2, 4), int))
    >>> paired_columns(low, high, favorable="low").tolist()
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 524288, 1, 0, 0]
    """
    sides = (group, reference) if favorable == "high" else (group.mirrored(), reference.mirrored())
    columns = np.stack([part for side in sides for part in (side.sums, side.n)], axis=-1)
    return columns.reshape(*columns.shape[:-2], -1)


def unpaired(columns: Ints, *, favorable: Favorable) -> tuple[AmountCounts, AmountCounts]:
    """Return the counts of groups and of their references from ``paired_columns``."""
    by_bin = columns.reshape(*columns.shape[:-1], -1, N_COLUMNS)
    sides = AmountCounts(by_bin[..., 1], by_bin[..., 0]), AmountCounts(by_bin[..., 3], by_bin[..., 2])
    return sides if favorable == "high" else (sides[0].mirrored(), sides[1].mirrored())


def edges(n_bins: int) -> Floats:
    """Return the edges of the bins as shares of the range, exact, shape (bins + 1,)."""
    return np.arange(n_bins + 1) / n_bins


def edge_weights(n: Ints, sums: Ints) -> Floats:
    """Return how many decisions are on each edge once those of every bin are moved there.

    Args:
        n: Decisions of each bin, shape (..., bins).
        sums: Sums of their amounts in fixed point, likewise.

    Returns:
        Shape (..., bins + 1), >= 0, with the sum and the mean of the decisions.

    >>> edge_weights(np.array([2, 0, 0, 1]), np.array([131072, 0, 0, 524288])).tolist()
    [1.0, 1.0, 0.0, 0.0, 1.0]
    """
    n_bins = n.shape[-1]
    step = FULL // n_bins
    on_upper = (sums - n * (step * np.arange(n_bins))) / step
    weights = np.zeros((*n.shape[:-1], n_bins + 1))
    weights[..., :-1] = n - on_upper
    weights[..., 1:] += on_upper
    return weights
