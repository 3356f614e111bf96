"""Records in Protobuf become the JSON that a producer could have written; what is no record gets a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream_app.core.events.formats.protobuf import ProtobufSchema
from stream_app.edges.registry.protoc import compile_text
from tests.support.formats.framed import ProtobufWriter, frame

_TEXT = """
syntax = "proto3";
package test;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
enum Color { RED = 0; BLUE = 5; }
message Other { string name = 1; message Inner { int32 n = 1; } }
message All {
  bool ok = 1; int64 big = 2; uint64 huge = 3; float f = 4; double d = 5; string s = 6; bytes b = 7; Color color = 8;
  optional bool maybe = 9; Other other = 10; repeated Other many = 11; map<int32, Other> by_number = 12;
  map<bool, string> by_flag = 13; oneof either { string left = 14; int32 right = 15; }
  google.protobuf.Timestamp at = 16; google.protobuf.Duration took = 17; google.protobuf.Int64Value wrapped = 18;
  google.protobuf.Struct free = 19; All self = 20;
}
"""
_DEFAULTS = {
    "ok": False, "big": 0, "huge": 0, "f": 0.0, "d": 0.0, "s": "", "b": "", "color": "RED", "many": [],
    "by_number": {}, "by_flag": {},
}  # fmt: skip
_ALL = 1


@pytest.fixture(scope="module")
def descriptors() -> bytes:
    return compile_text(_TEXT, {})


def read(descriptors: bytes, value: bytes) -> Any:
    text = ProtobufSchema(descriptors).to_json(value)
    return json.loads(text) if isinstance(text, bytes) else text.value


def test_what_the_wire_leaves_out_is_there_with_its_default(descriptors: bytes) -> None:
    assert read(descriptors, ProtobufWriter(descriptors, _ALL).write(1, {})) == _DEFAULTS


def test_every_kind_of_value(descriptors: bytes) -> None:
    record = {
        "ok": True, "big": -(2**63), "huge": 2**64 - 1, "d": 1e300, "s": "ü", "b": "eA==", "color": "BLUE",
        "maybe": False, "other": {"name": "x"}, "many": [{"name": "a"}, {"name": ""}],
        "by_number": {"-7": {"name": "y"}}, "by_flag": {"true": "z"}, "right": 0,
        "at": "2026-09-21T14:13:20.250Z", "took": "1.500s", "wrapped": 5,
        "free": {"a": [1.5, None, "x", {"b": True}]}, "self": _DEFAULTS, "f": 0.5,
    }  # fmt: skip
    written = ProtobufWriter(descriptors, _ALL).write(1, record)
    assert read(descriptors, written) == record


def test_numbers_that_json_does_not_have_and_enums_that_the_schema_does_not_have(descriptors: bytes) -> None:
    writer = ProtobufWriter(descriptors, _ALL)
    found = read(descriptors, writer.write(1, {"d": "NaN", "f": "-Infinity", "color": 77}))
    assert (found["d"], found["f"], found["color"]) == ("NaN", "-Infinity", 77)


def test_a_time_out_of_range_is_not_a_time(descriptors: bytes) -> None:
    seconds = b"\x82\x01\x0a\x08" + b"\xff" * 8 + b"\x7f"  # field 16: a message whose field 1 is about 2**63
    assert read(descriptors, frame(1) + b"\2\2" + seconds)["at"] == "out of range"


def test_message_indexes_lead_to_a_message_inside_another(descriptors: bytes) -> None:
    assert read(descriptors, frame(1) + b"\0\x0a\1x") == {"name": "x"}
    assert read(descriptors, frame(1) + b"\2\0\x0a\1x") == {"name": "x"}
    assert read(descriptors, frame(1) + b"\4\0\0\x08\7") == {"n": 7}


@pytest.mark.parametrize(
    "rest",
    [
        b"", b"\2", b"\2\4", b"\2\1", b"\1", b"\4\0\2", b"\xff\xff\xff\xff\xff\xff\x01", b"\xfe\xff\x03",
        b"\0\x0a\5x", b"\0\x0a", b"\0\x0a\1\xff", b"\0\x10\1", b"\0\x0b",
    ],
)  # fmt: skip
def test_what_is_no_record_of_the_schema_is_a_payload_fault(descriptors: bytes, rest: bytes) -> None:
    """Indexes that are cut off, negative, too many or lead nowhere; fields cut off, not UTF-8, or not of the schema."""
    assert read(descriptors, frame(1) + rest) == "payload"


def test_a_record_that_is_nested_without_end_is_a_payload_fault(descriptors: bytes) -> None:
    body = b""
    for _ in range(300):
        body = b"\xa2\x01" + _varint(len(body)) + body
    assert read(descriptors, frame(1) + b"\2\2" + body) == "payload"


@pytest.mark.parametrize("text", ["message", 'syntax = "proto3"; import "missing.proto"; message A {}', "<html>"])
def test_what_is_no_schema_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="the compiler rejects it"):
        compile_text(text, {})


@pytest.mark.parametrize("name", ["../outside.proto", "/outside.proto"])
def test_a_reference_cannot_leave_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        compile_text(_TEXT, {name: _TEXT})


def test_what_is_no_set_of_descriptors_is_an_error() -> None:
    for descriptors in (b"", b"\xff"):
        with pytest.raises(ValueError, match="no set of descriptors"):
            ProtobufSchema(descriptors)


def _varint(number: int) -> bytes:
    encoded = b""
    while number > 0x7F:
        encoded, number = encoded + bytes([number & 0x7F | 0x80]), number >> 7
    return encoded + bytes([number])
