"""Decisions that wait for their outcome: columns by serial number, and an index by tag.

A decision gets the next serial number when it comes, and the oldest leave first, so the waiting decisions always have
the serials ``first .. next - 1``. Each is stored as a few numbers in arrays, not as an object: 21 bytes, and 16 in the
index. Both have spare room, and the index drops old tags only when its runs merge, so it can be twice as large.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.join.join_records import Cells32, Labels, Scores, Seconds32
from stream_app.core.windows.deduplication import Tags

Serials = NDArray[np.int64]

_MERGE_FACTOR = 4
BLOCK = 1024  # number of decisions that are stored together


class WaitingDecision(NamedTuple):
    """Waiting decisions, as columns of shape (n,).

    Attributes:
        tags: Tag of the event id.
        cells: Cell in the layout of the decisions.
        times_s: When they came, in ascending order.
        scores: Score in fixed point; zeros without scores.
        labels: 0 while they wait, then the code of their label.
    """

    tags: Tags
    cells: Cells32
    times_s: Seconds32
    scores: Scores
    labels: Labels

    def part(self, which: slice | NDArray[np.bool_] | Serials) -> WaitingDecision:
        """Return a selection."""
        return WaitingDecision(
            self.tags[which], self.cells[which], self.times_s[which], self.scores[which], self.labels[which]
        )


class TagIndex:
    """Serial numbers by tag: sorted runs that merge when they are of similar length.

    Cost: about 0.2 microseconds per tag that is added or looked up, in batches of a thousand.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Tags, Serials]] = []

    def add(self, tags: Tags, serials: Serials, first: int) -> None:
        """Add decisions; tags of serials below ``first`` may be dropped.

        Args:
            tags: Distinct tags; none of them belongs to a serial from ``first`` on.
            serials: Greater than all earlier ones.
            first: The oldest serial that still counts.
        """
        if not len(tags):
            return
        order = np.argsort(tags, kind="stable")
        self._runs.append((tags[order], serials[order]))
        while len(self._runs) > 1 and len(self._runs[-1][0]) * _MERGE_FACTOR >= len(self._runs[-2][0]):
            self._merge_last_two(first)

    def find(self, tags: Tags, first: int) -> Serials:
        """Return the serial of each tag, -1 where none from ``first`` on is known; int64, shape (n,)."""
        result = np.full(len(tags), -1, np.int64)
        for known_tags, serials in self._runs:
            places = np.minimum(np.searchsorted(known_tags, tags), len(known_tags) - 1)
            candidates = serials[places]
            is_hit = (known_tags[places] == tags) & (candidates >= first)
            result[is_hit] = candidates[is_hit]
        return result

    def _merge_last_two(self, first: int) -> None:
        (older_tags, older), (younger_tags, younger) = self._runs[-2:]
        tags, serials = np.concatenate([older_tags, younger_tags]), np.concatenate([older, younger])
        is_live = serials >= first  # so a tag that came again later is in a run once
        tags, serials = tags[is_live], serials[is_live]
        order = np.argsort(tags, kind="stable")
        self._runs[-2:] = [(tags[order], serials[order])] if len(tags) else []


class WaitingDecisions:
    """The decisions of one partition that may still get an outcome, or got one recently.

    Attributes:
        first: Serial of the oldest.
        next: Serial of the next decision to come.

    >>> waiting = WaitingDecisions()
    >>> waiting.add(np.array([7, 9], np.uint64), np.array([1, 2]), 100, None)
    >>> waiting.find(np.array([9, 8], np.uint64)).tolist()
    [1, -1]
    >>> waiting.drop_before(1).cells.tolist(), waiting.find(np.array([7], np.uint64)).tolist()
    ([1], [-1])
    """

    def __init__(self) -> None:
        self.first = 0
        self.next = 0
        self._base = 0  # serial of the first row of the columns
        self._index = TagIndex()
        self._columns = _room_for(0)

    def __len__(self) -> int:
        return self.next - self.first

    def find(self, tags: Tags) -> Serials:
        """Return the serial of each tag, -1 where it is not known."""
        return self._index.find(tags, self.first)

    def add(self, tags: Tags, cells: NDArray[np.integer], time_s: int, scores: NDArray[np.integer] | None) -> None:
        """Append decisions with distinct tags, none of which is known."""
        serials = np.arange(self.next, self.next + len(tags))
        self._make_room(len(tags))
        added = self._columns.part(slice(self.next - self._base, self.next - self._base + len(tags)))
        added.tags[:], added.cells[:], added.times_s[:] = tags, cells, time_s
        added.scores[:], added.labels[:] = 0 if scores is None else scores, 0
        self.next += len(tags)
        self._index.add(tags, serials, self.first)

    def put_back(self, base: int, first: int, rows: WaitingDecision) -> None:
        """Take over stored decisions.

        Args:
            base: Serial of the first stored row.
            first: Serial of the oldest decision that still waits; rows before it are stored but no longer count.
            rows: The stored rows.
        """
        self._columns, self._base, self.first, self.next = rows, base, first, base + len(rows.tags)
        self._index.add(rows.tags[first - base :], np.arange(first, self.next), first)

    def rows(self, first: int, last: int) -> WaitingDecision:
        """Return the decisions of the serials ``first`` to ``last - 1``, as a read-only view.

        Serials that have left are available back to the start of the block of ``self.first``.
        """
        return self._columns.part(slice(first - self._base, last - self._base))

    def label_of(self, serial: int) -> int:
        """Return the code of the label of a decision, 0 while it waits."""
        return int(self._columns.labels[serial - self._base])

    def set_label(self, serial: int, label: int) -> None:
        """Write the label of a decision."""
        self._columns.labels[serial - self._base] = label

    def at(self, serials: Serials) -> WaitingDecision:
        """Return the decisions of some serials."""
        return self._columns.part(serials - self._base)

    def n_older_than(self, time_s: int) -> int:
        """Return how many decisions came before a time; they are the oldest."""
        return int(np.searchsorted(self.rows(self.first, self.next).times_s, time_s))

    def drop_before(self, serial: int) -> WaitingDecision:
        """Remove the decisions below a serial and return them."""
        removed = self.rows(self.first, serial)
        self.first = serial
        return removed

    def _make_room(self, n_more: int) -> None:
        if self.next - self._base + n_more <= len(self._columns.tags):
            return
        base = self.first // BLOCK * BLOCK  # complete blocks stay readable, because they are stored as such
        base = max(base, self._base)
        kept = self._columns.part(slice(base - self._base, self.next - self._base))
        roomy = _room_for(len(kept.tags) + max(n_more, len(kept.tags) // 2, BLOCK))
        taken = roomy.part(slice(0, len(kept.tags)))
        taken.tags[:], taken.cells[:], taken.times_s[:] = kept.tags, kept.cells, kept.times_s
        taken.scores[:], taken.labels[:] = kept.scores, kept.labels
        self._columns, self._base = roomy, base


def _room_for(n: int) -> WaitingDecision:
    return WaitingDecision(
        np.zeros(n, np.uint64), np.zeros(n, np.uint32), np.zeros(n, np.uint32), np.zeros(n, np.int32),
        np.zeros(n, np.uint8),
    )  # fmt: skip
