"""What is written about a record that is not counted: a pointer and a reason, never the payload.

The digest is keyed, so equal payloads can be found again by who holds the key, and nobody else can guess a payload
from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.records.dead_letters import DeadLetter, LateDecision
from stream_app.policy import ModelPolicy
from stream_app.topics import DEAD_LETTERS, LATE_DECISIONS

Column = NDArray[np.int64]


_encode = msgspec.json.Encoder().encode


class NoticeWriter:
    """Writes the notices of one source partition.

    Args:
        model: The policy of the model.
        partition: Source partition.
        n_partitions: Partitions of the topics of notices.
        payload_hash: Keyed hash of a payload.
    """

    def __init__(
        self, model: ModelPolicy, partition: int, n_partitions: int, payload_hash: Callable[[bytes], bytes]
    ) -> None:
        self._model = model
        self._partition = partition
        self._n_partitions = n_partitions
        self._payload_hash = payload_hash

    def dead_letters(self, batch: Batch, rejected: Mapping[int, DeadLetterReason]) -> Outputs:
        """Write a dead letter for each refused record, in offset order.

        Args:
            batch: The run of records.
            rejected: Place in the run and reason.
        """
        letters = []
        for place, reason in sorted(rejected.items()):
            value = batch.values[place] or b""
            letter = DeadLetter(
                model=self._model.name,
                reason=reason,
                topic=batch.topic,
                partition=self._partition,
                offset=int(batch.offsets[place]),
                size_bytes=len(value),
                digest=self._payload_hash(value).hex()[:32],
            )
            letters.append(letter)
        return self._notices(DEAD_LETTERS, letters)

    def late_decisions(self, offsets: Column, times_s: Column, closed_before_s: Column) -> Outputs:
        """Write a notice for each late event.

        Args:
            offsets: Offset of each event, int64, shape (n,).
            times_s: Event time of each event in whole seconds, int64, shape (n,).
            closed_before_s: Start of the first pane that was open when each event came, int64, shape (n,).
        """
        pane_s = self._model.event_time.pane_s
        columns = (column.tolist() for column in (offsets, times_s // pane_s * pane_s, closed_before_s))
        notices = [
            LateDecision(
                model=self._model.name,
                topic=self._model.topic,
                partition=self._partition,
                offset=offset,
                pane_start_s=start_s,
                closed_before_s=closed_s,
            )
            for offset, start_s, closed_s in zip(*columns, strict=True)
        ]
        return self._notices(LATE_DECISIONS, notices)

    def _notices(self, topic: str, notices: Sequence[DeadLetter | LateDecision]) -> Outputs:
        key = f"{self._model.topic}:{self._partition}".encode()
        values: list[bytes | None] = [_encode(notice) for notice in notices]
        return Outputs(topic, self._partition % self._n_partitions, [key] * len(values), values)
