"""Which events are duplicates: an exact deduplication window in a few bytes per event.

Counting an application twice ruins the statistics (`every event twice` turns a false-alarm rate of 1 % into 88 %),
and producers do send twice. So the ids of the last events of a partition are remembered, as 64-bit tags.

The window is measured in offsets, not in time or arrivals, so what is a duplicate depends on the log alone and is the
same in a replay: an event is a duplicate if its id occurs earlier in the same *block* of offsets, or in one of the
``N_BLOCKS`` blocks before that. The window is therefore never shorter than declared. Two different ids share a tag
with probability 2**-64; among 300,000 remembered ids a new one is mistaken for a duplicate about once in 6e13 events.

Memory: 8 bytes per remembered id. Cost: about 0.2 microseconds per event in runs of a thousand.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Bools, Ints

Tags = NDArray[np.uint64]

N_BLOCKS = 2  # closed blocks that are kept beside the current one

_MERGE_FACTOR = 4


def event_tags(digests: list[bytes]) -> Tags:
    """Return the first eight bytes of each keyed hash, shape (n,).

    >>> event_tags([bytes([1]) + bytes(31)]).tolist()
    [1]
    """
    return np.frombuffer(b"".join(digests), np.uint64)[::4].copy()


class DeduplicationWindow:
    """The remembered ids of one source partition.

    Args:
        size: At least this many records before an event are searched; 0 remembers nothing.
    """

    def __init__(self, size: int) -> None:
        self._block_size = -(-size // N_BLOCKS)
        self._blocks: dict[int, list[Tags]] = {}  # block number -> sorted runs, longest first

    def __len__(self) -> int:
        return sum(len(run) for runs in self._blocks.values() for run in runs)

    def block_of(self, offset: int) -> int:
        """Return the number of the block that contains an offset."""
        return offset // self._block_size if self._block_size else 0

    def block_before(self, offset: int, age: int) -> int:
        """Return the block in which ids of a former log are remembered when a new log begins at an offset.

        The block that was still open and the one before it become the block before the offset, so that the window is
        not shorter than declared in the new log either.

        Args:
            offset: Where the new log begins.
            age: 0 for the block of the former log that was open, 1 for the one before it, and so on.

        >>> window = DeduplicationWindow(100)
        >>> [window.block_before(0, age) for age in (0, 1, 2)]
        [-1, -1, -2]
        """
        return self.block_of(offset) - max(1, age)

    def admit(self, offsets: Ints, tags: Tags) -> Bools:
        """Remember a run of ids and return which of them are duplicates.

        Args:
            offsets: Offset of each event, int64, shape (n,), ascending.
            tags: First eight bytes of each event id's keyed hash, shape (n,).

        Returns:
            bool, shape (n,): True where the id was seen before within the window. A duplicate is not remembered again.
        """
        is_duplicate = np.zeros(len(tags), np.bool_)
        if not self._block_size or not len(tags):
            return is_duplicate
        cuts = np.flatnonzero(np.diff(offsets // self._block_size)) + 1
        for first, last in pairwise([0, *cuts.tolist(), len(tags)]):
            is_duplicate[first:last] = self._admit_into(self.block_of(int(offsets[first])), tags[first:last])
        return is_duplicate

    def remember(self, block: int, tags: Tags) -> None:
        """Put remembered ids back, as they come from stored state."""
        runs = self._blocks.setdefault(block, [])
        runs.append(np.sort(tags))
        # Runs merge when they are of like length, so that a tag is moved a few times only and few runs are searched.
        while len(runs) > 1 and len(runs[-1]) * _MERGE_FACTOR >= len(runs[-2]):
            younger = runs.pop()
            runs[-1] = np.sort(np.concatenate([runs[-1], younger]), kind="stable")

    def live_blocks(self, block: int) -> range:
        """Return the blocks that are searched for an event of ``block``."""
        return range(block - N_BLOCKS, block + 1)

    def _admit_into(self, block: int, tags: Tags) -> Bools:
        live = self.live_blocks(block)
        for old in [number for number in self._blocks if number not in live]:
            del self._blocks[old]
        order = np.argsort(tags, kind="stable")  # stable: of two equal ids in one run, the first comes first
        ordered = tags[order]
        known = np.zeros(len(tags), np.bool_)
        known[1:] = ordered[1:] == ordered[:-1]
        for runs in self._blocks.values():
            for run in runs:
                known |= run[np.minimum(np.searchsorted(run, ordered), len(run) - 1)] == ordered
        if not known.all():
            self.remember(block, ordered[~known])
        is_duplicate = np.empty(len(tags), np.bool_)
        is_duplicate[order] = known
        return is_duplicate
