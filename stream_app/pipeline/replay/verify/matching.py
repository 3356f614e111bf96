"""Matches recomputed records with the published ones, byte for byte.

Older records of a key may be gone from a compacted topic, so a recomputed record that is missing is excused when a
later record of its key is there. A record that was published and not recomputed is never excused.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from stream_app.pipeline.replay.verify.recomputation import RecomputedRecord
from stream_app.topics import FAIRNESS_RESULTS

_COMPACTED = {FAIRNESS_RESULTS}
_DIGEST_BYTES = 16


RecordPosition = tuple[str, int, int]  # topic, partition, offset


class PublishedRecord(NamedTuple):
    """A record of a topic.

    Attributes:
        topic: Its topic.
        partition: Its partition.
        offset: Its offset.
        key: Its key.
        value: Its bytes.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes

    @property
    def position(self) -> RecordPosition:
        """Where it is."""
        return self.topic, self.partition, self.offset


class RecordMatcher:
    """Matches recomputed records with published ones; stores digests of the latter only.

    Args:
        published: The published records, in the order of each log.
        n_complete: Journal entries that were complete before the topics were read: records of later entries may be
            missing.
    """

    def __init__(self, published: Iterable[PublishedRecord], n_complete: int) -> None:
        self.n_equal = 0
        self._n_complete = n_complete
        self._positions: dict[tuple[str, bytes], list[RecordPosition]] = defaultdict(list)
        self._n_matched: Counter[tuple[str, bytes]] = Counter()
        for record in published:
            digest = record.topic, _digest(record.value)
            self._positions[digest].append(record.position)
        self._unmatched: dict[tuple[str, str], RecomputedRecord] = {}  # newest of its key
        self._missing: list[RecomputedRecord] = []

    def match(self, record: RecomputedRecord) -> None:
        """Match one recomputed record."""
        digest = record.topic, _digest(record.value)
        key = record.topic, record.key
        if self._n_matched[digest] < len(self._positions.get(digest, ())):
            self._n_matched[digest] += 1
            self.n_equal += 1
            if record.topic in _COMPACTED:
                self._unmatched.pop(key, None)
        elif record.entry < self._n_complete:
            if record.topic in _COMPACTED:
                self._unmatched[key] = record
            else:
                self._missing.append(record)

    def missing(self) -> list[RecomputedRecord]:
        """Return the recomputed records that are not published, in the order of recomputation."""
        return sorted([*self._missing, *self._unmatched.values()], key=lambda record: record.entry)

    def unexpected(self) -> list[RecordPosition]:
        """Return the positions of the published records that were not recomputed, in the order of the logs.

        Of equal records the last ones count as recomputed: an earlier one may be from before the beginning.
        """
        return sorted(
            position
            for digest, positions in self._positions.items()
            for position in positions[: len(positions) - self._n_matched[digest]]
        )

    def first_matched(self) -> dict[tuple[str, int], int]:
        """Return the offset of the first record that was recomputed, by topic and partition."""
        first: dict[tuple[str, int], int] = {}
        for digest, n_matched in self._n_matched.items():
            positions = self._positions.get(digest, [])
            for topic, partition, offset in positions[len(positions) - n_matched :]:
                first[topic, partition] = min(first.get((topic, partition), offset), offset)
        return first


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=_DIGEST_BYTES).digest()
