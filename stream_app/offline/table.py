"""A compact table of counts by pane and pair, built from rows and checked when it is complete."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.errors import ConfigError

Ints = NDArray[np.int64]

MAX_CELLS = 20_000_000  # panes times pairs, 32 bytes each
COUNTS_OF_A_PAIR = 4


class Pair(NamedTuple):
    """A group, and the reference group that it is compared with."""

    group: str
    reference: str


@dataclass(frozen=True)
class PaneTable:
    """Counts in order of time.

    Attributes:
        pairs: The pairs of groups.
        labels: Name of each pane: a time, the label of its period, or its number.
        starts_s: Start of each pane, strictly ascending, shape (panes,); the pane's number where times are not known.
        has_times: Whether ``starts_s`` are seconds since 1970.
        counts: ``k_a, n_a, k_b, n_b``, shape (panes, pairs, 4); a is the group, b the reference.
    """

    pairs: tuple[Pair, ...]
    labels: tuple[str, ...]
    starts_s: Ints
    has_times: bool
    counts: Ints

    @property
    def n_panes(self) -> int:
        """Panes in the table, >= 1."""
        return len(self.labels)

    def pane_at(self, start_s: int) -> int:
        """Return the number of the pane that starts at a time.

        >>> table = PaneTable((Pair("a", "b"),), ("x", "y"), np.array([60, 120]), True, np.zeros((2, 1, 4), np.int64))
        >>> table.pane_at(120)
        1
        """
        return int(np.searchsorted(self.starts_s, start_s))

    def n_decisions(self, pane: int | slice) -> int:
        """Return all decisions of a pane, or of several, about every group and the reference.

        >>> counts = np.array([[[1, 2, 3, 4], [0, 5, 3, 4]]])
        >>> PaneTable((Pair("a", "c"), Pair("b", "c")), ("x",), np.array([0]), False, counts).n_decisions(0)
        11
        """
        n = self.counts[pane]
        return int(n[..., 1].sum() + n[..., 0, 3].sum())

    def compared(self, pair: int, first: int = 0) -> Ints:
        """Return the panes from ``first`` on in which both groups of a pair have decisions."""
        counts = self.counts[first:, pair]
        return first + np.flatnonzero((counts[:, 1] > 0) & (counts[:, 3] > 0))

    def totals(self, pair: int, first: int = 0) -> tuple[int, int, int, int]:
        """Return the sums ``k_a, n_a, k_b, n_b`` of a pair over its compared panes from ``first`` on; else zeros."""
        k_a, n_a, k_b, n_b = self.counts[self.compared(pair, first), pair].sum(axis=0).tolist()
        return k_a, n_a, k_b, n_b

    def in_periods_of(self, n_panes: int) -> PaneTable:
        """Return the table with ``n_panes`` panes added up to one, called by the first of them; the last may be short.

        >>> counts = np.array([[[1, 2, 3, 4]], [[0, 1, 1, 1]], [[5, 5, 5, 5]]])
        >>> table = PaneTable((Pair("a", "b"),), ("x", "y", "z"), np.array([0, 1, 2]), False, counts).in_periods_of(2)
        >>> table.labels, table.starts_s.tolist(), table.counts.tolist()
        (('x', 'z'), [0, 2], [[[1, 3, 4, 5]], [[5, 5, 5, 5]]])
        """
        firsts = np.arange(0, self.n_panes, n_panes)
        counts: Ints = np.add.reduceat(self.counts, firsts, axis=0)
        labels = tuple(self.labels[first] for first in firsts)
        return PaneTable(self.pairs, labels, self.starts_s[firsts], self.has_times, counts)


class PaneColumns:
    """The panes while they are read: their labels and starts."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._starts_s = array("q")

    def add(self, label: str, start_s: int | None) -> None:
        """Add the next pane; either all panes have a start, or none has."""
        self.labels.append(label)
        if start_s is not None:
            self._starts_s.append(start_s)

    def table(self, pairs: tuple[Pair, ...], counts: Ints) -> PaneTable:
        """Return the table.

        Raises:
            ConfigError: There is no pane.
        """
        n_panes = len(self.labels)
        if not n_panes:
            raise ConfigError("There is no row of counts", action="Expected at least one row after the column names")
        has_times = bool(self._starts_s)
        starts_s = np.array(self._starts_s if has_times else range(n_panes), dtype=np.int64)
        return PaneTable(pairs, tuple(self.labels), starts_s, has_times, counts)


def check_size(n_panes: int, n_pairs: int, place: str) -> None:
    """Reject a table that would not fit in memory.

    Raises:
        ConfigError: There are too many panes for this number of pairs.
    """
    if n_panes * n_pairs > MAX_CELLS:
        raise ConfigError(
            f"{place}: more than {MAX_CELLS:,} panes times pairs",
            action="Combine panes into longer ones, or split the file by group",
        )
