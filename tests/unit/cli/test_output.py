"""What others wrote does not command the terminal of the reader."""

from __future__ import annotations

import io
import json

import pytest
from rich.table import Table

from stream_app.cli import output
from stream_app.cli.output import escape_controls, facts, note_skipped, notes, print_json

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
    assert output.escape_controls("\r") == "\\r"
