"""The source partitions of a model, opened for a replay: from raw records or from published events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from stream_app.core.windows.source_progress import SourcePartition
from stream_app.edges.files.key_file import key_file_path, load_keys
from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.errors import ConfigError, ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.results import Offsets
from stream_app.pipeline.replay.cursor import SourceCursor
from stream_app.pipeline.replay.sources import LabelMap, Observe, PublishedCounter, RawCounter, SourceCounter
from stream_app.policy import ModelPolicy
from stream_app.settings import Settings

Kind = Literal["raw", "published"]
OnProgress = Callable[[int, int], object]  # records read, records in all


@dataclass(frozen=True)
class SourceChoice:
    """Which topic is read.

    Attributes:
        kind: Raw records, which need the key, or the events that ingest published.
        topic: Another topic of the same content; None for that of the policy.
    """

    kind: Kind = "raw"
    topic: str | None = None

    def topic_of(self, model: ModelPolicy) -> str:
        """Return the topic that is read.

        Raises:
            ConfigError: the model publishes no events.
        """
        if self.topic is not None:
            return self.topic
        if self.kind == "published" and model.output_topic is None:
            raise ConfigError(f"Model {model.name!r} publishes no events", action="Read the raw topic: --from-raw")
        return model.topic if self.kind == "raw" else str(model.output_topic)


@dataclass
class Sources:
    """The opened topic of one model.

    Attributes:
        reader: Reads it.
        choice: Which one it is.
        model: The policy of the model.
    """

    reader: LogReader
    choice: SourceChoice
    model: ModelPolicy
    new_counter: Callable[[ModelPolicy, LabelMap], SourceCounter]
    on_progress: OnProgress
    n_read: int = field(default=0)

    def seek_starts(self, starts: Offsets) -> None:
        """Go to the first offsets that were ever counted.

        Raises:
            ReplayError: records from there on are gone.
        """
        vector = starts.get(self.model.topic, {})
        is_raw = self.choice.kind == "raw"
        for partition, begin in self.reader.begins.items():
            start = vector.get(partition, 0) if is_raw else 0
            if begin > start:
                raise ReplayError(
                    f"{self.reader.topic}[{partition}] has lost the offsets {start} to {begin - 1}: "
                    "their retention has expired",
                    action="Ask for a copy of the topic (--source-topic), or use `replay run` over what is left",
                )
        self.reader.seek({p: vector.get(p, 0) if is_raw else 0 for p in self.reader.partitions})

    def open_deployment(self, deployment: Sequence[JournalEntry]) -> dict[SourcePartition, SourceCursor]:
        """Return a cursor for each source partition, at the first offset that the judge of a life ever counted.

        Raises:
            ReplayError: records from there on are gone.
        """
        self.seek_starts(deployment[-1].starts)
        return self.cursors()

    def cursors(self) -> dict[SourcePartition, SourceCursor]:
        """Return a new cursor for each source partition, at the place where the reader stands."""
        return {
            SourcePartition(self.model.topic, partition): SourceCursor(
                f"{self.reader.topic}[{partition}]",
                self.new_counter(self.model, {}),
                partial(self.next_run, partition),
                is_whole=self.choice.kind == "raw",
            )
            for partition in self.reader.partitions
        }

    def next_run(self, partition: int) -> Batch | None:
        """Return the next records of a partition, and tell how far all is."""
        run = self.reader.next_run(partition)
        if run is not None:
            self.n_read += len(run)
            self.on_progress(self.n_read, self.n_read + self.reader.n_left())
        return run


@contextmanager
def open_sources(
    settings: Settings,
    model: ModelPolicy,
    choice: SourceChoice,
    on_progress: OnProgress,
    observe: Observe | None = None,
) -> Iterator[Sources]:
    """Open the source topic of a model.

    Args:
        settings: Where Kafka and the keys are.
        model: Its policy.
        choice: Which topic is read.
        on_progress: Told how far it is.
        observe: Looks at the counted events too; of all counters, so only where one variant is counted.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
        KeyFileError: raw records need the key file, and there is none.
    """
    with LogReader(settings.kafka, choice.topic_of(model), is_published=choice.kind == "published") as reader:
        yield Sources(reader, choice, model, _counter_maker(settings, choice, observe), on_progress)


def _counter_maker(
    settings: Settings, choice: SourceChoice, observe: Observe | None
) -> Callable[[ModelPolicy, LabelMap], SourceCounter]:
    if choice.kind == "published":
        return lambda model, groups: PublishedCounter(model, groups, observe)
    keys = load_keys(key_file_path(Path(settings.state_dir)))
    return lambda model, groups: RawCounter(model, keys, groups, observe)
