"""How far a distribution of scores has moved from a frozen reference: a number for display.

The test is ``rate_bank``: the share of each score bin against the interval of that share in the reference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

HALF_A_CASE = 0.5


def population_stability_index(reference: ArrayLike, current: ArrayLike) -> float | None:
    """Return the population stability index of two histograms with the same bins.

    ``sum (q_i - p_i) log(q_i / p_i)``, with shares after *half a case is added to each bin* of both histograms
    (Krichevsky and Trofimov): so an empty bin counts by its evidence, not as infinity or as some tiny floor. No false
    alarm rate comes with it, and it is biased upward in small samples by about ``(bins - 1) (1/n + 1/m)``; the usual
    limits 0.1 and 0.25 are convention.

    Args:
        reference: Cases in each bin of the reference, >= 0, shape (bins,).
        current: Cases in each bin now, >= 0, shape (bins,).

    Returns:
        Index >= 0, 0 for equal shares; None when either histogram is empty.

    Raises:
        ValueError: The bins differ or a count is < 0.

    Source: Kullback and Leibler 1951 (symmetric divergence); Siddiqi 2006, "Credit risk scorecards" (the name).

    >>> round(population_stability_index([100, 300, 100], [100, 200, 200]), 4)
    0.2184
    >>> population_stability_index([10, 20], [0, 0]) is None
    True
    """
    counts = np.array([reference, current], dtype=np.float64)
    if (counts < 0).any():
        raise ValueError("a count must be >= 0")
    if not counts.sum(axis=1).all():
        return None
    counts += HALF_A_CASE
    p, q = counts / counts.sum(axis=1, keepdims=True)
    return float(np.sum((q - p) * np.log(q / p)))
