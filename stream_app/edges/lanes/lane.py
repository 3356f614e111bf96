"""A lane takes the runs of one source partition through its step and commits the effects.

One task does everything in turn, so state needs no lock: take a run, step, queue its outputs; once per flush interval,
commit outputs, changed state and ``next`` in one transaction. ``next`` in the state is the truth about what is
counted. A run that does not start there is not counted: the lane reads again from ``next``. Before a commit the lane
makes sure that what it has read is of the log to which ``next`` belongs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import aclosing

import msgspec
from aiokafka.errors import UnknownTopicOrPartitionError

from stream_app.edges.host.tasks import finish, raise_if_canceled
from stream_app.edges.kafka.topic_metadata import LogIdentity
from stream_app.edges.lanes.changelog import LOG_KEY, NEXT_KEY, StateLog
from stream_app.edges.lanes.lane_contract import LaneConfig, LaneObserver, RecordSource
from stream_app.edges.lanes.log_position import (
    LogChangedError,
    LogPosition,
    Mark,
    StoredLog,
    decode_log,
    encode_log,
    find_position,
)
from stream_app.edges.lanes.log_probe import LogProbe, read_range
from stream_app.edges.lanes.transaction_writer import TransactionWriter
from stream_app.edges.lanes.transport import RunMessage
from stream_app.errors import FairStreamError, StateError
from stream_app.pipeline.contract import Outputs, RecordRange
from stream_app.pipeline.lane_step import LaneStep, RecountingStep

_QUEUED_RUNS = 1  # runs, of about a megabyte each, that wait for a lane before the worker waits for it


class Lane:
    """The engine of one source partition.

    Args:
        config: Topics, id and interval.
        step: Its logic, newly created.
        source: The consumer.
        observer: The listener.
        now: Time in seconds by which silence is measured, from a clock that never jumps.
    """

    def __init__(
        self,
        config: LaneConfig,
        step: LaneStep,
        source: RecordSource,
        observer: LaneObserver,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self.step = step
        self.next_offset = 0
        self._source = source
        self._observer = observer
        self._now = now
        self._writer = TransactionWriter(config.kafka, config.transactional_id, config.seals)
        self._state = StateLog(config.kafka, config.changelog_topic, config.partition, config.seals)
        self._runs: asyncio.Queue[RunMessage] = asyncio.Queue(_QUEUED_RUNS)
        self._flush_wanted = asyncio.Event()
        self._flushed = asyncio.Event()
        self._epoch = 0
        self._committed_offset = -1
        self._log = StoredLog()
        self._identity: LogIdentity | None = None
        self._newest: Mark | None = None  # of the records that were counted since the last commit
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
        if not self._is_ready:
            delivery.release()  # the lane has ended while it was busy

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
                raise_if_canceled()
                await self._step_until(flush_at)
                await self._flush()
                self._flush_wanted.clear()
                self._flushed.set()
                flush_at = time.monotonic() + self.config.flush_s
        finally:
            self._is_ready = False
            self._flushed.set()  # nobody waits for a lane that has ended
            while not self._runs.empty():
                self._runs.get_nowait().release()  # wakes a waiting deliver() up
            await finish(self._writer.close())

    async def _load(self) -> None:
        # Fence first: after this no previous owner can commit, so what is read next is final.
        await self._writer.start()
        topic, partition = self.config.topic, self.config.partition
        entries = await self._state.read()
        stored, log = self._stored_position(entries)
        # The identity comes first: a log that changes after this has another one at the next commit.
        self._identity = await self._source.log_identity(topic, partition)
        if self._identity is None:
            raise UnknownTopicOrPartitionError
        async with LogProbe(self.config.kafka, topic, partition) as probe:
            extent = await probe.extent()
            position = LogPosition(extent.begin, StoredLog(self._identity.topic_id, end=extent.end))
            if stored is not None:
                topic_id = self._identity.topic_id
                position = await find_position(stored, log, topic_id, extent, probe.timestamp_at)
        self.next_offset, self._log = position.next_offset, position.log
        self._restore(entries)
        if position.change is not None:
            self._observer.lane_log_changed(self.config, position.change, to_offset=self.next_offset)
        recounted = await self._count_again(extent.begin)
        await self._skip_to(extent.begin)
        self._committed_offset = self.next_offset if stored is not None and position.log == log else -1
        if recounted is not None or self._state.is_to_seal:
            self._committed_offset = -1  # it must be certain that these records are of the same log
        if self._state.n_rejected:
            self._observer.state_entries_rejected(self.config, self._state.n_rejected)
        self._epoch = await self._source.rewind(topic, partition, self.next_offset, self.config.headers)
        self._is_ready = True
        self._observer.lane_loaded(self)

    def _stored_position(self, entries: dict[bytes, bytes]) -> tuple[int | None, StoredLog]:
        """Take the next offset, and the log to which it belongs, out of the entries of the state."""
        stored, log = entries.pop(NEXT_KEY, None), entries.pop(LOG_KEY, None)
        try:
            return None if stored is None else int(stored), decode_log(log)
        except ValueError as error:
            raise self._damaged(error) from None

    def _restore(self, entries: dict[bytes, bytes]) -> None:
        """Hand the state to the step.

        What a worker wrote can be read. Where it cannot, reloading would not help, and counting without it would be
        wrong.
        """
        try:
            self.step.restore(entries, self.next_offset, self._log.number)
        except FairStreamError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a damaged entry leads to
            raise self._damaged(error) from None

    async def _count_again(self, begin: int) -> RecordRange | None:
        """Let the step count retained records again where its policy wants that; return which ones."""
        step, config = self.step, self.config
        if not isinstance(step, RecountingStep):
            return None
        recounted = step.begin_recount(begin, self.next_offset)
        if recounted is None:
            return None
        if recounted.since_offset < recounted.next_offset:
            reading = read_range(config.kafka, config.topic, config.partition, recounted, config.headers)
            async with aclosing(reading):
                async for batch in reading:
                    step.recount(await self.config.prepare(batch))
                    raise_if_canceled()
                    await asyncio.sleep(0)  # let other lanes and the heartbeat run
            step.end_recount()
        self._observer.lane_recounted(config, recounted)
        return recounted

    def _damaged(self, error: Exception) -> StateError:
        return StateError(
            f"The state in {self.config.changelog_topic}[{self.config.partition}] is damaged ({type(error).__name__})",
            action="Restore the topic, or count again under a new FAIRSTREAM_APP_ID",
        )

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
                getting.result().release()
        finally:
            wanted.cancel()
            if getting is not None and not getting.cancel():  # takes nothing out of the queue any more
                getting.result().release()  # it is done

    async def _process(self, delivery: RunMessage) -> None:
        batch = delivery.batch
        if delivery.epoch < self._epoch or batch.next_offset <= self.next_offset:
            return  # fetched before a rewind, or counted already
        if batch.first_offset > self.next_offset:
            await self._rewind(batch.first_offset)
            return
        if batch.first_offset < self.next_offset:
            batch = batch.since(self.next_offset)
        batch = await self.config.prepare(batch)
        started = time.perf_counter()
        outputs = self.step.step(batch)
        await self._writer.send(outputs)
        self.next_offset = batch.next_offset
        if len(batch):
            self._newest = Mark(int(batch.offsets[-1]), int(batch.timestamps_ms[-1]))
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
        self._epoch = await self._source.rewind(topic, partition, self.next_offset, self.config.headers)
        self._observer.lane_rewound(self.config, from_offset=from_offset, to_offset=self.next_offset)

    async def _skip_to(self, earliest: int) -> None:
        """Skip records that retention deleted before they were counted, and report it."""
        if self.next_offset < earliest:
            self._observer.lane_lost_records(self.config, from_offset=self.next_offset, to_offset=earliest)
            self.next_offset = earliest

    async def _check_log(self) -> None:
        """Make sure that the records since the last commit are of the log that was loaded.

        A topic id never comes back, and a log is cut only when its leader changes: so records that were fetched before
        both were still the same are of this log. A topic that is gone has no other log yet.

        Raises:
            LogChangedError: they may be of another log.
        """
        source = self.config.topic, self.config.partition
        end = self._source.end_offset(*source)
        if end is not None and end < self.next_offset:
            raise LogChangedError
        if self.next_offset != self._committed_offset:
            identity = await self._source.log_identity(*source)
            if identity is not None and identity != self._identity:
                raise LogChangedError

    async def _flush(self) -> None:
        started = time.perf_counter()
        await self._check_log()
        is_caught_up = self._source.is_end(self.config.topic, self.config.partition, self.next_offset)
        flush = self.step.flush(self._now(), is_caught_up=is_caught_up)
        if not (flush.outputs or flush.changes) and self.next_offset == self._committed_offset:
            return
        await self._writer.send([*flush.outputs, self._state_outputs(flush.changes)])
        await self._writer.commit()
        self._committed_offset = self.next_offset
        self._observer.lane_committed(self, seconds=time.perf_counter() - started)

    def _state_outputs(self, changes: Iterable[tuple[bytes, bytes | None]]) -> Outputs:
        if self._newest is not None:
            self._log, self._newest = self._log.with_mark(*self._newest), None
        end = self._source.end_offset(self.config.topic, self.config.partition) or self._log.end
        self._log = msgspec.structs.replace(self._log, end=end)
        return self._state.outputs([*changes, (NEXT_KEY, b"%d" % self.next_offset), (LOG_KEY, encode_log(self._log))])
