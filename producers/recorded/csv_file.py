"""Reads a CSV file row by row; an invalid row is rejected with its line number, and reading continues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from producers.recorded.row_splitter import RowSplitter
from producers.recorded.text_lines import TextLines
from stream_app.errors import ConfigError

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # the first line of files for Excel
_DELIMITERS = ",;\t|"
_MAX_PREAMBLE = 50  # lines that are searched for the names of the columns
_MAX_SHOWN = 20  # names of columns in a message
_SPELLED = {"\\t": "\t", "tab": "\t"}


class RejectedRow(NamedTuple):
    """A row that was not sent.

    Attributes:
        line: Line in the file where the row begins, counted from 1.
        reason: Why, with the field of the policy; never text of the file.
    """

    line: int
    reason: str


class CsvRow(NamedTuple):
    """A row of the file: its number among the rows (from 0), the line where it begins (from 1), its cells."""

    number: int
    line: int
    cells: list[str]


@dataclass
class LineCounts:
    """What the lines of a file are; together, all of them.

    Attributes:
        n_before: Lines up to the names of the columns, and with them.
        n_blank: Lines that are blank, or contain blank cells only.
        n_rows: Rows, including rejected ones.
        n_continued: Further lines of rows that span several.
    """

    n_before: int = 0
    n_blank: int = 0
    n_rows: int = 0
    n_continued: int = 0

    @property
    def n_lines(self) -> int:
        """Number of lines of the file."""
        return self.n_before + self.n_blank + self.n_rows + self.n_continued


class CsvFile:
    r"""A CSV file that names its columns in one line.

    Args:
        path: The file.
        delimiter: One character, or ``\t``; empty for that of a line ``sep=``, else a comma.
        encoding: Name of the encoding; empty to find out, see ``TextLines``.
        n_skipped: Lines before the names of the columns.

    Attributes:
        columns: Names of the columns; blank where a column has none.
        counts: What the lines of the file are, when ``rows`` has ended.

    Raises:
        ConfigError: the file cannot be read or has no names of columns; an argument is invalid.
    """

    def __init__(self, path: Path, *, delimiter: str = "", encoding: str = "", n_skipped: int = 0) -> None:
        self.path = path
        self.delimiter = _SPELLED.get(delimiter, delimiter)
        if self.delimiter and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise ConfigError("--delimiter: expected one character")
        self._n_skipped = n_skipped
        self._text = TextLines(path, encoding)
        self.counts = LineCounts()
        self.columns: list[str] = []
        self._n_named = 0
        self._open()

    def rows(self) -> Iterator[CsvRow | RejectedRow]:
        """Yield the rows without blank lines. A row that is not valid CSV, or not in the encoding, is rejected."""
        splitter, counts = self._open()
        splitter.fits = self._fits
        for line, n_lines, cells in splitter.rows():
            if isinstance(cells, list) and not any(map(str.strip, cells)):
                counts.n_blank += n_lines
                continue
            number = counts.n_rows
            counts.n_rows += 1
            counts.n_continued += n_lines - 1
            if reason := cells if isinstance(cells, str) else self._fault(cells):
                yield RejectedRow(line, reason)
            else:
                yield CsvRow(number, line, [cell.strip() for cell in cells])

    def count_rows(self) -> int:
        """Count the rows, including rejected ones, by reading the file once."""
        return sum(1 for _ in self.rows())

    def _open(self) -> tuple[RowSplitter, LineCounts]:
        """Read up to the names of the columns, and return what reads the lines after them."""
        lines = self._text.read()
        n_before = 0
        separator = None
        names: str | None = ""
        for line in lines:
            n_before += 1
            if n_before == 1:
                separator = _SEPARATOR_LINE.fullmatch((line or "").removeprefix("\ufeff"))
            if n_before > self._n_skipped and not (n_before == 1 and separator) and (line is None or line.strip()):
                names = line and line.removeprefix("\ufeff")
                break
        if not self.delimiter:
            self.delimiter = separator[1] if separator else ","
        splitter = RowSplitter(_join(names, lines), self.delimiter)
        first = next(splitter.rows(), None)
        n_before += splitter.line - 1 if first else 0
        self._take_names(first.cells if first else [], n_before)
        splitter.line = n_before
        self.counts = LineCounts(n_before=n_before)
        return splitter, self.counts

    def _take_names(self, cells: list[str] | str, line: int) -> None:
        names = [] if isinstance(cells, str) else [name.strip() for name in cells]
        if not any(names) and not isinstance(cells, str):
            raise ConfigError(f"{self.path} is empty", action="Expected the names of the columns in the first line")
        if isinstance(cells, str) or not self._text.is_valid("".join(names)) or "\0" in "".join(names):
            fault = cells if isinstance(cells, str) else f"not {self._text.encoding}"
            raise ConfigError(
                f"{self.path}, line {line}, the names of the columns: {fault}",
                action="Give --encoding (for example cp1252 or utf-16), or --skip-lines if the names come later",
            )
        self.columns = names
        self._n_named = max(number for number, name in enumerate(names, 1) if name)

    def describe_columns(self) -> str:
        """Return the names of the columns for a message, or what seems to be wrong with them."""
        named = [name for name in self.columns if name]
        if len(named) == 1:
            return f"the line of names has one column only: give {self._missing_flag(named[0])}"
        shown = ", ".join(repr(name[:40]) for name in named[:_MAX_SHOWN])
        return f"the columns are {shown}" + (f" and {len(named) - _MAX_SHOWN} more" if len(named) > _MAX_SHOWN else "")

    def _missing_flag(self, name: str) -> str:
        """Return the flag that a file with a single column seems to need."""
        others = [mark for mark in _DELIMITERS if mark != self.delimiter and mark in name]
        if others:
            return f"--delimiter '{_shown(others[0])}'"
        for number, line in enumerate(islice(self._text.read(), _MAX_PREAMBLE)):
            if line and line.count(self.delimiter) > 1 and number > self._n_skipped:
                return f"--skip-lines {number}"
        return "--delimiter, --encoding or --skip-lines"

    def _fits(self, cells: list[str]) -> bool:
        """Return whether a row has a cell for every column that has a name, and none without a column."""
        return self._n_named <= len(cells) and not any(map(str.strip, cells[len(self.columns) :]))

    def _fault(self, cells: list[str]) -> str:
        """Return why a row is invalid; empty if it is valid."""
        if not self._fits(cells):
            return f"{len(cells)} cells instead of {self._n_named}"
        content = "".join(cells)
        if not self._text.is_valid(content):
            return f"not {self._text.encoding} (see --encoding)"
        return "a NUL character" if "\0" in content else ""


def _join(first: str | None, lines: Iterator[str | None]) -> Iterator[str | None]:
    yield first
    yield from lines


def _shown(delimiter: str) -> str:
    return "\\t" if delimiter == "\t" else delimiter
