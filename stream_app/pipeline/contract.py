"""The data that passes between a step of the pipeline and the engine that drives it.

``stream_app.pipeline.lane_step`` is the protocol of the step itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.events.formats.texts import RecordHeaders
from stream_app.core.events.formats.wire import WriterSchemas
from stream_app.core.events.reasons import DeadLetterReason

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class UnreadableRange:
    """Offsets of a source partition whose records cannot be read: their batch is broken, or expands too far.

    Attributes:
        reason: ``unreadable_batch`` or ``size``.
        first_offset: The first of them.
        next_offset: The offset after the last.
        n_records: Number of records, as far as the batch states it; at least 1 and at most the number of offsets.
        n_bytes: Length of what was not read, as it is stored.
    """

    reason: DeadLetterReason
    first_offset: int
    next_offset: int
    n_records: int
    n_bytes: int


class RecordRange(NamedTuple):
    """Records of a source partition that are counted again.

    Attributes:
        first_offset: Where reading begins.
        since_offset: First record that is counted again; those before only decide about later ones.
        next_offset: Offset after the last.
    """

    first_offset: int
    since_offset: int
    next_offset: int


@dataclass(slots=True, repr=False)
class Batch:
    """Records of one source partition, as columns, in offset order.

    Attributes:
        topic: Source topic.
        partition: Source partition.
        first_offset: Position of the reader before this batch; not above the offset of the first record.
        next_offset: Position of the reader after it; control records may come between.
        offsets: Offset of each record, int64, shape (n,).
        values: Value of each record; None for a tombstone.
        timestamps_ms: Broker timestamp of each record, int64, shape (n,).
        unreadable: What is between ``first_offset`` and ``next_offset`` and cannot be read, in offset order.
        n_bytes: About the memory of its values; 0 where nobody needs to know.
        schemas: The schemas with which its records were written, by frame, for a topic in a format of a schema
            registry. None for records in JSON.
        headers: Headers of each record, as far as they are read; None where nobody needs them.
        unsealed: Offsets of records between workers that no worker has sealed; see ``stream_app.pipeline.seals``.
    """

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    offsets: NDArray[np.int64]
    values: list[bytes | None]
    timestamps_ms: NDArray[np.int64]
    unreadable: Sequence[UnreadableRange] = ()
    n_bytes: int = 0
    schemas: WriterSchemas | None = None
    headers: list[RecordHeaders] | None = None
    unsealed: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        # Faust logs messages with their values when something goes wrong; raw records must not be among them.
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
            [unreadable for unreadable in self.unreadable if unreadable.first_offset >= offset],
            schemas=self.schemas,
            headers=None if self.headers is None else self.headers[cut:],
        )


@dataclass(slots=True, repr=False)
class Outputs:
    """Records for one partition of one topic, as columns.

    Attributes:
        topic: Destination topic.
        partition: Destination partition.
        keys: Key of each record.
        values: Value of each record; None is a tombstone.
        headers: Headers of each record, read once: made when they are written, so that a batch does not keep
            thousands of small lists alive. None when no record has any.
        timestamps_ms: Timestamp of each record, int64, shape (n,); None for the time of writing. One in the future is
            written as that.
    """

    topic: str
    partition: int
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: Iterable[Headers] | None = None
    timestamps_ms: NDArray[np.int64] | None = None

    def __repr__(self) -> str:
        return f"Outputs({self.topic}[{self.partition}], n={len(self.values)})"


@dataclass(slots=True)
class Flush:
    """What a lane writes at the end of a transaction.

    Attributes:
        outputs: Records for other topics.
        changes: Changed entries of the lane's state; None removes the entry. The engine adds ``next``.
    """

    outputs: list[Outputs] = field(default_factory=list)
    changes: list[tuple[bytes, bytes | None]] = field(default_factory=list)
