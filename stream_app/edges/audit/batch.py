"""Lines of an audit log that are written together, and are on the disk together."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from stream_app.core.audit.chain import opening_data
from stream_app.core.audit.entries import POSITIONS, SEGMENT_OPEN, NewEntry, encode_line
from stream_app.core.audit.merkle import leaf_hash
from stream_app.edges.audit.checkpoint_file import write_all
from stream_app.edges.audit.restoring import LogState
from stream_app.edges.audit.segments import Segment
from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.reading import reject_unguarded
from stream_app.edges.files.writing import make_folder, write_errors

ACTOR = "fairstream-audit"
_POSITIONS_PER_ENTRY = 200
_APPEND = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Receipt:
    """An entry that is in the log, on the disk.

    Attributes:
        seq: Its number.
        leaf: Its leaf hash.
    """

    seq: int
    leaf: bytes


class Batch:
    """Lines that are written together.

    Args:
        folder: The log.
        state: Where it ends; changed when the lines are on the disk.
        at: The current time, for the entries.

    Attributes:
        state: Where the log ends.
        is_disk_broken: Whether the disk failed after it had accepted the lines.
    """

    def __init__(self, folder: Path, state: LogState, at: str) -> None:
        self.state, self.is_disk_broken = state, False
        self._folder, self._at = folder, at
        self._lines: list[bytes] = []
        self._leaves: list[bytes] = []
        self._size, self._prev = state.chain.tree.size, state.chain.prev
        self._positions = dict(state.positions)
        self._segment, self._is_new = state.segment, False

    def add(self, entry: NewEntry) -> Receipt:
        """Add an entry.

        Raises:
            EntryError: it has no canonical form, or is too long.
        """
        line = encode_line(entry, self._size, self._at, self._prev)
        leaf = leaf_hash(line)
        self._lines.append(line)
        self._leaves.append(leaf)
        receipt = Receipt(self._size, leaf)
        self._size, self._prev = self._size + 1, leaf.hex()
        if entry.source is not None:
            self._positions[entry.source.log] = entry.source.offset
        return receipt

    def add_once(self, entry: NewEntry) -> Receipt | None:
        """Add an entry unless there is one about its record, or about a later one of that log."""
        source = entry.source
        if source is not None and source.offset <= self._positions.get(source.log, -1):
            return None
        return self.add(entry)

    def open_segment(self, date: str) -> None:
        """Begin a segment; the lines before it are on the disk."""
        state = self.state
        before = state.segment
        self._segment = Segment(before.number + 1 if before else 0, date)
        self._is_new = True
        data = opening_data(self._segment.name, before.name if before else None, state.n_bytes, state.chain.tree)
        self.add(NewEntry(type=SEGMENT_OPEN, actor=ACTOR, data=data))
        rest = iter(sorted(state.positions.items()))
        while part := dict(islice(rest, _POSITIONS_PER_ENTRY)):
            self.add(NewEntry(type=POSITIONS, actor=ACTOR, data=part))

    def write(self) -> None:
        """Append the lines to the segment and wait until they are on the disk.

        Raises:
            WriteError: they cannot be written; the state is as before.
        """
        if not self._lines:
            return
        assert self._segment is not None  # the first batch of a log opens one
        data = b"\n".join(self._lines) + b"\n"
        path, state = self._folder / self._segment.name, self.state
        size = 0 if self._is_new else state.n_bytes
        if self._is_new:
            make_folder(path.parent)
        with write_errors(path):
            descriptor = os.open(path, _APPEND | (os.O_CREAT if self._is_new else 0), 0o600)
            try:
                reject_unguarded(path, os.fstat(descriptor))
                write_all(descriptor, data, size)
                self.is_disk_broken = (
                    True  # unless it says that everything is on it; pages may be lost and marked clean
                )
                os.fdatasync(descriptor)
                if self._is_new:
                    sync_folder(path.parent)
                    sync_folder(self._folder)
                self.is_disk_broken = False
            finally:
                os.close(descriptor)
        state.chain.tree.extend(self._leaves)
        state.chain.prev, state.positions = self._prev, self._positions
        state.segment, state.n_bytes = self._segment, size + len(data)
