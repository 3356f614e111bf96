"""The contract between a step of the pipeline and the engine that drives it.

A *lane* is everything between one source partition and its effects. The engine (``stream_app.edges.lanes``) owns
Kafka: it feeds batches in offset order, each offset exactly once, and writes outputs, changed state and the next
offset in one transaction. The step owns the meaning: it is told the time and asks nothing of the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Headers = list[tuple[str, bytes]]


@dataclass(slots=True, repr=False)
class Batch:
    """A run of records of one source partition, as columns, in offset order.

    Attributes:
        topic: Source topic.
        partition: Source partition.
        first_offset: Offset at which the reader stood before this run; not above the first record's.
        next_offset: Offset at which the reader stands after it (control records may lie between).
        offsets: Offset of each record, int64, shape (n,).
        values: Value of each record; None for a tombstone.
        timestamps_ms: Broker timestamp of each record, int64, shape (n,).
    """

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    offsets: NDArray[np.int64]
    values: list[bytes | None]
    timestamps_ms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        # Faust logs messages with their values when something goes wrong; raw records must not be in there.
        return f"Batch({self.topic}[{self.partition}] {self.first_offset}..{self.next_offset}, n={len(self)})"

    def since(self, offset: int) -> Batch:
        """Return the part of this batch at or above ``offset``."""
        cut = int(np.searchsorted(self.offsets, offset))
        return Batch(
            self.topic,
            self.partition,
            max(self.first_offset, offset),
            self.next_offset,
            self.offsets[cut:],
            self.values[cut:],
            self.timestamps_ms[cut:],
        )


@dataclass(slots=True, repr=False)
class Outputs:
    """Records for one partition of one topic, as columns.

    Attributes:
        topic: Destination topic.
        partition: Destination partition.
        keys: Key of each record.
        values: Value of each record; None is a tombstone.
        headers: Headers of each record, read once: made when they are written, so that a run of events does not hold
            thousands of small lists. None when no record has any.
    """

    topic: str
    partition: int
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: Iterable[Headers] | None = None

    def __repr__(self) -> str:
        return f"Outputs({self.topic}[{self.partition}], n={len(self.values)})"


@dataclass(slots=True)
class Flush:
    """What a lane writes at the end of a transaction.

    Attributes:
        outputs: Records for other topics.
        changes: Changed entries of the lane's own state; None removes the entry. The engine adds ``next``.
    """

    outputs: list[Outputs] = field(default_factory=list)
    changes: list[tuple[bytes, bytes | None]] = field(default_factory=list)


class LaneStep(Protocol):
    """One role's logic for one source partition: state in memory, no I/O, no clock, no randomness.

    The engine calls ``restore`` once, then ``step`` and ``flush`` until the lane is closed. ``flush`` is called about
    once a second and must return every change of state since the last flush: what it returns is committed together
    with all that ``step`` returned before it.
    A step whose transaction failed is thrown away and restored anew.
    """

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int) -> None:
        """Take over the state as of the last commit.

        Raises:
            StateError: the state was written by another version or policy.
        """

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Process new records."""

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return what belongs into this transaction besides the outputs of ``step``.

        Args:
            now_s: Processing time, seconds since the epoch.
            is_caught_up: Whether the lane has read its source partition to the end.
        """
