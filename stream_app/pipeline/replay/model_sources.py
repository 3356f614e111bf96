"""The source partitions of one model, opened to be counted again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from stream_app.core.windows.source_progress import SourcePartition
from stream_app.errors import ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.results import Offsets
from stream_app.pipeline.replay.cursor import SourceCursor
from stream_app.pipeline.replay.source_log import SourceKind, SourceLog
from stream_app.pipeline.replay.sources import LabelMap, SourceCounter
from stream_app.policy import ModelPolicy

OnProgress = Callable[[int, int], object]  # records read so far, records in total
NewCounter = Callable[[ModelPolicy, LabelMap], SourceCounter]


@dataclass
class ModelSources:
    """The opened source topic of one model.

    Attributes:
        log: The topic that is read.
        kind: Whether it contains raw records or published events.
        model: The policy of the model.
        new_counter: Makes a counter of one partition.
        on_progress: Called after each run of records.
        n_read: Records that were read.
    """

    log: SourceLog
    kind: SourceKind
    model: ModelPolicy
    new_counter: NewCounter
    on_progress: OnProgress
    n_read: int = field(default=0)

    def open_deployment(self, deployment: Sequence[JournalEntry]) -> dict[SourcePartition, SourceCursor]:
        """Return a cursor for each source partition, at the first offset that the deployment counted.

        Args:
            deployment: Journal entries of one ``app_id``, from number 0.

        Raises:
            ReplayError: records from there on are gone.
        """
        self._seek_starts(deployment[-1].starts)
        return {
            SourcePartition(self.model.topic, partition): SourceCursor(
                f"{self.log.topic}[{partition}]",
                self.new_counter(self.model, {}),
                partial(self.next_batch, partition),
                is_whole=self.kind == "raw",
            )
            for partition in self.log.partitions
        }

    def next_batch(self, partition: int) -> Batch | None:
        """Return the next records of a partition and report the progress; None at its end."""
        run = self.log.next_batch(partition)
        if run is not None:
            self.n_read += len(run)
            self.on_progress(self.n_read, self.n_read + self.log.n_left())
        return run

    def _seek_starts(self, starts: Offsets) -> None:
        counted_from = starts.get(self.model.topic, {}) if self.kind == "raw" else {}
        offsets = {partition: counted_from.get(partition, 0) for partition in self.log.partitions}
        for partition, begin in self.log.begins.items():
            start = offsets[partition]
            if begin > start:
                raise ReplayError(
                    f"{self.log.topic}[{partition}] has lost the offsets {start} to {begin - 1}: "
                    "their retention has expired, or they were deleted",
                    action="Read a copy of the topic (--source-topic), or use `replay run` over what is left",
                )
        self.log.seek(offsets)
