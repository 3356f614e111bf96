"""Runs of records straight from a fetch response, as columns.

aiokafka makes one Python object per record, which costs about a fifth of the total cost. A lane wants columns, so the
record batches are unpacked here instead, with the same rules for aborted transactions, control records and offsets
below the position. This leans on aiokafka 0.14's ``FetchResult`` and ``PartitionRecords``; the version is pinned,
and tests/internals compares this path with aiokafka's public one on a real broker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import numpy as np
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException

from stream_app.pipeline.contract import Batch

MAX_RECORDS = 4096  # in one run; record batches are not cut, so a run may be longer by one of them

Columns = list[tuple[int, bytes | None, int]]  # offset, value, timestamp of each record


def columns_from(batch: Iterable[Any], start: int) -> Columns:
    """Return the records of a record batch at or above an offset."""
    return [(record.offset, record.value, record.timestamp) for record in batch if record.offset >= start]


class _RunIterator:
    """Marks a ``PartitionRecords`` whose records are taken as runs."""

    def __init__(self, runs: Iterator[Batch]) -> None:
        self._runs = runs

    def __next__(self) -> Batch:
        return next(self._runs)


def take_run(
    result: FetchResult,
    *,
    max_records: int = MAX_RECORDS,
    read_columns: Callable[[Iterable[Any], int], Columns] = columns_from,
) -> Batch | None:
    """Take the next run of one partition out of a fetch result and move the consumer's position past it.

    Args:
        result: What the fetcher has for one partition.
        max_records: Stop after the record batch that reaches this number.
        read_columns: Reads the columns of a record batch; the same function for all runs of one result.

    Returns:
        The run, possibly without records if there were only control records or aborted ones; None if the partition
        was reassigned or the position moved since the fetch.
    """
    if not result.has_more() or not result.check_assignment(result._topic_partition):
        return None
    records = result._partition_records
    if not isinstance(records._records_iterator, _RunIterator):
        records._records_iterator = _RunIterator(_unpack_batches(records, read_columns))
    first_offset = records.next_fetch_offset
    runs: list[Batch] = []
    n_records = 0
    for run in records:
        runs.append(run)
        n_records += len(run)
        if n_records >= max_records:
            result._update_position()
            break
    else:
        result._update_position()
        result._partition_records = None
    return _joined(result._topic_partition, first_offset, records.next_fetch_offset, runs)


def _unpack_batches(
    records: PartitionRecords, read_columns: Callable[[Iterable[Any], int], Columns]
) -> Iterator[Batch]:
    """Yield one run per record batch; the rules are those of ``PartitionRecords._unpack_records``."""
    partition = records._tp
    while records._records.has_next():
        batch = records._records.next_batch()
        if records._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"Invalid CRC - {partition}")
        start = records.next_fetch_offset
        # The last offset of a batch is kept even if its last records were compacted away. The position moves before
        # the run is returned: a caller who takes no further run would otherwise see it one batch too low.
        records.next_fetch_offset = batch.next_offset
        if _is_skipped(records, batch):
            continue
        columns = read_columns(batch, start)
        if columns:
            offsets, values, timestamps_ms = zip(*columns, strict=True)
            yield Batch(
                partition.topic,
                partition.partition,
                start,
                batch.next_offset,
                np.array(offsets, np.int64),
                list(values),
                np.array(timestamps_ms, np.int64),
            )


def _is_skipped(records: PartitionRecords, batch: Any) -> bool:
    """Return whether a record batch is a control batch or part of an aborted transaction."""
    if records._isolation_level == READ_COMMITTED and batch.producer_id is not None:
        records._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and records._contains_abort_marker(batch):
            records._aborted_producers.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in records._aborted_producers:
            return True
    return bool(batch.is_control_batch)


def _joined(partition: Any, first_offset: int, next_offset: int, runs: list[Batch]) -> Batch:
    if len(runs) == 1:
        run = runs[0]
        return Batch(run.topic, run.partition, first_offset, next_offset, run.offsets, run.values, run.timestamps_ms)
    empty = np.empty(0, np.int64)
    return Batch(
        cast(str, partition.topic),
        cast(int, partition.partition),
        first_offset,
        next_offset,
        np.concatenate([empty, *(run.offsets for run in runs)]),
        [value for run in runs for value in run.values],
        np.concatenate([empty, *(run.timestamps_ms for run in runs)]),
    )
