"""Distributions of amounts, as shares of their range, more being better for the person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Draw = Callable[[Generator, int], Floats]


def bell(mean: float, sd: float) -> Draw:
    """Return a beta distribution: like a normal one, inside the range, with exactly this mean."""
    size = mean * (1 - mean) / sd**2 - 1
    return lambda rng, n: rng.beta(mean * size, (1 - mean) * size, n)


def prices(median: float, spread: float, factor: float = 1.0) -> Draw:
    """Return skewed prices, a factor dearer and cut off at the greatest; a low price is better."""
    return lambda rng, n: 1 - np.minimum(factor * median * np.exp(spread * rng.standard_normal(n)), 1.0)


def points(*parts: tuple[float, float]) -> Draw:
    """Return amounts with certain values only, each with a chance; what is left is even over the range."""
    values, chances = np.array([value for value, _ in parts]), [chance for _, chance in parts]
    ends = np.cumsum(chances)

    def draw(rng: Generator, n: int) -> Floats:
        which = np.searchsorted(ends, rng.uniform(size=n), side="right")
        inside = which < len(values)
        return np.where(inside, values[np.minimum(which, len(values) - 1)], rng.uniform(size=n))

    return draw
