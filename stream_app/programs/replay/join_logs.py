"""The labels log of a model, opened for a replay of its outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from stream_app.core.windows.source_progress import SourcePartition
from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.errors import ReplayError, TopicError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.replay.verify.outcome_cursor import OutcomeCursor
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.sources import OnProgress
from stream_app.settings import Settings
from stream_app.topics import outcome_join_topic


class JoinLogs:
    """The labels logs of a model, one for each ``app_id`` under which its outcomes were judged.

    Args:
        settings: Where Kafka is.
        model: The policy of the model, with an outcome.
        on_progress: Told how far it is.
        opened: Closes the readers.

    Attributes:
        n_read: Records that were read.
    """

    def __init__(self, settings: Settings, model: ModelPolicy, on_progress: OnProgress, opened: ExitStack) -> None:
        self.n_read = 0
        self._settings = settings
        self._model = model
        self._on_progress = on_progress
        self._opened = opened

    def open_deployment(self, deployment: Sequence[JournalEntry]) -> dict[SourcePartition, OutcomeCursor]:
        """Return a cursor for each partition of the log that the judge of a life read, at its first offset.

        Raises:
            ReplayError: the log, or its beginning, is gone.
            BrokerUnavailableError: no broker answers.
        """
        [(topic, starts)] = deployment[-1].starts.items()
        reader = self._open(topic)
        app_id = topic.removesuffix(outcome_join_topic("", self._model.name))
        topology = Topology({topic: len(reader.partitions)}, app_id)
        cursors = {}
        for partition in reader.partitions:
            start = starts.get(partition, 0)
            if (begin := reader.begins[partition]) > start:
                raise ReplayError(
                    f"{topic}[{partition}] has lost the offsets {start} to {begin - 1}: their retention has expired",
                    action="These outcomes cannot be verified any more",
                )
            reader.seek({partition: start})
            name = f"{topic}[{partition}]"
            source = _Reading(self, reader, partition)
            cursors[SourcePartition(topic, partition)] = OutcomeCursor(
                name, self._model, partition, topology, source, start
            )
        return cursors

    def note(self, run: Batch, n_left: int) -> None:
        """Tell how far all is."""
        self.n_read += len(run)
        self._on_progress(self.n_read, self.n_read + n_left)

    def _open(self, topic: str) -> LogReader:
        try:
            return self._opened.enter_context(LogReader(self._settings.kafka, topic))
        except TopicError:
            raise ReplayError(
                f"The labels log {topic} is gone", action="Its outcomes cannot be verified without it"
            ) from None


class _Reading:
    """Hands out one partition, and tells how far all is."""

    def __init__(self, logs: JoinLogs, reader: LogReader, partition: int) -> None:
        self._logs = logs
        self._reader = reader
        self._partition = partition

    def __call__(self) -> Batch | None:
        run = self._reader.next_run(self._partition)
        if run is not None:
            self._logs.note(run, self._reader.n_left())
        return run


@contextmanager
def open_join_logs(settings: Settings, model: ModelPolicy, on_progress: OnProgress) -> Iterator[JoinLogs]:
    """Give access to the labels logs of a model; each is opened when it is asked for."""
    with ExitStack() as opened:
        yield JoinLogs(settings, model, on_progress, opened)
