"""What a verification reads: the logs that a judge counted, and everything that was published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from stream_app.core.windows.partials import Partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.pipeline.records.alerts import AnyAlert
from stream_app.pipeline.records.checkpoints import Checkpoint, CheckpointHead
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.outcome_results import AnyResult
from stream_app.pipeline.replay.cursor import Cursor
from stream_app.pipeline.replay.verify.beginning import Beginning
from stream_app.pipeline.replay.verify.matching import PublishedRecord


class SourceLogs(Protocol):
    """The logs that a judge counted, opened again.

    Attributes:
        n_read: Records that were read.
    """

    n_read: int

    def open_at(self, beginning: Beginning) -> Mapping[SourcePartition, Cursor]:
        """Return a cursor for each partition, where a verification begins.

        Raises:
            ReplayError: records from there on are gone.
        """


class PublishedRecords(Protocol):
    """Everything that was published under one name; each call reads the topics again."""

    def journal(self) -> list[tuple[PublishedRecord, JournalEntry]]:
        """Return the journal, in the order of the log."""

    def checkpoints(self) -> Iterable[CheckpointHead]:
        """Yield the checkpoints, without their states, in the order of the log."""

    def checkpoint(self, head: CheckpointHead) -> Checkpoint:
        """Return one checkpoint.

        Raises:
            ReplayError: it is gone, or cannot be read.
        """

    def results(self) -> Iterable[tuple[PublishedRecord, AnyResult]]:
        """Yield the results."""

    def alerts(self) -> Iterable[tuple[PublishedRecord, AnyAlert]]:
        """Yield the alerts."""

    def partials(self) -> Iterable[Partial]:
        """Yield the partials that are still there."""
