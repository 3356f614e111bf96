"""The usual rate of each group, learned from the past only: a bet must not see the block that it bets on."""

from __future__ import annotations

import numpy as np

from stream_app.core.arrays import Floats

MEMORY_N = 2000.0  # decisions of a group after which an old one weighs 1/e; results hardly depend on it
LOWEST_RATE = 1e-4
START = np.array([0.5, 1.0])  # favorable decisions and decisions, before any


def new_rate_sums(n_rows: int) -> Floats:
    """Return sums in which no decision has been seen: shape (n_rows, 4), columns as ``k_a, n_a, k_b, n_b``."""
    return np.tile(START, (n_rows, 2))


def usual_rates(sums: Floats) -> Floats:
    """Return ``q = clip(S / N, 1e-4, 1 - 1e-4)`` of both groups, shape (2, m), from sums of shape (m, 4).

    >>> usual_rates(add_blocks(new_rate_sums(1), np.array([[0.0, 9.0, 10.0, 10.0]]))).round(6).tolist()
    [[0.049798], [0.954752]]
    """
    rates: Floats = np.clip(sums[:, 0::2] / sums[:, 1::2], LOWEST_RATE, 1 - LOWEST_RATE).T
    return np.ascontiguousarray(rates)


def add_blocks(sums: Floats, blocks: Floats) -> Floats:
    """Return the sums after blocks: ``S exp(-n/2000) + k`` and ``N exp(-n/2000) + n``, both of shape (m, 4)."""
    decay = np.exp(blocks[:, 1::2] / -MEMORY_N)
    sums_after: Floats = sums * np.repeat(decay, 2, axis=1) + blocks
    return sums_after
