"""The compiled decoder, and the reasons read from what it raises."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import UNSET, Meta

from stream_app.core.events.classify import reason_of
from stream_app.core.events.schema import Field, Schema

SCHEMA = Schema(
    [
        Field("id", str),
        Field("a.b.n", Annotated[int, Meta(ge=0, le=9)]),
        Field("a.note", str, is_required=False),
        Field("c.d.x", int, is_required=False),
        Field("version", Literal[2]),
        Field("box.left", Annotated[float, Meta(ge=0, le=1)]),
        Field("result", Literal["no", "yes"]),
    ],
    forbid_unknown=True,
)
FULL = {
    "id": "1",
    "a": {"b": {"n": 1}, "note": "x"},
    "c": {"d": {"x": 1}},
    "version": 2,
    "box": {"left": 0.5},
    "result": "yes",
}


def decode(**changes: Any) -> Any:
    record = {name: value for name, value in (FULL | changes).items() if value is not ...}
    return SCHEMA.decode(msgspec.json.encode(record))


def test_a_decoded_event_is_encoded_unchanged() -> None:
    assert msgspec.json.decode(SCHEMA.encode(decode())) == FULL
    assert SCHEMA.containers == ["a", "a.b", "c", "c.d", "box"]


@pytest.mark.parametrize(
    ("changes", "x", "n_keys"),
    [
        ({}, 1, 12),
        ({"c": ...}, UNSET, 9),
        ({"c": None}, UNSET, 10),
        ({"c": {}}, UNSET, 10),
        ({"c": {"d": None}}, UNSET, 11),
        ({"c": {"d": {"x": None}}}, None, 12),
        ({"a": {"b": {"n": 1}}}, 1, 11),
    ],
)
def test_absent_is_distinguished_from_null_at_every_depth(changes: dict[str, Any], x: Any, n_keys: int) -> None:
    event = decode(**changes)
    assert SCHEMA.getter("c.d.x")(event) is x or SCHEMA.getter("c.d.x")(event) == x
    assert SCHEMA.n_keys_in([event]) == n_keys
    assert msgspec.json.decode(SCHEMA.encode(event)) == {k: v for k, v in (FULL | changes).items() if v is not ...}


def test_no_events_contain_no_keys() -> None:
    assert SCHEMA.n_keys_in([]) == 0


def test_a_field_is_overwritten_where_its_object_is_and_removed_by_unset() -> None:
    events = [decode(), decode(c=None), decode(c=...)]
    SCHEMA.setter("c.d.x")(events, [7, 8, 9])
    SCHEMA.setter("id")(events, ["A", "B", "C"])
    SCHEMA.setter("box")(events, [UNSET] * 3)
    written = [msgspec.json.decode(SCHEMA.encode(event)) for event in events]
    assert [record["id"] for record in written] == ["A", "B", "C"]
    assert [record.get("c", "absent") for record in written] == [{"d": {"x": 7}}, None, "absent"]
    assert not any("box" in record for record in written)


def test_undeclared_fields_are_skipped_where_the_policy_drops_them() -> None:
    schema = Schema([Field("id", str)], forbid_unknown=False)
    assert schema.encode(schema.decode(b'{"x":[1,{"y":2}],"id":"1","z":null}')) == b'{"id":"1"}'


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ...}, "missing"),
        ({"a": {"b": {}}}, "missing"),
        ({"new": 1}, "unknown_field"),
        ({"a": {"b": {"n": 1, "new": 1}}}, "unknown_field"),
        ({"new - at `$.version": 1}, "unknown_field"),
        ({"id": 1}, "type"),
        ({"a": None}, "type"),
        ({"c": [1]}, "type"),
        ({"a": {"b": {"n": 10}}}, "range"),
        ({"a": {"b": {"n": -1}}}, "range"),
        ({"a": {"b": {"n": 0.5}}}, "type"),
        ({"version": 3}, "schema"),
        ({"version": None}, "schema"),
        ({"box": {"left": 2}}, "bbox"),
        ({"box": {}}, "bbox"),
        ({"box": 1}, "bbox"),
        ({"result": "maybe"}, "value"),
        ({"result": "x - at `$.version`"}, "value"),
        ({"result": 1}, "type"),
    ],
)
def test_each_rejection_by_the_decoder_has_its_reason(changes: dict[str, Any], reason: str) -> None:
    raw = msgspec.json.encode({name: value for name, value in (FULL | changes).items() if value is not ...})
    with pytest.raises(msgspec.ValidationError) as rejected:
        SCHEMA.decode(raw)
    assert reason_of(raw, rejected.value, constants=frozenset({"version"}), boxes=frozenset({"box"})) == reason


@pytest.mark.parametrize(
    ("kind", "raw", "reason"),
    [
        ("identifier", b'"12345"', "id_size"),
        ("float", b"1e999", "range"),
        ("int", b"9" * 5000, "range"),
        ("int", b"1.5", "type"),
    ],
)
def test_identifiers_and_numbers_have_their_own_reasons(kind: str, raw: bytes, reason: str) -> None:
    types: dict[str, Any] = {"identifier": Annotated[str, Meta(max_length=4)], "float": float, "int": int}
    record = b'{"x":' + raw + b"}"
    with pytest.raises(ValueError) as rejected:  # noqa: PT011  # whichever of its errors the decoder raises
        Schema([Field("x", types[kind])], forbid_unknown=True).decode(record)
    assert reason_of(record, rejected.value) == reason


def test_a_sound_record_that_the_decoder_could_not_read_is_called_json() -> None:
    assert reason_of(b"{}", RecursionError()) == "json"
