"""Expands the compressed part of a record batch, up to a limit: 40 kB of zstd can contain hundreds of megabytes."""

from __future__ import annotations

import struct

import cramjam

# The largest record that a policy can accept (16 MiB), with its batch. It is a constant and not a setting, so that a
# replay decides about a batch as the live worker did.
MAX_EXPANDED_BYTES = 17 * 1024 * 1024

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
_XERIAL_MAGIC = b"\x82SNAPPY\x00"  # the framing of Java clients: 16 bytes, then blocks with their length
_XERIAL_HEADER_BYTES = 16
_NO_ROOM = "failed to write"  # what cramjam says when the output is full; tests check it for each codec


class BatchTooLargeError(Exception):
    """A batch expands to more than the limit."""


class UnreadableBatchError(Exception):
    """A batch cannot be read; the message says what is wrong and never contains a part of it."""


def decompress_into(codec: int, data: memoryview, out: memoryview) -> int:
    """Expand data into a buffer, and return the number of bytes.

    Args:
        codec: One of the codecs above.
        data: The compressed records of a batch.
        out: Where to write; its length is the limit.

    Raises:
        BatchTooLargeError: there is more than ``out`` can take.
        UnreadableBatchError: the codec is unknown, or the data are not in its format.
    """
    try:
        match codec:
            case 1:
                return int(cramjam.gzip.decompress_into(data, out))
            case 2:
                return _unsnap_into(data, out)
            case 3:
                return int(cramjam.lz4.decompress_into(data, out))
            case 4:
                return int(cramjam.zstd.decompress_into(data, out))
    except cramjam.DecompressionError as error:
        if _NO_ROOM in str(error):
            raise BatchTooLargeError from None
        raise UnreadableBatchError("not in the format of its codec") from None
    raise UnreadableBatchError("unknown codec")


def _unsnap_into(data: memoryview, out: memoryview) -> int:
    if data[: len(_XERIAL_MAGIC)] != _XERIAL_MAGIC:
        return _unsnap_block(data, out)
    n_written, position = 0, _XERIAL_HEADER_BYTES
    while position < len(data):
        if len(data) < position + 4:
            raise UnreadableBatchError("snappy block without a length")
        (length,) = struct.unpack_from(">i", data, position)
        position += 4
        if not 0 < length <= len(data) - position:
            raise UnreadableBatchError("snappy block of an impossible length")
        n_written += _unsnap_block(data[position : position + length], out[n_written:])
        position += length
    return n_written


def _unsnap_block(block: memoryview, out: memoryview) -> int:
    """Expand one snappy block; its first bytes state the expanded size."""
    if cramjam.snappy.decompress_raw_len(block) > len(out):
        raise BatchTooLargeError
    return int(cramjam.snappy.decompress_raw_into(block, out))
