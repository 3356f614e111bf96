"""A lane takes the runs of one source partition through its step and commits the effects.

One task does everything in turn, so state needs no lock: take a run, step, queue its outputs; once per flush interval,
commit outputs, changed state and ``next`` in one transaction. ``next`` in the state is the truth about what is
counted. A run that does not start there is not counted: the lane reads again from ``next``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from stream_app.edges.lanes.changelog import NEXT_KEY, read_state
from stream_app.edges.lanes.transaction_writer import TransactionWriter
from stream_app.edges.lanes.transport import RunMessage
from stream_app.errors import FairStreamError, StateError
from stream_app.pipeline.contract import Outputs
from stream_app.pipeline.lane_step import LaneStep

_QUEUED_RUNS = 1  # runs, of about a megabyte each, that wait for a lane before the worker waits for it


@dataclass(frozen=True)
class LaneConfig:
    """Topics, transactional id and flush interval of a lane.

    Attributes:
        bootstrap: Bootstrap servers.
        topic: Source topic.
        partition: Source partition.
        changelog_topic: Compacted topic with as many partitions as the source.
        transactional_id: The same for every owner of the partition.
        flush_s: Time between two transactions.
    """

    bootstrap: str
    topic: str
    partition: int
    changelog_topic: str
    transactional_id: str
    flush_s: float


class RecordSource(Protocol):
    """The consumer, as a lane needs it."""

    async def rewind(self, topic: str, partition: int, offset: int) -> int:
        """Read again from ``offset``; return the epoch of the runs that are fetched from then on."""

    async def earliest_offset(self, topic: str, partition: int) -> int:
        """Return the first offset that is still retained."""

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

    def lane_lost_records(self, config: LaneConfig, *, from_offset: int, to_offset: int) -> None:
        """Report that records were deleted before they were counted."""


class Lane:
    """The engine of one source partition.

    Args:
        config: Topics, id and interval.
        step: Its logic, newly created.
        source: The consumer.
        observer: The listener.
        now: Processing time in seconds since the epoch.
    """

    def __init__(
        self,
        config: LaneConfig,
        step: LaneStep,
        source: RecordSource,
        observer: LaneObserver,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self.step = step
        self.next_offset = 0
        self._source = source
        self._observer = observer
        self._now = now
        self._writer = TransactionWriter(config.bootstrap, config.transactional_id)
        self._runs: asyncio.Queue[RunMessage] = asyncio.Queue(_QUEUED_RUNS)
        self._flush_wanted = asyncio.Event()
        self._flushed = asyncio.Event()
        self._epoch = 0
        self._committed_offset = -1
        self._is_ready = False

    @property
    def is_ready(self) -> bool:
        """Whether the state is loaded."""
        return self._is_ready

    @property
    def lag(self) -> int | None:
        """Records of the source that are not yet counted, as of the last fetch; None when it is not known."""
        end = self._source.end_offset(self.config.topic, self.config.partition)
        return None if end is None else max(0, end - self.next_offset)

    @property
    def fetch_age_s(self) -> float | None:
        """Seconds since the broker last answered a fetch of the source partition; None before the first answer."""
        return self._source.fetch_age_s(self.config.topic, self.config.partition)

    async def deliver(self, delivery: RunMessage) -> None:
        """Pass a run to the lane; waits while the lane is busy."""
        await self._runs.put(delivery)

    async def flush_soon(self) -> None:
        """Commit what is counted without waiting for the interval, and return when it is committed."""
        self._flushed.clear()
        self._flush_wanted.set()
        await self._flushed.wait()

    async def run(self) -> None:
        """Load the state and process runs until canceled.

        Raises:
            StateError: the stored state does not match; reloading would not help.
            Exception: any other failure. The lane must be dropped: its state in memory may be ahead of what is
                committed.
        """
        try:
            await self._load()
            flush_at = time.monotonic() + self.config.flush_s
            while True:
                await self._step_until(flush_at)
                await self._flush()
                self._flush_wanted.clear()
                self._flushed.set()
                flush_at = time.monotonic() + self.config.flush_s
        finally:
            self._is_ready = False
            self._flushed.set()  # nobody waits for a lane that has ended
            while not self._runs.empty():
                self._runs.get_nowait()  # releases a waiting deliver()
            await self._writer.close()

    async def _load(self) -> None:
        # Fence first: after this no previous owner can commit, so what is read next is final.
        await self._writer.start()
        topic, partition = self.config.topic, self.config.partition
        entries = await read_state(self.config.bootstrap, self.config.changelog_topic, partition)
        stored = entries.pop(NEXT_KEY, None)
        earliest = await self._source.earliest_offset(topic, partition)
        try:
            self.next_offset = earliest if stored is None else int(stored)
            self.step.restore(entries, self.next_offset)
        except FairStreamError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a damaged entry leads to
            # What a worker wrote can be read. Reloading would not help, and counting without it would be wrong.
            raise StateError(
                f"The state of {topic}[{partition}] in {self.config.changelog_topic} is damaged"
                f" ({type(error).__name__})",
                action="Restore the topic, or count again under a new FAIRSTREAM_APP_ID",
            ) from None
        await self._skip_to(earliest)
        self._committed_offset = self.next_offset if stored is not None else -1
        self._epoch = await self._source.rewind(topic, partition, self.next_offset)
        self._is_ready = True
        self._observer.lane_loaded(self)

    async def _step_until(self, flush_at: float) -> None:
        """Process runs until the flush is due or requested."""
        wanted = asyncio.ensure_future(self._flush_wanted.wait())
        getting: asyncio.Future[RunMessage] | None = None
        try:
            while not wanted.done() and (left_s := flush_at - time.monotonic()) > 0:
                getting = asyncio.ensure_future(self._runs.get())
                await asyncio.wait({getting, wanted}, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
                if not getting.done():
                    return
                await self._process(getting.result())
        finally:
            wanted.cancel()
            if getting is not None:
                getting.cancel()  # takes nothing out of the queue any more; nothing happens when it is done

    async def _process(self, delivery: RunMessage) -> None:
        batch = delivery.batch
        if delivery.epoch < self._epoch or batch.next_offset <= self.next_offset:
            return  # fetched before a rewind, or counted already
        if batch.first_offset > self.next_offset:
            await self._rewind(batch.first_offset)
            return
        if batch.first_offset < self.next_offset:
            batch = batch.since(self.next_offset)
        started = time.perf_counter()
        outputs = self.step.step(batch)
        await self._writer.send(outputs)
        self.next_offset = batch.next_offset
        self._observer.lane_stepped(
            self,
            n_records=len(batch),
            newest_ms=int(batch.timestamps_ms[-1]) if len(batch) else 0,
            seconds=time.perf_counter() - started,
        )
        await asyncio.sleep(0)  # let other lanes and the heartbeat run

    async def _rewind(self, from_offset: int) -> None:
        """Read again from ``next``: counting past a gap would lose records silently."""
        topic, partition = self.config.topic, self.config.partition
        await self._skip_to(await self._source.earliest_offset(topic, partition))
        self._epoch = await self._source.rewind(topic, partition, self.next_offset)
        self._observer.lane_rewound(self.config, from_offset=from_offset, to_offset=self.next_offset)

    async def _skip_to(self, earliest: int) -> None:
        """Skip records that retention deleted before they were counted, and report it."""
        if self.next_offset < earliest:
            self._observer.lane_lost_records(self.config, from_offset=self.next_offset, to_offset=earliest)
            self.next_offset = earliest

    async def _flush(self) -> None:
        started = time.perf_counter()
        is_caught_up = self._source.is_end(self.config.topic, self.config.partition, self.next_offset)
        flush = self.step.flush(self._now(), is_caught_up=is_caught_up)
        if not (flush.outputs or flush.changes) and self.next_offset == self._committed_offset:
            return
        await self._writer.send([*flush.outputs, self._state_outputs(flush.changes)])
        await self._writer.commit()
        self._committed_offset = self.next_offset
        self._observer.lane_committed(self, seconds=time.perf_counter() - started)

    def _state_outputs(self, changes: Iterable[tuple[bytes, bytes | None]]) -> Outputs:
        entries = [*changes, (NEXT_KEY, b"%d" % self.next_offset)]
        keys, values = zip(*entries, strict=True)
        return Outputs(self.config.changelog_topic, self.config.partition, list(keys), list(values))
