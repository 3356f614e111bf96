"""What is written about a record that is not counted: a pointer and a reason, never the payload.

The digest is keyed: those who have the key can find equal payloads, and nobody else can guess a payload from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.privacy.pseudonym import RootKey, derive_key, keyed_hash
from stream_app.pipeline.contract import Batch, Outputs, UnreadableRange
from stream_app.pipeline.ingest.event_batch import LateEvents
from stream_app.pipeline.records.dead_letters import DeadLetter, LateDecision
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy
from stream_app.topics import DEAD_LETTERS, LATE_DECISIONS

_encode = msgspec.json.Encoder().encode


class NoticeWriter:
    """Writes dead letters and late notices of one source partition.

    Args:
        model: The policy of the model.
        keys: Root keys of the pseudonyms; the newest one hashes payloads.
        partition: Source partition.
        topology: Where the topics are.
    """

    def __init__(self, model: ModelPolicy, keys: Sequence[RootKey], partition: int, topology: Topology) -> None:
        self._model = model
        self._partition = partition
        self._topology = topology
        newest_key = max(keys, key=lambda key: key.valid_from_s)
        self._payload_hash = keyed_hash(derive_key(newest_key.secret, "dead-letter"))

    def dead_letters(self, batch: Batch, rejected: Mapping[int, DeadLetterReason]) -> list[Outputs]:
        """Return a dead letter for each rejected record and for each part of a batch that cannot be read.

        Args:
            batch: The batch.
            rejected: Place in the batch and reason.
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
        letters += [self._unread(batch, unreadable) for unreadable in batch.unreadable]
        return self._notices(DEAD_LETTERS, letters)

    def _unread(self, batch: Batch, unreadable: UnreadableRange) -> DeadLetter:
        return DeadLetter(
            model=self._model.name,
            reason=unreadable.reason,
            topic=batch.topic,
            partition=self._partition,
            offset=unreadable.first_offset,
            size_bytes=unreadable.n_bytes,
            digest="",
            last_offset=unreadable.next_offset - 1,
            n_records=unreadable.n_records,
        )

    def late_decisions(self, late: LateEvents) -> list[Outputs]:
        """Return a notice for each late event."""
        if not len(late):
            return []
        pane_s = self._model.event_time.pane_s
        starts_s = late.times_s // pane_s * pane_s
        columns = (column.tolist() for column in (late.offsets, starts_s, late.closed_before_s))
        notices = [
            LateDecision(
                model=self._model.name,
                topic=self._model.topic,
                partition=self._partition,
                offset=offset,
                pane_start_s=start_s,
                closed_before_s=closed_before_s,
            )
            for offset, start_s, closed_before_s in zip(*columns, strict=True)
        ]
        return self._notices(LATE_DECISIONS, notices)

    def _notices(self, topic: str, notices: Sequence[DeadLetter | LateDecision]) -> list[Outputs]:
        if not notices:
            return []
        key = f"{self._model.topic}:{self._partition}".encode()
        values: list[bytes | None] = [_encode(notice) for notice in notices]
        partition = self._topology.partition_beside(self._partition, topic)
        return [Outputs(topic, partition, [key] * len(values), values)]
