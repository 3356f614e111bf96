"""What a lane needs of the world: its topics and ids, the consumer, and a listener."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.topic_metadata import LogIdentity
from stream_app.edges.lanes.log_position import LogChange
from stream_app.pipeline.contract import Batch, RecordRange
from stream_app.pipeline.seals import RecordSeals

if TYPE_CHECKING:
    from stream_app.edges.lanes.lane import Lane


NO_HEADERS: frozenset[str] = frozenset()


async def as_read(batch: Batch) -> Batch:
    """Return records as they were read: they need no schemas."""
    return batch


@dataclass(frozen=True)
class LaneConfig:
    """Topics, transactional id and flush interval of a lane.

    Attributes:
        kafka: The connection.
        topic: Source topic.
        partition: Source partition.
        changelog_topic: Compacted topic with as many partitions as the source.
        transactional_id: The same for every owner of the partition.
        flush_s: Time between two transactions.
        headers: Names of the record headers that the step needs.
        prepare: Awaited with each run before the step gets it: adds the schemas that its records need, or opens their
            seals.
        seals: Seals what the lane writes to internal topics, and checks its state; None without a key.
    """

    kafka: AnyKafka
    topic: str
    partition: int
    changelog_topic: str
    transactional_id: str
    flush_s: float
    headers: frozenset[str] = NO_HEADERS
    prepare: Callable[[Batch], Awaitable[Batch]] = as_read
    seals: RecordSeals | None = None


class RecordSource(Protocol):
    """The consumer, as a lane needs it."""

    async def rewind(self, topic: str, partition: int, offset: int, headers: frozenset[str] = NO_HEADERS) -> int:
        """Read again from ``offset``, with the headers of these names in the runs.

        Returns:
            The epoch of the runs that are fetched from then on.
        """

    async def earliest_offset(self, topic: str, partition: int) -> int:
        """Return the first offset that is still retained."""

    async def log_identity(self, topic: str, partition: int) -> LogIdentity | None:
        """Return which log the partition has at the time of this call; None when the topic does not exist."""

    def end_offset(self, topic: str, partition: int) -> int | None:
        """Return the end of the partition as of the last fetch; None if it is not known."""

    def fetch_age_s(self, topic: str, partition: int) -> float | None:
        """Return the seconds since the broker last answered a fetch of the partition; None before the first answer."""

    def is_end(self, topic: str, partition: int, offset: int) -> bool:
        """Return whether there is nothing at or above ``offset``, as of a moment ago; False if it is not known."""


class LaneObserver(Protocol):
    """Listener for what a lane does; it makes metrics and log lines."""

    def lane_loaded(self, lane: Lane) -> None:
        """Report that a lane has loaded its state and continues from it."""

    def lane_stepped(self, lane: Lane, *, n_records: int, newest_ms: int, seconds: float) -> None:
        """Report that a run was processed; ``newest_ms`` is the broker timestamp of its last record."""

    def lane_committed(self, lane: Lane, *, seconds: float) -> None:
        """Report that a transaction was committed; what the step counted so far may be shown."""

    def lane_rewound(self, config: LaneConfig, *, from_offset: int, to_offset: int) -> None:
        """Report that a run did not start at the position of the lane."""

    def state_entries_rejected(self, config: LaneConfig, n: int) -> None:
        """Report entries of the state of a lane that no worker has sealed."""

    def lane_lost_records(self, config: LaneConfig, *, from_offset: int, to_offset: int) -> None:
        """Report that records were deleted before they were counted."""

    def lane_recounted(self, config: LaneConfig, recounted: RecordRange) -> None:
        """Report that records which another policy had counted were counted again; none if the range has none."""

    def lane_log_changed(self, config: LaneConfig, change: LogChange, *, to_offset: int) -> None:
        """Report that the log is another one than that of the stored position, and where the lane continues."""
