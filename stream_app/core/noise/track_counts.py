"""Counts distinct tracks by cell and window, and bounds what one track can change.

A track counts once in a cell, and in at most ``most_cells`` cells of a day (UTC): its first ones in order of time. So
all counts of a day together change by at most ``most_cells`` when a track is added or taken away, which is the
sensitivity of the noise. The unit that is protected is the track; a person with two tracks is protected by twice
epsilon.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

DAY_S = 86_400


class Cell(NamedTuple):
    """What is counted together.

    Attributes:
        labels: Label of each attribute, in the order of the policy.
        start_s: Start of the window, event time in seconds.
    """

    labels: tuple[str, ...]
    start_s: int


class Visit(NamedTuple):
    """A track in a cell, at a time in seconds."""

    time_s: float
    track: str
    labels: tuple[str, ...]


class TrackCounts(NamedTuple):
    """Distinct tracks by cell.

    Attributes:
        n_by_cell: Tracks in each cell that has one.
        n_bounded: Cells of tracks that were left out by the bound.
    """

    n_by_cell: dict[Cell, int]
    n_bounded: int


def count_tracks(visits: Iterable[Visit], *, window_s: int, most_cells: int) -> TrackCounts:
    """Count distinct tracks.

    Args:
        visits: In any order; equal ones count once.
        window_s: Length of a window, which divides a day.
        most_cells: Cells of a day in which a track counts, at least 1.

    >>> hall, street = ("hall",), ("street",)
    >>> visits = [Visit(0, "a", hall), Visit(5, "a", hall), Visit(9, "a", street), Visit(9, "b", hall)]
    >>> counts = count_tracks(visits, window_s=900, most_cells=1)
    >>> counts.n_by_cell, counts.n_bounded
    ({Cell(labels=('hall',), start_s=0): 2}, 1)
    """
    cells_of: dict[tuple[str, int], dict[Cell, None]] = defaultdict(dict)
    for visit in sorted(visits):
        window = int(visit.time_s // window_s) * window_s
        cells_of[visit.track, int(visit.time_s // DAY_S)][Cell(visit.labels, window)] = None
    counts: Counter[Cell] = Counter()
    n_bounded = 0
    for cells in cells_of.values():
        counts.update(list(cells)[:most_cells])
        n_bounded += max(0, len(cells) - most_cells)
    return TrackCounts(dict(counts), n_bounded)
