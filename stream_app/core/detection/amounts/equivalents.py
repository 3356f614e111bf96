"""Counts that say as much as amounts do, for the search of onsets, which is made for counts."""

from __future__ import annotations

import numpy as np

from stream_app.core.amounts.counts import N_COLUMNS, edge_weights, edges
from stream_app.core.amounts.scale import FULL
from stream_app.core.arrays import Floats, Ints

_LEAST = 1e-6  # of a variance as a share of the square of the range


def as_counts(columns: Ints, scales: tuple[float, float] = (1.0, 1.0)) -> Floats:
    """Return ``f sum / FULL`` and ``f n`` of each group: rates are the mean amounts, and vary as much as these.

    ``f = p (1 - p) / s^2`` with the mean p of all and the variance s^2 inside groups, spans and strata, is how many
    decisions of 0 or 1 say as much as one amount.

    Args:
        columns: ``paired_columns`` of each span and stratum, shape (..., 4 bins).
        scales: What the amounts of each group are multiplied by, in (0, 1]; p and s are of the products.

    Returns:
        ``k, n, k_ref, n_ref``, shape (..., 4).

    >>> halves = np.array([[[0, 0, 0, 0], [262144, 2, 131072, 1], [262144, 1, 524288, 2], [0, 0, 0, 0]]]).reshape(1, -1)
    >>> as_counts(halves).round(3).tolist()
    [[11.25, 33.75, 14.063, 33.75]]
    """
    by_bin = columns.reshape(*columns.shape[:-1], -1, N_COLUMNS)
    sums, n = by_bin[..., 0::2].sum(axis=-2) / FULL, by_bin[..., 1::2].sum(axis=-2).astype(np.float64)
    weights = np.stack([edge_weights(by_bin[..., side + 1], by_bin[..., side]) for side in (0, 2)], axis=-2)
    squares = (weights * edges(weights.shape[-1] - 1) ** 2).sum(axis=-1)
    sums, squares = sums * scales, squares * np.square(scales)
    inside = float((squares - np.divide(sums * sums, n, out=np.zeros_like(n), where=n > 0)).sum())
    n_inside = float(np.maximum(n - 1, 0).sum())
    mean = float(sums.sum() / max(n.sum(), 1.0))
    factor = max(mean * (1 - mean), _LEAST) / max(inside / max(n_inside, 1.0), _LEAST)
    counts: Floats = np.stack([sums, n], axis=-1).reshape(*columns.shape[:-1], N_COLUMNS) * factor
    return counts
