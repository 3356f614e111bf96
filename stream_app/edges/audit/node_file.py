"""``nodes.bin``: the complete nodes of the tree of a log, so that a proof needs no reading of all entries.

It is a cache that can be deleted: what it lacks is read from the segments. Nothing relies on it: a proof is verified
against a checkpoint before it is given away, and if it does not fit, the cache is made again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from stream_app.core.audit.chain import read_opening
from stream_app.core.audit.merkle import HASH_BYTES, CompactRange, leaf_hash, n_stored, stored_index
from stream_app.edges.audit.segments import Segment, list_segments, read_segment
from stream_app.edges.files.writing import write_errors
from stream_app.errors import DamagedLogError

FILE_NAME = "nodes.bin"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
Proof = TypeVar("Proof")


class NodeFile:
    """The nodes of a log.

    Args:
        folder: The log.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / FILE_NAME

    def prove(self, make: Callable[[NodeFile], Proof], is_right: Callable[[Proof], bool]) -> Proof:
        """Return a proof that was verified.

        Args:
            make: Makes the proof from these nodes; called again with a new cache if the first one is wrong.
            is_right: Verifies it.

        Raises:
            DamagedLogError: the log itself does not have it.
            WriteError: the cache cannot be written.
            ConfigError: the log cannot be read.
        """
        for is_last in (False, True):
            self._update()
            proof = make(self)
            if is_right(proof):
                return proof
            if not is_last:
                self._path.unlink(missing_ok=True)
        raise DamagedLogError("The audit log is not the log of its checkpoint", action="See: fairstream audit verify")

    def node_at(self, level: int, index: int) -> bytes:
        """Return a complete node; of one that the log lacks, a hash of nothing, which proves nothing."""
        place = stored_index(level, index) * HASH_BYTES
        with self._path.open("rb") as file:
            file.seek(place)
            node = file.read(HASH_BYTES)
        return node if len(node) == HASH_BYTES else bytes(HASH_BYTES)

    def _update(self) -> None:
        """Append the nodes of the entries that are not in the file yet."""
        with write_errors(self._path):
            descriptor = os.open(self._path, _FLAGS, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            size = _size_of(os.fstat(descriptor).st_size // HASH_BYTES)
            file.truncate(n_stored(size) * HASH_BYTES)
            tree = CompactRange(size, self._complete_nodes(size))
            file.seek(0, os.SEEK_END)
            with write_errors(self._path):
                for segment in self._segments_from(size):
                    lines = read_segment(self._folder, segment).lines
                    opening = read_opening(lines[0]) if lines else None
                    if opening is None or opening.seq > tree.size:
                        return
                    new = lines[tree.size - opening.seq :]
                    file.write(b"".join(tree.extend(map(leaf_hash, new))))

    def _segments_from(self, size: int) -> list[Segment]:
        """Return the segments that have entries from this number on, and at most one more before them."""
        segments = list_segments(self._folder)
        for place in range(len(segments) - 1, -1, -1):
            with (self._folder / segments[place].name).open("rb") as file:
                opening = read_opening(file.readline().rstrip(b"\n"))
            if opening is not None and opening.seq <= size:
                return segments[place:]
        return segments

    def _complete_nodes(self, size: int) -> list[bytes]:
        nodes, start = [], 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                nodes.append(self.node_at(level, start >> level))
                start += 1 << level
        return nodes


def _size_of(n_nodes: int) -> int:
    """Return the largest number of leaves of which all nodes are among the first ``n_nodes``.

    >>> [_size_of(n) for n in range(8)]
    [0, 1, 1, 2, 3, 3, 3, 4]
    """
    size = n_nodes // 2
    while n_stored(size + 1) <= n_nodes:
        size += 1
    return size
