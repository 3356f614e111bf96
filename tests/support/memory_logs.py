"""Source topics in memory, whose partitions have one log after the other: created again, or cut short."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.source_log import SourcePlace

START_S = 1_790_000_000 // 86_400 * 86_400
STEP_S = 400  # between two records of a partition
_BATCH = 7


@dataclass
class MemoryPartition:
    """One partition: its records, and how many were in the logs that are gone.

    Attributes:
        values: The records of its log.
        base: Number of records before the first one, in logs that are gone.
        log_number: Number of the log.
    """

    values: list[bytes]
    base: int = 0
    log_number: int = 0

    def times_ms(self, offsets: Sequence[int]) -> list[int]:
        """Return when the broker took records."""
        return [(START_S + (self.base + offset) * STEP_S) * 1000 for offset in offsets]

    def batch(self, topic: str, partition: int, first: int, end: int) -> Batch:
        offsets = np.arange(first, end, dtype=np.int64)
        times_ms = np.array(self.times_ms(offsets.tolist()), np.int64)
        return Batch(topic, partition, first, end, offsets, list(self.values[first:end]), times_ms)


def partitions(seed: int, n: int) -> list[MemoryPartition]:
    """Return two partitions: late, repeated, broken records among them; women fare worse after a while."""
    rng = random.Random(seed)
    return [MemoryPartition([a_record(rng, partition, number) for number in range(n)]) for partition in range(2)]


def a_record(rng: random.Random, partition: int, number: int) -> bytes:
    if rng.random() < 0.02:
        return b"{"
    repeated = max(0, number - rng.randrange(30)) if rng.random() < 0.1 else number
    sex = rng.choice(("f", "m", "x", None))
    chance = 0.2 if sex == "f" and number > 150 else 0.7
    time_s = START_S + number * STEP_S + rng.choice((0, 0, 0, -300, -2000, 200))
    return json.dumps({"id": f"{partition}-{repeated}", "t": time_s, "sex": sex, "ok": rng.random() < chance}).encode()


class MemoryRecord(NamedTuple):
    place: SourcePlace
    value: bytes | None
    timestamp_ms: int


@dataclass
class MemoryLog:
    """A topic in memory; ``SourceLog``.

    Attributes:
        topic: Its name.
        logs: The records of each partition.
        begins: First position that is retained, by partition.
    """

    topic: str
    logs: Mapping[int, Sequence[MemoryRecord]]
    begins: dict[int, int]
    _positions: dict[int, int] = field(default_factory=dict)
    _next: dict[int, SourcePlace] = field(default_factory=dict)
    _wanted: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begins = {partition: self.begins.get(partition, 0) for partition in self.logs}
        self.ends = {partition: len(log) for partition, log in self.logs.items()}
        self.seek(self.begins)

    @property
    def partitions(self) -> list[int]:
        return sorted(self.ends)

    def offsets_at(self, timestamp_ms: int) -> dict[int, int]:
        return {partition: self.begins[partition] for partition in self.partitions if timestamp_ms >= 0}

    def seek(self, offsets: Mapping[int, int]) -> None:
        for partition, offset in offsets.items():
            self._positions[partition] = max(offset, self.begins[partition])
            self._next[partition] = SourcePlace(0, 0)
            self._wanted.pop(partition, None)

    def seek_events(self, places: Mapping[int, SourcePlace]) -> bool:
        self.seek(self.begins)
        self._wanted = {partition: place.log_number for partition, place in places.items()}
        firsts = {partition: self.logs[partition][self.begins[partition] :][:1] for partition in places}
        return all(not self.begins[p] or (firsts[p] and firsts[p][0].place <= place) for p, place in places.items())

    def n_left(self) -> int:
        return sum(self.ends[partition] - self._positions[partition] for partition in self.partitions)

    def next_batch(self, number: int) -> Batch | None:
        while (first := self._positions[number]) < self.ends[number]:
            log_number = self.logs[number][first].place.log_number
            run = [r for r in self.logs[number][first : first + _BATCH] if r.place.log_number == log_number]
            self._positions[number] += len(run)
            before, after = self._next[number], SourcePlace(log_number, run[-1].place.offset + 1)
            self._next[number] = after
            if log_number == self._wanted.get(number, log_number):
                begin = before.offset if before.log_number == log_number else 0
                offsets = np.array([record.place.offset for record in run], np.int64)
                times_ms = np.array([record.timestamp_ms for record in run], np.int64)
                return Batch(self.topic, number, begin, after.offset, offsets, [r.value for r in run], times_ms)
        return None


def renamed(value: bytes, name: bytes) -> bytes:
    """Return a record whose id no record of another name has."""
    return value.replace(b'"id": "', b'"id": "' + name)
