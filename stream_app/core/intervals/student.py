"""Quantiles of Student's t distribution for many degrees of freedom at once."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.core.intervals.ratio_of_means import t_quantile

_EXACT_DF = 100  # beyond it the expansion is right to ten digits


def t_quantiles(probability: float, df: Floats) -> Floats:
    """Return the quantile for each number of degrees of freedom, rounded down to an integer: never too small.

    Args:
        probability: In (0.5, 1).
        df: Degrees of freedom, >= 1, any shape.

    Source: the expansion 26.7.5 of Abramowitz and Stegun 1964, beyond 100 degrees of freedom.

    >>> t_quantiles(0.975, np.array([2.0, 10.9, 100.0, 101.0, 1e9])).round(6).tolist()
    [4.302653, 2.228139, 1.983972, 1.983731, 1.959964]
    """
    degrees = np.floor(df)
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    quantiles: Floats = np.full(degrees.shape, z)
    for power, term in enumerate(terms, 1):
        quantiles = quantiles + term / degrees**power
    for few in np.unique(degrees[degrees <= _EXACT_DF]).tolist():
        quantiles = np.where(degrees == few, _exact(probability, int(few)), quantiles)
    return quantiles


@lru_cache(maxsize=1000)
def _exact(probability: float, df: int) -> float:
    return t_quantile(probability, df)
