"""Records in Avro become the JSON that a producer could have written; what is no record gets a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stream_app.core.events.formats.avro import AvroSchema, UnsupportedSchemaError
from stream_app.core.events.formats.wire import JsonText, Rejecting, json_of
from tests.support.formats import hiring
from tests.support.formats.framed import avro, frame

_NOW_S = 1_790_000_000


def read(schema: Any, value: bytes, *references: Any, times_as_numbers: bool = True) -> Any:
    texts = [json.dumps(reference) for reference in references]
    text = AvroSchema(json.dumps(schema), texts, times_as_numbers=times_as_numbers).to_json(value)
    return json.loads(text) if isinstance(text, bytes) else text.value


def with_field(kind: Any) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": [{"name": "a", "type": kind}]}


def field(kind: Any, value: Any, **options: bool) -> Any:
    return read(with_field(kind), avro(1, with_field(kind), {"a": value}), **options)["a"]


@pytest.mark.parametrize("is_second", [False, True])
def test_a_nested_record_is_the_json_of_the_same_values(is_second: bool) -> None:  # noqa: FBT001 - a parameter
    schema = hiring.AVRO_2 if is_second else hiring.AVRO_1
    compiled = AvroSchema(json.dumps(schema), times_as_numbers=True)
    for number in range(200):
        record = hiring.hiring(number, _NOW_S, is_second=is_second)
        assert compiled.to_json(avro(7, schema, record)) == hiring.as_json(record)


def test_an_instant_is_a_text_or_the_number_that_is_written() -> None:
    moment = datetime(2026, 9, 21, 14, 13, 20, 250_000, UTC)
    millis = {"type": "long", "logicalType": "timestamp-millis"}
    micros = {"type": "long", "logicalType": "timestamp-micros"}
    assert field(millis, moment) == 1_790_000_000_250
    assert field(micros, moment) == 1_790_000_000_250_000
    assert field(millis, moment, times_as_numbers=False) == "2026-09-21T14:13:20.250000Z"


def test_numbers_that_json_does_not_have_are_texts() -> None:
    assert [field("double", value) for value in (float("nan"), float("inf"), float("-inf"))] == [
        "NaN", "Infinity", "-Infinity",
    ]  # fmt: skip
    assert field(["null", "double"], None) is None


def test_a_type_of_another_subject_is_found_by_its_name() -> None:
    inner = {"type": "record", "name": "Person", "namespace": "hr", "fields": [{"name": "id", "type": "string"}]}
    outer = with_field("hr.Person")
    value = frame(1) + b"\x04ab"
    assert read(outer, value, inner) == {"a": {"id": "ab"}}


def test_every_shortened_record_and_every_longer_one_is_a_payload_fault() -> None:
    value = avro(1, hiring.AVRO_1, hiring.hiring(1, _NOW_S, is_second=False))
    compiled = AvroSchema(json.dumps(hiring.AVRO_1), times_as_numbers=True)
    cut = [compiled.to_json(value[:length]) for length in range(5, len(value))]
    assert set(cut) == {"payload"}
    assert compiled.to_json(value + b"\0") == "payload"


def test_text_that_is_not_utf_8_is_an_encoding_fault() -> None:
    assert read(with_field("string"), frame(1) + b"\x04\xff\xfe") == "encoding"


def test_a_length_beyond_the_record_costs_no_memory() -> None:
    huge = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    assert read(with_field("bytes"), frame(1) + huge) == "payload"
    assert read(with_field({"type": "array", "items": "int"}), frame(1) + huge) == "payload"


@pytest.mark.parametrize(
    "schema",
    [
        with_field(["null", "R"]),
        with_field({"type": "array", "items": "null"}),
        with_field({"type": "array", "items": {"type": "record", "name": "Empty", "fields": []}}),
        with_field({"type": "array", "items": {"type": "fixed", "name": "None", "size": 0}}),
    ],
)
def test_a_schema_by_which_few_bytes_become_any_size_or_depth_is_not_supported(schema: Any) -> None:
    with pytest.raises(UnsupportedSchemaError):
        AvroSchema(json.dumps(schema), times_as_numbers=True)


def test_a_schema_nested_beyond_the_depth_of_json_is_not_supported() -> None:
    schema: Any = "int"
    for _ in range(70):
        schema = {"type": "array", "items": schema}
    with pytest.raises(UnsupportedSchemaError):
        AvroSchema(json.dumps(schema), times_as_numbers=True)


@pytest.mark.parametrize("text", ["", "{", "7", "{}", '"nosuch"', '{"type":"record"}', '{"type":"array"}'])
def test_what_is_no_schema_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"no Avro schema|truncated|malformed"):
        AvroSchema(text, times_as_numbers=True)


def test_a_record_without_a_frame_is_a_framing_fault_and_an_unknown_schema_a_mistake_of_the_reader() -> None:
    assert json_of(b'{"a":1}', {}) == "framing"
    assert json_of(b"\0\0\0\0", {}) == "framing"
    assert json_of(frame(1), {frame(1): JsonText()}) == "empty"
    assert json_of(frame(1) + b"x", {frame(1): Rejecting()}) == "schema"
    with pytest.raises(KeyError):
        json_of(frame(2) + b"x", {frame(1): JsonText()})
