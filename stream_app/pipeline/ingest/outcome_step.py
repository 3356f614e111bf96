"""Ingest of outcomes: raw outcomes in; tags with labels, and dead letters, out.

With ``stream_app.pipeline.ingest.step`` the only step that sees a raw identifier. An outcome is read like a decision
without attributes. The event id becomes the tag under which its decision waits; nothing else of the record leaves.
Duplicates are recognized where the decision is known (``stream_app.core.join.outcome_join``): only there can the same
label be distinguished from a changed one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.deduplication import event_tags
from stream_app.pipeline.contract import Batch, Flush, Outputs
from stream_app.pipeline.ingest.admission import pseudonymizer_of
from stream_app.pipeline.ingest.event_batch import EventBatch
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.pipeline.ingest.report import OutcomeIngestReport
from stream_app.pipeline.ingest.writers.notices import NoticeWriter
from stream_app.pipeline.ingest.writers.outcome_join import OutcomeWriter
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, declared_outcome, outcome_records_of
from stream_app.topics import outcome_join_topic

_DAY_S = 86_400


class OutcomeIngestStep:
    """Ingest of the outcomes of one source partition; a ``LaneStep`` without state.

    Args:
        model: The policy of the model, with an outcome.
        keys: Root keys of the pseudonyms.
        partition: Source partition; the decision of each outcome must be in the same partition of its topic.
        topology: Where outputs go.

    Raises:
        ValueError: the model has no outcome.
    """

    def __init__(self, model: ModelPolicy, keys: tuple[RootKey, ...], partition: int, topology: Topology) -> None:
        outcome = declared_outcome(model)
        records = outcome_records_of(model)
        self._topic = records.topic
        self._reader = RecordReader(records)
        self._label_of = self._reader.schema.getter(outcome.path)
        self._favorable = frozenset(records.decision.favorable_values if records.decision else ())
        self._event_ids = pseudonymizer_of(records.event_id, keys)
        # A decision may be that old when it comes, and then wait.
        self._reach_s = records.event_time.max_age_s + outcome.max_wait_d * _DAY_S
        self._max_future_s = records.event_time.max_future_s
        self._notices = NoticeWriter(records, keys, partition, topology)
        self._writer = OutcomeWriter(outcome_join_topic(topology.app_id, model.name), partition)
        self._report = OutcomeIngestReport(self._topic)

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int, log_number: int = 0) -> None:
        """Take over nothing: the next offset is all that is stored."""

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Check a batch of raw outcomes and collect their tags."""
        outcomes = self._reader.read(batch)
        self._report.counts.add_read(outcomes)
        if len(outcomes):
            self._collect(outcomes, batch)
        return self._notices.dead_letters(batch, outcomes.rejected)

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:  # noqa: ARG002 - of the contract
        """Return what was collected."""
        return Flush(outputs=self._writer.take_outputs())

    def take_report(self) -> OutcomeIngestReport:
        """Return what happened since the last call."""
        report, self._report = self._report, OutcomeIngestReport(self._topic)
        return report

    def restored_report(self) -> None:
        """Return nothing: a lane without state knows nothing."""

    def _collect(self, outcomes: EventBatch, batch: Batch) -> None:
        times_s = batch.timestamps_ms[np.searchsorted(batch.offsets, outcomes.offsets)] // 1000
        epochs = self._event_ids.epochs_between(
            float(times_s.min()) - self._reach_s, float(times_s.max()) + self._max_future_s
        )
        values = outcomes.identifier_values(0)
        tags = [event_tags(self._event_ids.digests(values, epoch)) for epoch in reversed(epochs)]
        is_favorable = np.array([self._label_of(event) in self._favorable for event in outcomes.events], np.uint8)
        self._writer.add(epochs, times_s, is_favorable, tags)
