"""Weights for a training set with which group and label are independent."""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Floats, Ints


def reweigh(counts: Ints) -> Floats:
    """Return the weight of each group and label: ``n_g n_y / (n n_gy)``.

    With these weights the favorable rate is the same in every group, and the weight of each group and of each label is
    what its number was.

    Args:
        counts: Cases by group and label, shape (groups, labels).

    Returns:
        Weights, shape (groups, labels); NaN for a group and label without any case.

    Source: Kamiran and Calders 2012, Knowledge and Information Systems 33, 1-33 (reweighing).

    >>> reweigh(np.array([[60, 40], [40, 160]])).round(6).tolist()
    [[0.555556, 1.666667], [1.666667, 0.833333]]
    """
    n = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights: Floats = np.where(counts > 0, expected / (n * counts), np.nan)
    return weights
