"""What others wrote does not command the terminal of the reader."""

from __future__ import annotations

import io
import json

import pytest
from rich.table import Table
from rich.text import Text

from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, note_skipped, notes, print_json, print_lines, print_listing
from stream_app.printed_text import escape_controls

HOSTILE = "a\x1b]0;title\x07\x1b[2J\x9b31m\u202eb\x7f"


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what goes to both consoles, as to a terminal with colors."""
    file = io.StringIO()
    for console in (facts, notes):
        monkeypatch.setattr(console, "_file", file)
        monkeypatch.setattr(console, "_color_system", None)
    return file


def test_text_and_tables_show_control_characters_as_escapes(printed: io.StringIO) -> None:
    table = Table(title="t")
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    for thing in (HOSTILE, table):
        facts.print(thing)
        notes.print(thing, markup=False)
    text = printed.getvalue()
    assert text.replace("\n", "").isprintable()
    assert "\\x1b" in text
    assert "\\u202e" in text


def test_json_stays_the_same_value(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"group": HOSTILE + "é😀\U000e0001"})
    line = capsys.readouterr().out
    assert line.rstrip("\n").isprintable()
    assert "é😀" in line
    assert json.loads(line) == {"group": HOSTILE + "é😀\U000e0001"}


def test_skipped_records_are_named(printed: io.StringIO) -> None:
    note_skipped([], 0)
    assert printed.getvalue() == ""
    note_skipped(["fairness-alerts[1] offset 7"], 1)
    assert "fairness-alerts[1] offset 7" in printed.getvalue()


def test_plain_text_is_not_touched() -> None:
    assert escape_controls("Größe \U0001f600\n\t-") == "Größe \U0001f600\n\t-"
    assert escape_controls("\r") == "\\r"


FORGED = "female\n\nbreach  loans  gender: female vs. male"


def test_no_text_of_a_record_begins_a_line_of_its_own(printed: io.StringIO) -> None:
    facts.print(f"Not shown: model {FORGED}")
    print_lines(["first", FORGED])
    columns = [Column("group", is_head=True), Column("state", is_text=True)]
    section = Section([(FORGED, Text(FORGED, style="red"))], title=FORGED, notes=[FORGED])
    print_listing(Listing(FORGED, columns, [section], captions=[FORGED]))
    lines = printed.getvalue().splitlines()
    assert not [line for line in lines if line.strip().startswith("breach  loans")]
    assert sum("\\n\\nbreach" in line for line in lines) >= 6


def test_no_label_becomes_markup_a_link_or_an_emoji(printed: io.StringIO) -> None:
    text = "[link=https://other.example]fine[/link] :warning: [bold red]x[/]"
    facts.print(text, soft_wrap=True)
    assert printed.getvalue() == text + "\n"


def test_signs_that_nobody_sees_are_shown() -> None:
    assert escape_controls("fe\u3164male\u200b\ufe0f") == "fe\\u3164male\\u200b\\ufe0f"
