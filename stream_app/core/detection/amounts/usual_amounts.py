"""The usual mean and spread of the amounts of each group, learned from the past only: a bet must not see its block."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.core.detection.betting.usual_rates import MEMORY_N

LEAST_VARIANCE = 1e-8  # of amounts as shares of the range
_START = 0.1 * np.array([1.0, 1 / 2, 1 / 3])  # a tenth of a decision, whose amount is uniform over the range


class UsualAmounts(NamedTuple):
    """What is known before some blocks, of groups a and b; amounts are shares of the range.

    Attributes:
        means: In (0, 1), shape (2, m).
        variances: At least ``LEAST_VARIANCE``, shape (2, m).
    """

    means: Floats
    variances: Floats


def new_amount_sums(n_rows: int) -> Floats:
    """Return sums in which no decision has been seen, shape (n_rows, 6): number, sum and squares of a, then of b."""
    return np.tile(_START, (n_rows, 2))


def usual_amounts(sums: Floats) -> UsualAmounts:
    """Return the usual amounts from sums of shape (m, 6).

    >>> usual = usual_amounts(new_amount_sums(1))
    >>> usual.means.ravel().tolist(), usual.variances.round(6).ravel().tolist()
    ([0.5, 0.5], [0.083333, 0.083333])
    """
    n, total, squares = np.ascontiguousarray(sums.reshape(-1, 2, 3).transpose(2, 1, 0))
    means = total / n
    return UsualAmounts(means, np.maximum(squares / n - means * means, LEAST_VARIANCE))


def add_amounts(sums: Floats, moments: Floats) -> Floats:
    """Return the sums after blocks: those before decay by ``exp(-n / 2000)``, the number of each group by its own.

    Args:
        sums: Shape (m, 6).
        moments: Number, sum and squares of the blocks, shape (m, 6).
    """
    decay = np.exp(moments[:, 0::3] / -MEMORY_N)
    sums_after: Floats = sums * np.repeat(decay, 3, axis=1) + moments
    return sums_after
