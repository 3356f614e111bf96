"""Reads messages of the formats before Kafka 0.11, which old logs still contain.

The library's C code for them loops without end over a length of -12, so nothing of it is used.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from stream_app.edges.batches.decompression import MAX_EXPANDED_BYTES, UnreadableBatchError, decompress_into
from stream_app.edges.batches.record_set import LegacyBatch
from stream_app.edges.batches.records import Record

_FRAME = struct.Struct(">qi")
_TIME, _LENGTH = struct.Struct(">q"), struct.Struct(">i")
_MAGIC_AT, _TIME_AT = 16, 18
_LOG_APPEND_TIME = 0x08
_NO_TIME = -1


def read_messages(batch: LegacyBatch) -> list[Record]:
    """Return the records of a message, which may be a compressed set of them.

    Raises:
        BatchTooLargeError: the set expands to more than the limit.
        UnreadableBatchError: nothing of it can be read.
    """
    try:
        outer = _read_message(bytes(batch.view))
        if not batch.codec:
            return [outer]
        return _read_set(batch, outer)
    except struct.error:
        raise UnreadableBatchError("a field does not fit into its message") from None


def _read_set(batch: LegacyBatch, outer: Record) -> list[Record]:
    buffer = memoryview(bytearray(MAX_EXPANDED_BYTES))
    n_bytes = decompress_into(batch.codec, memoryview(outer.value or b""), buffer)
    records = list(map(_read_message, _messages(bytes(buffer[:n_bytes]))))
    if batch.magic > 0 and records:  # offsets are relative, and the outer one is that of the last message
        shift = outer.offset - records[-1].offset
        for record in records:
            record.offset += shift
            if batch.attributes & _LOG_APPEND_TIME:
                record.timestamp = outer.timestamp
    offsets = [record.offset for record in records]
    if offsets != sorted(set(offsets)) or (offsets and offsets[-1] >= batch.next_offset):
        raise UnreadableBatchError("offsets of messages do not rise within their set")
    return records


def _messages(data: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        _, length = _FRAME.unpack_from(data, position)
        end = position + _FRAME.size + length
        if length < 0 or end > len(data):
            raise UnreadableBatchError("a message does not fit into its set")
        yield data[position:end]
        position = end


def _read_message(data: bytes) -> Record:
    (offset, _), magic = _FRAME.unpack_from(data), data[_MAGIC_AT]
    position, timestamp = _TIME_AT, _NO_TIME
    if magic == 1:
        (timestamp,) = _TIME.unpack_from(data, position)
        position += _TIME.size
    key, position = _read_field(data, position)
    value, position = _read_field(data, position)
    return Record(offset, timestamp, key, value)


def _read_field(data: bytes, position: int) -> tuple[bytes | None, int]:
    (length,) = _LENGTH.unpack_from(data, position)
    position += _LENGTH.size
    if length < 0:
        return None, position
    if position + length > len(data):
        raise UnreadableBatchError("a field reaches beyond its message")
    return data[position : position + length], position + length
