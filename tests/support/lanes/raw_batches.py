"""Record batches made byte by byte, right ones and such as no honest client makes."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cramjam
from aiokafka.codec import lz4_encode
from aiokafka.record.util import calc_crc32c

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
HEADER = struct.Struct(">qiibIhiqqqhii")
MESSAGE = struct.Struct(">bb")
CRC_AT, ATTRIBUTES_AT = 17, 21
NOW_MS = 1_795_449_600_000


def varint(number: int) -> bytes:
    """Return a signed number in the variable length of Kafka."""
    left = (number << 1) ^ (number >> 63)
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def field(data: bytes | None) -> bytes:
    """Return bytes with their length in front; -1 for None."""
    return varint(-1) if data is None else varint(len(data)) + data


def raw_record(  # noqa: PLR0913  # each replaces one part that would be right
    delta: int,
    value: bytes | None,
    key: bytes | None = None,
    headers: Sequence[tuple[bytes, bytes | None]] = (),
    *,
    time_delta: int = 0,
    attributes: int = 0,
    length: int | None = None,
    n_headers: int | None = None,
    body: bytes | None = None,
) -> bytes:
    """Return a record; ``length``, ``n_headers`` and ``body`` replace what would be right."""
    if body is None:
        body = bytes([attributes]) + varint(time_delta) + varint(delta) + field(key) + field(value)
        body += varint(len(headers) if n_headers is None else n_headers)
        body += b"".join(field(name) + field(content) for name, content in headers)
    return varint(len(body) if length is None else length) + body


@dataclass(frozen=True)
class BatchShape:
    """What is not as usual in a batch."""

    base_offset: int = 0
    codec: int = 0
    attributes: int = 0
    n_records: int | None = None
    last_delta: int | None = None
    first_ms: int = NOW_MS
    max_ms: int = NOW_MS
    producer_id: int = -1
    magic: int = 2
    crc_change: int = 0
    payload: bytes | None = None  # replaces the compressed records


USUAL = BatchShape()


def raw_batch(records: Sequence[bytes], shape: BatchShape = USUAL) -> bytes:
    """Return a batch of the present format."""
    n = len(records) if shape.n_records is None else shape.n_records
    last_delta = len(records) - 1 if shape.last_delta is None else shape.last_delta
    payload = compress(b"".join(records), shape.codec) if shape.payload is None else shape.payload
    header = HEADER.pack(
        shape.base_offset,
        HEADER.size - 12 + len(payload),
        -1,
        shape.magic,
        0,
        shape.attributes | shape.codec,
        last_delta,
        shape.first_ms,
        shape.max_ms,
        shape.producer_id,
        -1,
        -1,
        n,
    )
    batch = bytearray(header + payload)
    batch[CRC_AT:ATTRIBUTES_AT] = struct.pack(">I", calc_crc32c(bytes(batch[ATTRIBUTES_AT:])) ^ shape.crc_change)
    return bytes(batch)


def batch_of(values: Iterable[bytes | None], shape: BatchShape = USUAL) -> bytes:
    """Return a batch with these values."""
    return raw_batch([raw_record(delta, value) for delta, value in enumerate(values)], shape)


def compress(data: bytes, codec: int) -> bytes:
    """Compress as clients do; an unknown codec changes nothing."""
    match codec:
        case 1:
            return gzip.compress(data, 6)
        case 2:
            return bytes(cramjam.snappy.compress_raw(data))
        case 3:
            return bytes(lz4_encode(data))  # brokers take independent blocks only
        case 4:
            return bytes(cramjam.zstd.compress(data))
    return data


def xerial(data: bytes, block_bytes: int = 32_768) -> bytes:
    """Compress as Java clients do with snappy."""
    out = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
    for start in range(0, len(data), block_bytes):
        block = bytes(cramjam.snappy.compress_raw(data[start : start + block_bytes]))
        out += struct.pack(">i", len(block)) + block
    return out


def message(offset: int, value: bytes, magic: int = 1, attributes: int = 0, *, length: int | None = None) -> bytes:
    """Return a message of the formats before 0.11."""
    body = MESSAGE.pack(magic, attributes) + (struct.pack(">q", NOW_MS) if magic else b"")
    body += struct.pack(">i", -1) + struct.pack(">i", len(value)) + value
    body = struct.pack(">I", zlib.crc32(body)) + body
    return struct.pack(">qi", offset, len(body) if length is None else length) + body
