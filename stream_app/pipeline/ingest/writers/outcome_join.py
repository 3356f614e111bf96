"""What ingest writes to the outcome-join topic, in which decisions and outcomes meet: columns, once per flush."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.join.join_records import Labels, pack_decisions, pack_outcomes
from stream_app.core.windows.deduplication import Tags
from stream_app.pipeline.contract import Outputs

_DECISIONS, _OUTCOMES = b"decisions", b"outcomes"  # record keys, for people who look into the topic


class DecisionWriter:
    """Collects the counted decisions of one source partition.

    Args:
        topic: The outcome-join topic.
        partition: Partition of the source, and of that topic.
        layout_hash: Hash of the layout of the cells.
        policy_hash: Hash of the policy under which they are counted.
    """

    def __init__(self, topic: str, partition: int, layout_hash: str, policy_hash: str) -> None:
        self._topic = topic
        self._partition = partition
        self._layout_hash = layout_hash
        self._policy_hash = policy_hash
        self._time_s = 0
        self._tags: list[Tags] = []
        self._cells: list[NDArray[np.int64]] = []
        self._scores: list[NDArray[np.int64]] = []

    def move_to(self, time_s: int) -> None:
        """Note when the broker took the newest record read so far."""
        self._time_s = max(self._time_s, time_s)

    def add_tags(self, tags: Tags) -> None:
        """Note the tags of counted decisions."""
        self._tags.append(tags)

    def add_cells(self, cells: NDArray[np.int64], scores: NDArray[np.int64] | None) -> None:
        """Note cells and scores of the same decisions, in the same order; the parts may be cut differently."""
        self._cells.append(cells)
        if scores is not None:
            self._scores.append(scores)

    def take_outputs(self) -> list[Outputs]:
        """Return the records of everything collected since the last call."""
        if not self._tags:
            return []
        cells = np.concatenate(self._cells).astype(np.uint32)
        scores = np.concatenate(self._scores).astype(np.int32) if self._scores else None
        tags = np.concatenate(self._tags)
        records = pack_decisions(self._layout_hash, self._time_s, tags, cells, scores, self._policy_hash)
        for column in (self._tags, self._cells, self._scores):
            column.clear()
        return [_outputs(self._topic, self._partition, _DECISIONS, records)]


class _OutcomeColumns(NamedTuple):
    """Outcomes whose decisions may be in the same key epochs."""

    epochs: range
    times_s: NDArray[np.uint32]
    is_favorable: Labels
    tags: list[Tags]  # one column for each epoch, the newest first


class OutcomeWriter:
    """Collects the outcomes of one source partition.

    Args:
        topic: The outcome-join topic.
        partition: Partition of the source, and of that topic.
    """

    def __init__(self, topic: str, partition: int) -> None:
        self._topic = topic
        self._partition = partition
        self._parts: list[_OutcomeColumns] = []

    def add(self, epochs: range, times_s: NDArray[np.int64], is_favorable: Labels, tags: list[Tags]) -> None:
        """Note outcomes.

        Args:
            epochs: Key epochs of the columns of tags, ascending.
            times_s: When the broker took each, shape (n,).
            is_favorable: 0 or 1, shape (n,).
            tags: A column of shape (n,) for each epoch, the newest first.
        """
        self._parts.append(_OutcomeColumns(epochs, times_s.astype(np.uint32), is_favorable, tags))

    def take_outputs(self) -> list[Outputs]:
        """Return the records of everything collected since the last call."""
        records: list[bytes] = []
        for _, group in groupby(self._parts, key=lambda part: part.epochs):
            parts = list(group)
            times_s = np.concatenate([part.times_s for part in parts])
            is_favorable = np.concatenate([part.is_favorable for part in parts])
            columns = zip(*(part.tags for part in parts), strict=True)
            records += pack_outcomes(times_s, is_favorable, [np.concatenate(column) for column in columns])
        self._parts.clear()
        return [_outputs(self._topic, self._partition, _OUTCOMES, records)] if records else []


def _outputs(topic: str, partition: int, key: bytes, records: list[bytes]) -> Outputs:
    return Outputs(topic, partition, [key] * len(records), list(records))
