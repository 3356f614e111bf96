"""Decisions that wait for their outcome: columns by serial number, and an index by tag.

A decision gets the next serial number when it comes; the oldest leave first, so those that wait are always one stretch
of serials ``first .. next - 1``. What is kept of each is a few numbers in arrays, not objects: 21 bytes and 16 in the
index. Both have room to spare, and the index forgets old tags only when its runs merge, so it can be twice as much.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.join.join_records import Cells32, Labels, Scores, Seconds32
from stream_app.core.windows.deduplication import Tags

Serials = NDArray[np.int64]

_MERGE_FACTOR = 4
BLOCK = 1024  # decisions that are stored together


class WaitingDecision(NamedTuple):
    """What is kept of some decisions, as columns of shape (n,).

    Attributes:
        tags: Tag of the event id.
        cells: Cell in the layout of the decisions.
        times_s: When they came, never falling.
        scores: Score in fixed point; zeros without scores.
        labels: 0 while they wait, else the code of their label.
    """

    tags: Tags
    cells: Cells32
    times_s: Seconds32
    scores: Scores
    labels: Labels

    def part(self, which: slice | NDArray[np.bool_] | Serials) -> WaitingDecision:
        """Return some of them."""
        return WaitingDecision(
            self.tags[which], self.cells[which], self.times_s[which], self.scores[which], self.labels[which]
        )


class TagIndex:
    """Serial numbers by tag: sorted runs that merge when they are of like length.

    Cost: about 0.2 microseconds per tag that is added or looked for, in runs of a thousand.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Tags, Serials]] = []

    def add(self, tags: Tags, serials: Serials, first: int) -> None:
        """Note new decisions; tags of serials below ``first`` may be forgotten.

        Args:
            tags: None of them belongs to a serial from ``first`` on, and each stands here once.
            serials: Greater than all before.
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
        found = np.full(len(tags), -1, np.int64)
        for held, serials in self._runs:
            places = np.minimum(np.searchsorted(held, tags), len(held) - 1)
            at = serials[places]
            is_hit = (held[places] == tags) & (at >= first)
            found[is_hit] = at[is_hit]
        return found

    def _merge_last_two(self, first: int) -> None:
        (older_tags, older), (younger_tags, younger) = self._runs[-2:]
        tags, serials = np.concatenate([older_tags, younger_tags]), np.concatenate([older, younger])
        is_live = serials >= first  # so a tag that came again later stands in a run once
        tags, serials = tags[is_live], serials[is_live]
        order = np.argsort(tags, kind="stable")
        self._runs[-2:] = [(tags[order], serials[order])] if len(tags) else []


class WaitingDecisions:
    """The decisions of one partition that may still get an outcome, or have got one not long ago.

    Attributes:
        first: Serial of the oldest.
        next: Serial that the next one gets.

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
        """Append decisions whose tags are not known, each once."""
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
            first: Serial of the oldest decision that still waits; rows before it are only stored.
            rows: The stored rows.
        """
        self._columns, self._base, self.first, self.next = rows, base, first, base + len(rows.tags)
        self._index.add(rows.tags[first - base :], np.arange(first, self.next), first)

    def rows(self, first: int, last: int) -> WaitingDecision:
        """Return the decisions of the serials ``first`` to ``last - 1``, to be read only.

        Serials that have left may be asked for back to the start of the block of ``self.first``.
        """
        return self._columns.part(slice(first - self._base, last - self._base))

    def label_of(self, serial: int) -> int:
        """Return the code of the label of a decision, 0 while it waits."""
        return int(self._columns.labels[serial - self._base])

    def set_label(self, serial: int, label: int) -> None:
        """Write the label of a decision."""
        self._columns.labels[serial - self._base] = label

    def at(self, serials: Serials) -> WaitingDecision:
        """Return some decisions."""
        return self._columns.part(serials - self._base)

    def n_older_than(self, time_s: int) -> int:
        """Return how many came before a time; they are the oldest."""
        return int(np.searchsorted(self.rows(self.first, self.next).times_s, time_s))

    def drop_before(self, serial: int) -> WaitingDecision:
        """Forget the decisions below a serial and return them."""
        gone = self.rows(self.first, serial)
        self.first = serial
        return gone

    def _make_room(self, n_more: int) -> None:
        if self.next - self._base + n_more <= len(self._columns.tags):
            return
        base = self.first // BLOCK * BLOCK  # whole blocks stay readable, as they are stored
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
