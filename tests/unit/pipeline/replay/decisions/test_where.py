"""The filter of decisions: what it selects, and that whatever cannot be read gets one line."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.pipeline.replay.decisions.where import FilterError, parse_filter

FIELDS, GROUPS = frozenset({"n", "kind", "ok"}), frozenset({"features"})
RECORD: dict[str, Any] = {
    "n": 3,
    "kind": "it's",
    "ok": True,
    "features": {"age": 41.5, "home.zip": "12", "a": {"b": 1}},
}


def passes(text: str, record: dict[str, Any] = RECORD) -> bool:
    return parse_filter(text, FIELDS, GROUPS)(record)


@pytest.mark.parametrize(
    "text",
    [
        "n = 3", "n=3.0", "n != 4", "n >= 3 and n <= 3", "n > -1", "n < 1e3", r"kind = 'it\'s'", "kind != 'x'",
        "ok = true",
        "ok != 1", "n != true", "not n = 4", "not (n = 4 or n = 5)", "n = 4 or n = 3 and ok = true", "n in (1, 2, 3)",
        "n not in (1, 2)", "features.age > 41 ", "features.home.zip = '12'", "features.a.b = 1", "features.none = null",
        "features.age.x = null", "features.age != null", "kind > 'is'", "not kind > 3", "not features.none < 3",
        "not features.none >= 3", "((n = 3))", "not not n = 3", "n = 4 or (ok = true and not kind = 'or')",
    ],
)  # fmt: skip
def test_what_passes(text: str) -> None:
    assert passes(text)
    assert not passes(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        "", "n", "n =", "n = 'a", "n = 3 3", "other = 1", "features = 1", "features. = 1", "((n = 1)", "n == 1",
        "n = 1 and",
        "n = __import__('os').system('x')", "n = 1; n = 2", "(" * 100 + "n=1" + ")" * 100, "not " * 100 + "n = 1",
        "n in ()", "n in 1", "n in (1", "n not 1", "and = 1", "null = null", "'n' = 1", "n = n",
        "n = 1" + " or n = 1" * 300,
        "n = 1\x1b[2J", "n.__class__ = 1", "n = 1_000", "n = 0x10", "\x00", "n = nan",
    ],
)  # fmt: skip
def test_what_cannot_be_read_gets_one_line(text: str) -> None:
    with pytest.raises(FilterError) as raised:
        passes(text)
    assert "\n" not in str(raised.value)
    assert "\x1b" not in str(raised.value)


WORDS = ["n", "kind", "=", "<", "(", ")", "and", "or", "not", "in", ",", "3", "'a'", "null"]


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    try:
        found = parse_filter(text, FIELDS, GROUPS)
    except FilterError:
        return
    assert found(RECORD) in (True, False)


VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-3, 3) | st.sampled_from(["", "a", "b"])
SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@given(VALUES, st.sampled_from([*SIGNS]), st.integers(-3, 3))
def test_only_a_number_is_less_or_greater_than_a_number(found: Any, sign: str, value: int) -> None:
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    assert passes(f"n {sign} {value}", {"n": found}) == (is_number and SIGNS[sign](found, value))
