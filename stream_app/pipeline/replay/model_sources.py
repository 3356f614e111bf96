"""The source partitions of one model, opened to be counted again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from stream_app.core.windows.source_progress import SourcePartition
from stream_app.errors import ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.cursor import SourceCursor
from stream_app.pipeline.replay.source_log import SourceKind, SourceLog, SourcePlace
from stream_app.pipeline.replay.sources import LabelMap, SourceCounter
from stream_app.pipeline.replay.verify.beginning import Beginning, SourceBeginning
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

    def open_at(self, beginning: Beginning) -> dict[SourcePartition, SourceCursor]:
        """Return a cursor for each source partition, where a verification begins.

        Raises:
            ReplayError: records from there on are gone.
        """
        self._seek(beginning)
        cursors = {}
        for partition in self.log.partitions:
            source = SourcePartition(self.model.topic, partition)
            begins = beginning.sources.get(source)
            cursor = cursors[source] = SourceCursor(
                f"{self.log.topic}[{partition}]",
                self.new_counter(beginning.model if begins is None else begins.model, {}),
                partial(self.next_batch, partition),
                is_whole=self.kind == "raw",
            )
            if begins is not None:
                cursor.begin_at(begins.progress, begins.panes)
        return cursors

    def next_batch(self, partition: int) -> Batch | None:
        """Return the next records of a partition and report the progress; None at its end."""
        run = self.log.next_batch(partition)
        if run is not None:
            self.n_read += len(run)
            self.on_progress(self.n_read, self.n_read + self.log.n_left())
        return run

    def _seek(self, beginning: Beginning) -> None:
        starts = dict(beginning.starts.get(self.model.topic, {}))
        begun = {source.partition: place for source, place in beginning.sources.items()}
        if self.kind == "published":
            logs = beginning.logs.get(self.model.topic, {})
            firsts = {partition: SourcePlace(logs.get(partition, 0), 0) for partition in self.log.partitions}
            for partition in firsts.keys() & begun.keys():
                progress = begun[partition].progress
                firsts[partition] = SourcePlace(progress.log_number, progress.next_offset)
            if not self.log.seek_events(firsts):
                raise _lost(self.log.topic, "events that are needed")
            return
        offsets = {}
        for partition in self.log.partitions:
            place, begin = begun.get(partition), self.log.begins[partition]
            needed = starts.get(partition, 0) if place is None else _deduplicated_from(place)
            if begin > needed:
                raise _lost(f"{self.log.topic}[{partition}]", f"the offsets {needed} to {begin - 1}")
            offsets[partition] = needed if place is None else max(begin, needed - 2 * place.model.deduplication_window)
        self.log.seek(offsets)


def _deduplicated_from(place: SourceBeginning) -> int:
    """Return the first offset whose event id decides about duplicates after a beginning."""
    return max(0, place.progress.next_offset - 2 * place.model.deduplication_window)


def _lost(where: str, what: str) -> ReplayError:
    return ReplayError(
        f"{where} has lost {what}: their retention has expired, or they were deleted",
        action="Read a copy of the topic (--source-topic), or use `replay run` over what is left",
    )
