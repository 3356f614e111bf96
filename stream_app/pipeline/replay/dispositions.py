"""The dispositions of the records that a replay read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from stream_app.pipeline.contract import UnreadableRange
from stream_app.pipeline.ingest.admission import AdmissionResult


@dataclass(slots=True)
class Dispositions:
    """Dispositions of the records of one partition.

    Attributes:
        n_records: Records that were read.
        n_counted: Events that were counted.
        n_late: Events of closed panes.
        n_duplicates: Events that were seen before, with the same decision.
        rejected: Rejected records by reason.
    """

    n_records: int = 0
    n_counted: int = 0
    n_late: int = 0
    n_duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: Dispositions) -> None:
        """Add those of another partition."""
        self.n_records += other.n_records
        self.n_counted += other.n_counted
        self.n_late += other.n_late
        self.n_duplicates += other.n_duplicates
        self.rejected += other.rejected

    def add_unreadable(self, ranges: Iterable[UnreadableRange]) -> None:
        """Add what could not be read."""
        for unreadable in ranges:
            self.n_records += unreadable.n_records
            self.rejected[str(unreadable.reason)] += unreadable.n_records

    def add_admission(self, n_records: int, result: AdmissionResult) -> None:
        """Add those of a batch of raw records."""
        self.n_records += n_records
        self.add_unreadable(result.events.unreadable)
        self.n_counted += len(result.events)
        self.n_late += len(result.late)
        self.n_duplicates += result.n_duplicates
        self.rejected.update(map(str, result.events.rejected.values()))
