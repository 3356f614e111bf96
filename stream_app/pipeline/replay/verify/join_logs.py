"""The outcome-join topics of a model, opened for a replay of its outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from stream_app.core.windows.source_progress import SourcePartition
from stream_app.errors import ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.source_log import SourceLog
from stream_app.pipeline.replay.verify.outcome_cursor import OutcomeCursor
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy
from stream_app.topics import outcome_join_topic


class JoinLogs:
    """The outcome-join topics of a model, one for each deployment under which its outcomes were judged.

    Args:
        model: The policy of the model, with an outcome.
        on_progress: Called after each run of records.
        open_log: Opens a topic by its name; raises ``ReplayError`` where it is gone.

    Attributes:
        n_read: Records that were read.
    """

    def __init__(self, model: ModelPolicy, on_progress: OnProgress, open_log: Callable[[str], SourceLog]) -> None:
        self.n_read = 0
        self._model = model
        self._on_progress = on_progress
        self._open_log = open_log

    def open_deployment(self, deployment: Sequence[JournalEntry]) -> dict[SourcePartition, OutcomeCursor]:
        """Return a cursor for each partition of the topic that the deployment read, at its first offset.

        Args:
            deployment: Journal entries of one ``app_id``, from number 0.

        Raises:
            ReplayError: the topic, or its beginning, is gone.
        """
        [(topic, starts)] = deployment[-1].starts.items()
        log = self._open_log(topic)
        app_id = topic.removesuffix(outcome_join_topic("", self._model.name))
        topology = Topology({topic: len(log.partitions)}, app_id)
        cursors = {}
        for partition in log.partitions:
            start = starts.get(partition, 0)
            if (begin := log.begins[partition]) > start:
                raise ReplayError(
                    f"{topic}[{partition}] has lost the offsets {start} to {begin - 1}: their retention has "
                    "expired, or they were deleted",
                    action="These outcomes cannot be verified any more",
                )
            log.seek({partition: start})
            name, next_batch = f"{topic}[{partition}]", partial(self._next_run, log, partition)
            cursors[SourcePartition(topic, partition)] = OutcomeCursor(
                name, self._model, partition, topology, next_batch, start
            )
        return cursors

    def _next_run(self, log: SourceLog, partition: int) -> Batch | None:
        """Return the next records of a partition and report the progress; None at its end."""
        run = log.next_batch(partition)
        if run is not None:
            self.n_read += len(run)
            self._on_progress(self.n_read, self.n_read + log.n_left())
        return run
