"""A listing at any width: every word of every cell is there, none is broken, and no line is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from stream_app.cli.layout.drawing import draw
from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.layout.words import longest_word, wrap_text

WIDTHS = (20, 40, 60, 80, 132)
words = st.text(st.sampled_from("ab0ß-&/.女🙂"), min_size=1, max_size=18)
texts = st.lists(words, max_size=6).map(" ".join)
sentences = st.lists(words, min_size=1, max_size=20).map(" ".join)
numbers = st.one_of(st.just(""), st.integers(0, 10**9).map("{:,}".format), st.floats(0, 1).map("{:.4f}".format))


@st.composite
def listings(draw_from: st.DrawFn) -> Listing:
    n_texts, n_numbers = draw_from(st.integers(1, 3)), draw_from(st.integers(0, 6))
    columns = [Column(draw_from(words), is_text=True, is_head=draw_from(st.booleans())) for _ in range(n_texts)]
    columns += [Column(draw_from(words), is_number=True) for _ in range(n_numbers)]
    row = st.tuples(*[texts] * n_texts, *[numbers] * n_numbers)
    sections = [
        Section(draw_from(st.lists(row, max_size=4)), draw_from(texts), draw_from(st.lists(sentences, max_size=2)))
        for _ in range(draw_from(st.integers(1, 3)))
    ]
    return Listing(draw_from(texts), columns, sections, draw_from(st.lists(sentences, max_size=1)))


def words_of(listing: Listing) -> list[str]:
    cells = [str(cell) for section in listing.sections for row in section.rows for cell in row]
    notes = [text for section in listing.sections for text in (section.title, *section.notes)]
    return " ".join([listing.title, *cells, *notes, *listing.captions]).split()


@given(listings(), st.sampled_from(WIDTHS))
def test_every_word_is_there_whole_and_no_line_is_too_long(listing: Listing, width: int) -> None:
    lines = draw(listing, width).plain.split("\n")
    shown = sorted(word.removesuffix(";") for line in lines for word in line.split())
    for word in words_of(listing):  # as often as it is given; a value may have its separator
        assert word in shown
        shown.remove(word)
    names = [column.name for column in listing.columns]
    longest = max(map(longest_word, [*names, *words_of(listing)]), default=0) + 3  # with indentation and separator
    assert all(cell_len(line) <= max(width, longest) for line in lines)
    assert all(line == line.rstrip() for line in lines)


@given(texts, st.integers(0, 8), st.sampled_from(WIDTHS))
def test_a_long_line_is_broken_between_words_and_a_short_one_stays(text: str, indent: int, width: int) -> None:
    line = " " * indent + text
    wrapped = wrap_text(Text(line), width).plain
    assert wrapped.split() == text.split()
    if cell_len(line) <= width:
        assert wrapped == line
    assert all(cell_len(part) <= width or len(part.split()) == 1 for part in wrapped.split("\n"))


def test_wide_characters_are_measured_as_a_terminal_draws_them() -> None:
    listing = Listing("t", [Column("group"), Column("n", is_number=True)], [Section([("女性", "7"), ("men", "12")])])
    rows = draw(listing, 20).plain.split("\n")[-2:]
    assert [cell_len(row) for row in rows] == [9, 9]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_column_without_values_is_left_out(width: int) -> None:
    listing = Listing("t", [Column("group"), Column("missing"), Column("n")], [Section([("a", "", "7")])])
    assert "missing" not in draw(listing, width).plain
