"""Lanes with the smallest useful step, in this process: every value is published again and counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import faust

from stream_app.edges.kafka.topic_metadata import TopicMetadata
from stream_app.edges.lanes.assigned_lanes import RELOAD_BACKOFF_S, AssignedLanes
from stream_app.edges.lanes.changelog import LOG_KEY
from stream_app.edges.lanes.confluent_transport import ConfluentTransport
from stream_app.edges.lanes.lane import Lane
from stream_app.edges.lanes.lane_contract import LaneConfig, RecordSource
from stream_app.edges.lanes.log_position import LogChange, StoredLog, decode_log
from stream_app.edges.lanes.transport import Consumer
from stream_app.pipeline.contract import Batch, Flush, Outputs, RecordRange
from stream_app.programs.worker.app import add_agents, build_app
from stream_app.programs.worker.lane_builder import ConsumerSource
from stream_app.settings import Settings
from tests.programs.chaos.logs import read_topic
from tests.support.servers.raw_topics import COMPACT, create_topic

SESSION_S = 6.0
Transport = Literal["faust", "confluent"]
_START_BYTES = 1000  # a record may be larger than the broker takes


class EchoStep:
    """Publishes the start of what it reads and counts it; ``poison`` makes it raise."""

    def __init__(self, topic: str, partition: int, poison: bytes | None = None) -> None:
        self.n = 0
        self._topic, self._partition, self._poison = topic, partition, poison

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int, log_number: int = 0) -> None:
        del next_offset, log_number
        self.n = int(entries.get(b"n", b"0"))

    def step(self, batch: Batch) -> Iterable[Outputs]:
        if self._poison is not None and self._poison in batch.values:
            raise ValueError("poison")
        self.n += len(batch)
        starts = [value and value[:_START_BYTES] for value in batch.values]
        return [Outputs(self._topic, self._partition, list(starts), starts)] if len(batch) else []

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        del now_s, is_caught_up
        return Flush(changes=[(b"n", b"%d" % self.n)])

    def take_report(self) -> EchoReport:
        return EchoReport()

    def restored_report(self) -> None:
        pass


class EchoReport:
    """Nothing to show."""

    def deliver(self, sink: object, now_s: float, /) -> None:
        pass


@dataclass
class Observed:
    """What the lanes reported: an observer of lanes, and of each lane."""

    reloads: list[str] = field(default_factory=list)
    rewinds: list[tuple[int, int]] = field(default_factory=list)
    lost: list[tuple[int, int]] = field(default_factory=list)
    log_changes: list[tuple[str, int, int, int]] = field(default_factory=list)  # kind, number, continues at, lost
    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    loaded: list[int] = field(default_factory=list)
    n_commits: int = 0
    n_rebalances: int = 0
    n_forged: int = 0

    def rebalanced(self) -> None:
        self.n_rebalances += 1

    def lane_opened(self, _: str, partition: int) -> None:
        self.opened.append(partition)

    def lane_closed(self, _: str, partition: int) -> None:
        self.closed.append(partition)

    def lane_reloaded(self, _: str, __: int, error: Exception) -> None:
        self.reloads.append(type(error).__name__)

    def lane_loaded(self, lane: Lane) -> None:
        self.loaded.append(lane.next_offset)

    def lane_stepped(self, lane: Lane, **_: Any) -> None:
        pass

    def lane_committed(self, _: Lane, *, seconds: float) -> None:
        del seconds
        self.n_commits += 1

    def lane_rewound(self, _: LaneConfig, *, from_offset: int, to_offset: int) -> None:
        self.rewinds.append((from_offset, to_offset))

    def state_entries_rejected(self, _: LaneConfig, n: int) -> None:
        self.n_forged += n

    def lane_lost_records(self, _: LaneConfig, *, from_offset: int, to_offset: int) -> None:
        self.lost.append((from_offset, to_offset))

    def lane_recounted(self, _: LaneConfig, recounted: RecordRange) -> None:
        raise AssertionError(recounted)  # an echo counts nothing

    def lane_log_changed(self, _: LaneConfig, change: LogChange, *, to_offset: int) -> None:
        self.log_changes.append((change.kind, change.number, to_offset, change.n_lost))


@dataclass(frozen=True)
class Echo:
    """Topics and settings of one echo; the same for every worker of it."""

    kafka: str
    app_id: str
    n_partitions: int = 1
    flush_s: float = 0.2
    backoff_s: Sequence[float] = RELOAD_BACKOFF_S
    poison: bytes | None = None
    transport: Transport = "faust"

    @property
    def raw(self) -> str:
        return f"{self.app_id}-raw"

    @property
    def out(self) -> str:
        return f"{self.app_id}-out"

    @property
    def state(self) -> str:
        return f"{self.app_id}-state"

    def create(self) -> None:
        create_topic(self.kafka, self.raw, self.n_partitions)
        create_topic(self.kafka, self.out, self.n_partitions)
        create_topic(self.kafka, self.state, self.n_partitions, COMPACT)

    def published(self) -> list[bytes]:
        """Return the committed outputs, partition by partition."""
        return [message.value() for message in read_topic(self.kafka, self.out)]

    def stored(self) -> dict[bytes, bytes]:
        """Return the committed state of a single partition, without the log to which its position belongs."""
        return {key: value for key, value in self._state().items() if key != LOG_KEY}

    def stored_log(self) -> StoredLog:
        """Return the log to which the position of a single partition belongs."""
        return decode_log(self._state().get(LOG_KEY))

    def _state(self) -> dict[bytes, bytes]:
        return {message.key(): message.value() for message in read_topic(self.kafka, self.state)}

    def lane(self, source: Any, partition: int, observed: Observed) -> Lane:
        config = LaneConfig(
            kafka=self.kafka,
            topic=self.raw,
            partition=partition,
            changelog_topic=self.state,
            transactional_id=f"{self.app_id}-{partition}",
            flush_s=self.flush_s,
        )
        return Lane(config, EchoStep(self.out, partition, self.poison), source, observed)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[EchoWorker]:
        """Run a worker until the block ends."""
        running = self._faust_worker() if self.transport == "faust" else self._confluent_worker()
        async with running as worker:
            yield worker

    @asynccontextmanager
    async def _confluent_worker(self) -> AsyncIterator[EchoWorker]:
        observed = Observed()
        metadata = TopicMetadata(self.kafka, [self.raw])
        await metadata.start()
        transport = ConfluentTransport(self.kafka, self.app_id, [self.raw], metadata)
        lanes = AssignedLanes(lambda _, p: self.lane(transport, p, observed), observed, SESSION_S, self.backoff_s)
        transport.start(lanes)
        try:
            yield EchoWorker(None, lanes, observed, transport)
        finally:
            await lanes.close()
            await asyncio.wait_for(transport.stop(), 120)
            await metadata.close()

    @asynccontextmanager
    async def _faust_worker(self) -> AsyncIterator[EchoWorker]:
        settings = Settings(kafka=self.kafka, app_id=self.app_id, session_timeout_s=SESSION_S)
        app = build_app(settings)
        observed = Observed()
        metadata = TopicMetadata(self.kafka, [self.raw])
        await metadata.start()
        source = ConsumerSource(app, metadata)
        lanes = AssignedLanes(
            lambda _, partition: self.lane(source, partition, observed), observed, SESSION_S, self.backoff_s
        )
        add_agents(app, lanes, [self.raw])
        app.finalize()
        starting = asyncio.ensure_future(app.start())
        try:
            yield EchoWorker(app, lanes, observed, source)
        finally:
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            await lanes.close()
            await asyncio.wait_for(app.stop(), 120)
            await metadata.close()


@dataclass(frozen=True)
class EchoWorker:
    """A running worker; the app is that of Faust, where it is the transport."""

    app: faust.App | None
    lanes: AssignedLanes
    observed: Observed
    source: RecordSource

    @property
    def consumer(self) -> Consumer:
        assert self.app is not None
        return cast(Consumer, self.app.consumer)


async def until(what: str, is_so: Callable[[], bool], timeout_s: float = 180.0) -> None:
    """Ask again and again, without holding the workers up.

    Raises:
        AssertionError: it did not become so in time.
    """
    deadline = time.monotonic() + timeout_s
    while not await asyncio.to_thread(is_so):
        assert time.monotonic() < deadline, f"Not in {timeout_s:g} s: {what}"
        await asyncio.sleep(0.1)
