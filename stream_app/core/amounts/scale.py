"""Amounts in fixed point: whole numbers from 0 to ``FULL``, in bins of equal width.

With them sums are exact, so that counts of any size can be added in any order. An amount is rounded to the nearest of
``FULL`` steps of the range, a relative error of at most one in a million of the range; sums of the whole numbers are
not rounded any more. ``FULL`` is a power of two, as is the number of bins, so that the edges of bins are whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints

FULL = 2**19  # the greatest amount; sums of squares of a run of events stay exact in a float
DEFAULT_BINS = 32
FEWEST_BINS, MOST_BINS = 4, 256


@dataclass(frozen=True)
class AmountScale:
    """The range of amounts and its bins.

    Bin b has the amounts from b to b + 1 times ``FULL / n_bins``, the upper end excluded except in the last bin.

    Attributes:
        minimum: The least amount.
        maximum: The greatest one.
        n_bins: A power of two from 4 to 256.

    Raises:
        ValueError: The range is empty or not finite, or the number of bins is not one of these.

    >>> rates = AmountScale(2.0, 34.0)
    >>> fixed = rates.to_fixed(10.5)
    >>> fixed, rates.bin_of(fixed), rates.amount_of(fixed / FULL)
    (139264, 8, 10.5)
    """

    minimum: float
    maximum: float
    n_bins: int = DEFAULT_BINS

    def __post_init__(self) -> None:
        if not (math.isfinite(self.minimum) and math.isfinite(self.maximum) and self.minimum < self.maximum):
            raise ValueError("needed: a finite minimum below a finite maximum")
        if not math.isfinite(self.range) or not FULL / self.range > 0:
            raise ValueError("the range of amounts is too wide")
        if not math.isfinite(FULL / self.range):
            raise ValueError("the range of amounts is too narrow")
        if not FEWEST_BINS <= self.n_bins <= MOST_BINS or self.n_bins & (self.n_bins - 1):
            raise ValueError(f"needed: a power of two from {FEWEST_BINS} to {MOST_BINS} as the number of bins")

    @property
    def range(self) -> float:
        """Greatest less least amount, > 0."""
        return self.maximum - self.minimum

    @property
    def step(self) -> int:
        """Width of a bin in fixed point."""
        return FULL // self.n_bins

    @property
    def bin_labels(self) -> tuple[str, ...]:
        """A label for each bin, low to high: of equal length, so that they sort in this order.

        >>> AmountScale(0.0, 1.0, 4).bin_labels
        ('0', '1', '2', '3')
        """
        width = len(str(self.n_bins - 1))
        return tuple(f"{number:0{width}}" for number in range(self.n_bins))

    def contains(self, amount: float) -> bool:
        """Return whether an amount is in the range; not-a-number is not."""
        return self.minimum <= amount <= self.maximum

    def to_fixed(self, amount: float) -> int:
        """Return an amount in fixed point, rounded to the nearest, half to even.

        Raises:
            ValueError: The amount is outside the range.
        """
        if not self.contains(amount):
            raise ValueError("the amount is outside the range")
        return min(round((amount - self.minimum) * (FULL / self.range)), FULL)

    def to_fixed_many(self, amounts: Floats) -> Ints:
        """Return amounts in fixed point, the same as ``to_fixed`` bit for bit.

        Raises:
            ValueError: An amount is outside the range.
        """
        is_inside: Bools = (amounts >= self.minimum) & (amounts <= self.maximum)
        if not is_inside.all():
            raise ValueError("an amount is outside the range")
        fixed: Ints = np.rint((amounts - self.minimum) * (FULL / self.range)).astype(np.int64)
        return np.minimum(fixed, FULL)

    def bin_of(self, fixed: int) -> int:
        """Return the number of the bin of an amount in fixed point, 0 to ``FULL``."""
        return min(fixed // self.step, self.n_bins - 1)

    def bins_of(self, fixed: Ints) -> Ints:
        """Return the numbers of the bins of amounts in fixed point."""
        numbers: Ints = np.minimum(fixed // self.step, self.n_bins - 1)
        return numbers

    def amount_of(self, share: float) -> float:
        """Return the amount at a share of the range, exact at 0 and 1."""
        return self.maximum if share == 1 else self.minimum + share * self.range

    def amounts_of(self, shares: Floats) -> Floats:
        """Return the amounts at shares of the range, the same as ``amount_of`` bit for bit."""
        amounts: Floats = np.where(shares == 1, self.maximum, self.minimum + shares * self.range)
        return amounts

    def share_of_width(self, width: float) -> float:
        """Return the share of the range that a difference of two amounts is."""
        return width / self.range
