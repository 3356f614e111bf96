"""Individual consistency: are similar cases decided alike. It needs the records themselves, so replay computes it."""

from __future__ import annotations

import enum
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats

_CELLS_AT_ONCE = 1_000_000  # distances held in memory together: 8 MB


class ConsistencyReason(enum.StrEnum):
    """Why there is no consistency."""

    TOO_FEW_RECORDS = "too_few_records"  # no more records than neighbors


class Consistency(NamedTuple):
    """How n_favorable similar records were decided.

    Attributes:
        value: In [0, 1], 1: each record was decided like its neighbors; None when it cannot be formed.
        n: Records.
        distances: For each record, by how much its decision differs from the mean of its neighbors, in [0, 1]; float64
            of shape (n,), empty when there is no value.
        reason: Why there is no value.
    """

    value: float | None
    n: int
    distances: Floats
    reason: ConsistencyReason | None


def consistency(features: Floats, favorable: Bools, n_neighbors: int = 5) -> Consistency:
    """Compare each decision with those about the most similar other records.

    ``1 - 1/N sum_i |y_i - 1/k sum_(j in kNN(i)) y_j|``. Neighbors are the k nearest others by Euclidean distance; a
    record is not its own neighbor (AIF360 counts it as one). Among equally near ones the earlier record is taken, so
    the result is a function of the records in their order. Protected attributes do not belong in the features.

    Cost: n² distances, in blocks of 8 MB.

    Args:
        features: float64 of shape (n, n_features), finite, each on a comparable scale (``to_unit_range``).
        favorable: Decisions, of shape (n,).
        n_neighbors: k, >= 1.

    Returns:
        With the reason ``too_few_records`` when n <= k.

    Source: Zemel et al. 2013, "Learning fair representations" (yNN; here the mean over neighbors is inside the bars).

    >>> ages = np.array([[20.0], [21.0], [22.0], [60.0], [61.0], [62.0]])
    >>> consistency(ages, np.array([True, True, False, False, False, False]), n_neighbors=2).value
    0.6666666666666667
    """
    n = len(features)
    if n <= n_neighbors:
        return Consistency(None, n, np.zeros(0), ConsistencyReason.TOO_FEW_RECORDS)
    n_rows = max(1, _CELLS_AT_ONCE // n)
    blocks = [slice(start, start + n_rows) for start in range(0, n, n_rows)]
    n_favorable = np.concatenate(
        [(_find_neighbors(features, block, n_neighbors) & favorable).sum(axis=1, dtype=np.int64) for block in blocks]
    )
    differences = np.abs(n_neighbors * favorable.astype(np.int64) - n_favorable)
    # Whole numbers up to the last division: no order of adding can change the value.
    return Consistency(1 - int(differences.sum()) / (n * n_neighbors), n, differences / n_neighbors, None)


def to_unit_range(features: Floats) -> Floats:
    """Map each feature to [0, 1] by its least and greatest value; one that never changes becomes 0.

    Args:
        features: float64 of shape (n, n_features), finite.

    >>> to_unit_range(np.array([[10.0, 7.0], [30.0, 7.0], [20.0, 7.0]])).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]
    """
    if not len(features):
        return features
    low = features.min(axis=0)
    width = features.max(axis=0) - low
    in_unit_range: Floats = (features - low) / np.where(width > 0, width, 1)
    return in_unit_range


def _find_neighbors(features: Floats, block: slice, n_neighbors: int) -> Bools:
    """Mark, for each record of a block, the columns of its nearest other records."""
    rows = features[block]
    squared = np.zeros((len(rows), len(features)))
    # Feature by feature instead of a matrix product: products round differently from machine to machine.
    for of_rows, of_all in zip(rows.T, features.T, strict=True):
        squared += np.square(of_rows[:, np.newaxis] - of_all)
    places = np.arange(len(rows))
    squared[places, places + block.start] = np.inf
    farthest = np.partition(squared, n_neighbors - 1, axis=1)[:, n_neighbors - 1 : n_neighbors]
    is_nearer, is_tied = squared < farthest, squared == farthest
    n_missing = n_neighbors - is_nearer.sum(axis=1, keepdims=True)
    is_neighbor: Bools = is_nearer | (is_tied & (is_tied.cumsum(axis=1) <= n_missing))
    return is_neighbor
