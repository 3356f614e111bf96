"""Records in Avro that are read field by field are what fastavro reads, byte for byte; others are left to it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.events.formats.avro import AvroSchema
from stream_app.core.events.formats.avro_columns import MAX_FIELDS, AvroColumns
from stream_app.core.events.formats.avro_cursor import NotReadableError
from stream_app.core.events.reasons import DeadLetterReason
from tests.support.formats.framed import avro, frame

_ENUM = {"type": "enum", "name": "Color", "symbols": ["red", "GREEN_2"]}
_MILLIS, _MICROS = ({"type": "long", "logicalType": f"timestamp-{unit}"} for unit in ("millis", "micros"))
_MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - of hypothesis
_TEXTS = st.text() | st.text('abc "\\/\x00\x1f\x7fé\u2028😀') | st.sampled_from(["a" * 63, "a" * 64, "é" * 9000])
_LONGS = st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 200)
# Each type with the values that it can have.
_SIMPLE: list[tuple[Any, st.SearchStrategy[Any]]] = [
    ("null", st.none()),
    ("boolean", st.booleans()),
    ("int", st.integers(-(2**31), 2**31 - 1)),
    ("long", _LONGS),
    ("float", st.floats(width=32)),
    ("double", st.floats()),
    ("string", _TEXTS),
    ({"type": "string", "avro.java.string": "String"}, _TEXTS),
    (_ENUM, st.sampled_from(_ENUM["symbols"])),
    (_MILLIS, _MOMENTS.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))),
    (_MICROS, _MOMENTS),
]
_NULLABLE = [(["null", kind], st.none() | values) for kind, values in _SIMPLE[1:]]


def record_of(fields: list[tuple[Any, st.SearchStrategy[Any]]], name: str = "R") -> tuple[Any, Any]:
    schema = {
        "type": "record",
        "name": name,
        "fields": [{"name": f"f{number}", "type": kind} for number, (kind, _) in enumerate(fields)],
    }
    return schema, st.fixed_dictionaries({f"f{number}": values for number, (_, values) in enumerate(fields)})


@st.composite
def written(draw: st.DrawFn) -> tuple[Any, list[bytes]]:
    """Return a schema and records, some of them damaged."""
    inner = record_of(draw(st.lists(st.sampled_from(_SIMPLE[:8]), max_size=3)), "Inner")
    wide = [
        *draw(st.lists(st.sampled_from([*_SIMPLE[:8], *_NULLABLE[:7]]), max_size=5)),
        *draw(st.sampled_from([[], [_SIMPLE[8]], [_NULLABLE[7]], [_SIMPLE[9], _SIMPLE[10]]])),
        *draw(st.sampled_from([[], [inner], [(["string", "null", inner[0]], _TEXTS | st.none() | inner[1])]])),
    ]
    schema, records = record_of(draw(st.permutations(wide)))
    values = [avro(1, schema, record) for record in draw(st.lists(records, min_size=1, max_size=70))]
    damage: list[Callable[[bytes], bytes]] = [
        lambda value: value[:-1] if len(value) > 5 else value,
        lambda value: value + b"\0",
        lambda value: value[:5] + b"\xff" * 9 + b"\x01" + value[5:],
        lambda value: value[:5] + bytes([draw(st.integers(0, 255))]) + value[6:],
        lambda value: value[:-1] + bytes([draw(st.integers(0, 255))]) if len(value) > 5 else value,
    ]
    for place in draw(st.lists(st.integers(0, len(values) - 1), max_size=3)):
        values[place] = draw(st.sampled_from(damage))(values[place])
    return schema, values


@settings(deadline=None)
@given(written(), st.booleans())
def test_records_are_what_fastavro_reads(schema_and_values: tuple[Any, list[bytes]], times_as_numbers: bool) -> None:  # noqa: FBT001 - drawn
    schema, values = schema_and_values
    compiled = AvroSchema(json.dumps(schema), times_as_numbers=times_as_numbers)
    assert compiled._columns is not None
    assert list(compiled.to_json_all(values)) == list(map(compiled.to_json, values))


def columns(schema: Any) -> AvroColumns:
    named: dict[str, Any] = {}
    return AvroColumns(fastavro.parse_schema(schema, named), named)


def with_field(kind: Any) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": [{"name": "a", "type": kind}]}


@pytest.mark.parametrize(
    "kind",
    [
        "bytes",
        {"type": "array", "items": "string"},
        {"type": "map", "values": "long"},
        {"type": "fixed", "name": "F", "size": 2},
        {"type": "string", "logicalType": "uuid"},
        {"type": "int", "logicalType": "date"},
        {"type": "bytes", "logicalType": "decimal", "precision": 4},
        ["null", "bytes"],
    ],
)
def test_other_types_are_left_to_fastavro(kind: Any) -> None:
    with pytest.raises(NotReadableError):
        columns(with_field(kind))


def test_a_schema_that_names_its_records_again_and_again_has_a_bound() -> None:
    schema: Any = {"type": "record", "name": "R0", "fields": [{"name": "a", "type": "int"}]}
    for depth in range(1, 30):
        fields = [{"name": "a", "type": schema}, {"name": "b", "type": f"R{depth - 1}"}]
        schema = {"type": "record", "name": f"R{depth}", "fields": fields}
    with pytest.raises(NotReadableError):
        columns(schema)
    wide = {"type": "record", "name": "W", "fields": [{"name": f"f{n}", "type": "int"} for n in range(MAX_FIELDS - 1)]}
    assert len(columns(wide).texts([bytes(MAX_FIELDS - 1)], 0)) == 1


@pytest.mark.parametrize("n_bad", [1, 3, 5000])
def test_bad_records_among_many_good_ones_do_not_change_them(n_bad: int) -> None:
    schema = with_field("string")
    compiled = AvroSchema(json.dumps(schema), times_as_numbers=True)
    values = [avro(1, schema, {"a": f"{number} é"}) for number in range(5000)]
    expected: list[bytes | DeadLetterReason] = [f'{{"a":"{number} é"}}'.encode() for number in range(5000)]
    for place in range(0, 5000, 5000 // n_bad):
        values[place], expected[place] = frame(1) + b"\x04\xff\xfe", DeadLetterReason.ENCODING
    assert list(compiled.to_json_all(values)) == expected


def test_a_time_beyond_the_calendar_is_a_payload_fault_as_text_and_a_number_as_number() -> None:
    schema = with_field(_MILLIS)
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, with_field("long"), {"a": 2**62})
    value, good = frame(1) + stream.getvalue(), avro(1, schema, {"a": datetime.now(UTC) + timedelta(1)})
    for times_as_numbers, found in ((False, "payload"), (True, b'{"a":4611686018427387904}')):
        compiled = AvroSchema(json.dumps(schema), times_as_numbers=times_as_numbers)
        assert compiled.to_json_all([value, good])[0] == compiled.to_json(value) == found
