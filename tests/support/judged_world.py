"""A model that real lanes count and judge over several days, in memory, with restarts and changes of the policy.

``run`` returns everything that was published; ``Published`` hands it to a verification as Kafka would.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.disclosure.sealing import AlertSealer
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
from stream_app.pipeline.records.outcome_results import AnyResult, decode_every_result
from stream_app.pipeline.replay.source_log import SourcePlace
from stream_app.pipeline.replay.verify.matching import PublishedRecord
from stream_app.pipeline.topology import Topology
from stream_app.policy import Policy, parse_policy
from stream_app.topics import (
    FAIRNESS_ALERTS,
    FAIRNESS_CHECKPOINTS,
    FAIRNESS_JOURNAL,
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
)
from tests.support.memory_logs import MemoryLog, MemoryPartition, MemoryRecord, a_record, renamed

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
N_STEPS = 40
N_AGAIN = 200  # records that a partition gets after a change of its log


def policy(ratio: float = 0.8, groups: Sequence[str] = ("f", "m"), window: int = 20, more: str = "") -> Policy:
    labels = ", ".join(f'"{group}"' for group in groups)
    return parse_policy(POLICY.format(ratio=ratio, groups=labels, window=window, more=more))


@dataclass
class _Lane:
    """A step with its state, as the engine keeps it."""

    step: LaneStep
    state: dict[bytes, bytes] = field(default_factory=dict)
    next_offset: int = 0
    log_number: int = 0

    def start(self, step: LaneStep) -> None:
        self.step = step
        step.restore(self.state, self.next_offset, self.log_number)

    def flush(self, now_s: float) -> list[Outputs]:
        flush = self.step.flush(now_s, is_caught_up=True)
        for key, value in flush.changes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        return flush.outputs


class LogChange(NamedTuple):
    """What happens to the log of a partition before a step of ``run``.

    Attributes:
        kind: The topic is created again with this partition, or without it; or the log is cut short.
        partition: The partition.
        n_cut: Records that the log loses at its end.
    """

    kind: Literal["re-created", "gone", "cut"]
    partition: int
    n_cut: int = 0


@dataclass
class World:
    """Everything that lanes and judge read and wrote; ``raw`` is what the source topic has in the end."""

    raw: dict[int, MemoryPartition]
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

    def published(self, partition: int) -> list[MemoryRecord]:
        """Return the published events of a partition, at the places of their raw records."""
        return [
            MemoryRecord(SourcePlace(int(dict(header).get("log", b"0")), int(header[0][1].split(b":")[1])), value, time)
            for run in self.written.get("out", [])
            if run.partition == partition
            for header, value, time in zip(
                run.headers or (),
                run.values,
                () if run.timestamps_ms is None else run.timestamps_ms.tolist(),
                strict=True,
            )
        ]


class Deployment:
    """Lanes and judge, which restart now and then; the policy changes at even intervals.

    During a change of the policy the lanes and the judge move to the new one at different moments, as in a rolling
    update.
    """

    def __init__(self, raw: Sequence[MemoryPartition], policies: Sequence[Policy], seed: int) -> None:
        self._rng = random.Random(seed)
        registered = [RegisteredPolicy(each.models[0], each.models[0].hash(), n + 1) for n, each in enumerate(policies)]
        self.world = World(dict(enumerate(raw)), PolicyBook(registered))
        self._books = [PolicyBook(registered[: n + 1]) for n in range(len(policies))]
        self._topology = Topology({"raw": 2, "out": 2})
        self._lanes = {partition: _Lane(self._ingest(self._books[0], partition)) for partition in range(2)}
        self._judge = _Lane(self._judge_step(self._books[0]))
        self._now_s = 0.0
        for lane in (*self._lanes.values(), self._judge):
            lane.start(lane.step)

    def run(self, changes: Mapping[int, Sequence[LogChange]]) -> None:
        for number in range(N_STEPS):
            book = self._books[number * len(self._books) // N_STEPS]
            for change in changes.get(number, ()):
                self._change(change, book)
            for partition in sorted(self.world.raw):
                self._step(partition, N_STEPS - number, book)
            self._now_s += self._rng.choice((1.0, 5.0, 100.0))
            self.world.add(self._judge.flush(self._now_s))
            if self._rng.random() < 0.3:
                self._judge.start(self._judge_step(book))
        for _ in range(3):
            self._now_s += 100_000.0
            for partition in self.world.raw:
                self._take(self._lanes[partition].flush(self._now_s), self._books[-1])
            self.world.add(self._judge.flush(self._now_s))

    @property
    def judge_state(self) -> Mapping[bytes, bytes]:
        """What the changelog topic has of the judge."""
        return self._judge.state

    def _step(self, partition: int, n_steps_left: int, book: PolicyBook) -> None:
        lane, raw = self._lanes[partition], self.world.raw[partition]
        if self._rng.random() < 0.2:
            lane.start(self._ingest(book, partition))
        end = lane.next_offset + (len(raw.values) - lane.next_offset) // n_steps_left
        outputs = list(lane.step.step(raw.batch("raw", partition, lane.next_offset, end)))
        lane.next_offset = end
        self._take([*outputs, *lane.flush(self._now_s)], book)

    def _change(self, change: LogChange, book: PolicyBook) -> None:
        """Change the log of a partition, and load its lane again as the engine does."""
        now = max(raw.base + self._lanes[number].next_offset for number, raw in self.world.raw.items())
        raw, lane = self.world.raw.pop(change.partition, None), self._lanes[change.partition]
        self._topology.n_partitions["raw"] = 1 if change.kind == "gone" else 2  # type: ignore[index]  # a dictionary
        if change.kind == "gone":
            return
        n_kept, base = 0, now
        if raw is not None and change.kind == "cut":
            n_kept, base = max(0, lane.next_offset - change.n_cut), raw.base
        rng, kept = random.Random(now), [] if raw is None else raw.values[:n_kept]
        numbers = range(base + n_kept, base + n_kept + N_AGAIN)
        new = [renamed(a_record(rng, change.partition, number), b"%d-" % now) for number in numbers]
        lane.log_number += 1
        lane.next_offset = max(0, n_kept - 3)  # the last mark
        self.world.raw[change.partition] = MemoryPartition([*kept, *new], base, lane.log_number)
        lane.start(self._ingest(book, change.partition))

    def _ingest(self, book: PolicyBook, partition: int) -> IngestStep:
        newest = book.newest("m")
        assert newest is not None
        return IngestStep(newest.model, KEYS, partition, self._topology, book)

    def _judge_step(self, book: PolicyBook) -> JudgeStep:
        return JudgeStep(policy(), 0, self._topology, book, sealer=AlertSealer(KEYS, os.urandom))

    def _take(self, outputs: Sequence[Outputs], book: PolicyBook) -> None:
        """Write what a lane made, and let the judge read its partials."""
        self.world.add(outputs)
        for output in (run for run in outputs if run.topic == FAIRNESS_PARTIALS):
            if self._is_behind(output.values):  # it meets a newer policy: reloaded by the engine with the present book
                self.world.add(self._judge.flush(self._now_s))
                self._judge.start(self._judge_step(book))
            n = len(output.values)
            batch = Batch(FAIRNESS_PARTIALS, 0, 0, n, np.arange(n), output.values, np.zeros(n, np.int64))
            list(self._judge.step.step(batch))

    def _is_behind(self, values: Sequence[bytes | None]) -> bool:
        step = self._judge.step
        assert isinstance(step, JudgeStep)
        return any(step._book.get("m", decode_partial(value).policy_hash) is None for value in values if value)


def run(
    raw: Sequence[MemoryPartition],
    policies: Sequence[Policy],
    seed: int = 0,
    changes: Mapping[int, Sequence[LogChange]] | None = None,
) -> World:
    """Count and judge the logs; return everything that was read and written.

    Args:
        raw: What the partitions contain, until a change.
        policies: Each applies for an equal share of the steps.
        seed: Decides about restarts and time.
        changes: Changes of logs, by the number of the step before which they happen.
    """
    deployment = Deployment(raw, policies, seed)
    deployment.run(changes or {})
    return deployment.world


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

    def results(self) -> Iterator[tuple[PublishedRecord, AnyResult]]:
        return ((record, decode_every_result(record.value)) for record in self.world.records(FAIRNESS_RESULTS))

    def alerts(self) -> Iterator[tuple[PublishedRecord, AnyAlert]]:
        return ((record, decode_alert_record(record.value)) for record in self.world.records(FAIRNESS_ALERTS))

    def partials(self) -> list[Partial]:
        return [decode_partial(record.value) for record in self.world.records(FAIRNESS_PARTIALS)]


def raw_log(world: World, begins: Mapping[int, int] | None = None) -> MemoryLog:
    def records(raw: MemoryPartition) -> list[MemoryRecord]:
        offsets = range(len(raw.values))
        places = [SourcePlace(0, offset) for offset in offsets]
        return list(map(MemoryRecord, places, raw.values, raw.times_ms(offsets)))

    return MemoryLog("raw", {number: records(raw) for number, raw in world.raw.items()}, dict(begins or {}))


def published_log(world: World, begins: Mapping[int, int] | None = None) -> MemoryLog:
    return MemoryLog("out", {partition: world.published(partition) for partition in range(2)}, dict(begins or {}))
