"""Matches recomputed records with the published ones, byte for byte.

Older records of a key may be gone from a compacted topic, so a recomputed record that is missing is excused when a
later record of its key is there. A record that was published and not recomputed is never excused.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from stream_app.pipeline.replay.verify.recomputation import RecomputedRecord
from stream_app.topics import FAIRNESS_RESULTS

_COMPACTED = {FAIRNESS_RESULTS}
_DIGEST_BYTES = 16


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


RecordPosition = tuple[str, int, int]  # topic, partition, offset


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
        self._first_matched: dict[tuple[str, int], int] = {}  # offset, by topic and partition
        self._positions: dict[tuple[str, bytes], list[RecordPosition]] = defaultdict(list)
        for record in published:
            digest = record.topic, _digest(record.value)
            self._positions[digest].append((record.topic, record.partition, record.offset))
        self._unmatched: dict[tuple[str, str], RecomputedRecord] = {}  # newest of its key
        self._missing: list[RecomputedRecord] = []

    def match(self, record: RecomputedRecord) -> None:
        """Match one recomputed record."""
        positions = self._positions.get((record.topic, _digest(record.value)))
        key = record.topic, record.key
        if positions:
            topic, partition, offset = positions.pop(0)
            first = self._first_matched.get((topic, partition), offset)
            self._first_matched[topic, partition] = min(first, offset)
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

    def unexpected(self, *, is_complete: bool = True) -> list[RecordPosition]:
        """Return the positions of the published records that were not recomputed, in the order of the logs.

        Args:
            is_complete: Whether everything was recomputed that was ever published. Else what precedes the first record
                that was reproduced, in its partition of the topic, is from before the beginning.
        """
        positions = sorted(position for positions in self._positions.values() for position in positions)
        if is_complete:
            return positions
        return [
            (topic, partition, offset)
            for topic, partition, offset in positions
            if offset > self._first_matched.get((topic, partition), -1)
        ]


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=_DIGEST_BYTES).digest()
