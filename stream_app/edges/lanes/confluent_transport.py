"""A second transport for lanes: membership by the new group protocol (KIP-848), through confluent-kafka.

Faust's consumer uses the classic protocol, which Kafka is going to remove (KIP-1274). This transport shows that the
lanes depend on the port (``RecordSource``, ``AssignedLanes``) and not on Faust: it passes the same contract suite.
Decision 0010 says why no worker uses it yet, and what is missing.

One thread owns the consumer. It takes records, makes a run of them for each partition, and hands the runs to the lanes
in the event loop; between two looks it carries out what lanes ask for. It never waits for a lane without serving them.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

import numpy as np
from faust.types import TP

from stream_app.connection.for_confluent import confluent_settings, import_confluent
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.batches.columns import named_headers
from stream_app.edges.kafka.topic_metadata import LogIdentity, TopicMetadata
from stream_app.edges.lanes.assigned_lanes import AssignedLanes
from stream_app.edges.lanes.lane_contract import NO_HEADERS
from stream_app.edges.lanes.runs import MAX_RECORDS
from stream_app.edges.lanes.transport import FETCH_MAX_WAIT_MS, RunMessage
from stream_app.pipeline.contract import Batch

_FRESH_S = 3.0
_PROBE_EVERY_S = 1.0
_POLL_S = 0.1
_REQUEST_S = 5.0
_SEEK_S = 10.0  # a partition that was just assigned can be sought a moment later
_FETCH_BYTES = 524_288
_SETTINGS = {
    "group.protocol": "consumer",
    "enable.auto.commit": False,
    "auto.offset.reset": "error",  # the position of a lane is in its state; one that is gone must be noticed
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "check.crcs": True,
    "fetch.wait.max.ms": FETCH_MAX_WAIT_MS,
    "fetch.message.max.bytes": _FETCH_BYTES,
    "queued.max.messages.kbytes": 2048,
    "topic.metadata.refresh.interval.ms": 5000,
}

T = TypeVar("T")

log = logging.getLogger(__name__)


class ConfluentTransport:
    """Consumer of the source topics, and a ``RecordSource`` for their lanes.

    Args:
        kafka: The connection.
        group: Consumer group.
        topics: Source topics.
        metadata: Says which log a partition is.
    """

    def __init__(self, kafka: AnyKafka, group: str, topics: Iterable[str], metadata: TopicMetadata) -> None:
        self._client = import_confluent()
        settings = {**confluent_settings(kafka), **_SETTINGS, "group.id": group, "error_cb": _note_error}
        self._consumer = self._client.Consumer(settings)
        self._topics = list(topics)
        self._metadata = metadata
        self._loop = asyncio.get_running_loop()
        self._requests: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._running: asyncio.Future[None] | None = None
        self._is_stopping = False
        self._assigned: set[TP] = set()
        self._next: dict[TP, int] = {}  # position of the reader, by partition that a lane has sought
        self._epochs: dict[TP, int] = defaultdict(int)
        self._headers: dict[TP, frozenset[str]] = {}  # names of those that are wanted, by partition
        self._ends: dict[TP, int] = {}
        self._answered_at: dict[TP, float] = {}
        self._generation = 0
        self._lanes: AssignedLanes | None = None

    def start(self, lanes: AssignedLanes) -> None:
        """Join the group; from now on the lanes get their partitions and runs."""
        self._lanes = lanes
        self._running = asyncio.ensure_future(asyncio.to_thread(self._run))

    async def stop(self) -> None:
        """Leave the group; the lanes should be closed before.

        Raises:
            KafkaException: the consumer had ended by itself.
        """
        self._is_stopping = True
        if self._running is not None:
            await self._running

    async def rewind(self, topic: str, partition: int, offset: int, headers: frozenset[str] = NO_HEADERS) -> int:
        """Read again from ``offset``; return the epoch of the runs that are fetched from then on."""
        return await self._ask(lambda: self._seek(TP(topic, partition), offset, headers))

    async def earliest_offset(self, topic: str, partition: int) -> int:
        """Return the first offset that is still retained."""
        return (await self._ask(lambda: self._extent(TP(topic, partition))))[0]

    async def log_identity(self, topic: str, partition: int) -> LogIdentity | None:
        """Return which log the partition has at the time of this call."""
        return await self._metadata.identity(topic, partition)

    def end_offset(self, topic: str, partition: int) -> int | None:
        """Return the end of the partition as of the last fetch, open transactions included."""
        return self._ends.get(TP(topic, partition))

    def fetch_age_s(self, topic: str, partition: int) -> float | None:
        """Return the seconds since the leader of the partition last answered; None before the first answer."""
        answered_at = self._answered_at.get(TP(topic, partition))
        return None if answered_at is None else time.monotonic() - answered_at

    def is_end(self, topic: str, partition: int, offset: int) -> bool:
        """Return whether there is nothing at or above ``offset``, as of a moment ago."""
        age_s = self.fetch_age_s(topic, partition)
        return age_s is not None and age_s < _FRESH_S and self.end_offset(topic, partition) == offset

    async def _ask(self, request: Callable[[], T]) -> T:
        """Let the thread of the consumer do something."""
        answer: Future[T] = Future()
        self._requests.put((request, answer))
        return await asyncio.wrap_future(answer)

    # What follows runs in the thread of the consumer.

    def _run(self) -> None:
        self._consumer.subscribe(self._topics, on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke)
        probed_at = 0.0
        try:
            while not self._is_stopping:
                self._serve(0.0)
                messages = self._consumer.consume(MAX_RECORDS, timeout=_POLL_S)
                self._note_ends()
                self._deliver(messages)
                if time.monotonic() - probed_at > _PROBE_EVERY_S:
                    self._probe()
                    probed_at = time.monotonic()
        finally:
            self._consumer.close()

    def _serve(self, wait_s: float) -> None:
        """Carry out what lanes have asked for; wait a moment for the first request."""
        while True:
            try:
                request, answer = self._requests.get(timeout=wait_s) if wait_s else self._requests.get_nowait()
            except queue.Empty:
                return
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(request())
            except Exception as error:  # noqa: BLE001  # the lane that asked gets it
                answer.set_exception(error)
            wait_s = 0.0

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the event loop, serving the lanes meanwhile."""
        done = asyncio.run_coroutine_threadsafe(work, self._loop)
        while not done.done():
            self._serve(0.02)
        done.result()

    def _deliver(self, messages: list[Any]) -> None:
        runs: dict[TP, list[Any]] = defaultdict(list)
        for message in messages:
            error = message.error()
            place = TP(message.topic(), message.partition())
            if error is None or error.code() == self._client.KafkaError._PARTITION_EOF:
                runs[place].append(message)
            elif error.code() == self._client.KafkaError._AUTO_OFFSET_RESET:
                self._restart(place)
            else:
                log.warning("Records not read: topic=%s partition=%d error=%s", *place, error.name())
        for place, run in runs.items():
            if place in self._next:
                self._call(self._pass(self._run_of(place, run)))

    async def _pass(self, batch: Batch) -> None:
        lanes = self._lanes
        assert lanes is not None
        epoch = self._epochs[TP(batch.topic, batch.partition)]
        await lanes.deliver(RunMessage(batch, epoch, self._generation))

    def _run_of(self, place: TP, messages: list[Any]) -> Batch:
        """Make a run. At the end of a partition the position passes markers of transactions, which no record shows."""
        records = [message for message in messages if message.error() is None]
        first_offset = self._next[place]
        ends = [m.offset() + (m.error() is None) for m in messages]
        self._next[place] = next_offset = max(first_offset, ends[-1])
        self._answered_at[place] = time.monotonic()
        values = [message.value() for message in records]
        return Batch(
            place.topic,
            place.partition,
            first_offset,
            next_offset,
            np.array([message.offset() for message in records], np.int64),
            values,
            np.array([message.timestamp()[1] for message in records], np.int64),
            n_bytes=sum(len(value) for value in values if value is not None),
            headers=[named_headers(m.headers(), names) for m in records] if (names := self._headers[place]) else None,
        )

    def _restart(self, place: TP) -> None:
        """Read from the first retained record: the position is gone, and librdkafka has stopped reading.

        The lane sees that the next run does not begin where it stands, reports what is lost, and seeks itself.
        """
        if place not in self._assigned:
            return
        begin, _ = self._extent(place)
        target = self._client.TopicPartition(place.topic, place.partition, begin)
        self._consumer.incremental_unassign([target])
        self._consumer.incremental_assign([target])
        if place in self._next:
            self._next[place] = begin
        else:
            self._consumer.pause([target])

    def _seek(self, place: TP, offset: int, headers: frozenset[str]) -> int:
        target = self._client.TopicPartition(place.topic, place.partition, offset)
        deadline_s = time.monotonic() + _SEEK_S
        while True:
            try:
                self._consumer.seek(target)
            except self._client.KafkaException:
                if place not in self._assigned or time.monotonic() > deadline_s:
                    raise
                time.sleep(0.02)
            else:
                break
        self._consumer.resume([target])
        self._next[place], self._headers[place] = offset, headers
        self._epochs[place] += 1
        return self._epochs[place]

    def _extent(self, place: TP) -> tuple[int, int]:
        target = self._client.TopicPartition(place.topic, place.partition)
        low, high = self._consumer.get_watermark_offsets(target, timeout=_REQUEST_S)
        return int(low), int(high)

    def _note_ends(self) -> None:
        """Note the end of each partition as of its last fetch."""
        for place in self._next:
            target = self._client.TopicPartition(place.topic, place.partition)
            extent = self._consumer.get_watermark_offsets(target, cached=True)
            if extent is not None and extent[1] >= 0:
                self._ends[place] = int(extent[1])

    def _probe(self) -> None:
        """Ask the leaders whether they are there: a fetch that found nothing leaves no trace."""
        for place in list(self._next):
            try:
                self._extent(place)
            except self._client.KafkaException:
                return  # the broker is away; the others would wait as long
            self._answered_at[place] = time.monotonic()

    def _assign(self, _: Any, partitions: Collection[Any]) -> None:
        """Take new partitions; nothing of them is passed on before their lane has sought its position."""
        for partition in partitions:
            partition.offset = 0  # where nothing is retained any more, reading begins again
        self._consumer.incremental_assign(list(partitions))
        self._consumer.pause(list(partitions))
        self._change(self._assigned | {TP(p.topic, p.partition) for p in partitions})

    def _revoke(self, _: Any, partitions: Collection[Any]) -> None:
        """Give partitions back: what is counted is committed first."""
        lanes = self._lanes
        assert lanes is not None
        self._call(lanes.flush())
        gone = {TP(p.topic, p.partition) for p in partitions}
        self._change(self._assigned - gone)
        self._consumer.incremental_unassign(list(partitions))
        for place in gone:
            self._next.pop(place, None)
            self._answered_at.pop(place, None)
            self._ends.pop(place, None)

    def _change(self, assigned: set[TP]) -> None:
        lanes = self._lanes
        assert lanes is not None
        self._assigned = assigned
        self._generation += 1
        self._call(lanes.assign(assigned))


def _note_error(error: Any) -> None:
    log.info("Kafka client: error=%s", error.name())
