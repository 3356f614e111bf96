"""Reads a file of counts as rows: CSV, JSON lines or one JSON list, from a path or from standard input."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, TextIO

import msgspec

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.events.strict_json import strict_fault
from stream_app.edges.files.reading import open_input
from stream_app.errors import ConfigError
from stream_app.offline.columns import CountRow
from stream_app.small_file import cannot_read

STDIN = "-"
_DELIMITERS = ";\t|"
MAX_LINE = 1_000_000  # characters
MAX_LIST = 256_000_000  # characters of one JSON list, which is read at once


def read_rows(source: str, *, delimiter: str = ",") -> Generator[CountRow, None, None]:
    """Yield the rows of a file; its first character decides the format: ``[`` a JSON list, ``{`` JSON lines, else CSV.

    Close the generator when a row is rejected: it keeps the file open.

    Args:
        source: Path, or ``-`` for standard input.
        delimiter: Character between two cells of a CSV file, or a backslash and ``t`` for a tab.

    Raises:
        ConfigError: The file cannot be read, or a line is not a row; the error names its number.
    """
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError("--delimiter: expected one character")
    try:
        with nullcontext(sys.stdin.buffer) if source == STDIN else open_input(Path(source)) as raw:
            yield from _rows(raw, delimiter)
    except (OSError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise cannot_read(repr(source), error) from None


def _rows(raw: BinaryIO, delimiter: str) -> Iterator[CountRow]:
    # Invalid UTF-8 becomes surrogates, so that the error can name the line.
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        lines = _lines(text)
        first, begun = _skip_blank(lines)
        if begun.startswith("["):
            yield from _list_rows(first, begun, text)
        elif begun.startswith("{"):
            yield from _json_rows(first, begun, lines)
        elif begun:
            yield from _csv_rows(first, begun, lines, delimiter)
    finally:
        text.detach()  # standard input stays open


def _lines(text: TextIO) -> Iterator[str]:
    number = 0
    while line := text.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE and not line.lstrip().startswith("["):
            raise ConfigError(f"line {number}: longer than {MAX_LINE:,} characters")
        yield line


def _skip_blank(lines: Iterator[str]) -> tuple[int, str]:
    """Return number and text of the first line that is not blank; 0 and nothing when there is none."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            return number, line.lstrip()
    return 0, ""


def _csv_rows(first: int, header: str, lines: Iterator[str], delimiter: str) -> Iterator[CountRow]:
    def all_lines() -> Iterator[str]:
        yield header
        yield from lines

    reader = csv.reader(all_lines(), delimiter=delimiter, strict=True)
    columns: list[str] = []
    while True:
        place = f"line {first + reader.line_num}"  # where the row begins
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise ConfigError(f"{place}: not valid CSV (an open quote?)") from None
        _check_utf8(place, "".join(cells))
        if not columns:
            columns = [name.strip() for name in cells]
            _check_columns(place, columns, delimiter)
        elif any(map(str.strip, cells)):
            if len(cells) != len(columns):
                raise ConfigError(f"{place}: expected {len(columns)} cells as in the first line, got {len(cells)}")
            yield CountRow(place, dict(zip(columns, cells, strict=True)))


def _check_columns(place: str, columns: list[str], delimiter: str) -> None:
    others = [mark for mark in _DELIMITERS if mark != delimiter and mark in columns[0]]
    if len(columns) == 1 and others:
        shown = others[0].replace("\t", "\\t")
        raise ConfigError(f"{place}: one column only", action=f"Give --delimiter '{shown}'")
    if duplicates := sorted(name for name, n in Counter(columns).items() if n > 1):
        raise ConfigError(f"{place}: duplicate column {duplicates[0]!r}")


def _json_rows(first: int, begun: str, lines: Iterator[str]) -> Iterator[CountRow]:
    yield _json_row(first, begun)
    for number, line in enumerate(lines, first + 1):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> CountRow:
    place = f"line {number}"
    _check_utf8(place, line)
    return CountRow(place, _object(place, _decode(line, number)))


def _list_rows(first: int, begun: str, text: TextIO) -> Iterator[CountRow]:
    content = begun + text.read(MAX_LIST)
    if len(content) >= MAX_LIST:
        raise ConfigError("The JSON list is too large to be read at once", action="Write one object per line instead")
    _check_utf8("The JSON list", content)
    items = _decode(content, first)
    assert isinstance(items, list)  # it begins with a bracket
    for number, item in enumerate(items, 1):
        place = f"item {number}"
        yield CountRow(place, _object(place, item))


def _decode(text: str, first_line: int) -> object:
    try:
        item: object = msgspec.json.decode(text)
    except RecursionError:
        raise ConfigError(f"line {first_line}: JSON nested too deep") from None
    except msgspec.DecodeError as error:
        at = re.search(r"byte (\d+)", str(error))
        line = first_line + text.encode().count(b"\n", 0, int(at[1])) if at else first_line
        raise ConfigError(f"line {line}: not valid JSON; expected an object of counts (NaN is not allowed)") from None
    if strict_fault(text.encode()) is DeadLetterReason.DUP_KEY:
        raise ConfigError(f"line {first_line}: duplicate name in an object")
    return item


def _object(place: str, item: object) -> dict[str, object]:
    if not isinstance(item, dict):
        raise ConfigError(f"{place}: expected a JSON object")
    return item


def _check_utf8(place: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{place}: expected UTF-8", action="Save the file as UTF-8") from None
