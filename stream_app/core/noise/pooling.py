"""The ladder of k: cells below k are added up, step by step, until they have k people or stay hidden.

What is shown never overlaps: a cell is shown at the first step where it has k, and only what was not shown there
climbs to the next. So there is no total of shown parts, and nothing to subtract. An empty cell climbs with the small
ones, so a reader cannot distinguish them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stream_app.core.noise.track_counts import Cell

ALL = "*"  # the label of an attribute over which is added up


class Rung(NamedTuple):
    """A step of the ladder.

    Attributes:
        window_s: Length of the windows that are added up.
        pooled: Places of the attributes over which is added up.
    """

    window_s: int
    pooled: frozenset[int] = frozenset()


class PooledCell(NamedTuple):
    """A count that may be shown.

    Attributes:
        labels: Label of each attribute; ``*`` where it was added up.
        start_s: Start of the window.
        window_s: Its length.
        n: The count: exactly, or with noise; at least k.
        n_cells: How many cells of the first step are in it.
    """

    labels: tuple[str, ...]
    start_s: int
    window_s: int
    n: int
    n_cells: int


def pool(counts: Mapping[Cell, int], ladder: Sequence[Rung], k: int) -> tuple[list[PooledCell], int]:
    """Add small cells up along a ladder.

    Args:
        counts: Exact counts, or counts with noise, of all cells of the first step.
        ladder: Steps from fine to coarse; each window is a multiple of the one before.
        k: Fewest people that are shown.

    Returns:
        What may be shown, and how many cells of the first step stay hidden.

    >>> counts = {Cell(("hall",), 0): 12, Cell(("hall",), 900): 6, Cell(("hall",), 1800): 5, Cell(("street",), 0): 2}
    >>> shown, n_hidden = pool(counts, [Rung(900), Rung(3600)], 10)
    >>> [(cell.labels[0], cell.window_s, cell.n, cell.n_cells) for cell in shown], n_hidden
    ([('hall', 900, 12, 1), ('hall', 3600, 11, 2)], 1)
    """
    shown = []
    rest = {cell: (n, 1) for cell, n in counts.items()}
    for rung in ladder:
        sums: dict[Cell, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for cell, (n, n_cells) in rest.items():
            labels = tuple(ALL if place in rung.pooled else label for place, label in enumerate(cell.labels))
            coarse = Cell(labels, cell.start_s // rung.window_s * rung.window_s)
            sums[coarse] = (sums[coarse][0] + n, sums[coarse][1] + n_cells)
        rest = {}
        for cell, (n, n_cells) in sums.items():
            if n >= k:
                shown.append(PooledCell(cell.labels, cell.start_s, rung.window_s, n, n_cells))
            else:
                rest[cell] = (n, n_cells)
    return shown, sum(n_cells for _, n_cells in rest.values())
