"""The outcome-join topics of a model, opened for a replay of its outcomes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from stream_app.core.windows.source_progress import SourcePartition
from stream_app.errors import ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.source_log import SourceLog
from stream_app.pipeline.replay.verify.beginning import Beginning
from stream_app.pipeline.replay.verify.outcome_cursor import OutcomeCursor
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, declared_outcome
from stream_app.topics import outcome_join_topic


class JoinLogs:
    """The outcome-join topics of a model, one for each deployment under which its outcomes were judged.

    Args:
        model: The policy of the model, with an outcome.
        book: The registered policies.
        on_progress: Called after each run of records.
        open_log: Opens a topic by its name; raises ``ReplayError`` where it is gone.

    Attributes:
        n_read: Records that were read.
    """

    def __init__(
        self, model: ModelPolicy, book: PolicyBook, on_progress: OnProgress, open_log: Callable[[str], SourceLog]
    ) -> None:
        self.n_read = 0
        self._book = book
        self._model = model
        self._on_progress = on_progress
        self._open_log = open_log

    def open_at(self, beginning: Beginning) -> dict[SourcePartition, OutcomeCursor]:
        """Return a cursor for each partition of the topic, where a verification begins.

        What waits there for its outcome is joined again from the records before.

        Raises:
            ReplayError: the topic, or the records that are needed, are gone.
        """
        [(topic, starts)] = beginning.starts.items()
        log = self._open_log(topic)
        app_id = topic.removesuffix(outcome_join_topic("", self._model.name))
        topology = Topology({topic: len(log.partitions)}, app_id)
        reaching_back = self._reaching_back(log, beginning)
        cursors = {}
        for partition in log.partitions:
            start, begin = starts.get(partition, 0), log.begins[partition]
            if begin > start and partition not in reaching_back:
                raise ReplayError(
                    f"{topic}[{partition}] has lost the offsets {start} to {begin - 1}: their retention has "
                    "expired, or they were deleted",
                    action="These outcomes cannot be verified any more",
                )
            first = max(start, begin)
            log.seek({partition: first})
            name, next_batch = f"{topic}[{partition}]", partial(self._next_run, log, partition)
            source = SourcePartition(topic, partition)
            cursor = cursors[source] = OutcomeCursor(
                name, beginning.model, partition, topology, next_batch, first, self._book
            )
            begins = beginning.sources.get(source)
            if begins is not None:
                cursor.begin_at(begins.progress, begins.panes)
        return cursors

    def _reaching_back(self, log: SourceLog, beginning: Beginning) -> set[int]:
        """Return the partitions whose records reach back as far as a decision waits for its outcome."""
        if beginning.closed_before_s is None:
            return set()
        waited_s = declared_outcome(beginning.model).max_wait_d * 86_400
        first = log.offsets_at(max(0, int((beginning.closed_before_s - waited_s) * 1000)))
        return {partition for partition, offset in first.items() if offset > log.begins[partition]}

    def _next_run(self, log: SourceLog, partition: int) -> Batch | None:
        """Return the next records of a partition and report the progress; None at its end."""
        run = log.next_batch(partition)
        if run is not None:
            self.n_read += len(run)
            self._on_progress(self.n_read, self.n_read + log.n_left())
        return run
