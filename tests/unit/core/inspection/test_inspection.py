"""What is reported of a field: kinds and evidence, also of what is hidden, and never a value."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.inspection.checks import has_luhn_digit
from stream_app.core.inspection.handling import handling_of
from stream_app.core.inspection.inspection import InspectedField, inspect_declared, inspect_observed
from stream_app.core.inspection.names import kind_of_name
from stream_app.core.inspection.observed import MAX_PATHS, ObservedFields
from stream_app.core.inspection.schemas import fields_of
from stream_app.policy import load_policy

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
ADDRESS = "ana.silva@example.org"


def inspect(*records: Any) -> dict[str, InspectedField]:
    sample = ObservedFields()
    for record in records:
        sample.add(record)
    return {field.path: field for field in inspect_observed(sample.fields())}


def hidden(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "record",
    [
        {"x": ADDRESS},
        {"x": f"please write to <{ADDRESS}> soon"},
        {"x": [{"y": [ADDRESS]}]},
        {"x": json.dumps({"y": ADDRESS})},
        {"x": hidden({"y": ADDRESS})},
        {"x": hidden({"y": hidden({"z": ADDRESS})})},
        {"x": base64.urlsafe_b64encode(f"contact: {ADDRESS}".encode()).decode().rstrip("=")},
        {"x": json.dumps({"y": ADDRESS}).encode().hex()},
        {"x": f"a|b|c|d|e|{ADDRESS}"},
        {"x": {ADDRESS: 1}},
        {ADDRESS: 1},
    ],
)
def test_an_address_is_reported_wherever_it_is_and_never_shown(record: Any) -> None:
    fields = inspect(record)
    assert {field.kind for field in fields.values()} == {"email"}
    assert ADDRESS not in repr(fields)
    assert "ana" not in repr(fields)


def test_many_keys_of_an_object_are_data() -> None:
    fields = inspect({"by_person": {f"Person {number}": {"email": "x"} for number in range(300)}})
    assert set(fields) == {"by_person.* (key)", "by_person.*.email"}


def test_a_key_with_a_random_number_in_hexadecimal_is_data_though_it_has_few_digits_in_a_row() -> None:
    for key in ("bf7aba7fd1f54be0baf9a912be6aead8-key", "x-ABCDEFABCDEF", "123e4567-e89b-12d3-a456-aecbfdeaafed"):
        assert not any(key in path for path in inspect({"by": {key: {"email": "a"}}}))
    assert any("effaced-facade" in path for path in inspect({"by": {"effaced-facade": {"email": "a"}}}))


def test_a_card_number_needs_several_values_and_an_order_number_by_chance_is_none() -> None:
    cards = [number for number in map(str, range(4539578763621400, 4539578763621500)) if has_luhn_digit(number)]
    assert set(inspect(*({"x": card} for card in cards))) == {"x"}
    assert inspect(*({"x": str(number)} for number in range(4539578763621400, 4539578763621500))) == {}
    assert inspect({"x": cards[0]}) == {}


def test_a_plate_inside_the_object_string_of_deepstream_is_reported() -> None:
    fields = inspect({"objects": ["-1|570|478.37|609|507.717|Vehicle|#|sedan|Bugatti|M|blue|XX1234|CA|-0.1"]})
    assert fields["objects[]>.vehicle.license"].kind == "plate"
    assert fields["objects[]>.bbox.left"].kind == "box"


@pytest.mark.parametrize(
    "spelling",
    ["person_id", "personId", "PERSON_ID", "person-id", "personid", "PersonID", "person.id", "@personId", "Person Id"],
)
def test_the_spelling_of_a_name_does_not_matter(spelling: str) -> None:
    assert kind_of_name(spelling) == "subject_id"


@given(JSON)
def test_no_record_breaks_an_inspection_and_confidence_is_a_share(record: Any) -> None:
    for field in inspect({"record": record}).values():
        assert 0 < field.confidence <= 1


@given(st.text(min_size=5).filter(lambda text: not text.isspace()))
def test_a_text_as_value_never_appears_in_a_report(text: str) -> None:
    marked = f"zq{text}qz"
    report = repr(inspect({"note": {"email": marked, "name": marked}, "face": marked}))
    assert marked not in report


def test_nesting_and_many_fields_are_bounded_and_counted() -> None:
    sample, record = ObservedFields(), {"email": "x"}
    for _ in range(200):
        record = {"a": record}  # type: ignore[dict-item]
    sample.add(record)
    assert sample.n_left_out == 1
    for number in range(MAX_PATHS // 100 + 5):
        sample.add({chr(0x4E00 + number * 100 + key): 1 for key in range(100)})
    assert len(list(sample.fields())) == MAX_PATHS
    assert sample.n_left_out > 1


def test_a_schema_that_contains_itself_is_read_and_descriptions_count() -> None:
    schema = {
        "$defs": {
            "person": {"properties": {"x17": {"description": "Passport number"}, "child": {"$ref": "#/$defs/person"}}}
        },
        "properties": {
            "who": {"$ref": "#/$defs/person"},
            "email_verified": {"type": "boolean"},
            "sub": {"format": "email"},
        },
    }
    reports = {field.path: field for field in inspect_declared(fields_of(schema))}
    assert reports["who.x17"].kind == "national_id"
    assert reports["who.x17"].evidence == ("description",)
    assert reports["sub"].kind == "email"
    assert "email_verified" not in reports


def test_references_that_multiply_end() -> None:
    part = {"properties": {"email": {"$ref": "#/$defs/a"}, "b": {"$ref": "#/$defs/a"}}}
    loop = {"$defs": {"a": part | {"anyOf": [{"$ref": "#/$defs/a"}] * 2}}, "properties": {"r": {"$ref": "#/$defs/a"}}}
    assert len(fields_of(loop)) < 100
    steps = {f"s{n}": {"properties": {side: {"$ref": f"#/$defs/s{n + 1}"} for side in "ab"}} for n in range(40)}
    assert len(fields_of({"$defs": steps, "properties": {"r": {"$ref": "#/$defs/s0"}}})) <= 20_000


def test_what_is_encoded_too_deeply_is_counted() -> None:
    value: Any = {"email": ADDRESS}
    for _ in range(6):
        value = {"x": hidden(value)}
    sample = ObservedFields()
    sample.add(value)
    assert sample.n_left_out == 1


def test_an_avro_schema_is_read_with_lists_maps_and_names() -> None:
    person = {"type": "record", "name": "Person", "fields": [{"name": "ssn", "type": ["null", "string"]}]}
    schema = {
        "type": "record",
        "name": "Loan",
        "fields": [
            {"name": "borrower", "type": person},
            {"name": "cosigners", "type": {"type": "array", "items": "Person"}},
            {"name": "extra", "type": {"type": "map", "values": "Person"}},
        ],
    }
    reports = {field.path for field in inspect_declared(fields_of(schema))}
    assert reports == {"borrower.ssn", "cosigners[].ssn", "extra.*.ssn"}


@pytest.mark.parametrize(
    ("path", "handling"),
    [
        ("track_id", "pseudonymized"),
        ("bbox.left", "dropped"),
        ("gps.lat", "dropped"),
        ("site", "counted by its labels"),
        ("dwell_s", None),
        ("plate", "dropped, as undeclared"),
        ("site>.email", "counted by its labels"),
    ],
)
def test_the_handling_of_a_field_is_read_from_the_policy(path: str, handling: str | None) -> None:
    assert handling_of(path, load_policy("camera").models[0]) == handling


def test_a_severe_field_that_a_policy_keeps_is_not_handled() -> None:
    loans = load_policy("loans").models[0]
    keeping = msgspec.structs.replace(loans, keep=("region", "email"))
    assert handling_of("email", keeping) is None
    assert handling_of("email", loans) == "record rejected, as undeclared"


def test_what_a_layout_of_cameras_does_not_read_is_left_behind() -> None:
    models = load_policy("cameras").models
    assert {handling_of("x.face_embedding", model) for model in models} == {"left behind by the layout"}
    tracks = {
        "onvif-xml": "Frame.Object.@ObjectId",
        "onvif-json": "Frame[].Object[].@ObjectId",
        "axis-v1": "detections[].object_track_id",
        "axis-beta": "frame.observations[].track_id",
        "deepstream": "objects[]",
        "deepstream-full": "object.id",
        "frigate": "after.id",
    }
    assert {model.name: handling_of(tracks[model.name], model) for model in models} == dict.fromkeys(
        tracks, "pseudonymized"
    )
