"""A Faust transport that delivers runs of records instead of records.

Registered under the entry point group ``faust.transports`` as ``lanes``; an app uses it by ``broker="lanes://..."``.
Faust still provides agents, subscription, group membership, rebalances and the consumer thread. Its acknowledgements
are not used: a lane's position is in its state, and the group's committed offset is only a hint for people and
dashboards.
"""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import aiokafka
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from stream_app.connection.for_aiokafka import reread_password
from stream_app.edges.batches.columns import RAW, ColumnReader, reader_of_headers
from stream_app.edges.lanes.lane_contract import NO_HEADERS
from stream_app.edges.lanes.runs import LARGE_RUN_BYTES, is_within_batch, keep_record_sets, take_fetched
from stream_app.pipeline.contract import Batch

# A fetch waits a moment for more: at a few hundred events per second each event would otherwise be a run of its own,
# and a run costs as much as a hundred events. Faust fixes 1500 ms, too long to learn that a lane has caught up.
FETCH_MIN_BYTES = 65_536
FETCH_MAX_WAIT_MS = 100
_FRESH_FETCH_MS = 3_000
_LARGE_POLL_S = 0.005  # between two looks whether the lane is done with a large run
_LARGE_WAIT_S = 30.0  # after which the others go on, whatever has become of it

log = logging.getLogger(__name__)


@dataclass(slots=True, weakref_slot=True)
class RunMessage:
    """A run on its way to its lane.

    Several runs wait in queues, and Faust keeps the last message of each agent. So that these never hold more than one
    run with very large records, a lane releases a run when it is done with it, and no other is taken before.

    Attributes:
        batch: The run.
        epoch: Number of the seek after which it was fetched; a run from before a rewind is stale.
        generation: Generation of the group in which it was fetched.
    """

    batch: Batch
    epoch: int
    generation: int

    @property
    def is_large(self) -> bool:
        """Whether no other run may be taken before this one is released."""
        return self.batch.n_bytes > LARGE_RUN_BYTES

    def release(self) -> None:
        """Let go of the records."""
        self.batch = self.batch.since(self.batch.next_offset)


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that owns the Kafka consumer: fetches runs, seeks and counts the seeks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seek_epochs: dict[TP, int] = defaultdict(int)
        self._readers: dict[TP, ColumnReader] = {}  # by the last seek of each partition
        self._large: Callable[[], RunMessage | None] = lambda: None
        self._large_until = 0.0

    async def on_start(self) -> None:
        """Start the consumer; nothing is fetched before partitions are assigned to it."""
        await super().on_start()
        keep_record_sets(self._ensure_consumer()._fetcher)

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust allows to set these only with its own transactions, which ours replace.
        consumer._isolation_level = "read_committed"
        consumer._fetch_min_bytes = FETCH_MIN_BYTES
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS
        if (connection := getattr(self.app, "connection", None)) is not None:
            reread_password(consumer._client, connection)
        return consumer

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is Faust's
        max_records: int | None = None,  # noqa: ARG002  # Faust's; a run has its own bound
    ) -> dict[TP, list[RunMessage]]:
        """Return one run for each partition that has records, or nothing after the timeout."""
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        deadline = time.monotonic() + (timeout or 0.0)
        with fetcher._subscriptions.fetch_context():
            while True:
                if fetcher._subscriptions.reassignment_in_progress:
                    await fetcher._subscriptions.wait_for_assignment()
                is_held_back = self._is_held_back()
                drained = {} if is_held_back else self._drain(fetcher, active_partitions)
                remaining_s = deadline - time.monotonic()
                if drained or remaining_s <= 0 or fetcher._closed:
                    return drained
                if is_held_back:
                    await asyncio.sleep(_LARGE_POLL_S)
                    continue
                waiter = fetcher._create_fetch_waiter()
                done, _ = await asyncio.wait([waiter], timeout=remaining_s)
                if not done:
                    waiter.cancel()
                    return {}
                waiter.result()  # raises the error of the fetcher, for example a denied authorization

    def _drain(self, fetcher: Any, active_partitions: set[TP]) -> dict[TP, list[RunMessage]]:
        # No await between taking a run and reading the epoch, and seeks happen in this thread too: a run's epoch is
        # exactly the number of seeks before it.
        drained: dict[TP, list[RunMessage]] = {}
        generation = self.app.consumer_generation_id
        # At most one partition keeps a large batch expanded: it comes first, and the others wait for its end.
        for tp in sorted(fetcher._records, key=lambda tp: not is_within_batch(fetcher._records[tp])):
            if active_partitions and tp not in active_partitions:
                if not fetcher._subscriptions.is_assigned(tp):
                    del fetcher._records[tp]
                continue
            result = fetcher._records[tp]
            if drained and not isinstance(result, FetchResult):
                break  # deliver what there is; the error comes up at the next call
            if (batch := take_fetched(fetcher, tp, reader=self._readers.get(tp, RAW))) is not None:
                drained[tp] = [message := RunMessage(batch, self.seek_epochs[tp], generation)]
                if message.is_large:
                    self._large, self._large_until = weakref.ref(message), time.monotonic() + _LARGE_WAIT_S
                    break
            if is_within_batch(result):
                break
        return drained

    def _is_held_back(self) -> bool:
        """Return whether a large run is on its way; one that a rebalance dropped is gone, or of another generation."""
        large = self._large()
        return (
            large is not None
            and large.is_large
            and large.generation == self.app.consumer_generation_id
            and time.monotonic() < self._large_until
        )

    async def rewind(self, tp: TP, offset: int, headers: frozenset[str]) -> int:
        """Seek one partition and return its new seek epoch."""
        epoch: int = await self.call_thread(self._rewind, tp, offset, headers)
        return epoch

    async def _rewind(self, tp: TP, offset: int, headers: frozenset[str]) -> int:
        self._readers[tp] = reader_of_headers(headers)
        self._ensure_consumer().seek(driver.ensure_aiokafka_TP(tp), offset)
        self.seek_epochs[tp] += 1
        return self.seek_epochs[tp]

    async def hint_committed(self, offsets: Mapping[TP, int]) -> None:
        """Commit offsets for the group, as a hint only: a failure has no effect."""
        await self.call_thread(self._hint_committed, offsets)

    async def _hint_committed(self, offsets: Mapping[TP, int]) -> None:
        assigned = self.assignment()
        hints = {driver.ensure_aiokafka_TP(tp): offset for tp, offset in offsets.items() if tp in assigned}
        if not hints:
            return
        try:
            await self._ensure_consumer().commit(hints)
        except aiokafka.errors.KafkaError as error:
            log.info("Group offsets not committed: error=%s", type(error).__name__)


class _Unread(dict[TP, int | None]):
    """Faust's read offsets, never stored: a lane checks continuity itself and may rewind at any time."""

    def __missing__(self, tp: TP) -> None:
        return None

    def __setitem__(self, tp: TP, offset: int | None) -> None:
        pass

    def update(self, *_: Any, **__: Any) -> None:
        pass


class Consumer(driver.Consumer):
    """Consumer whose messages are runs of records."""

    _thread: _ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read_offset = _Unread()

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109  # Faust's
        """Yield one message per run; its value is a ``RunMessage``."""
        records, active_partitions = await self._wait_next_records(timeout)
        if not records or self.should_stop or not self.flow_active:
            return
        for tp, deliveries in records.items():
            for delivery in deliveries:
                # Both may change while the agent has a delivery.
                if not self.flow_active or delivery.generation != self.app.consumer_generation_id:  # type: ignore[redundant-expr]
                    return
                if tp in (active_partitions or ()) or tp in self._buffered_partitions:
                    yield tp, _message_of(tp, delivery)

    async def rewind(self, tp: TP, offset: int, headers: frozenset[str] = NO_HEADERS) -> int:
        """Read a partition again from ``offset``; return the epoch of runs fetched from now on."""
        return await self._thread.rewind(tp, offset, headers)

    async def hint_committed(self, offsets: Mapping[TP, int]) -> None:
        """Show the group's progress to lag tools."""
        await self._thread.hint_committed(offsets)

    def end_offset(self, tp: TP) -> int | None:
        """Return the end of a partition as of the last fetch, open transactions included; None before the first."""
        consumer, partition = self._thread._ensure_consumer(), driver.ensure_aiokafka_TP(tp)
        return cast("int | None", consumer.highwater(partition)) if partition in consumer.assignment() else None

    def is_end(self, tp: TP, offset: int) -> bool:
        """Return whether a fetch in the last seconds returned nothing at or above ``offset``.

        An older fetch proves nothing: the broker may be away. Records of an open transaction count, although they
        cannot be read: a worker that crashed may have left them.
        """
        if self.end_offset(tp) != offset:
            return False
        fetched_ms = self._thread._ensure_consumer().last_poll_timestamp(driver.ensure_aiokafka_TP(tp))
        return fetched_ms is not None and time.time() * 1000 - fetched_ms < _FRESH_FETCH_MS

    def fetch_age_s(self, tp: TP) -> float | None:
        """Return the seconds since the broker last answered a fetch of a partition; None before the first answer."""
        consumer, partition = self._thread._ensure_consumer(), driver.ensure_aiokafka_TP(tp)
        if partition not in consumer.assignment():
            return None
        fetched_ms = consumer.last_poll_timestamp(partition)
        return None if fetched_ms is None else max(0.0, time.time() - fetched_ms / 1000)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: Faust monitors its own acknowledgements here, which lanes do not use."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:  # noqa: ARG002  # Faust's
        return iter(())  # nothing is ever acknowledged to Faust


class Transport(driver.Transport):
    """The transport behind ``lanes://host:port``."""

    Consumer = Consumer


def _message_of(tp: TP, delivery: RunMessage) -> ConsumerMessage:
    batch = delivery.batch
    return ConsumerMessage(
        topic=batch.topic,
        partition=batch.partition,
        offset=batch.next_offset - 1,
        timestamp=0.0,
        timestamp_type=0,
        headers=[],
        key=None,
        value=cast(Any, delivery),  # Faust passes it on unchanged: the agents' topics decode "raw"
        checksum=None,
        tp=tp,
        generation_id=delivery.generation,
    )
