"""Canonical JSON as RFC 8785 has it."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.audit.canonical import MAX_DEPTH, MAX_INTEGER, CanonicalError, encode_canonical

# RFC 8785, appendix B: the bits of a double, and its text.
NUMBERS = """
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2
"""

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(("bits", "text"), [line.split() for line in NUMBERS.split("\n") if line])
def test_numbers_are_written_as_in_appendix_b(bits: str, text: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert encode_canonical(value).decode() == text


def test_the_example_of_section_3_2_2() -> None:
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
        "literals": [None, True, False],
    }
    assert encode_canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_members_are_sorted_as_in_section_3_2_3() -> None:
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    order = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(encode_canonical(dict.fromkeys(names, 0)))) == order


def _number(text: str) -> float:
    """Return what ECMAScript reads: an integer that no double can tell from its neighbors is a double."""
    return int(text) if abs(int(text)) <= MAX_INTEGER else float(text)


@given(JSON)
def test_reading_it_back_gives_the_value_and_the_same_bytes(value: Any) -> None:
    data = encode_canonical(value)
    again = json.loads(data, parse_int=_number)
    assert encode_canonical(again) == data
    assert again == value


@given(FLOATS)
def test_a_number_reads_back_exactly(value: float) -> None:
    assert float(encode_canonical(value)) == value


@pytest.mark.parametrize(
    "value", [math.nan, -math.inf, MAX_INTEGER + 1, "\ud800", {1: 2}, {"a": {"b"}}, b"bytes", {"\udfff": 1}]
)
def test_what_has_no_canonical_form_is_an_error(value: Any) -> None:
    with pytest.raises(CanonicalError):
        encode_canonical({"a": [value]})


def test_deep_nesting_is_an_error_and_does_not_exhaust_the_stack() -> None:
    value: Any = 0
    for _ in range(MAX_DEPTH):
        value = [value]
    encode_canonical(value)
    for _ in range(100_000):
        value = [value]
    with pytest.raises(CanonicalError, match="nested"):
        encode_canonical(value)
