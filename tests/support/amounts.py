"""Amounts as counts by bin, for tests of what is made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.amounts.scale import FULL


def counts_of(shares: NDArray[np.float64], n_bins: int = 32) -> AmountCounts:
    """Return the counts of amounts that are given as shares of the range; the last axis has the decisions."""
    fixed = np.rint(shares * FULL).astype(np.int64)
    rows = fixed.reshape(int(np.prod(fixed.shape[:-1])), fixed.shape[-1])
    slots = np.minimum(rows // (FULL // n_bins), n_bins - 1) + n_bins * np.arange(len(rows))[:, None]
    n, sums = np.zeros((2, len(rows) * n_bins), np.int64)
    np.add.at(n, slots.ravel(), 1)
    np.add.at(sums, slots.ravel(), rows.ravel())
    shape = (*fixed.shape[:-1], n_bins)
    return AmountCounts(n.reshape(shape), sums.reshape(shape))
