"""Ingest of outcomes: raw outcomes in; tags with labels, and dead letters, out.

Beside ``stream_app.pipeline.ingest.step`` the only step that sees a raw identifier. It is read like a decision without
attributes. The event id becomes the tag under which its decision waits; nothing else of the record leaves. Whether an
outcome was sent before is decided where its decision is known (``stream_app.core.join.outcome_join``), for only there
the same label again and another one can be told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream_app.core.privacy.pseudonym import Pseudonymizer, RootKey, derive_key, keyed_hash
from stream_app.core.windows.deduplication import event_tags
from stream_app.pipeline.contract import Batch, Flush, Outputs
from stream_app.pipeline.ingest.dead_letter_writer import NoticeWriter
from stream_app.pipeline.ingest.join_writer import OutcomeWriter
from stream_app.pipeline.ingest.reading import EventBatch, RecordReader
from stream_app.pipeline.ingest.step import IngestCounts
from stream_app.policy import ModelPolicy, declared_outcome, outcome_records_of
from stream_app.topics import outcome_join_topic

_DAY_S = 86_400


@dataclass(frozen=True)
class OutcomeIngestTopology:
    """Where the outputs of a lane go.

    Attributes:
        app_id: Prefix of the labels log.
        n_notices: Partitions of ``dead-letters``.
    """

    app_id: str
    n_notices: int = 1


class OutcomeIngestStep:
    """Ingest of the outcomes of one source partition; a ``LaneStep`` without a state of its own.

    Args:
        model: The policy of the model, with an outcome.
        keys: Root keys of the pseudonyms.
        partition: Source partition; the decision of each outcome must lie in the same partition of its topic.
        topology: Where outputs go.

    Raises:
        ValueError: the model has no outcome.
    """

    def __init__(
        self, model: ModelPolicy, keys: tuple[RootKey, ...], partition: int, topology: OutcomeIngestTopology
    ) -> None:
        outcome = declared_outcome(model)
        records = outcome_records_of(model)
        self.counts = IngestCounts()
        self._model = records
        self._reader = RecordReader(records)
        self._label_of = self._reader.schema.getter(outcome.path)
        self._favorable = outcome.favorable
        self._hashing = Pseudonymizer(keys, records.event_id.link_domain, records.event_id.canonical)
        # A decision may be that old when it comes, and then wait.
        self._reach_s = records.event_time.max_age_s + outcome.max_wait_d * _DAY_S
        newest_key = max(keys, key=lambda key: key.valid_from_s)
        payload_hash = keyed_hash(derive_key(newest_key.secret, "dead-letter"))
        self._notices = NoticeWriter(records, partition, topology.n_notices, payload_hash)
        self._writer = OutcomeWriter(outcome_join_topic(topology.app_id, model.name), partition)

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return self._model.name

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int) -> None:
        """Take over nothing: where reading goes on is all that is stored."""

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Check a run of raw outcomes and collect their tags."""
        reading = self._reader.read(batch)
        self.counts.n_tombstones += reading.n_tombstones
        self.counts.dropped += reading.dropped
        if len(reading):
            self._collect(reading, batch)
        if not reading.rejected:
            return []
        self.counts.dead_letters.update(reading.rejected.values())
        return [self._notices.dead_letters(batch, reading.rejected)]

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:  # noqa: ARG002 - of the contract
        """Return what was collected."""
        return Flush(outputs=self._writer.take_outputs())

    def take_counts(self) -> IngestCounts:
        """Return what happened since the last call."""
        counts, self.counts = self.counts, IngestCounts()
        return counts

    def _collect(self, reading: EventBatch, batch: Batch) -> None:
        times_s = batch.timestamps_ms[np.searchsorted(batch.offsets, reading.offsets)] // 1000
        epochs = self._epochs(times_s)
        values = [value or b"" for value in reading.identifiers[0]]  # none is missing: the event id is required
        tags = [event_tags(self._hashing.digests(values, epoch)) for epoch in reversed(epochs)]
        is_favorable = np.array([self._label_of(event) == self._favorable for event in reading.events], np.uint8)
        self._writer.add(epochs, times_s, is_favorable, tags)

    def _epochs(self, times_s: NDArray[np.int64]) -> range:
        """Return the key epochs in which the decisions of these outcomes may lie."""
        first = self._hashing.epoch_at(float(times_s.min()) - self._reach_s)
        last = self._hashing.epoch_at(float(times_s.max()) + self._model.event_time.max_future_s)
        return range(first, last + 1)
