"""The waiting decisions and outcomes as entries of a lane's state, so that a flush writes only changes.

Decisions are stored in blocks of 1,024 by serial number: the decisions (16 bytes each, with a score 20) in one entry,
written until the block is full, and their labels (2 bits each) in another, written whenever one of them changes. Blocks
that have left are removed. Each unmatched outcome is an entry; they are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from stream_app.core.join.join_records import Labels, Scores
from stream_app.core.join.outcome_join import OutcomeJoin, UnmatchedOutcome
from stream_app.core.join.waiting_decisions import BLOCK, WaitingDecision
from stream_app.core.windows.cells import CellMapping

_DECISIONS, _LABELS, _UNMATCHED = b"decisions|", b"labels|", b"unmatched|"

Change = tuple[bytes, bytes | None]


@dataclass(frozen=True)
class TakenOver:
    """How waiting decisions that another policy has counted are taken over.

    Attributes:
        had_scores: Whether they have scores.
        mapping: Into the cells of the present policy; None where they are the same.
        score_factor: New fixed point of scores / old one; None where there are none any more.
    """

    had_scores: bool
    mapping: CellMapping | None
    score_factor: float | None

    def apply(self, rows: WaitingDecision) -> WaitingDecision:
        """Return the decisions as the present policy counts them."""
        cells = rows.cells if self.mapping is None else self.mapping.map_codes(rows.cells).astype(np.uint32)
        return rows._replace(cells=cells, scores=self.map_scores(rows.scores))

    def map_scores(self, scores: Scores) -> Scores:
        """Return scores in the present fixed point; zeros where there are none any more."""
        mapped: Scores = np.rint(scores * (self.score_factor or 0.0)).astype(np.int32)
        return mapped


class OutcomeLog:
    """Writes the state of an ``OutcomeJoin``, and restores it.

    Args:
        join: The join whose state is stored.
        has_scores: Whether decisions have scores.
    """

    def __init__(self, join: OutcomeJoin, *, has_scores: bool) -> None:
        self._join = join
        self._has_scores = has_scores
        self._blocks: set[int] = set()  # stored blocks of decisions
        self._label_blocks: set[int] = set()  # stored blocks of labels
        self._stored_next = 0  # decisions below this serial are stored
        self._unmatched: set[int] = set()  # stored outcomes

    def restore(
        self, entries: Mapping[bytes, bytes], first: int, last: int, taken_over: TakenOver | None = None
    ) -> None:
        """Fill the join from stored entries.

        Args:
            entries: The state.
            first: Serial of the oldest decision that waits.
            last: Serial of the next decision to come.
            taken_over: How decisions that another policy has counted are taken over; None where it was this one.
        """
        waiting = self._join.waiting
        base = first // BLOCK * BLOCK
        has_scores = self._has_scores if taken_over is None else taken_over.had_scores
        blocks = range(base // BLOCK, -(-last // BLOCK))
        parts = [_read(entries, block, has_scores=has_scores) for block in blocks]
        empty = _decode(b"", has_scores=has_scores, labels=b"")
        rows = WaitingDecision(*map(np.concatenate, zip(empty, *parts, strict=True)))
        waiting.put_back(base, first, rows if taken_over is None else taken_over.apply(rows))
        self._stored_next = last if taken_over is None else first  # what is taken over is stored again
        for number, value in sorted(_numbered(entries, _UNMATCHED)):
            self._join.restore_unmatched(number, msgspec.msgpack.decode(value, type=UnmatchedOutcome))
            self._unmatched.add(number)
        self._blocks = {number for number, _ in _numbered(entries, _DECISIONS)}
        self._label_blocks = {number for number, _ in _numbered(entries, _LABELS)}

    def take_changes(self) -> list[Change]:
        """Return the entries to write and to remove since the last flush."""
        return [*self._decision_changes(), *self._label_changes(), *self._removed_blocks(), *self._unmatched_changes()]

    def _decision_changes(self) -> Iterator[Change]:
        waiting = self._join.waiting
        if self._stored_next == waiting.next:
            return
        for block in range(max(self._stored_next, waiting.first) // BLOCK, -(-waiting.next // BLOCK)):
            self._blocks.add(block)
            rows = waiting.rows(block * BLOCK, min((block + 1) * BLOCK, waiting.next))
            yield _key(_DECISIONS, block), _encode(rows, has_scores=self._has_scores)
        self._stored_next = waiting.next

    def _label_changes(self) -> Iterator[Change]:
        waiting = self._join.waiting
        changed = {serial // BLOCK for serial in self._join.labeled}
        self._join.labeled.clear()
        for block in sorted(block for block in changed if block >= waiting.first // BLOCK):
            self._label_blocks.add(block)
            last = min((block + 1) * BLOCK, waiting.next)
            yield _key(_LABELS, block), _pack(waiting.rows(block * BLOCK, last).labels)

    def _removed_blocks(self) -> Iterator[Change]:
        first = self._join.waiting.first // BLOCK
        for prefix, blocks in ((_DECISIONS, self._blocks), (_LABELS, self._label_blocks)):
            for block in sorted(block for block in blocks if block < first):
                blocks.remove(block)
                yield _key(prefix, block), None

    def _unmatched_changes(self) -> Iterator[Change]:
        for number in sorted(self._join.changed_unmatched):
            outcome = self._join.unmatched.get(number)
            if outcome is not None:
                self._unmatched.add(number)
                yield _key(_UNMATCHED, number), msgspec.msgpack.encode(outcome)
            elif number in self._unmatched:
                self._unmatched.remove(number)
                yield _key(_UNMATCHED, number), None
        self._join.changed_unmatched.clear()


def _read(entries: Mapping[bytes, bytes], block: int, *, has_scores: bool) -> WaitingDecision:
    rows, labels = entries[_key(_DECISIONS, block)], entries.get(_key(_LABELS, block), b"")
    return _decode(rows, has_scores=has_scores, labels=labels)


def _key(prefix: bytes, number: int) -> bytes:
    return prefix + b"%d" % number


def _numbered(entries: Mapping[bytes, bytes], prefix: bytes) -> Iterator[tuple[int, bytes]]:
    return ((int(key[len(prefix) :]), value) for key, value in entries.items() if key.startswith(prefix))


def _encode(rows: WaitingDecision, *, has_scores: bool) -> bytes:
    data = rows.tags.tobytes() + rows.cells.tobytes() + rows.times_s.tobytes()
    return data + rows.scores.tobytes() if has_scores else data


def _decode(data: bytes, *, has_scores: bool, labels: bytes) -> WaitingDecision:
    n = len(data) // (20 if has_scores else 16)
    tags, rest = np.frombuffer(data[: 8 * n], np.uint64), data[8 * n :]
    cells, times_s = np.frombuffer(rest[: 4 * n], np.uint32), np.frombuffer(rest[4 * n : 8 * n], np.uint32)
    scores = np.frombuffer(rest[8 * n :], np.int32) if has_scores else np.zeros(n, np.int32)
    return WaitingDecision(tags, cells, times_s, scores, _unpack(labels, n))


def _pack(labels: Labels) -> bytes:
    """Return labels as bytes, 2 bits each."""
    return np.packbits(np.column_stack([labels >> 1, labels & 1]).ravel()).tobytes()


def _unpack(data: bytes, n: int) -> Labels:
    """Return labels from bytes; those beyond the end of the bytes are 0."""
    # Padded here: numpy's own padding of missing bits contains arbitrary memory.
    bits = np.unpackbits(np.frombuffer(data.ljust(-(-n // 4), b"\0"), np.uint8), count=2 * n).reshape(n, 2)
    return (bits[:, 0] * 2 + bits[:, 1]).astype(np.uint8)
