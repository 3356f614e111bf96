"""Commitments to the records of a topic: the Merkle root of each minute of a partition, in offset order.

    leaf(record) = SHA-256(0x00 || offset (8 bytes) || timestamp in ms (8 bytes) || 0x01 || value)

A record without a value ends after the time with 0x00. With the root of a block any record in it can be proven by at
most sixteen hashes, and none can be changed, removed or inserted. The root says as little about records as a hash does:
of a block with one record whose values can be guessed, guesses can be tried.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from stream_app.core.audit.merkle import CompactRange

MAX_RECORDS = 65_536
_MINUTE_MS = 60_000
_HEAD = struct.Struct(">cqq").pack


class RecordBlock(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says about some records of a partition; the data of an entry ``records``.

    >>> RecordBlock(topic="t", topic_id="", partition=0, first_offset=0, next_offset=1, n=1, last_ms=0, root="",
    ...             model="m", policy_hash="p", code_version="v").data()["next_offset"]
    1

    Attributes:
        topic: Name of the topic.
        topic_id: Its id, which another topic of the same name does not have; empty where the broker gives none.
        partition: Number of the partition.
        first_offset: First offset that the block covers.
        next_offset: Offset after the last.
        n: Number of records; offsets without a record are of transactions, or were compacted.
        last_ms: Timestamp of the last record, milliseconds since the epoch.
        root: Root of the Merkle tree of their leaves, hexadecimal.
        model: Name of the model; empty for a topic of all models.
        policy_hash: Hash of the policy that was followed when the block was written.
        code_version: Version of FairStream that wrote it.
    """

    topic: str
    topic_id: str
    partition: int
    first_offset: int
    next_offset: int
    n: int
    last_ms: int
    root: str
    model: str
    policy_hash: str
    code_version: str

    def data(self) -> dict[str, Any]:
        """Return the data of the entry."""
        return msgspec.structs.asdict(self)


@dataclass(frozen=True)
class Block:
    """Records of a partition, by their leaves.

    Attributes:
        first_offset: First offset that it covers.
        next_offset: Offset after the last.
        offsets: Offset of each record.
        timestamps_ms: Timestamp of each record.
        leaves: Leaf of each record.
    """

    first_offset: int
    next_offset: int
    offsets: list[int]
    timestamps_ms: list[int]
    leaves: list[bytes]

    def root(self) -> str:
        """Return the root of their tree, hexadecimal."""
        tree = CompactRange()
        tree.extend(self.leaves)
        return tree.root().hex()


def source_log(topic: str, topic_id: str, partition: int) -> str:
    """Return the name of a partition of one topic: another topic with that name has another id.

    >>> source_log("raw", "id", 2)
    'raw/id/2'
    """
    return f"{topic}/{topic_id}/{partition}"


def record_leaf(offset: int, timestamp_ms: int, value: bytes | None) -> bytes:
    """Return the leaf of a record.

    >>> record_leaf(7, 0, b"{}") == record_leaf(7, 0, None)
    False
    """
    return sha256(_HEAD(b"\x00", offset, timestamp_ms) + (b"\x00" if value is None else b"\x01" + value)).digest()


class BlockBuilder:
    """Cuts the records of a partition into blocks: one for each minute of their timestamps.

    Timestamps of senders may go back; then the records belong to the minute that has begun.

    Args:
        first_offset: Where the first block begins.
    """

    def __init__(self, first_offset: int) -> None:
        self._first = first_offset
        self._minute = -1
        self._begin()

    def _begin(self) -> None:
        self._offsets: list[int] = []
        self._timestamps_ms: list[int] = []
        self._leaves: list[bytes] = []

    def add(
        self, offsets: Sequence[int], timestamps_ms: Sequence[int], values: Sequence[bytes | None]
    ) -> Iterator[Block]:
        """Add records in offset order; yield each block that is complete."""
        start = 0
        while start < len(offsets):
            end = self._end_of_block(timestamps_ms, start)
            if end > start:
                part = slice(start, end)
                self._offsets += offsets[part]
                self._leaves += map(record_leaf, offsets[part], timestamps_ms[part], values[part])
                self._timestamps_ms += timestamps_ms[part]
            if end < len(offsets):
                yield from self.end(offsets[end])
            start = end

    def _end_of_block(self, timestamps_ms: Sequence[int], start: int) -> int:
        """Return the place of the first record from ``start`` on that is not in the present block."""
        if not self._leaves:
            self._minute = max(self._minute, timestamps_ms[start] // _MINUTE_MS)
        limit = min(len(timestamps_ms), start + MAX_RECORDS - len(self._leaves))
        next_minute_ms = (self._minute + 1) * _MINUTE_MS
        if max(timestamps_ms[start:limit], default=0) < next_minute_ms:
            return limit
        return next(place for place in range(start, limit) if timestamps_ms[place] >= next_minute_ms)

    def end(self, next_offset: int) -> Iterator[Block]:
        """Yield what is left as a block, unless that is nothing.

        Args:
            next_offset: Offset after the last one that was read.
        """
        if self._leaves:
            yield Block(self._first, next_offset, self._offsets, self._timestamps_ms, self._leaves)
            self._first = next_offset
            self._begin()
