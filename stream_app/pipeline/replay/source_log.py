"""The topic that a replay reads: which one it is, and from which offsets it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy

SourceKind = Literal["raw", "published"]

_CLOCK_SKEW_S = 60  # worker and broker: an output record may be dated this much before its event's raw record


@dataclass(frozen=True)
class SourceChoice:
    """Which topic is read.

    Attributes:
        kind: Raw records, which need the key, or the events that ingest published.
        topic: Another topic with the same content; None for that of the policy.
    """

    kind: SourceKind = "raw"
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


class SourcePlace(NamedTuple):
    """Where a raw record is in its partition.

    Attributes:
        log_number: Log of the partition: 0, and one more each time the topic was created again or its log cut short.
        offset: Offset in that log.
    """

    log_number: int
    offset: int


class SourceLog(Protocol):
    """A topic that is read partition by partition, up to ends that are frozen when it is opened.

    Attributes:
        topic: Its name.
        begins: First offset that is still there, by partition.
        ends: Offset after the last record, by partition.
    """

    topic: str
    begins: dict[int, int]
    ends: dict[int, int]

    @property
    def partitions(self) -> list[int]:
        """All partitions, in order."""

    def offsets_at(self, timestamp_ms: int) -> dict[int, int]:
        """Return the first offset whose record the broker dates at or after a time; the end where there is none."""

    def seek(self, offsets: Mapping[int, int]) -> None:
        """Continue reading at these offsets."""

    def seek_events(self, places: Mapping[int, SourcePlace]) -> bool:
        """Continue reading published events at or before these places of their raw records, of no other log.

        Returns:
            False where events from there on may be gone.
        """

    def n_left(self) -> int:
        """Return how many offsets are left to read."""

    def next_batch(self, number: int) -> Batch | None:
        """Return the next records of a partition; None at its end."""


def earliest_offsets(log: SourceLog, model: ModelPolicy, from_s: float) -> dict[int, int]:
    """Return by partition an offset before which there is no event of this time or later."""
    before_s = from_s // 1 - model.event_time.max_future_s - model.event_time.pane_s - _CLOCK_SKEW_S
    return log.offsets_at(max(0, int(before_s * 1000)))


def replay_starts(log: SourceLog, model: ModelPolicy, time_range: TimeRange, kind: SourceKind) -> dict[int, int]:
    """Return the offsets from which to read, so that no event is missed and late and duplicate ones are recognized.

    An event is at most ``max_future_s`` ahead of its record's date, so earlier records contain no event of the range,
    and none that closes a pane of it. Duplicates are recognized by the records of the deduplication window before.
    """
    if time_range.from_s == float("-inf"):
        return dict(log.begins)
    n_before = 0 if kind == "published" else 2 * model.deduplication_window
    offsets = earliest_offsets(log, model, time_range.from_s)
    return {partition: max(log.begins[partition], offset - n_before) for partition, offset in offsets.items()}
