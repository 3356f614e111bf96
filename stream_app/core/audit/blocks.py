"""Commitments to the records of a topic: the hashes of each minute of a partition, in offset order.

    places = SHA-256(offsets || timestamps in ms)         each number with 8 bytes, big-endian
    values = SHA-256(lengths || SHA-256(all values))      each length with 4 bytes, -1 for a record without a value
    leaf   = SHA-256(value), 32 zero bytes for a record without a value
    root   = the Merkle root of groups of eight leaves each: MTH({leaf 0 || .. || leaf 7, leaf 8 || .., ..})

Of a topic whose single records can be proven the log has the root, of another one the hash of all values, which takes
half as long. Neither can be right for a record that was changed, removed or inserted. They say as little about records
as a hash does: of a block with one record whose values can be guessed, guesses can be tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.audit.merkle import HASH_BYTES, CompactRange, leaf_hash, nodes_in_memory
from stream_app.core.audit.proofs import inclusion_proof

MAX_RECORDS = 65_536
FORMAT = 2
ABSENT = bytes(HASH_BYTES)  # the leaf of a record without a value
GROUP = 8  # leaves; a wider first level makes a root cheaper, and a proof hardly longer
_MINUTE_MS = 60_000


class RecordBlock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the log says about some records of a partition; the data of an entry ``records``.

    Attributes:
        format: Version of these fields.
        topic: Name of the topic.
        topic_id: Its id, which another topic of the same name does not have; empty where the broker gives none.
        partition: Number of the partition.
        first_offset: First offset that the block covers.
        next_offset: Offset after the last.
        n: Number of records; offsets without a record are of transactions, or were compacted.
        last_ms: Timestamp of the last record, milliseconds since the epoch.
        places: Hash of offsets and timestamps, hexadecimal.
        values: Hash of the values, hexadecimal; empty where there is a root.
        root: Root of their Merkle tree, hexadecimal; empty where single records cannot be proven.
        model: Name of the model; empty for a topic of all models.
        policy_hash: Hash of the policy that was followed when the block was written.
        code_version: Version of FairStream that wrote it.
    """

    format: int
    topic: str
    topic_id: str
    partition: int
    first_offset: int
    next_offset: int
    n: int
    last_ms: int
    places: str
    values: str = ""
    root: str = ""
    model: str = ""
    policy_hash: str
    code_version: str

    def data(self) -> dict[str, Any]:
        """Return the data of the entry."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data

    def is_of(self, block: Block) -> bool:
        """Return whether the records of a block are those that the log has."""
        return (self.n, self.places, self.values, self.root) == (len(block.offsets), *block.hashes())


@dataclass(frozen=True, eq=False)
class Block:
    """Records of a partition, by their hashes.

    Attributes:
        first_offset: First offset that it covers.
        next_offset: Offset after the last.
        offsets: Offset of each record, int64.
        timestamps_ms: Timestamp of each record, int64.
        values: Hash of the values, hexadecimal; empty where there are leaves.
        leaves: Leaf of each record; empty where single records are not proven.
    """

    first_offset: int
    next_offset: int
    offsets: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]
    values: str
    leaves: list[bytes]

    def hashes(self) -> tuple[str, str, str]:
        """Return the hashes of places and values, and the root, hexadecimal; empty for what is not there."""
        places = sha256(self.offsets.astype(">i8").tobytes() + self.timestamps_ms.astype(">i8").tobytes())
        return places.hexdigest(), self.values, self._root().hex() if self.leaves else ""

    def _root(self) -> bytes:
        tree = CompactRange()
        tree.extend(_groups(self.leaves))
        return tree.root()

    def prove(self, index: int) -> tuple[list[bytes], list[bytes]]:
        """Return the leaves of the group of a record, and the audit path of the group."""
        size, node_at = nodes_in_memory(_groups(self.leaves))
        first = index // GROUP * GROUP
        return self.leaves[first : first + GROUP], inclusion_proof(index // GROUP, size, node_at)


def _groups(leaves: Sequence[bytes]) -> list[bytes]:
    return [leaf_hash(b"".join(leaves[first : first + GROUP])) for first in range(0, len(leaves), GROUP)]


def source_log(topic: str, topic_id: str, partition: int) -> str:
    """Return the name of a partition of one topic: another topic with that name has another id.

    >>> source_log("raw", "id", 2)
    'raw/id/2'
    """
    return f"{topic}/{topic_id}/{partition}"


def record_leaf(value: bytes | None) -> bytes:
    """Return the leaf of a record.

    >>> record_leaf(b"") == record_leaf(None)
    False
    """
    return ABSENT if value is None else sha256(value).digest()


class BlockRecords:
    """The records of one block, as they come.

    Args:
        is_provable: Whether single records can be proven.
    """

    def __init__(self, *, is_provable: bool) -> None:
        self.n = 0
        self._is_provable = is_provable
        self._offsets: list[NDArray[np.int64]] = []
        self._timestamps_ms: list[NDArray[np.int64]] = []
        self._lengths: list[NDArray[np.int32]] = []
        self._leaves: list[bytes] = []
        self._values = sha256()

    def add(self, offsets: NDArray[np.int64], timestamps_ms: NDArray[np.int64], values: Sequence[bytes | None]) -> None:
        """Add records in offset order."""
        if not values:
            return
        self.n += len(values)
        self._offsets.append(offsets)
        self._timestamps_ms.append(timestamps_ms)
        if self._is_provable:
            self._leaves += [ABSENT if value is None else sha256(value).digest() for value in values]
        else:
            self._hash_together(values)

    def _hash_together(self, values: Sequence[bytes | None]) -> None:
        present: Sequence[Any] = values
        try:
            lengths = np.fromiter(map(len, present), np.int32, len(present))
        except TypeError:  # some have no value
            present = [value or b"" for value in values]
            lengths = np.fromiter((-1 if value is None else len(value) for value in values), np.int32, len(values))
        self._lengths.append(lengths)
        self._values.update(b"".join(present))

    def end(self, first_offset: int, next_offset: int) -> Block:
        """Return them as a block."""
        values = ""
        if not self._is_provable:
            values = sha256(
                _joined(self._lengths, np.int32).astype(">i4").tobytes() + self._values.digest()
            ).hexdigest()
        offsets, timestamps_ms = _joined(self._offsets, np.int64), _joined(self._timestamps_ms, np.int64)
        return Block(first_offset, next_offset, offsets, timestamps_ms, values, self._leaves)


def _joined(parts: Sequence[NDArray[Any]], kind: type[np.integer[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, kind)


class BlockBuilder:
    """Cuts the records of a partition into blocks: one for each minute of their timestamps.

    Timestamps of senders may go back; then the records belong to the minute that has begun.

    Args:
        first_offset: Where the first block begins.
        is_provable: Whether single records can be proven.
    """

    def __init__(self, first_offset: int, *, is_provable: bool) -> None:
        self._first, self._is_provable = first_offset, is_provable
        self._minute = -1
        self._records = BlockRecords(is_provable=is_provable)

    def add(
        self, offsets: NDArray[np.int64], timestamps_ms: NDArray[np.int64], values: Sequence[bytes | None]
    ) -> Iterator[Block]:
        """Add records in offset order; yield each block that is complete."""
        start = 0
        while start < len(offsets):
            end = self._end_of_block(timestamps_ms, start)
            self._records.add(offsets[start:end], timestamps_ms[start:end], values[start:end])
            if end < len(offsets):
                yield from self.end(int(offsets[end]))
            start = end

    def _end_of_block(self, timestamps_ms: NDArray[np.int64], start: int) -> int:
        """Return the place of the first record from ``start`` on that is not in the present block."""
        if not self._records.n:
            self._minute = max(self._minute, int(timestamps_ms[start]) // _MINUTE_MS)
        limit = min(len(timestamps_ms), start + MAX_RECORDS - self._records.n)
        is_later = timestamps_ms[start:limit] >= (self._minute + 1) * _MINUTE_MS
        return start + int(is_later.argmax()) if is_later.any() else limit

    def end(self, next_offset: int) -> Iterator[Block]:
        """Yield what is left as a block, unless that is nothing.

        Args:
            next_offset: Offset after the last one that was read.
        """
        if self._records.n:
            yield self._records.end(self._first, next_offset)
            self._first = next_offset
            self._records = BlockRecords(is_provable=self._is_provable)
