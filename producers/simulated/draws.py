"""Uniform random numbers that are reproducible by seed in every version of numpy.

numpy guarantees a stable stream for the raw output of a bit generator, not for ``Generator.normal`` and similar methods
(NEP 19). So the simulators draw raw 64-bit words, convert them to uniforms themselves, and transform those by
multiplication and table lookup only, which IEEE 754 makes equal on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

BLOCK = 4096  # events drawn at once; even, so that a pair of events never straddles two blocks

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Draws:
    """A stream of uniforms in [0, 1).

    Args:
        seed: Integer >= 0.
        stream: Streams of one seed are independent of each other.

    >>> Draws(42, "events").uniforms(3).round(6).tolist() == Draws(42, "events").uniforms(3).round(6).tolist()
    True
    """

    def __init__(self, seed: int, stream: str) -> None:
        spawn_key = tuple(stream.encode())
        self._words = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=spawn_key))

    def uniforms(self, n: int) -> Floats:
        """Return the next ``n`` uniforms: the upper 53 bits of each word, as ``Generator.random`` makes them."""
        words = np.asarray(self._words.random_raw(n), dtype=np.uint64)
        return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def blocks(self, n_columns: int) -> Iterator[Floats]:
        """Yield arrays of shape (n_columns, BLOCK) without end; their content does not depend on how many are taken."""
        while True:
            yield self.uniforms(n_columns * BLOCK).reshape(n_columns, BLOCK)


def select(shares: Mapping[str, float], uniforms: Floats) -> Indices:
    """Turn uniforms into positions in ``shares``, each with its probability.

    Args:
        shares: Share of each label, in (0, 1]; the sum is 1.
        uniforms: In [0, 1), any shape.

    >>> select({"a": 0.25, "b": 0.75}, np.array([0.0, 0.24, 0.25, 0.99])).tolist()
    [0, 0, 1, 1]
    """
    bounds = np.cumsum(list(shares.values()))[:-1]
    return np.searchsorted(bounds, uniforms, side="right")
