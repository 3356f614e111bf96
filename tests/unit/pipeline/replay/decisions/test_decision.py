"""A published event as a decision: as ingest published it, and nothing that is no event."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.decisions.decision import Decision, DecisionReader
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, load_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode, iso, loan

MODEL = load_policy("loans").models[0]
KEEPING = msgspec.structs.replace(MODEL, keep=("meta.latency_ms", "explanation"), model_version="version")


def batch_of(values: list[bytes | None]) -> Batch:
    n = len(values)
    return Batch("loan-decisions", 3, 0, n, np.arange(n), values, np.zeros(n, np.int64))


def published(n: int) -> list[bytes | None]:
    """Return events as the ingest lane publishes them."""
    lane = IngestLane()
    lane.feed([encode(loan(application_id=f"A-{number}", ts=iso(NOW_S + number))) for number in range(n)])
    lane.flush()
    return [value for _, value in lane.written["loan-decisions"]]


def read(values: list[bytes | None], model: ModelPolicy = MODEL, time_range: TimeRange | None = None) -> list[Decision]:
    return [decision for decision, _ in DecisionReader(model, time_range).read(batch_of(values))]


def test_what_ingest_published_is_read() -> None:
    values = published(3)
    found = read(values)
    assert [decision.offset for decision in found] == [0, 1, 2]
    first, event = found[0], json.loads(values[0] or b"")
    assert (first.input, first.request_id, first.prediction) == (event, event["application_id"], event["approved"])
    assert first.request_id.startswith("hm1.")
    assert datetime.fromisoformat(first.time) == datetime.fromtimestamp(NOW_S, UTC)
    assert (first.model, first.topic, first.partition) == ("loans", "loan-decisions", 3)
    assert {"gender", "race"} <= {*first.features}
    assert (first.version, first.latency_ms, first.anomaly_score, first.explanation) == (None,) * 4


def test_what_the_policy_keeps_by_name_is_a_field_of_the_decision() -> None:
    event = json.loads(published(1)[0] or b"")
    event |= {"meta": {"latency_ms": 12.5}, "explanation": "income: -0.4", "version": 7}
    [decision] = read([encode(event)], KEEPING)
    assert (decision.latency_ms, decision.explanation, decision.version) == (12.5, "income: -0.4", 7)


def test_the_score_is_the_probability() -> None:
    model = load_policy("credit").models[0]
    event = {"application_id": "hm1.a", "ts": iso(NOW_S), "approved": True, "score": 0.25, "gender": "male"}
    [decision] = read([encode(event)], model)
    assert (decision.probability, decision.features["score"], decision.features["race"]) == (0.25, 0.25, None)


def test_only_decisions_of_the_range() -> None:
    found = read(published(5), time_range=TimeRange(NOW_S + 1, NOW_S + 3))
    assert [decision.offset for decision in found] == [1, 2]


@pytest.mark.parametrize(
    "value",
    [
        b"", b"[]", b"{}", b"\xff", b"[" * 2000, b'{"application_id":"a"}',
        b'{"application_id":7,"ts":"2026-01-01T00:00:00Z"}',
        b'{"application_id":"a","ts":"2026-01-01"}', b'{"application_id":"a","ts":"99999-01-01T00:00:00Z"}',
        b'{"application_id":"a","ts":1e999}', b'{"application_id":"a","ts":["2026"]}',
    ],
)  # fmt: skip
def test_what_is_no_event_is_counted_and_left_out(value: bytes) -> None:
    reader = DecisionReader(MODEL)
    good = published(1)[0]
    assert len(list(reader.read(batch_of([value, None, good])))) == 1
    assert reader.n_unreadable == 1
