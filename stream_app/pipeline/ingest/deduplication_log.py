"""The remembered event ids as entries of a lane's state: a few bytes per event, restored without rereading the source.

Each flush appends one entry of tags. Small entries are joined as their number grows, so that a quiet stream does not
leave a hundred thousand of them; entries of blocks that left the deduplication window are removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stream_app.core.windows.deduplication import Tags

_PREFIX = b"seen|"
_FORMER_PREFIX = b"ids|"  # of entries from before version 0.3, whose tags say nothing about the decision
_JOIN_AT = 64  # number of entries of one block that are joined into one
_MAX_ENTRY_TAGS = 64_000  # 512 KB: half the broker's limit for a record


class RememberedTags(Protocol):
    """Tags that are remembered in numbered blocks: a ``DeduplicationWindow``, or ``Contributions`` by day."""

    def block_of(self, offset: int, /) -> int:
        """Return the number of the block to which a tag with this offset, or of this day, belongs."""

    def block_before(self, offset: int, age: int, /) -> int:
        """Return the block in which tags of a former log are remembered."""

    def remember(self, block: int, tags: Tags, *, has_decisions: bool = True) -> None:
        """Put remembered tags back."""

    def live_blocks(self, block: int, /) -> range:
        """Return the blocks that are still needed."""


class DeduplicationLog:
    """Writes the event ids of a ``DeduplicationWindow`` to the state, and restores them.

    Args:
        window: The window whose blocks are stored.
        prefix: How the keys of its entries begin.
    """

    def __init__(self, window: RememberedTags, prefix: bytes = _PREFIX) -> None:
        self._window = window
        self._prefix = prefix
        self._new: dict[int, list[Tags]] = {}  # block -> tags since the last flush
        self._small: dict[int, dict[int, Tags]] = {}  # block -> entry number -> tags that may still be joined
        self._entries: dict[int, set[int]] = {}  # block -> numbers of all its entries
        self._removed: list[bytes] = []  # keys of entries that were moved to other blocks
        self._former: dict[int, list[bytes]] = {}  # block -> keys of its entries from before version 0.3

    def add(self, offsets: NDArray[np.int64], tags: Tags) -> None:
        """Note ids that the window began to remember."""
        if not len(tags):
            return
        blocks = np.array([self._window.block_of(offset) for offset in (int(offsets[0]), int(offsets[-1]))])
        if blocks[0] == blocks[1]:
            self._new.setdefault(int(blocks[0]), []).append(tags)
            return
        numbers = np.array([self._window.block_of(offset) for offset in offsets.tolist()])
        for block in np.unique(numbers).tolist():
            self._new.setdefault(block, []).append(tags[numbers == block])

    def restore(self, entries: Mapping[bytes, bytes], *, moved_before: int | None = None) -> None:
        """Fill the window from stored entries.

        Args:
            entries: The state.
            moved_before: Where a new log of the source begins: ids of the log before it are remembered as if they
                came right before this offset. None when it is the same log.
        """
        newest = max((_block_of(key) for key in entries if self._is_own(key)), default=0)
        for key, value in entries.items():
            if not self._is_own(key):
                continue
            tags, block = np.frombuffer(value, np.uint64), _block_of(key)
            if moved_before is not None:
                block = self._window.block_before(moved_before, newest - block)
                self._removed.append(key)
            has_decisions = key.startswith(self._prefix)
            self._window.remember(block, tags, has_decisions=has_decisions)
            if not has_decisions:
                self._former.setdefault(block, []).append(key)
            elif moved_before is None:
                self._register(block, int(key.rpartition(b"|")[2]), tags)
            else:
                self._new.setdefault(block, []).append(tags)

    def drop(self, entries: Mapping[bytes, bytes]) -> None:
        """Remove the stored entries, which mean nothing any more, at the next flush."""
        self._removed += [key for key in entries if self._is_own(key)]

    def take_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return the entries to write and to remove since the last flush."""
        changes: list[tuple[bytes, bytes | None]] = [(key, None) for key in self._removed]
        self._removed.clear()
        for block, runs in self._new.items():
            tags = np.concatenate(runs)
            cuts = range(0, len(tags), _MAX_ENTRY_TAGS)
            changes += [self._append(block, tags[first : first + _MAX_ENTRY_TAGS]) for first in cuts]
            changes += self._join(block)
        if self._new:
            changes += self._expire(max(self._new))
            self._new.clear()
        return changes

    def _append(self, block: int, tags: Tags) -> tuple[bytes, bytes]:
        number = max(self._entries.get(block, ()), default=-1) + 1
        self._register(block, number, tags)
        return self._key(block, number), tags.tobytes()

    def _register(self, block: int, number: int, tags: Tags) -> None:
        self._entries.setdefault(block, set()).add(number)
        if len(tags) * _JOIN_AT <= _MAX_ENTRY_TAGS:
            self._small.setdefault(block, {})[number] = tags

    def _join(self, block: int) -> list[tuple[bytes, bytes | None]]:
        small = self._small.get(block, {})
        if len(small) < _JOIN_AT:
            return []
        removed: list[tuple[bytes, bytes | None]] = [(self._key(block, number), None) for number in small]
        self._entries[block] -= set(small)
        self._small[block] = {}
        return [*removed, self._append(block, np.concatenate(list(small.values())))]

    def _expire(self, block: int) -> list[tuple[bytes, bytes | None]]:
        oldest = self._window.live_blocks(block).start  # later blocks stay: days and windows do not come in order
        expired = [old for old in self._entries if old < oldest]
        changes: list[tuple[bytes, bytes | None]] = []
        for old in expired:
            changes += [(self._key(old, number), None) for number in sorted(self._entries.pop(old))]
            self._small.pop(old, None)
        for old in [former for former in self._former if former < oldest]:
            changes += [(key, None) for key in self._former.pop(old)]
        return changes

    def _is_own(self, key: bytes) -> bool:
        return key.startswith(self._prefix) or (self._prefix == _PREFIX and key.startswith(_FORMER_PREFIX))

    def _key(self, block: int, number: int) -> bytes:
        return self._prefix + b"%d|%d" % (block, number)


def _block_of(key: bytes) -> int:
    return int(key.split(b"|")[1])
