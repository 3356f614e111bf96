"""The JSON Schemas of the records describe every field, and accept what the pipeline writes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.aggregates import Aggregate, AggregateCell
from stream_app.pipeline.records.dead_letters import DeadLetter, LateDecision
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.results import Span, encode_result
from stream_app.pipeline.records.schema import SCHEMAS
from stream_app.policy import load_policy
from tests.support.lanes.judging import judge_plainly
from tests.support.outcome_windows import came

LOANS = load_policy("loans").models[0]
RECORDS = [
    ("aggregate", Aggregate(schema=1, model="m", window="1m", start_s=0, end_s=60, k=5, policy_hash="h",
                            code_version="1", cells=(AggregateCell(labels={"zone": "a"}, n=7),))),
    ("dead-letter", DeadLetter(model="m", reason=DeadLetterReason.JSON, topic="t", partition=0, offset=3,
                               size_bytes=9, digest="ab")),
    ("late-decision", LateDecision(model="m", topic="t", partition=0, offset=3, pane_start_s=0, closed_before_s=10)),
    ("journal", JournalEntry(schema=2, model="m", number=0, advances=(), offsets={"t": {0: 1}}, starts={"t": {0: 0}},
                             policy_hash="h", code_version="1")),
]  # fmt: skip


def valid(name: str, record: Any) -> None:
    Draft202012Validator(SCHEMAS[name]()).validate(json.loads(msgspec.json.encode(record)))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_of_a_schema_is_described(name: str) -> None:
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)
    assert schema["title"].startswith("FairStream ")
    assert schema["description"]
    missing = [
        f"{kind}.{field}"
        for kind, part in schema["$defs"].items()
        for field, fact in part.get("properties", {}).items()
        if "description" not in fact and field != "event"
    ]
    assert not missing


@pytest.mark.parametrize(("name", "record"), RECORDS, ids=[name for name, _ in RECORDS])
def test_a_record_is_valid(name: str, record: Any) -> None:
    valid(name, record)


def test_results_of_decisions_and_of_outcomes_are_valid() -> None:
    layout = layout_of(LOANS)
    cells = {code: [30 + code % 7, *[0] * (layout.width - 1)] for code in range(0, layout.size, 5)}
    for result in judge_plainly(LOANS, layout, cells, Span("1m", 0, 60)):
        Draft202012Validator(SCHEMAS["result"]()).validate(json.loads(encode_result(result)))
    for outcome in came(0, (90, 50)):
        valid("outcome-result", outcome)


def test_a_record_without_a_field_is_invalid() -> None:
    _, record = RECORDS[1]
    incomplete = json.loads(msgspec.json.encode(record))
    del incomplete["offset"]
    assert list(Draft202012Validator(SCHEMAS["dead-letter"]()).iter_errors(incomplete))
