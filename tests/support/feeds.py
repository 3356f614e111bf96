"""Feeds through the real steps with simulated clocks: who uploads what, when and where, and what a replay says of it.

``Upload`` is what one producer sends at one moment. ``play`` runs a worker over all uploads; ``replayed_alerts`` judges
the same log as ``fairstream replay run`` does, without a clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import msgspec
import numpy as np

from fairstream.testing import InMemoryPipeline, LogRecord
from fairstream.testing.steps import TEST_KEYS
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.replay.ranges.range_replay import RangeReplay
from stream_app.pipeline.replay.scenarios.scenario import original_scenario
from stream_app.pipeline.replay.sources import RawCounter
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import Policy, parse_policy
from stream_app.topics import FAIRNESS_ALERTS

START_S = 1_790_002_800  # the full hour
POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10, idle_s = 5 }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
windows = [{ name = "1m", size_s = 60 }, { name = "5m", size_s = 300 }, { name = "1h", size_s = 3600 }]
privacy = { k = 5 }
"""
FAIR, UNFAIR = (0.5, 0.5), (0.2, 0.8)  # approval of women and men


@dataclass(frozen=True)
class Decision:
    """One decision: when it was made, about whom, and how."""

    number: int
    time_s: int
    sex: str
    is_approved: bool

    def encode(self) -> bytes:
        """Return the raw record."""
        record = {"id": f"d{self.number}", "t": self.time_s, "sex": self.sex, "ok": self.is_approved}
        return msgspec.json.encode(record)


@dataclass(frozen=True)
class Upload:
    """Decisions that reach one partition at one moment of the broker's clock."""

    at_s: float
    partition: int
    decisions: Sequence[Decision]


def decisions(n: int, *, every_s: float, rates: Callable[[int], tuple[float, float]], seed: int = 1) -> list[Decision]:
    """Return decisions about women and men in turn, ``every_s`` seconds apart.

    Args:
        n: How many.
        every_s: Time between two.
        rates: Approval of women and men by seconds since the start.
        seed: Of the decisions.
    """
    draw = random.Random(seed)
    made = []
    for number in range(n):
        since_s = int(number * every_s)
        of_sex = rates(since_s)[number % 2]
        made.append(Decision(number, START_S + since_s, "fm"[number % 2], draw.random() < of_sex))
    return made


def in_batches(made: Iterable[Decision], every_s: int, *, n_partitions: int = 1, delay_s: int = 20) -> list[Upload]:
    """Upload the decisions of each time range of ``every_s`` seconds after its end, spread over all partitions."""
    uploads = []
    for number, batch in groupby(made, lambda decision: (decision.time_s - START_S) // every_s):
        by_partition: list[list[Decision]] = [[] for _ in range(n_partitions)]
        for decision in batch:
            by_partition[decision.number // 2 % n_partitions].append(decision)
        at_s = START_S + (number + 1) * every_s + delay_s
        uploads += [
            Upload(at_s + 0.2 * partition, partition, part) for partition, part in enumerate(by_partition) if part
        ]
    return uploads


@dataclass
class Run:
    """What a worker has said about a feed.

    Attributes:
        pipeline: The worker.
        n_tested: Decisions that were tested.
        n_untested: Decisions that were counted and not tested.
        n_late: Corrections that were dropped.
        alerts_at_s: The clock at each alert.
    """

    pipeline: InMemoryPipeline
    n_tested: int = 0
    n_untested: int = 0
    n_late: int = 0
    alerts_at_s: list[tuple[float, Alert]] = field(default_factory=list)

    @property
    def alerts(self) -> list[Alert]:
        """All alerts in the order in which they were written."""
        return [alert for _, alert in self.alerts_at_s]

    def tick(self, now_s: float, records_per_tick: Sequence[int] | None) -> None:
        """Let every lane read and commit once."""
        for lane in self.pipeline.lanes:
            is_slow = records_per_tick is not None and lane.topic == "raw"
            lane.read(records_per_tick[lane.partition] if is_slow and records_per_tick else 1_000_000)
            lane.flush(now_s)
            report = lane.step.take_report()
            if isinstance(report, JudgeReport):
                for model in report.models.values():
                    self._add(model, now_s)

    def _add(self, report: ModelReport, now_s: float) -> None:
        self.n_tested += report.n_tested
        self.n_untested += report.n_untested
        self.n_late += report.n_late
        self.alerts_at_s += [(now_s, alert) for alert in report.alerts]


def play(
    uploads: Iterable[Upload],
    policy: Policy | None = None,
    *,
    n_partitions: int = 1,
    records_per_tick: Sequence[int] | None = None,
    broker_clock: Callable[[float], float] = lambda at_s: at_s,
    is_restarted: bool = False,
) -> Run:
    """Run a worker over uploads until every decision that waits is tested.

    The worker's clock starts anywhere and only moves forward, as a monotonic clock does.

    Args:
        uploads: What is sent, in any order.
        policy: None for ``POLICY``.
        n_partitions: Partitions of the raw topic.
        records_per_tick: How many records the lane of each partition reads in a second; None for all.
        broker_clock: What the broker's clock shows at a time.
        is_restarted: Whether the worker is restarted before every upload.
    """
    used = policy if policy is not None else parse_policy(POLICY)
    pipeline = InMemoryPipeline(used, n_partitions=n_partitions)
    run = Run(pipeline)
    in_order = sorted(uploads, key=lambda upload: upload.at_s)
    now_s = last_s = START_S - 30.0
    for upload in in_order:
        while now_s < upload.at_s:
            run.tick(now_s, records_per_tick)
            is_quiet = now_s - last_s > 12 and upload.at_s - now_s > 22
            now_s += 20.0 if is_quiet else 1.0
        last_s = upload.at_s
        if is_restarted:
            pipeline.restart()
        broker_ms = int(broker_clock(upload.at_s) * 1000)
        records = [LogRecord(None, decision.encode(), broker_ms) for decision in upload.decisions]
        pipeline.log.append("raw", upload.partition, records)
    wait_s = used.models[0].wait_s
    end_s = now_s + wait_s + 3700
    while now_s < end_s or any(lane.n_left for lane in pipeline.lanes):
        run.tick(now_s, records_per_tick)
        now_s += 1.0 if any(lane.n_left for lane in pipeline.lanes) else 20.0
    return run


def replayed_alerts(pipeline: InMemoryPipeline) -> list[Alert]:
    """Return what ``fairstream replay run`` says about the complete raw topic."""
    policy = pipeline.policy
    model = policy.models[0]
    logs = {partition: records for (topic, partition), records in pipeline.log.partitions.items() if topic == "raw"}
    ends = {partition: len(records) for partition, records in logs.items()}
    everything = TimeRange(float("-inf"), float("inf"))
    replay = RangeReplay(
        [original_scenario(model)],
        "raw",
        everything,
        ends,
        dict.fromkeys(ends, 0),
        lambda changed, groups: RawCounter(changed, TEST_KEYS, groups),
    )
    batches = {partition: _batches(partition, records) for partition, records in logs.items()}
    while (partition := replay.next_partition()) is not None:
        batch = next(batches[partition], None)
        if batch is None:
            replay.end(partition)
        else:
            replay.count(batch)
    [report] = replay.finish().values()
    return report.alerts


def without_offsets(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts without the offsets at which they were raised: a replay of a range has others."""
    return [msgspec.structs.replace(alert, offsets={}) for alert in alerts]


def as_tested(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts without the offsets, and without what depends on when windows closed.

    A replay closes windows together with the tests. A worker that waits for a silent partition closes them before, and
    then readers see rounded numbers.
    """
    return [msgspec.structs.replace(alert, is_rounded=msgspec.UNSET) for alert in without_offsets(alerts)]


def written_alerts(pipeline: InMemoryPipeline) -> list[Alert]:
    """Return the alerts in the topic."""
    return [decode_alert(record.value) for record in pipeline.log.read(FAIRNESS_ALERTS) if record.value]


def _batches(partition: int, records: Sequence[LogRecord], size: int = 500) -> Iterator[Batch]:
    for first in range(0, len(records), size):
        part = records[first : first + size]
        yield Batch(
            "raw",
            partition,
            first,
            first + len(part),
            np.arange(first, first + len(part)),
            [record.value for record in part],
            np.array([record.time_ms for record in part], np.int64),
        )
