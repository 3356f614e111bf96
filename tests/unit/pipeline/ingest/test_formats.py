"""Ingest of records in a format of a schema registry is ingest of the same records in JSON, bit for bit."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from stream_app.core.events.formats.avro import AvroSchema
from stream_app.core.events.formats.wire import JsonText, Rejecting, WriterSchemas
from stream_app.errors import PolicyError
from stream_app.policy import ModelPolicy, parse_policy
from stream_app.topics import DEAD_LETTERS, FAIRNESS_PARTIALS
from tests.support.formats import hiring, lending
from tests.support.formats.framed import avro, frame
from tests.support.lanes.ingest_lane import LOANS, NOW_S, IngestLane, loan

HIRING = parse_policy(hiring.POLICY).models[0]
N = 60


def in_format(model: ModelPolicy, name: str) -> ModelPolicy:
    return msgspec.structs.replace(model, format=name)


def schemas(*texts: Any, is_epoch: bool) -> WriterSchemas:
    return {
        frame(number): AvroSchema(json.dumps(text), times_as_numbers=is_epoch) for number, text in enumerate(texts, 1)
    }


def written(lane: IngestLane) -> tuple[Any, ...]:
    """Return everything that was written but the policy's hash, and digest and size of rejected records."""
    lane.flush()
    letters = [(letter["reason"], letter["offset"]) for letter in lane.read(DEAD_LETTERS)]
    topics = {t: records for t, records in lane.written.items() if t not in (DEAD_LETTERS, FAIRNESS_PARTIALS)}
    return letters, topics, lane.labels(), lane.counted, lane.counts.dropped


def test_hiring_decisions_in_avro_through_a_schema_change() -> None:
    records = [hiring.hiring(n, NOW_S, is_second=n >= N) for n in range(2 * N)]
    frames = [avro(1 + (n >= N), hiring.AVRO_2 if n >= N else hiring.AVRO_1, r) for n, r in enumerate(records)]
    as_json, as_avro = IngestLane(HIRING), IngestLane(in_format(HIRING, "avro"))
    as_avro.schemas = schemas(hiring.AVRO_1, hiring.AVRO_2, is_epoch=True)
    as_json.feed(map(hiring.as_json, records))
    as_avro.feed(frames)
    assert written(as_avro) == written(as_json)
    assert as_json.n_counted == 2 * N
    assert as_json.events[-1]["result"]["is_referred"] in (True, False)


def test_loans_in_avro_with_every_reason_that_values_have() -> None:
    changes: list[dict[str, Any]] = [
        {}, {"race": None}, {"credit_score": 9000}, {"credit_score": None}, {"application_id": " "},
        {"ts": "yesterday"}, {"ts": "2026-09-21"}, {"applicant_id": "x" * 1001}, {"gender": "other"},
        {"application_id": "A\a1"}, {"credit_score": 512.5}, {"credit_score": float("nan")},
    ]  # fmt: skip
    records = [loan(application_id=f"A-{n}", age_band="old") | change for n, change in enumerate(changes)]
    records.append(records[0])
    as_json, as_avro = IngestLane(LOANS), IngestLane(in_format(LOANS, "avro"))
    as_avro.schemas = schemas(lending.AVRO_1, is_epoch=False)
    as_json.feed(lending.as_json(r).replace(b"NaN", b'"NaN"') for r in records)
    as_avro.feed(avro(1, lending.AVRO_1, record) for record in records)
    assert written(as_avro) == written(as_json)
    assert {"range", "id", "ts", "ts_date", "id_size", "control_char", "type"} <= set(as_avro.reasons)


def test_json_with_the_frame_of_a_json_schema() -> None:
    records = [lending.as_json(loan(application_id=f"A-{n}")) for n in range(5)] + [b'{"a":1', b'{"a":1,"a":2}']
    as_json, framed = IngestLane(LOANS), IngestLane(in_format(LOANS, "json-schema"))
    framed.schemas = {frame(3): JsonText()}
    as_json.feed(records)
    framed.feed(frame(3) + record for record in records)
    assert written(framed) == written(as_json)


def test_what_is_not_a_record_of_the_topic_has_a_reason_and_the_others_count() -> None:
    good = avro(1, lending.AVRO_1, loan(age_band="old"))
    lane = IngestLane(in_format(LOANS, "avro"))
    lane.schemas = {**schemas(lending.AVRO_1, is_epoch=False), frame(9): Rejecting()}
    lane.feed([good, good[:-1], frame(9) + good[5:], lending.as_json(loan()), None, b"", good[:4]])
    assert lane.reasons == ["payload", "schema", "framing", "empty", "framing"]
    assert (lane.events[0]["approved"], len(lane.events), lane.counts.n_tombstones) == (True, 1, 0)
    assert b"A-1" not in lane.everything()


def test_the_limit_of_a_record_is_that_of_its_json_too() -> None:
    model = msgspec.structs.replace(in_format(LOANS, "avro"), max_record_bytes=256)
    long_names = {"type": "record", "name": "L", "fields": [{"name": "a" * 300, "type": "int"}]}
    lane = IngestLane(model)
    lane.schemas = schemas(long_names, is_epoch=False)
    lane.feed([frame(1) + b"\2"])
    assert lane.reasons == ["size"]


def test_records_without_schemas_are_not_read() -> None:
    lane = IngestLane(in_format(LOANS, "avro"))
    lane.feed([avro(1, lending.AVRO_1, loan(age_band="old"))])
    assert lane.reasons == ["schema"]


def test_a_format_is_part_of_the_hash_only_where_it_is_given() -> None:
    assert in_format(LOANS, "json").hash() == LOANS.hash() != in_format(LOANS, "avro").hash()


def test_a_subject_without_a_format_is_an_error() -> None:
    with pytest.raises(PolicyError, match=r"schema_subject.*needs format"):
        parse_policy(hiring.POLICY + 'schema_subject = "hiring-value"\n')
