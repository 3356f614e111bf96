"""Which of the counts that would be shown a row of a linear system needs.

A row is a count over several pieces of time, minus what follows for some of them. So it needs the counts that connect
the ends of its range, and those that made the other pieces known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stream_app.core.releases.overlaps.following import that_follow
from stream_app.core.releases.overlaps.pieces import EVERYBODY, Pieces, Row
from stream_app.core.releases.overlaps.running import RunningCount

_LEAST_SHARE = 1e-6


class Support:
    """The counts that rows need.

    Args:
        pieces: The pieces of time.
        running: What is known of each set.
    """

    def __init__(self, pieces: Pieces, running: Sequence[RunningCount]) -> None:
        self._pieces, self._running = pieces, running
        self._moments = pieces.moments.tolist()
        self._found: dict[Row, list[int]] = {}

    def candidates_of(self, row: Row) -> list[int]:
        """Return the numbers of counts that would be shown and without which a row is not known; none if it is."""
        if row in self._found:
            return self._found[row]
        self._found[row] = []  # also where a row is asked about while it is looked at
        if row.place != EVERYBODY:
            between = self._running[row.place].candidates_between(self._moments[row.first], self._moments[row.after])
            self._found[row] = between or self._of_others(row)
        return self._found[row]

    def _of_others(self, row: Row) -> list[int]:
        is_open = self._pieces.open_in(row.place)
        for piece in range(row.first, row.after):
            if piece != row.piece and (row.piece is not None or not is_open[piece]):
                for other in self._rows_for(row.place, piece):
                    if found := self.candidates_of(other):
                        return found
        return []

    def _rows_for(self, place: int, piece: int) -> list[Row]:
        """Return the rows of a piece from which the people of a set in it follow."""
        pieces = self._pieces
        if pieces.known[place, piece]:
            return [pieces.row_of(place, piece)]
        is_there = ~pieces.empty[piece]
        rows = np.flatnonzero(pieces.known[:, piece])
        masks = pieces.universe.masks[:, is_there]
        following = that_follow(masks[rows], masks[place][None])
        if not len(following.places):
            return []
        needed = rows[np.abs(following.shares[0]) > _LEAST_SHARE]
        return [pieces.row_of(each, piece) for each in needed.tolist()]
