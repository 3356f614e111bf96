"""What strict JSON rejects, and the cheap counts that come before the exact check."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream_app.core.events.encoding import is_utf8
from stream_app.core.events.schema import Field, Schema
from stream_app.core.events.strict_json import MAX_DEPTH, is_surely_unique, shape_fault, strict_fault

names = st.text(st.sampled_from('ab"\\:[]{},\n é'), max_size=4)
values = st.recursive(
    st.none() | st.integers(-9, 9) | names,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(names, inner, max_size=6),
    max_leaves=30,
)


@given(values, st.booleans())
def test_the_output_of_a_json_library_is_strict_json(value: Any, is_ascii: bool) -> None:  # noqa: FBT001
    assert strict_fault(json.dumps(value, ensure_ascii=is_ascii).encode()) is None


@pytest.mark.parametrize(
    "raw", [b"", b" ", b"{", b"nul", b"[1,]", b"{'a':1}", b'{"a":1}x', b"NaN", b"[-Infinity]", b"01"]
)
def test_text_that_is_not_json_is_rejected(raw: bytes) -> None:
    assert strict_fault(raw) == "json"


@pytest.mark.parametrize("raw", [b'{"a":1,"a":1}', b'{"x":[{"a":1,"b":2,"\\u0061":3}]}', b'{"":1,"":2}'])
def test_a_key_twice_in_one_object_is_rejected_at_any_depth(raw: bytes) -> None:
    assert strict_fault(raw) == "dup_key"


@pytest.mark.parametrize("raw", [b'{"a":{"a":1},"b":{"a":1}}', b'[{"a":1},{"a":1}]', b'{"a":1,"A":2}'])
def test_one_key_in_several_objects_is_fine(raw: bytes) -> None:
    assert strict_fault(raw) is None


def test_numbers_of_any_length_are_json() -> None:
    assert strict_fault(b"[" + b"9" * 100_000 + b",1e99999]") is None


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


def longest_list(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return max([len(inner) if isinstance(value, list) else 0, *map(longest_list, inner)])


@example(["],]", '"', "\\", 1], 3, 1)
@given(values, st.integers(1, 5), st.integers(0, MAX_DEPTH + 4))
def test_the_shape_is_that_of_the_built_value(value: Any, max_items: int, n_around: int) -> None:
    for _ in range(n_around):
        value = [value]
    raw = json.dumps(value, separators=(",", ":")).encode()
    fault = shape_fault(raw, max_items)
    if depth_of(value) <= MAX_DEPTH:
        assert fault == ("cardinality" if longest_list(value) > max_items else None)
    else:
        assert fault is not None
    assert (shape_fault(raw, len(raw) + 1) == "json") == (depth_of(value) > MAX_DEPTH)


@given(st.lists(st.sampled_from([b'"', b":", b'":', b"a"]), max_size=40).map(b"".join))
def test_every_end_of_a_key_is_counted_at_any_position(blob: bytes) -> None:
    n_ends = blob.count(b'":')
    assert is_surely_unique(blob, n_ends)
    assert not is_surely_unique(blob, n_ends + 1)


@pytest.mark.parametrize("text", ['"', "\\", '\\"', "\\\\", '[",', "é"])
def test_the_shape_does_not_depend_on_where_the_text_is_split(text: str) -> None:
    """Texts are read in chunks of 64 KB; no split may fall inside a string or an escape."""
    inner = json.dumps([text * 8, "]" * 70, "[" * 70])
    for padding in range(65_520, 65_560):
        raw = ('["' + "x" * padding + '",' + inner + ',"' + "y" * 66_000 + '",[[1,2,3,4]]]').encode()
        assert shape_fault(raw, 4) is None
        assert shape_fault(raw, 3) == "cardinality"


def test_a_long_sequence_of_backslashes_is_scanned_once() -> None:
    assert shape_fault(b'["' + b"\\" * 1_000_000 + b'",' + b"[" * 70, 3) == "json"


@pytest.mark.parametrize("raw", [b"]" * 100 + b"[" * 100, b"," * 100, b"[" * 65, b"}" * 65 + b"," * 9])
def test_text_that_is_not_json_has_a_shape_too(raw: bytes) -> None:
    assert shape_fault(raw, 9) in ("json", None)


SCHEMA = Schema(
    [
        Field("id", str),
        Field("p.x", int),
        Field("p.note", str, is_required=False),
        Field("q.y", int, is_required=False),
    ],
    forbid_unknown=True,
)
members = st.fixed_dictionaries(
    {"id": names, "p": st.fixed_dictionaries({"x": st.integers(0, 9)}, optional={"note": names | st.none()})},
    optional={"q": st.none() | st.fixed_dictionaries({}, optional={"y": st.integers(0, 9)})},
)


@given(st.lists(members, max_size=4), st.sampled_from([None, 1]), st.data())
def test_no_key_given_twice_is_ever_called_surely_unique(
    records: list[Any], indent: int | None, data: st.DataObject
) -> None:
    raws = [json.dumps(record, indent=indent).encode() for record in records]
    if raws:
        number = data.draw(st.integers(0, len(raws) - 1))
        where = data.draw(st.sampled_from([b'"id"', b'"x"', b'"note"', b'"p"', b'"y"', b'"q"', b'"\\u0069d"']))
        blank = data.draw(st.sampled_from([b"", b" ", b"\t\n"]))
        twice = {b'"id"': b'"a"', b'"\\u0069d"': b'"a"', b'"x"': b"1", b'"note"': b'"a"', b'"y"': b"1"}
        member = where + blank + b":" + twice.get(where, b'{"x":1}' if where == b'"p"' else b"null")
        outer = member if where not in (b'"x"', b'"note"', b'"y"') else b'"p":{"x":1,' + member + b"}"
        raws[number] = raws[number][:-1] + b"," + outer + b"}"
    try:
        events = [SCHEMA.decode(raw) for raw in raws]
    except ValueError:
        return
    has_twice = any(strict_fault(raw) == "dup_key" for raw in raws)
    if has_twice:
        assert not is_surely_unique(b",".join(raws), SCHEMA.n_keys_in(events))


@given(st.lists(members, min_size=1, max_size=4))
def test_valid_records_pass_the_count_unless_a_value_contains_a_colon_or_an_escape(records: list[Any]) -> None:
    raws = [json.dumps(record).encode() for record in records]
    events = [SCHEMA.decode(raw) for raw in raws]
    n_colons = sum(raw.count(b":") for raw in raws)
    if n_colons == SCHEMA.n_keys_in(events) and not any(b"\\" in raw for raw in raws):
        assert is_surely_unique(b",".join(raws), SCHEMA.n_keys_in(events))


@given(st.binary(max_size=6))
def test_utf_8_is_what_the_decoder_accepts(raw: bytes) -> None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        assert not is_utf8(raw)
    else:
        assert is_utf8(raw) == (not text.startswith("\ufeff"))
