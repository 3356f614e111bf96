"""Runs of records straight from a fetch response, as columns.

aiokafka makes one Python object per record, which costs about a fifth of the total cost. A lane wants columns, so the
record batches are unpacked here instead, with the same rules for aborted transactions, control records and offsets
below the position. Unlike aiokafka it never fails because of what is in a batch: what cannot be read is named in the
run, and the position moves past it (``stream_app.edges.batches``). This leans on aiokafka 0.14's ``Fetcher``,
``FetchResult`` and ``PartitionRecords``; the version is pinned, and tests/internals compares this path with aiokafka's
public one on a real broker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain
from types import FunctionType, MethodType
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, PartitionRecords

from stream_app.edges.batches.columns import NO_COLUMNS, RAW, ColumnReader
from stream_app.edges.batches.portions import PORTION_BYTES, Portion
from stream_app.edges.batches.record_set import RecordSet, StoredBatch
from stream_app.edges.batches.unpacking import AnyBatch, FetchAgainError, unpack_batches
from stream_app.pipeline.contract import Batch

MAX_RECORDS = 4096  # in one run; small record batches are not cut, so a run may be longer by one of them
MAX_RUN_BYTES = 2 * 1024 * 1024  # likewise; runs wait in queues, and records may be large
LARGE_RUN_BYTES = MAX_RUN_BYTES + 2 * PORTION_BYTES  # a run is larger only where a record is larger than a portion

# Offset of the batch whose checksum was wrong at the last look, by the consumer's state of its partition. It is fetched
# once more: what the broker stores may be right.
_suspects: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


def keep_record_sets(fetcher: Fetcher) -> None:
    """Make a fetcher keep the bytes of what it fetches, which ``take_run`` needs; to be called before it fetches.

    The fetcher names aiokafka's ``MemoryRecords`` in one method; this one gets the method with ``RecordSet`` under that
    name.
    """
    method = Fetcher._proc_fetch_request
    names = {**method.__globals__, "MemoryRecords": RecordSet}
    fetcher._proc_fetch_request = MethodType(FunctionType(method.__code__, names, method.__name__), fetcher)


class _PortionIterator:
    """Marks a ``PartitionRecords`` whose records are taken as runs.

    Attributes:
        is_within_batch: Whether the last portion was not the last of its batch, which is kept expanded until then.
    """

    def __init__(self, portions: Iterator[tuple[Portion, bool]]) -> None:
        self.is_within_batch = False
        self._portions = portions

    def __next__(self) -> Portion:
        self.is_within_batch = False
        portion, self.is_within_batch = next(self._portions)
        return portion


def is_within_batch(result: object) -> bool:
    """Return whether a fetch result keeps a large batch expanded, of which a part was taken."""
    iterator = getattr(getattr(result, "_partition_records", None), "_records_iterator", None)
    return isinstance(iterator, _PortionIterator) and iterator.is_within_batch


def take_run(result: FetchResult, *, max_records: int = MAX_RECORDS, reader: ColumnReader = RAW) -> Batch | None:
    """Take the next run of one partition out of a fetch result and move the consumer's position past it.

    Args:
        result: What the fetcher has for one partition.
        max_records: Stop after the portion that reaches this number.
        reader: Reads the columns of records; the same for all runs of one result.

    Returns:
        The run, possibly without records if there were only control records or aborted ones; None if the partition
        was reassigned or the position moved since the fetch.
    """
    if not result.has_more() or not result.check_assignment(result._topic_partition):
        return None
    records = result._partition_records
    if not isinstance(records._records_iterator, _PortionIterator):
        state = result._assignment.state_value(result._topic_partition)
        records._records_iterator = _PortionIterator(_unpack_batches(records, reader, state))
    first_offset = records.next_fetch_offset
    portions: list[Portion] = []
    n_records = n_bytes = 0
    for portion in records:
        portions.append(portion)
        n_records += len(portion.columns)
        n_bytes += portion.n_bytes
        if n_records >= max_records or n_bytes >= MAX_RUN_BYTES:
            result._update_position()
            break
    else:
        result._update_position()
        result._partition_records = None
    return _joined(result._topic_partition, first_offset, records.next_fetch_offset, portions, n_bytes)


def take_fetched(fetcher: Any, tp: Any, *, reader: ColumnReader = RAW) -> Batch | None:
    """Take the next run of one partition out of what a fetcher holds, and drop what is exhausted so that it fetches on.

    Args:
        fetcher: A fetcher that keeps record sets.
        tp: A partition of which it holds something.
        reader: Reads the columns of records; the same for all runs of one result.

    Returns:
        The run; None where it does not move the position.

    Raises:
        KafkaError: what the broker answered instead of records.
    """
    result = fetcher._records[tp]
    is_answered = isinstance(result, FetchResult)
    batch = take_run(result, reader=reader) if is_answered else None
    if not is_answered or not result.has_more():
        del fetcher._records[tp]
        fetcher._notify(fetcher._wait_consume_future)
    if not is_answered:
        result.check_raise()
    return batch if batch is not None and batch.next_offset > batch.first_offset else None


async def next_run(fetcher: Any, tp: Any, *, reader: ColumnReader = RAW) -> Batch:
    """Wait for the next run of one partition; runs of others stay in the fetcher.

    Raises:
        KafkaError: what the broker answered instead of records.
    """
    while True:
        if tp not in fetcher._records:
            await asyncio.wait([fetcher._create_fetch_waiter()])
        elif (batch := take_fetched(fetcher, tp, reader=reader)) is not None:
            return batch


def _unpack_batches(records: PartitionRecords, reader: ColumnReader, state: Any) -> Iterator[tuple[Portion, bool]]:
    """Yield the portions of each record batch, and whether more of the batch follow.

    The rules are those of ``PartitionRecords._unpack_records``.
    """

    def is_intact(batch: AnyBatch, start: int) -> bool:
        if not records._check_crcs or batch.validate_crc():
            return True
        if _suspects.get(state) != start:
            _suspects[state] = start
            raise FetchAgainError
        return False

    batches = unpack_batches(
        records._records,
        records.next_fetch_offset,
        reader,
        is_intact=is_intact,
        is_skipped=lambda batch: _is_skipped(records, batch),
    )
    for portion, is_within_batch in batches:
        # The position moves before the portion is taken: a caller who takes no further one would otherwise see it too
        # low.
        records.next_fetch_offset = portion.next_offset
        yield portion, is_within_batch


def _is_skipped(records: PartitionRecords, batch: AnyBatch) -> bool:
    """Return whether a record batch is a control batch or part of an aborted transaction."""
    if records._isolation_level == READ_COMMITTED and isinstance(batch, StoredBatch):
        records._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and batch.is_abort_marker():
            records._aborted_producers.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in records._aborted_producers:
            return True
    return batch.is_control_batch


def _joined(partition: Any, first_offset: int, next_offset: int, portions: list[Portion], n_bytes: int) -> Batch:
    columns = [portion.columns for portion in portions]
    return Batch(
        cast(str, partition.topic),
        cast(int, partition.partition),
        first_offset,
        next_offset,
        np.concatenate([NO_COLUMNS.offsets, *(part.offsets for part in columns)]),
        list(chain.from_iterable(part.values for part in columns)),
        np.concatenate([NO_COLUMNS.timestamps_ms, *(part.timestamps_ms for part in columns)]),
        [unread for portion in portions for unread in portion.unreadable],
        n_bytes,
        headers=None
        if all(part.headers is None for part in columns)
        else list(chain.from_iterable(part.headers or () for part in columns)),
    )
