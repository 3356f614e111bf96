"""Any step in memory: its changelog topic, what it wrote, and a restart from nothing but that state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from stream_app.pipeline.contract import Batch, Flush, Headers, Outputs
from stream_app.pipeline.lane_step import LaneStep
from tests.support.contracts.step_logs import SourceRecord

State = dict[bytes, bytes]
ENGINE_ENTRY = b"next"  # what the engine keeps beside the entries of a step


class Written(NamedTuple):
    """One record that a step wrote."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass
class StepLane:
    """A lane around one step.

    Attributes:
        new_step: Makes the step; called again at each restart.
        topic: Source topic.
        log: All records of the source partition.
        state: The changelog topic.
        next_offset: How far the log has been read.
        written: Every record, in the order of writing.
    """

    new_step: Callable[[], LaneStep]
    topic: str
    log: Sequence[SourceRecord]
    state: State = field(default_factory=dict)
    next_offset: int = 0
    written: list[Written] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Start again from the committed state, as after a crash right after a commit."""
        self.step = self.new_step()
        entries = {**self.state, ENGINE_ENTRY: b"%d" % self.next_offset} if self.state or self.next_offset else {}
        self.step.restore(entries, self.next_offset)

    def read(self, n_records: int) -> list[Outputs]:
        """Process the next records of the log in one run, fewer at its end."""
        return self.feed(self.log[self.next_offset : self.next_offset + n_records])

    def feed(self, records: Sequence[SourceRecord]) -> list[Outputs]:
        """Process these records in one run."""
        n, first = len(records), self.next_offset
        self.next_offset += n
        batch = Batch(
            self.topic,
            0,
            first,
            first + n,
            np.arange(first, first + n),
            [record.value for record in records],
            np.array([record.time_s * 1000 for record in records], np.int64),
        )
        outputs = list(self.step.step(batch))
        self.written += _records_of(outputs)
        return outputs

    def flush(self, now_s: float, *, is_caught_up: bool = False) -> Flush:
        """End a transaction: write its outputs, apply its changes."""
        flush = self.step.flush(now_s, is_caught_up=is_caught_up)
        flush.outputs = [Outputs(o.topic, o.partition, o.keys, o.values, list(o.headers or [])) for o in flush.outputs]
        self.written += _records_of(flush.outputs)
        for key, value in flush.changes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        return flush


def records_of(flush: Flush) -> list[Written]:
    """Return the records of a flush of ``StepLane``."""
    return _records_of(flush.outputs)


def _records_of(outputs: Sequence[Outputs]) -> list[Written]:
    written = []
    for run in outputs:
        headers = list(run.headers or []) or [[] for _ in run.values]
        rows = zip(run.keys, run.values, headers, strict=True)
        written += [Written(run.topic, run.partition, *row) for row in rows]
    return written
