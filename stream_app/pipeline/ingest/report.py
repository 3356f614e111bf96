"""What the two ingest steps report after a commit: counts without identifiers or groups, and the latency of events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.admission import AdmissionResult
from stream_app.pipeline.ingest.event_batch import EventBatch


@dataclass
class IngestCounts:
    """Dispositions of records since the counts were last taken, for metrics; no identifiers, no groups.

    Attributes:
        decisions: Counted events by outcome (``favorable``, ``unfavorable`` or ``event``).
        dead_letters: Rejected records by reason.
        overflow: Events by dimension whose value the policy does not list.
        dropped: Dropped fields by declared path, or ``undeclared``.
        n_late: Events of closed panes.
        n_duplicates: Events that were seen before, with the same decision.
        n_bounded: Events of tracks that had counted in as many cells of the day as they may.
        n_tombstones: Records without a value.
        anomalies: Counted events that are tagged as anomalies, by outcome.
    """

    decisions: Counter[str] = field(default_factory=Counter)
    dead_letters: Counter[DeadLetterReason] = field(default_factory=Counter)
    overflow: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    n_late: int = 0
    n_duplicates: int = 0
    n_bounded: int = 0
    n_tombstones: int = 0
    anomalies: Counter[str] = field(default_factory=Counter)

    @property
    def n_conflicts(self) -> int:
        """Rejected events with the id of an earlier one and another decision."""
        return self.dead_letters[DeadLetterReason.CONFLICT]

    def add_read(self, events: EventBatch) -> None:
        """Add what the reader left out of a batch."""
        self.n_tombstones += events.n_tombstones
        self.dropped += events.dropped
        self.dead_letters.update(events.rejected.values())
        for unreadable in events.unreadable:
            self.dead_letters[unreadable.reason] += unreadable.n_records

    def add_admission(self, result: AdmissionResult) -> None:
        """Add everything of a batch that is not counted."""
        self.add_read(result.events)
        self.n_duplicates += result.n_duplicates
        self.n_bounded += result.n_bounded
        self.n_late += len(result.late)


class IngestSink(Protocol):
    """Receives what ingest of decisions reports."""

    def ingested(self, model: str, counts: IngestCounts) -> None:
        """Show the counts of a committed transaction."""

    def source_counted(self, model: str, partition: int, n_events: int) -> None:
        """Show how many events of a source partition were counted."""

    def latency_measured(self, stage: str, seconds: float, n_events: int = 1) -> None:
        """Show how long it took events to get through a stage."""


class OutcomeIngestSink(Protocol):
    """Receives what ingest of outcomes reports."""

    def outcomes_ingested(self, topic: str, counts: IngestCounts) -> None:
        """Show the counts of a committed transaction."""


@dataclass
class IngestReport:
    """What a lane of ingest did since its last report.

    Attributes:
        model: Name of the model.
        partition: Source partition.
        counts: Dispositions of the records.
        n_records: Records that were read.
        newest_ms: Broker timestamp of the last of them.
    """

    model: str
    partition: int
    counts: IngestCounts = field(default_factory=IngestCounts)
    n_records: int = 0
    newest_ms: int = 0

    def note_batch(self, batch: Batch) -> None:
        """Note how many records came, and when the broker took the last one."""
        if len(batch):
            self.n_records += len(batch)
            self.newest_ms = int(batch.timestamps_ms[-1])

    def deliver(self, sink: IngestSink, now_s: float, /) -> None:
        """Show the counts, and the time from the broker to the commit."""
        sink.ingested(self.model, self.counts)
        if self.n_records:
            sink.latency_measured("ingest", max(0.0, now_s - self.newest_ms / 1000), self.n_records)
        sink.source_counted(self.model, self.partition, self.counts.decisions.total())


@dataclass
class OutcomeIngestReport:
    """What a lane of outcome ingest did since its last report.

    Attributes:
        topic: Source topic.
        counts: Dispositions of the records.
    """

    topic: str
    counts: IngestCounts = field(default_factory=IngestCounts)

    def deliver(self, sink: OutcomeIngestSink, _: float, /) -> None:
        """Show the counts."""
        sink.outcomes_ingested(self.topic, self.counts)
