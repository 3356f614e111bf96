"""All lanes of all models in memory, with their logs, states and transactions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile, zip_longest
from typing import Any

from tests.recorded import run
from tests.recorded.inputs import Logs
from tests.recorded.lines import Line
from tests.recorded.plain import Record, WrittenRecord
from tests.recorded.run import Role
from tests.recorded.schedule import Turn

BATCH_SIZE = 64  # records

Log = list[Record]


@dataclass
class Lane:
    """One partition of the topic that a role reads, with its step and state.

    Attributes:
        role: The role.
        partition: The partition.
        source: The log that the lane reads. It grows during the run.
        state: The content of the changelog topic.
        committed: The next offset as of the last transaction.
        next_offset: The next offset to read.
    """

    role: Role
    partition: int
    source: Log
    state: dict[bytes, bytes] = field(default_factory=dict)
    committed: int = 0
    next_offset: int = 0

    def __post_init__(self) -> None:
        if self.source:
            self.committed = self.source[0].offset  # earlier records were deleted
        self.restart()

    def restart(self) -> None:
        """Restart from the state and the committed offset only."""
        self.next_offset = self.committed
        self.step = run.new_step(self.role, self.partition, self.state, self.committed)

    def unread(self, now_s: float) -> Log:
        """Return the records that are available and were not read yet."""
        remaining = (record for record in self.source if record.offset >= self.next_offset)
        return list(takewhile(lambda record: record.time_ms < now_s * 1000, remaining))

    def read(self, records: Log) -> list[WrittenRecord]:
        """Read a batch."""
        written = run.feed(self.step, run.batch_of(self.role.topic, self.partition, self.next_offset, records))
        self.next_offset = records[-1].offset + 1
        return written

    def commit(self, now_s: float) -> list[WrittenRecord]:
        """End the transaction and apply the changes of the state."""
        written, changes = run.flush(self.step, now_s, is_caught_up=not self.unread(now_s))
        for key, value in changes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self.committed = self.next_offset
        return written


class Site:
    """A worker with all roles, in memory.

    Attributes:
        lines: Everything that was written or reported to the metrics, in order.
        logs: The topics that lanes read.
        written: The records of each topic as bytes.
    """

    def __init__(self, raw: Logs) -> None:
        self.policy = run.site_policy()
        self.lines: list[Line] = []
        self.written: dict[str, list[WrittenRecord]] = defaultdict(list)
        self.logs: dict[tuple[str, int], Log] = defaultdict(list)
        self.roles = run.roles(self.policy)
        for role in self.roles:
            for partition in range(role.n_partitions):
                records = raw[role.model, role.is_outcome, partition] if role.is_raw else []
                self.logs[role.topic, partition] += records
        self.lanes = [
            Lane(role, partition, self.logs[role.topic, partition])
            for role in self.roles
            for partition in range(role.n_partitions)
        ]
        self._turn = 0

    def run_turn(self, turn: Turn) -> None:
        """Run one turn of the schedule for every lane, role by role."""
        order = list(self.roles)
        if turn.is_outcomes_first:
            order.sort(key=lambda role: (not role.is_raw, not role.is_outcome))
        for role in order:
            lanes = [lane for lane in self.lanes if lane.role == role]
            pending = self._read(lanes, turn)
            if not turn.is_lost and (turn.is_judged or not role.is_judge):
                for lane in lanes:
                    self._commit(lane, pending[lane.partition], turn)
        for name in turn.partials:
            self._tamper(name)
        if turn.is_lost or turn.is_restart:
            for lane in self.lanes:
                lane.restart()
                self._report(f"state of {lane.role.name}", lane, run.described_state(lane.step, lane.state))
        self._turn += 1

    def _read(self, lanes: list[Lane], turn: Turn) -> dict[int, list[WrittenRecord]]:
        """Let the lanes of a role read, alternating after each batch."""
        written: dict[int, list[WrittenRecord]] = {lane.partition: [] for lane in lanes}
        batches = [
            [(lane, records) for records in _batches(lane.unread(turn.now_s), turn.max_batches)] for lane in lanes
        ]
        for row in zip_longest(*batches):
            for lane, records in filter(None, row):
                written[lane.partition] += lane.read(records)
        return written

    def _commit(self, lane: Lane, pending: list[WrittenRecord], turn: Turn) -> None:
        written = [*pending, *lane.commit(turn.now_s)]
        for record in written:
            self.written[record.topic].append(record)
            value = run.decoded(record.topic, record.value)
            headers = [[name, content.decode()] for name, content in record.headers]
            key = None if record.key is None else record.key.decode()
            self.lines.append(
                {
                    "topic": record.topic,
                    "partition": record.partition,
                    "key": key,
                    "headers": headers,
                    "turn": self._turn,
                    "value": value,
                }
            )
        for topic, partition in dict.fromkeys((record.topic, record.partition) for record in written):
            self._append(topic, partition, [record.value for record in written if record[:2] == (topic, partition)])
        self._report(f"counts of {lane.role.name}", lane, run.counts(lane.step))

    def _append(self, topic: str, partition: int, values: list[bytes | None]) -> None:
        """Append a transaction to a log. Its marker occupies an offset."""
        log = self.logs[topic, partition]
        first = log[-1].offset + 2 if log else 0
        log += [Record(first + number, 0, value) for number, value in enumerate(values)]

    def _tamper(self, name: str) -> None:
        """Append the invalid partials of a faulty or former owner to the logs of partials."""
        for (topic, partition), log in self.logs.items():
            if topic == run.PARTIALS and (values := run.tampered(name, [record.value for record in log])):
                self._append(topic, partition, values)

    def _report(self, topic: str, lane: Lane, value: Any) -> None:
        name = {"role": lane.role.name, "model": lane.role.model}
        self.lines.append({"topic": topic, "partition": lane.partition, "turn": self._turn, **name, "value": value})


def _batches(records: Log, max_batches: int) -> Iterator[Log]:
    """Split records into at most ``max_batches`` batches."""
    for first in range(0, min(len(records), max_batches * BATCH_SIZE), BATCH_SIZE):
        yield records[first : first + BATCH_SIZE]
