"""Divides the records of a fetch response into batches and reads their headers.

It takes the place of aiokafka's ``MemoryRecords``, which gives no access to the bytes of a batch, takes the format of
the first batch for that of all, and reads a header that is too short beyond its end.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.util import calc_crc32c

from stream_app.edges.batches.decompression import UnreadableBatchError

# Base offset, length, leader epoch, magic, CRC, attributes, last offset delta, first and last timestamp, producer id,
# producer epoch, base sequence, number of records.
HEADER = struct.Struct(">qiibIhiqqqhii")
_FRAME = struct.Struct(">qi")  # base offset and the length of what follows
_LEGACY = struct.Struct(">qiIbb")  # offset, length, CRC, magic, attributes
_MAGIC_AT, _CRC_FROM, _LEGACY_CRC_FROM = 16, 21, 16
_LEGACY_FORMATS = (0, 1)
_SLACK = bytes(16)  # the library's C code may read a number of variable length beyond the end of a batch

CODEC_MASK = 0b111
_LOG_APPEND_TIME, _TRANSACTIONAL, _CONTROL = 0x08, 0x10, 0x20
_CONTROL_KEY = struct.Struct(">hh")  # version and type
_ABORT = 0  # type of the control record that ends an aborted transaction


class StoredBatch:
    """One record batch of the present format, as it is stored.

    Attributes:
        view: All its bytes.
        base_offset: Offset of its first record.
        next_offset: Offset after its last record, even if that one was compacted away.
        n_records: Number of records that its header states.
        codec: Its compression.
        first_ms: Timestamp to which those of the records are relative.
        fixed_ms: Timestamp of all records, where the broker sets it; None for those of the producer.
        producer_id: Its producer.
        is_control_batch: Whether it contains markers of transactions instead of records.
        is_transactional: Whether it is part of a transaction.
    """

    def __init__(self, view: memoryview) -> None:
        header = HEADER.unpack_from(view)
        self.view = view
        self.base_offset: int = header[0]
        self._crc: int = header[4]
        attributes: int = header[5]
        self.next_offset: int = self.base_offset + header[6] + 1
        self.first_ms: int = header[7]
        self.fixed_ms: int | None = header[8] if attributes & _LOG_APPEND_TIME else None
        self.producer_id: int | None = header[9]
        self.n_records: int = header[12]
        self.codec = attributes & CODEC_MASK
        self.is_transactional = bool(attributes & _TRANSACTIONAL)
        self.is_control_batch = bool(attributes & _CONTROL)
        self._records: Iterator[Any] | None = None

    def validate_crc(self) -> bool:
        """Return whether the checksum is right."""
        return bool(calc_crc32c(self.view[_CRC_FROM:]) == self._crc)

    def is_abort_marker(self) -> bool:
        """Return whether it is the marker of an aborted transaction; False for a marker that cannot be read."""
        try:
            key = next(iter(DefaultRecordBatch(self.view))).key
            _, kind = _CONTROL_KEY.unpack_from(key)
            return bool(kind == _ABORT)
        except Exception:  # noqa: BLE001  # whatever a client put into it
            return False


class LegacyBatch:
    """One message of the formats before Kafka 0.11, possibly a compressed set of messages.

    Attributes:
        view: All its bytes.
        next_offset: Offset after it.
        magic: Its format, 0 or 1.
        codec: Its compression.
        attributes: Its flags.
    """

    is_control_batch = False
    is_transactional = False
    producer_id = None

    def __init__(self, view: memoryview) -> None:
        offset, _, self._crc, self.magic, self.attributes = _LEGACY.unpack_from(view)
        self.view = view
        self.base_offset = self.next_offset = offset + 1  # the first offset of a compressed set is not in its header
        self.n_records = 1
        self.codec = self.attributes & CODEC_MASK

    def validate_crc(self) -> bool:
        """Return whether the checksum is right."""
        return bool(zlib.crc32(self.view[_LEGACY_CRC_FROM:]) == self._crc)


class RecordSet:
    """The batches of one partition in a fetch response; has the interface of aiokafka's ``MemoryRecords``.

    Args:
        data: The bytes; None for none.
    """

    def __init__(self, data: bytes | None) -> None:
        self._data = data or b""
        self._position = 0

    def size_in_bytes(self) -> int:
        """Return the number of bytes."""
        return len(self._data)

    def has_next(self) -> bool:
        """Return whether there is another batch. The last one is often cut off; the first one must be complete."""
        n_left = len(self._data) - self._position
        if self._position == 0 or n_left < _FRAME.size:
            return n_left > 0 and self._position == 0
        _, length = _FRAME.unpack_from(self._data, self._position)
        return bool(length < 0 or n_left >= _FRAME.size + length)

    def next_batch(self) -> StoredBatch | LegacyBatch:
        """Return the next batch.

        Raises:
            UnreadableBatchError: its end is not known, or its header is incomplete; nothing after it can be read.
        """
        data, start = self._data, self._position
        self._position = len(data)
        if len(data) - start <= _MAGIC_AT:
            raise UnreadableBatchError("no header")
        _, length = _FRAME.unpack_from(data, start)
        end = start + _FRAME.size + length
        is_legacy = data[start + _MAGIC_AT] in _LEGACY_FORMATS
        if end > len(data) or end - start < (_LEGACY if is_legacy else HEADER).size:
            raise UnreadableBatchError("impossible length")
        self._position = end
        view = memoryview(data)[start:end] if end < len(data) else memoryview(data[start:] + _SLACK)[: end - start]
        return LegacyBatch(view) if is_legacy else StoredBatch(view)
