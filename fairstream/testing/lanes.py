"""One step of the pipeline with its surroundings in memory: a source log, a state, and the topics that it writes.

The lane engine does the same with Kafka: runs of records in, then a flush whose outputs, state changes and next offset
are one transaction. A restart begins with the state and the offset of the last flush, and with nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.lane_step import LaneStep


class LogRecord(NamedTuple):
    """One record of a topic.

    Attributes:
        key: Its key, if any.
        value: Its value; None is a tombstone.
        time_ms: When the broker would have taken it, milliseconds since 1970.
    """

    key: bytes | None
    value: bytes | None
    time_ms: int


@dataclass
class InMemoryLog:
    """All topics: records by topic and partition; the offset of a record is its place.

    Attributes:
        partitions: Records by topic and partition.
    """

    partitions: dict[tuple[str, int], list[LogRecord]] = field(default_factory=lambda: defaultdict(list))

    def append(self, topic: str, partition: int, records: Iterable[LogRecord]) -> None:
        """Append records to a partition."""
        self.partitions[topic, partition] += records

    def read(self, topic: str) -> Iterator[LogRecord]:
        """Yield all records of a topic, partition by partition."""
        for (name, _), records in sorted(self.partitions.items()):
            if name == topic:
                yield from records


@dataclass
class InMemoryLane:
    """A step, the partition that it reads, and its state.

    Args:
        make_step: Makes a new step.
        log: All topics.
        topic: The topic that the step reads.
        partition: Its partition.

    Attributes:
        state: Its changelog, compacted.
        next_offset: Offset of the next record that it reads.
        committed_offset: The same as of the last flush.
    """

    make_step: Callable[[], LaneStep]
    log: InMemoryLog
    topic: str
    partition: int
    state: dict[bytes, bytes] = field(default_factory=dict)
    next_offset: int = 0
    committed_offset: int = 0
    _outputs: list[Outputs] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def n_left(self) -> int:
        """Records that were not read yet."""
        return len(self._source) - self.next_offset

    @property
    def _source(self) -> list[LogRecord]:
        return self.log.partitions[self.topic, self.partition]

    def restart(self) -> None:
        """Begin again from the state of the last flush, as after a crash."""
        self._outputs = []
        self.next_offset = self.committed_offset
        self.step = self.make_step()
        self.step.restore(self.state, self.next_offset)

    def read(self, n: int) -> int:
        """Process at most the next ``n`` records of the partition; return how many."""
        first = self.next_offset
        records = self._source[first : first + n]
        if not records:
            return 0
        self.next_offset = first + len(records)
        batch = Batch(
            self.topic,
            self.partition,
            first,
            self.next_offset,
            np.arange(first, self.next_offset),
            [record.value for record in records],
            np.array([record.time_ms for record in records], np.int64),
        )
        self._outputs += self.step.step(batch)
        return len(records)

    def flush(self, now_s: float) -> None:
        """End a transaction at a processing time: append the outputs to their topics and change the state."""
        flush = self.step.flush(now_s, is_caught_up=self.n_left == 0)
        for outputs in [*self._outputs, *flush.outputs]:
            times_ms = [int(now_s * 1000)] * len(outputs.values)
            if outputs.timestamps_ms is not None:
                times_ms = outputs.timestamps_ms.tolist()
            records = [
                LogRecord(key, value, time_ms)
                for key, value, time_ms in zip(outputs.keys, outputs.values, times_ms, strict=True)
            ]
            self.log.append(outputs.topic, outputs.partition, records)
        for key, value in flush.changes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self._outputs = []
        self.committed_offset = self.next_offset
