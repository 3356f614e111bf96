"""The state of one lane in its changelog topic, which is compacted: read when the lane loads, written with each commit.

Where the workers have a key, every entry is sealed, and one entry has the sum of the tags of all others. An entry that
no worker has sealed is passed over, for the one before it. Where compaction has removed that one, the sum shows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import aiokafka

from stream_app.connection.for_aiokafka import aiokafka_options
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.host.tasks import begin, finish
from stream_app.errors import StateError
from stream_app.pipeline.contract import Outputs
from stream_app.pipeline.seals import RecordSeals, take_seal

NEXT_KEY = b"next"  # the source offset up to which everything is in the state
LOG_KEY = b"log"  # the log to which that offset belongs
_SUM_KEY = b"tags"  # the sum of the tags of all other entries
_SUM_BYTES = 16
_POLL_MS = 500
_STALL_S = 60.0

Entries = dict[bytes, bytes]
_IsPassedOver = Callable[[Any], bool]


class StateLog:
    """The state of one lane.

    Args:
        kafka: The connection.
        topic: Its changelog topic.
        partition: Its partition there.
        seals: Seals and checks its entries; None for a deployment without a key.

    Attributes:
        n_rejected: Entries that ``read`` passed over because no worker has sealed them.
        is_to_seal: Whether entries that were read have no seal, or one of the other key; the next ``outputs`` contain
            them all.
    """

    def __init__(self, kafka: AnyKafka, topic: str, partition: int, seals: RecordSeals | None = None) -> None:
        self.n_rejected = 0
        self.is_to_seal = False
        self._kafka, self._place, self._seals = kafka, (topic, partition), seals
        self._tags: dict[bytes, int] = {}
        self._unsealed: Entries = {}

    async def read(self) -> Entries:
        """Return the last committed value of every key that a worker wrote.

        The caller has fenced the previous owner, so no open transaction can hide a record or be committed later.

        Raises:
            KafkaTimeoutError: no answer for a minute; the broker is away or busy, and a retry may succeed.
            StateError: entries of workers were replaced, or the deployment has a key that this worker has not.
        """
        stored = await read_state(self._kafka, *self._place, is_passed_over=self._is_passed_over)
        return self._open(stored)

    def outputs(self, changes: Iterable[tuple[bytes, bytes | None]]) -> Outputs:
        """Return the records of changed entries; None removes one."""
        entries = [*changes]
        if self._seals is not None:
            changed = {key for key, _ in entries}
            entries += [(key, value) for key, value in self._unsealed.items() if key not in changed]
            self._unsealed, self.is_to_seal = {}, False
            self._note(entries, self._seals)
            total = sum(self._tags.values()) % 2 ** (8 * _SUM_BYTES)
            entries.append((_SUM_KEY, total.to_bytes(_SUM_BYTES, "big")))
        keys, values = zip(*entries, strict=True)
        return Outputs(*self._place, list(keys), list(values))

    def _note(self, entries: Iterable[tuple[bytes, bytes | None]], seals: RecordSeals) -> None:
        for key, value in entries:
            if value is None:
                self._tags.pop(key, None)
            else:
                self._tags[key] = int.from_bytes(seals.tag(*self._place, key, value), "big")

    def _is_passed_over(self, record: Any) -> bool:
        """Return whether no worker wrote a record of the changelog."""
        if self._seals is None:
            return False
        if record.value is None:
            is_valid = self._seals.is_removal(*self._place, record.key, record.headers)
        else:
            _, is_valid = self._seals.open(*self._place, record.key, record.value)
        self.n_rejected += not is_valid
        return not is_valid

    def _open(self, stored: Entries) -> Entries:
        taken = {key: take_seal(value) for key, value in stored.items()}
        entries = {key: record for key, (record, _) in taken.items()}
        total, sum_tag = entries.pop(_SUM_KEY, None), taken.pop(_SUM_KEY, (b"", None))[1]
        where = "The state of {}[{}]".format(*self._place)
        if self._seals is None:
            if total is not None:
                raise StateError(f"{where} is sealed", action="Give the key of the workers: FAIRSTREAM_RECORD_KEY_FILE")
            return entries
        tags = {key: tag for key, (_, tag) in taken.items()}
        has_unsealed = None in tags.values()
        self._unsealed = {key: entries[key] for key, tag in tags.items() if not self._is_own(key, entries[key], tag)}
        # A sum is one of tags under the key of its worker, also where an entry has the seal of the key before.
        by = self._seals.sealer_of(*self._place, _SUM_KEY, total, sum_tag) if total and sum_tag else self._seals
        self.is_to_seal = bool(self._unsealed) or by is not self._seals
        self._note(entries.items(), by or self._seals)
        own = sum(self._tags.values()) % 2 ** (8 * _SUM_BYTES)
        self._note(entries.items(), self._seals)
        if total is None and self.n_rejected and not entries:
            raise StateError(
                f"{where} has entries, and none has the seal of the workers",
                action="If it was written before there was a key, start once with FAIRSTREAM_UNSEALED_RECORDS=accept",
            )
        if own != int.from_bytes(total, "big") if total is not None else entries and not has_unsealed:
            raise StateError(
                f"{where} lacks entries that its worker wrote: somebody else has replaced or removed them",
                action="Restore the topic, or count again under a new FAIRSTREAM_APP_ID",
            )
        return entries

    def _is_own(self, key: bytes, entry: bytes, tag: bytes | None) -> bool:
        """Return whether an entry has the seal that this worker gives it."""
        assert self._seals is not None  # without a key nothing is sealed again
        return tag is not None and self._seals.sealer_of(*self._place, key, entry, tag) is self._seals


async def read_state(
    kafka: AnyKafka, topic: str, partition: int, *, is_passed_over: _IsPassedOver = lambda _: False
) -> Entries:
    """Return the last committed value of every key in one partition of a compacted topic, as it is stored.

    Args:
        kafka: The connection.
        topic: The topic.
        partition: Its partition.
        is_passed_over: Asked about each record, in their order: whether it changes nothing.

    Raises:
        KafkaTimeoutError: no answer for a minute; the broker is away or busy, and a retry may succeed.
    """
    tp = aiokafka.TopicPartition(topic, partition)
    # `earliest` and no seek: aiokafka's reset after assign() races with seek_to_beginning(), and with `latest`
    # the reader would read nothing.
    consumer = aiokafka.AIOKafkaConsumer(
        **aiokafka_options(kafka),
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    try:
        await begin(consumer.start())
        consumer.assign([tp])
        end = (await consumer.end_offsets([tp]))[tp]
        return await _read_until(consumer, tp, end, is_passed_over)
    finally:
        await finish(consumer.stop())


async def _read_until(
    consumer: aiokafka.AIOKafkaConsumer, tp: aiokafka.TopicPartition, end: int, is_passed_over: _IsPassedOver
) -> Entries:
    entries: Entries = {}
    progressed_at = time.monotonic()
    while (position := await consumer.position(tp)) < end:
        records = (await consumer.getmany(timeout_ms=_POLL_MS)).get(tp, [])
        for record in records:
            if is_passed_over(record):
                continue
            if record.value is None:
                entries.pop(record.key, None)
            else:
                entries[record.key] = record.value
        if records or await consumer.position(tp) > position:
            progressed_at = time.monotonic()
        elif time.monotonic() - progressed_at > _STALL_S:
            raise aiokafka.errors.KafkaTimeoutError
    return entries
