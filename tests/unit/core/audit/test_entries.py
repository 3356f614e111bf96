"""The line of an entry, and what no audit log accepts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.audit.entries import (
    FIRST_PREV,
    MAX_LINE,
    EntryError,
    NewEntry,
    Source,
    encode_line,
    read_entry,
    read_link,
    reject_invalid,
)

DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def entry(**data: Any) -> NewEntry:
    return NewEntry(type="export-begun", actor="ops", data=data)


@given(st.dictionaries(st.text(max_size=8), DATA, max_size=4))
def test_a_line_reads_back_and_no_value_ends_it(data: dict[str, Any]) -> None:
    new = NewEntry(type="alert", actor="worker", data=data, source=Source(log="fairness-alerts", offset=7))
    reject_invalid(new)
    line = encode_line(new, 3, "2026-01-01T00:00:00.000Z", FIRST_PREV)
    assert b"\n" not in line
    read = read_entry(line)
    assert (read.seq, read.type, read.data, read.source) == (3, "alert", data, new.source)
    assert read_link(line).prev == FIRST_PREV


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (entry(rate=0.5), "fraction"),
        (entry(nested=[{"a": 1.0}]), "fraction"),
        (entry(who="hm1.abcdef.AAAAAAAAAAAAAAAAAAAAAA"), "pseudonym"),
        (entry(**{"hm1.abcdef.AAAA": 1}), "pseudonym"),
        (NewEntry(type="Export", actor="ops", data={}), "type"),
        (NewEntry(type="", actor="ops", data={}), "type"),
        (NewEntry(type="a", actor="", data={}), "actor"),
        (NewEntry(type="a", actor="a\x1b[2J", data={}), "actor"),
        (NewEntry(type="a", actor="a\nb", data={}), "actor"),
    ],
)
def test_what_no_log_accepts(bad: NewEntry, message: str) -> None:
    with pytest.raises(EntryError, match=message):
        reject_invalid(bad)


def test_an_entry_that_is_too_long_is_an_error() -> None:
    with pytest.raises(EntryError, match="longer"):
        encode_line(entry(text="x" * MAX_LINE), 0, "t", FIRST_PREV)


def test_an_integer_that_readers_of_json_would_round_is_an_error() -> None:
    with pytest.raises(EntryError, match="53 bits"):
        encode_line(entry(n=2**53), 0, "t", FIRST_PREV)
