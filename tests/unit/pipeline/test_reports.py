"""What each of the four steps reports, and to which part of the sink."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.partials import PanePartial, Partial, encode_partial
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.outcome_step import OutcomeIngestStep
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.lane_step import LaneStep
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.topology import Topology
from stream_app.policy import parse_policy
from tests.support.lanes.ingest_lane import encode
from tests.support.lanes.outcome_lane import NOW_S, POLICY, decisions

WHOLE_POLICY = parse_policy(POLICY)
MODEL = WHOLE_POLICY.models[0]
KEYS = (RootKey("abcdefgh", 0, b"k" * 32),)
TOPOLOGY = Topology()

STEPS: dict[str, Callable[[], LaneStep]] = {
    "ingest": lambda: IngestStep(MODEL, KEYS, 0, TOPOLOGY),
    "outcome ingest": lambda: OutcomeIngestStep(MODEL, KEYS, 0, TOPOLOGY),
    "outcomes": lambda: OutcomeStep(MODEL, 0, TOPOLOGY),
    "judge": lambda: JudgeStep(WHOLE_POLICY, 0, TOPOLOGY),
}
DECISION = {"id": "A-1", "t": NOW_S, "ok": True, "sex": "f", "p": 0.75}
PARTIAL = Partial(
    app_id="fairstream",
    model="m",
    layout_hash=MODEL.layout_hash(),
    topic="raw",
    partition=0,
    n_partitions=1,
    next_offset=1,
    closed_before_s=NOW_S + 3600,
    max_event_s=NOW_S + 3600,
    is_idle=False,
    panes=(PanePartial(NOW_S, {0: [80, 80, 1, 1]}),),
)
RECORDS = {
    "ingest": encode(DECISION),
    "outcome ingest": encode({"id": "A-1", "t": NOW_S, "repaid": True}),
    "outcomes": decisions(NOW_S, (7, 0, 750_000)),
    "judge": encode_partial(PARTIAL),
}
SHOWN = {
    "ingest": ["ingested m", "latency ingest", "counted m 0"],
    "outcome ingest": ["outcomes ingested raw-outcomes"],
    "outcomes": ["outcomes joined m", "records rejected"],
    "judge": ["judged 0", "latency close"],
}


class Sink:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.values: list[Any] = []

    def ingested(self, model: str, counts: Any) -> None:
        self._note(f"ingested {model}", counts)

    def source_counted(self, model: str, partition: int, n_events: int) -> None:
        self._note(f"counted {model} {partition}", n_events)

    def outcomes_ingested(self, topic: str, counts: Any) -> None:
        self._note(f"outcomes ingested {topic}", counts)

    def outcomes_joined(self, model: str, counts: Any) -> None:
        self._note(f"outcomes joined {model}", counts)

    def records_rejected(self, rejected: Any) -> None:
        self._note("records rejected", rejected)

    def judged(self, partition: int, report: Any) -> None:
        self._note(f"judged {partition}", report)

    def judge_restored(self, partition: int, results: Any, policies: Any, last_alerts: Any) -> None:
        del policies, last_alerts
        self._note(f"judge restored {partition}", results)

    def latency_measured(self, stage: str, seconds: float, n_events: int = 1) -> None:
        self._note(f"latency {stage}", (seconds, n_events))

    def _note(self, name: str, value: Any) -> None:
        if name not in self.shown:
            self.shown.append(name)
        self.values.append(value)


def batch_of(values: list[bytes | None], first: int = 0) -> Batch:
    n = len(values)
    return Batch("t", 0, first, first + n, np.arange(first, first + n), values, np.full(n, NOW_S * 1000, np.int64))


def committed(role: str) -> tuple[LaneStep, dict[bytes, bytes]]:
    """Return a step that has read its record and ended a transaction, and its state."""
    step = STEPS[role]()
    step.restore({}, 0)
    list(step.step(batch_of([RECORDS[role], None])))
    changes = step.flush(NOW_S, is_caught_up=True).changes
    return step, {key: value for key, value in changes if value is not None}


@pytest.mark.parametrize("role", STEPS)
def test_a_report_delivers_itself_to_its_part_of_the_sink(role: str) -> None:
    step, _ = committed(role)
    sink = Sink()
    step.take_report().deliver(sink, NOW_S + 4000.0)
    assert sink.shown == SHOWN[role]


@pytest.mark.parametrize("role", STEPS)
def test_what_was_reported_once_is_not_reported_again(role: str) -> None:
    step, _ = committed(role)
    first, second, fresh = Sink(), Sink(), Sink()
    step.take_report().deliver(first, NOW_S)
    step.take_report().deliver(second, NOW_S)
    unused = STEPS[role]()
    unused.restore({}, 0)
    unused.take_report().deliver(fresh, NOW_S)
    assert second.values == fresh.values != first.values


@pytest.mark.parametrize("role", STEPS)
def test_a_restored_step_has_nothing_to_count_and_only_the_judge_shows_what_it_knows(role: str) -> None:
    _, state = committed(role)
    restored, sink = STEPS[role](), Sink()
    restored.restore(state, 2)
    report = restored.restored_report()
    if report is not None:
        report.deliver(sink, NOW_S)
    assert sink.shown == (["judge restored 0"] if role == "judge" else [])
    assert bool(sink.values and sink.values[0]) == (role == "judge")


def test_the_latency_of_ingest_is_measured_from_the_newest_record_of_the_transaction() -> None:
    step, _ = committed("ingest")
    list(step.step(batch_of([b"not JSON", None], first=2)))
    list(step.step(batch_of([], first=4)))
    sink = Sink()
    step.take_report().deliver(sink, NOW_S + 2.5)
    assert sink.values[1] == (2.5, 4)


def test_no_latency_is_negative() -> None:
    step, _ = committed("ingest")
    sink = Sink()
    step.take_report().deliver(sink, NOW_S - 9.0)
    assert sink.values[1] == (0.0, 2)
