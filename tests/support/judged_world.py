"""A model that real lanes count and judge over several days, in memory, with restarts and changes of the policy.

``run`` returns everything that was published; ``Published`` and ``MemoryLog`` hand it to a verification as Kafka would.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.lane_step import LaneStep
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.records.alerts import AnyAlert, decode_alert_record
from stream_app.pipeline.records.checkpoints import (
    Checkpoint,
    CheckpointHead,
    CheckpointPiece,
    checkpoint_of,
    decode_piece,
)
from stream_app.pipeline.records.journal import JournalEntry, decode_journal_entry
from stream_app.pipeline.records.outcome_results import decode_any_result
from stream_app.pipeline.replay.verify.compared_range import AnyResult
from stream_app.pipeline.replay.verify.matching import PublishedRecord, RecordPosition
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, Policy, parse_policy
from stream_app.topics import (
    FAIRNESS_ALERTS,
    FAIRNESS_CHECKPOINTS,
    FAIRNESS_JOURNAL,
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
)

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "case" }}
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = 900, pane_s = 600, max_age_s = 86400 }}
attributes = [{{ name = "sex", path = "sex", groups = [{groups}], reference = "m" }}]
windows = [{{ name = "1h", size_s = 3600 }}, {{ name = "6h", size_s = 21600 }}]
rules = {{ min_n = 3, min_disparate_impact_ratio = {ratio} }}
detection = {{ false_alarms_per_million = 100000, wait_s = 60 }}
deduplication_window = {window}
{more}
"""
KEYS = (RootKey("abcdefgh", 0, b"k" * 32),)
START_S = 1_790_000_000 // 86_400 * 86_400
STEP_S = 400  # between two records of a partition
TOPOLOGY = Topology({"raw": 2, "out": 2})


def policy(ratio: float = 0.8, groups: Sequence[str] = ("f", "m"), window: int = 20, more: str = "") -> Policy:
    labels = ", ".join(f'"{group}"' for group in groups)
    return parse_policy(POLICY.format(ratio=ratio, groups=labels, window=window, more=more))


def source_logs(seed: int, n: int) -> list[list[bytes]]:
    """Return the records of two partitions: late, repeated, broken ones among them; women fare worse after a while."""
    rng = random.Random(seed)
    return [[_record(rng, partition, offset) for offset in range(n)] for partition in range(2)]


def _record(rng: random.Random, partition: int, offset: int) -> bytes:
    if rng.random() < 0.02:
        return b"{"
    repeated = max(0, offset - rng.randrange(30)) if rng.random() < 0.1 else offset
    sex = rng.choice(("f", "m", "x", None))
    chance = 0.2 if sex == "f" and offset > 150 else 0.7
    time_s = START_S + offset * STEP_S + rng.choice((0, 0, 0, -300, -2000, 200))
    return json.dumps({"id": f"{partition}-{repeated}", "t": time_s, "sex": sex, "ok": rng.random() < chance}).encode()


def raw_batch(topic: str, partition: int, log: Sequence[bytes | None], first: int, end: int) -> Batch:
    offsets = np.arange(first, end, dtype=np.int64)
    times_ms = (START_S + offsets * STEP_S) * 1000
    return Batch(topic, partition, first, end, offsets, list(log[first:end]), times_ms)


@dataclass
class _Lane:
    """A step with its state, as the engine keeps it."""

    step: LaneStep
    state: dict[bytes, bytes] = field(default_factory=dict)
    next_offset: int = 0

    def start(self, step: LaneStep) -> None:
        self.step = step
        step.restore(self.state, self.next_offset)

    def flush(self, now_s: float) -> list[Outputs]:
        flush = self.step.flush(now_s, is_caught_up=True)
        for key, value in flush.changes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        return flush.outputs


@dataclass
class World:
    """Everything that lanes and judge read and wrote."""

    raw: list[list[bytes]]
    book: PolicyBook
    written: dict[str, list[Outputs]] = field(default_factory=dict)

    def add(self, outputs: Iterable[Outputs]) -> None:
        for run in outputs:
            run.headers = None if run.headers is None else list(run.headers)  # made once, when they are written
            self.written.setdefault(run.topic, []).append(run)

    def records(self, topic: str) -> list[PublishedRecord]:
        runs = self.written.get(topic, [])
        values = [(key, value) for run in runs for key, value in zip(run.keys, run.values, strict=True) if value]
        return [
            PublishedRecord(topic, 0, offset, (key or b"").decode(), value)
            for offset, (key, value) in enumerate(values)
        ]

    def published(self, partition: int) -> tuple[list[int], list[bytes | None]]:
        """Return the raw offset and the value of each published event of a partition."""
        runs = [run for run in self.written.get("out", []) if run.partition == partition]
        headers = [header for run in runs for header in run.headers or ()]
        offsets = [int(header[0][1].partition(b":")[2]) for header in headers]
        return offsets, [value for run in runs for value in run.values]


def run(raw: list[list[bytes]], policies: Sequence[Policy], seed: int = 0) -> World:
    """Count and judge the logs; the workers restart now and then, the policy changes at even intervals.

    During a change the lanes and the judge move to the new policy at different moments, as in a rolling update.
    """
    rng = random.Random(seed)
    registered = [RegisteredPolicy(each.models[0], each.models[0].hash(), n + 1) for n, each in enumerate(policies)]
    world = World(raw, PolicyBook(registered))
    books = [PolicyBook(registered[: n + 1]) for n in range(len(policies))]
    lanes = [_Lane(_ingest(books[0], partition)) for partition in range(2)]
    judge = _Lane(JudgeStep(policies[0], 0, TOPOLOGY, books[0]))
    for lane in (*lanes, judge):
        lane.start(lane.step)
    n_steps, now_s = 40, 0.0
    for number in range(n_steps):
        book = books[number * len(policies) // n_steps]
        for partition, lane in enumerate(lanes):
            if rng.random() < 0.2:
                lane.start(_ingest(book, partition))
            end = len(raw[partition]) * (number + 1) // n_steps
            batch = raw_batch("raw", partition, raw[partition], lane.next_offset, end)
            outputs = list(lane.step.step(batch))
            lane.next_offset = end
            outputs += lane.flush(now_s)
            world.add(run for run in outputs if run.topic != FAIRNESS_PARTIALS)
            partials = [run for run in outputs if run.topic == FAIRNESS_PARTIALS]
            world.add(partials)
            _judge(world, judge, partials, book, now_s)
        now_s += rng.choice((1.0, 5.0, 100.0))
        world.add(judge.flush(now_s))
        if rng.random() < 0.3:
            judge.start(JudgeStep(policies[-1], 0, TOPOLOGY, book))
    for _ in range(3):
        now_s += 100_000.0
        for lane in lanes:
            flushed = lane.flush(now_s)
            world.add(flushed)
            _judge(world, judge, flushed, books[-1], now_s)
        world.add(judge.flush(now_s))
    return world


def _ingest(book: PolicyBook, partition: int) -> IngestStep:
    newest = book.newest("m")
    assert newest is not None
    return IngestStep(newest.model, KEYS, partition, TOPOLOGY, book)


def _judge(world: World, judge: _Lane, partials: Iterable[Outputs], book: PolicyBook, now_s: float) -> None:
    for output in partials:
        if _is_behind(judge, output.values):  # it meets a newer policy: reloaded by the engine with the present book
            world.add(judge.flush(now_s))
            judge.start(JudgeStep(policy(), 0, TOPOLOGY, book))
        list(judge.step.step(raw_batch(FAIRNESS_PARTIALS, 0, output.values, 0, len(output.values))))


def _is_behind(judge: _Lane, values: Sequence[bytes | None]) -> bool:
    step = judge.step
    assert isinstance(step, JudgeStep)
    return any(step._book.get("m", decode_partial(value).policy_hash) is None for value in values if value)


@dataclass
class Published:
    """Everything that was published; ``PublishedRecords``."""

    world: World

    def journal(self) -> list[tuple[PublishedRecord, JournalEntry]]:
        return [(record, decode_journal_entry(record.value)) for record in self.world.records(FAIRNESS_JOURNAL)]

    def pieces(self) -> list[CheckpointPiece]:
        return [decode_piece(record.value) for record in self.world.records(FAIRNESS_CHECKPOINTS)]

    def checkpoints(self) -> list[CheckpointHead]:
        return [piece.head for piece in self.pieces() if piece.piece == 0]

    def checkpoint(self, head: CheckpointHead) -> Checkpoint:
        return checkpoint_of(piece for piece in self.pieces() if piece.head == head)

    def results(self, *, at: Collection[RecordPosition] | None = None) -> Iterator[tuple[PublishedRecord, AnyResult]]:
        for record in self.world.records(FAIRNESS_RESULTS):
            if at is None or (record.topic, record.partition, record.offset) in at:
                yield record, decode_any_result(record.value)

    def alerts(self) -> Iterator[tuple[PublishedRecord, AnyAlert]]:
        return ((record, decode_alert_record(record.value)) for record in self.world.records(FAIRNESS_ALERTS))

    def partials(self) -> list[Partial]:
        return [decode_partial(record.value) for record in self.world.records(FAIRNESS_PARTIALS)]


class MemoryLog:
    """A source topic in memory; ``SourceLog``.

    Args:
        topic: Its name.
        logs: Offset and value of the records of each partition.
        begins: First position that is retained, by partition.
    """

    def __init__(
        self, topic: str, logs: Sequence[tuple[Sequence[int], Sequence[bytes | None]]], begins: Mapping[int, int]
    ) -> None:
        self.topic = topic
        self.begins = {partition: begins.get(partition, 0) for partition in range(len(logs))}
        self.ends = {partition: len(offsets) for partition, (offsets, _) in enumerate(logs)}
        self._logs = logs
        self._positions = dict(self.begins)
        self._next = dict.fromkeys(self.begins, 0)

    @property
    def partitions(self) -> list[int]:
        return sorted(self.ends)

    def offsets_at(self, timestamp_ms: int) -> dict[int, int]:
        return {partition: self.begins[partition] for partition in self.partitions if timestamp_ms >= 0}

    def seek(self, offsets: Mapping[int, int]) -> None:
        for partition, offset in offsets.items():
            self._positions[partition] = max(offset, self.begins[partition])
            self._next[partition] = 0 if self.topic == "out" else self._positions[partition]

    def seek_events(self, offsets: Mapping[int, int]) -> bool:
        self.seek(self.begins)
        firsts = {partition: list(self._logs[partition][0][self.begins[partition] :])[:1] for partition in offsets}
        return all(not self.begins[p] or (firsts[p] and firsts[p][0] <= offset) for p, offset in offsets.items())

    def n_left(self) -> int:
        return sum(self.ends[partition] - self._positions[partition] for partition in self.partitions)

    def next_batch(self, number: int) -> Batch | None:
        first = self._positions[number]
        if first >= self.ends[number]:
            return None
        end = min(first + 7, self.ends[number])
        offsets, values = self._logs[number]
        column = np.array(offsets[first:end], np.int64)
        begin, self._next[number] = self._next[number], int(column[-1]) + 1
        self._positions[number] = end
        times_ms = (START_S + column * STEP_S) * 1000
        return Batch(self.topic, number, begin, self._next[number], column, list(values[first:end]), times_ms)


def raw_log(world: World, begins: Mapping[int, int] | None = None) -> MemoryLog:
    return MemoryLog("raw", [(range(len(log)), log) for log in world.raw], begins or {})


def published_log(world: World, begins: Mapping[int, int] | None = None) -> MemoryLog:
    return MemoryLog("out", [world.published(partition) for partition in range(2)], begins or {})


def model_of(one: Policy) -> ModelPolicy:
    return one.models[0]
