"""Panes are added up to blocks, until both groups have enough decisions to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from stream_app.core.arrays import Ints, Rows

MIN_BLOCK_N = 5  # decisions that each group needs in a block
EMPTY_S = -1
DECISION_COLUMNS = np.array([1, 3])


@dataclass
class Carry:
    """Decisions that wait for a block, for many detectors and strata.

    Attributes:
        counts: ``k_a, n_a, k_b, n_b``, shape (rows, 4).
        start_s: Start of the oldest pane in it, shape (rows,); ``EMPTY_S`` when nothing waits.
    """

    counts: Ints
    start_s: Ints

    @classmethod
    def empty(cls, n_rows: int) -> Self:
        """Return a carry in which nothing waits."""
        return cls(np.zeros((n_rows, 4), dtype=np.int64), np.full(n_rows, EMPTY_S, dtype=np.int64))

    def add(self, pane_start_s: int, counts: Ints, *, max_age_s: int) -> Rows:
        """Add a pane and return the rows that are now a block.

        What is older than ``max_age_s`` is dropped first: rates of two different days are not compared. That depends
        on sizes and times only, never on outcomes.
        """
        has_some = self.start_s != EMPTY_S
        too_old = has_some & (pane_start_s - self.start_s > max_age_s)
        if too_old.any():
            self._clear(np.flatnonzero(too_old))
            has_some &= ~too_old
        self.counts += counts
        begins = ~has_some & self.counts[:, DECISION_COLUMNS].any(axis=1)
        self.start_s[begins] = pane_start_s
        return np.flatnonzero((self.counts[:, 1] >= MIN_BLOCK_N) & (self.counts[:, 3] >= MIN_BLOCK_N))

    def take(self, rows: Rows) -> tuple[Ints, Ints]:
        """Return counts, shape (m, 4), and start of the first pane, shape (m,), of blocks, and empty them."""
        taken: tuple[Ints, Ints] = self.counts[rows], self.start_s[rows]
        self._clear(rows)
        return taken

    def _clear(self, rows: Rows) -> None:
        self.counts[rows] = 0
        self.start_s[rows] = EMPTY_S
