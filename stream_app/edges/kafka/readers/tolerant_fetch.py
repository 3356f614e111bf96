"""Makes a kafka-python consumer read batches as the live lanes do: nothing in them can stop it or fill the memory.

It replaces the method that divides fetched bytes into records. That method is not public; tests/internals checks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord, Fetcher

from stream_app.edges.batches.columns import ColumnReader, Columns
from stream_app.edges.batches.record_set import RecordSet, StoredBatch
from stream_app.edges.batches.unpacking import AnyBatch, unpack_batches
from stream_app.pipeline.contract import UnreadableRange

NoteUnreadable = Callable[[TopicPartition, UnreadableRange], object]
_NO_EPOCH = -1


def read_tolerantly(consumer: KafkaConsumer, note: NoteUnreadable) -> None:
    """Make a consumer pass what it cannot read; to be called before it fetches.

    Args:
        consumer: The consumer.
        note: Called with the partition and the range of everything that is passed.
    """
    consumer._fetcher.PartitionRecords = type("PartitionRecords", (_PartitionRecords,), {"note": staticmethod(note)})


def _with_records(records: Iterable[Any], start: int) -> Columns:
    """Return columns whose values are the records themselves, for headers and keys."""
    kept = [record for record in records if record.offset >= start]
    offsets, timestamps_ms = [record.offset for record in kept], [record.timestamp for record in kept]
    return Columns(np.array(offsets, np.int64), kept, np.array(timestamps_ms, np.int64))


_RECORDS = ColumnReader(_with_records)


class _PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]  # kafka-python has no types
    note: NoteUnreadable
    next_fetch_offset: int

    def _unpack_records(self, tp: TopicPartition, records: Any, *_deserializers: object) -> Iterator[ConsumerRecord]:
        batches = unpack_batches(
            RecordSet(bytes(records._buffer)),
            self.next_fetch_offset,
            _RECORDS,
            is_intact=lambda batch, _: not self.check_crcs or batch.validate_crc(),
            is_skipped=self._is_skipped,
        )
        for portion, _ in batches:
            for unreadable in portion.unreadable:
                self.note(tp, unreadable)
            for record in portion.columns.values:
                self.records_read += 1
                self.next_fetch_offset = record.offset + 1
                yield _consumer_record(tp, record)
            self.next_fetch_offset = portion.next_offset
        self.drain()

    def _is_skipped(self, batch: AnyBatch) -> bool:
        """Return whether a batch is a control batch or part of an aborted transaction."""
        if self.isolation_level and isinstance(batch, StoredBatch):
            self._consume_aborted_transactions_up_to(batch.base_offset)
            if batch.is_control_batch and batch.is_abort_marker():
                self.aborted_producer_ids.discard(batch.producer_id)
            if self._is_batch_aborted(batch):
                return True
        return batch.is_control_batch


def _consumer_record(tp: TopicPartition, record: Any) -> ConsumerRecord:
    return ConsumerRecord(
        topic=tp.topic,
        partition=tp.partition,
        leader_epoch=_NO_EPOCH,
        offset=record.offset,
        timestamp=record.timestamp,
        timestamp_type=0,
        key=record.key,
        value=record.value,
        headers=record.headers,
        checksum=None,
        serialized_key_size=-1 if record.key is None else len(record.key),
        serialized_value_size=-1 if record.value is None else len(record.value),
        serialized_header_size=-1,
    )
