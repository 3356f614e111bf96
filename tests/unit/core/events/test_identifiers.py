"""What is one identifier, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.events.identifiers import CANONICAL, canonical_plain, canonical_text, fault_of
from stream_app.core.privacy.pseudonym import Pseudonymizer, RootKey


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("text", ["A-17", " A-17\t", "A-17\u00a0"]),
        ("text", ["Zo\u00eb", "Zoe\u0308"]),
        ("integer", [17]),
        ("text-or-integer", [17, "17", " 17 "]),
        ("email", ["a@x.org", "A@X.ORG ", "a@X.org"]),
    ],
)
def test_spellings_of_one_identifier_are_one(kind: str, spellings: list[str | int]) -> None:
    assert len({CANONICAL[kind](spelling) for spelling in spellings}) == 1


def test_case_and_leading_zeros_are_part_of_a_text_identifier() -> None:
    assert len({canonical_text(text) for text in ("a1", "A1", "a01")}) == 3


@pytest.mark.parametrize("text", ["", " ", "hm1.abcdefgh.x", "hm2.", " hm9.zz"])
def test_blanks_and_pseudonyms_are_not_identifiers(text: str) -> None:
    assert fault_of(canonical_text(text)) == "id"


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "a\x1b]0;b", "a\u200bb", "\ufeffa", "a\u202eb", "a\x7f"])
def test_invisible_characters_are_rejected(text: str) -> None:
    assert fault_of(canonical_text(text)) == "control_char"


@pytest.mark.parametrize("text", ["hm1", "hmx.1", "xhm1.", "HM1.a", "a b", "äöü", "名前", "a'\"\\;--"])
def test_everything_else_is_an_identifier(text: str) -> None:
    assert fault_of(canonical_text(text)) is None


def test_our_pseudonyms_are_rejected_as_identifiers() -> None:
    written = Pseudonymizer([RootKey("abcdef", 0, b"k" * 32)], "d", "text").pseudonym(b"1", 0)
    assert fault_of(written.encode()) == "id"
    assert canonical_plain([written]) is None


odd_text = st.text(st.sampled_from("aA1-~ \n\t\0hm.\u00a0é\u200b\x7f"), max_size=6)


@given(st.lists(st.one_of(odd_text, st.text(max_size=8).filter(lambda text: text.isprintable())), max_size=6))
def test_a_column_made_canonical_at_once_is_what_each_value_alone_gives(column: list[str]) -> None:
    at_once = canonical_plain(column)
    one_by_one = [canonical_text(value) for value in column]
    is_plain = all(value.isascii() and value.isprintable() and " " not in value for value in column)
    is_sound = not any(fault_of(value) for value in one_by_one) and not any(v.startswith("hm") for v in column)
    assert at_once == (one_by_one if column and is_plain and is_sound else None)
