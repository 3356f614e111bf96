"""Reads one batch as columns: by the library's C code where that succeeds, record by record otherwise.

A batch is read in portions, so that one which expands to many megabytes does not enter memory a second time as values.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from aiokafka.record.default_records import DefaultRecordBatch
from numpy.typing import NDArray

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.edges.batches.columns import BEGINNING, NO_COLUMNS, ColumnReader, Columns
from stream_app.edges.batches.decompression import MAX_EXPANDED_BYTES, BatchTooLargeError, decompress_into
from stream_app.edges.batches.legacy import read_messages
from stream_app.edges.batches.record_set import CODEC_MASK, HEADER, LegacyBatch, StoredBatch
from stream_app.edges.batches.records import RecordScan
from stream_app.pipeline.contract import UnreadableRange

PORTION_BYTES = 1024 * 1024
_AT_ONCE = 16_384  # records; a batch with more is read in portions too, since each costs memory even if it is empty
_RECORD_BYTES = 256  # about what a record costs beside its value
_CODEC_AT = 22  # the lower byte of the attributes


class Portion(NamedTuple):
    """A part of a batch.

    Attributes:
        next_offset: Position of the reader after it.
        columns: Its records at or above the position of the reader.
        n_bytes: About its size in memory.
        unreadable: What could not be read.
    """

    next_offset: int
    columns: Columns = NO_COLUMNS
    n_bytes: int = 0
    unreadable: tuple[UnreadableRange, ...] = ()


def read_portions(batch: StoredBatch | LegacyBatch, start: int, reader: ColumnReader) -> Iterator[Portion]:
    """Yield the records of a batch at or above ``start``, and what could not be read; never fails because of them."""
    try:
        if isinstance(batch, LegacyBatch):
            messages = read_messages(batch)
            yield Portion(batch.next_offset, reader.read(messages, start), sum(map(_bytes_of, messages)))
            return
        expanded = _expand(batch)
    except BatchTooLargeError:
        yield unreadable_portion(batch, start, DeadLetterReason.SIZE)
    except Exception:  # noqa: BLE001  # a codec may raise anything: the batch is set aside, whatever it was
        yield unreadable_portion(batch, start)
    else:
        yield from _read_expanded(batch, expanded, start, reader)


def unreadable_portion(
    batch: StoredBatch | LegacyBatch, start: int, reason: DeadLetterReason = DeadLetterReason.UNREADABLE
) -> Portion:
    """Return the portion of a batch of which nothing can be read from ``start`` on."""
    first = max(start, batch.base_offset) if isinstance(batch, StoredBatch) else start
    next_offset = max(batch.next_offset, first + 1)
    n_records = max(1, min(batch.n_records, next_offset - first))
    unreadable = UnreadableRange(reason, first, next_offset, n_records, len(batch.view))
    return Portion(next_offset, unreadable=(unreadable,))


class _Scratch(threading.local):
    """Memory of this thread into which batches expand; its pages exist only as far as they were written."""

    memory: mmap.mmap | None = None


_scratch = _Scratch()


def _expand(batch: StoredBatch) -> memoryview:
    """Return a batch without compression, in memory that the next call uses again unless the batch is large."""
    if not batch.codec:
        return batch.view
    if _scratch.memory is None:
        _scratch.memory = mmap.mmap(-1, HEADER.size + MAX_EXPANDED_BYTES)
    memory = memoryview(_scratch.memory)
    try:
        n_bytes = decompress_into(batch.codec, batch.view[HEADER.size :], memory[HEADER.size :])
    except Exception:
        _scratch.memory = None  # a batch that is too large has filled it
        raise
    memory[: HEADER.size] = batch.view[: HEADER.size]
    memory[_CODEC_AT] &= ~CODEC_MASK & 0xFF
    expanded = memory[: HEADER.size + n_bytes]
    if _comes_in_portions(batch, expanded):
        _scratch.memory = None  # the batch keeps it until its last portion is taken
    return expanded


def _comes_in_portions(batch: StoredBatch, expanded: memoryview) -> bool:
    return len(expanded) > PORTION_BYTES or batch.n_records > _AT_ONCE


def _read_expanded(batch: StoredBatch, expanded: memoryview, start: int, reader: ColumnReader) -> Iterator[Portion]:
    # Whatever the library finds, what it has not read is read record by record.
    with suppress(Exception):
        if not _comes_in_portions(batch, expanded):
            is_whole = start <= batch.base_offset
            columns = reader.read(DefaultRecordBatch(expanded), BEGINNING if is_whole else start)
            # A record below the range of the batch is not among the columns.
            is_complete = not is_whole or len(columns) == batch.n_records
            if not reader.has_record_offsets or (is_complete and _rise_within(columns.offsets, batch)):
                yield Portion(batch.next_offset, columns, len(expanded))
                return
        else:
            for records, n_bytes in _by_size(DefaultRecordBatch(expanded)):
                if not _rise_within(np.array([record.offset for record in records], np.int64), batch):
                    break
                columns, start = reader.read(records, start), max(start, records[-1].offset + 1)
                yield Portion(start, columns, n_bytes)
            else:
                yield Portion(batch.next_offset)
                return
    yield from _read_slowly(batch, expanded, start, reader)


def _read_slowly(batch: StoredBatch, expanded: memoryview, start: int, reader: ColumnReader) -> Iterator[Portion]:
    data: bytes | memoryview = expanded[HEADER.size :]
    if not _comes_in_portions(batch, expanded):
        data = bytes(data)  # the memory is used again for the next batch
    scan = RecordScan(data, batch.base_offset, batch.next_offset, batch.n_records, batch.first_ms, batch.fixed_ms)
    first = start
    for records, n_bytes in _by_size(scan):
        columns, start = reader.read(records, start), max(start, records[-1].offset + 1)
        yield Portion(start, columns, n_bytes)
    unreadable = tuple(unread for unread in scan.unreadable if unread.first_offset >= first)
    yield Portion(batch.next_offset, unreadable=unreadable)


def _by_size(records: Iterable[Any]) -> Iterator[tuple[list[Any], int]]:
    """Divide records in lists of about ``PORTION_BYTES``, or one larger record; with the bytes of each list."""
    portion, n_bytes = [], 0
    for record in records:
        portion.append(record)
        n_bytes += _bytes_of(record)
        if n_bytes >= PORTION_BYTES:
            yield portion, n_bytes
            portion, n_bytes = [], 0
    if portion:
        yield portion, n_bytes


def _bytes_of(record: Any) -> int:
    n_bytes = _RECORD_BYTES + len(record.value or b"")
    headers = record.headers
    return n_bytes + sum(len(name) + len(value or b"") for name, value in headers) if headers else n_bytes


def _rise_within(offsets: NDArray[np.int64], batch: StoredBatch) -> bool:
    """Return whether offsets rise within the range of the batch."""
    if not len(offsets):
        return True
    is_in_range = batch.base_offset <= offsets[0] and offsets[-1] < batch.next_offset
    return bool(is_in_range and (offsets[1:] > offsets[:-1]).all())
