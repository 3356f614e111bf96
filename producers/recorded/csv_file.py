"""Reads a CSV file row by row; an invalid row is rejected with its line number, and reading continues."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stream_app.errors import ConfigError


class RejectedRow(NamedTuple):
    """A row that was not sent.

    Attributes:
        line: Line in the file where the row ends, counted from 1.
        reason: Why, with the field of the policy; never text of the file.
    """

    line: int
    reason: str


class CsvRow(NamedTuple):
    """A row of the file: its number among the rows (from 0), the line where it ends (from 1), its cells."""

    number: int
    line: int
    cells: list[str]


class CsvFile:
    """A CSV file in UTF-8 whose first line names the columns.

    Args:
        path: The file.
        delimiter: One character.

    Raises:
        ConfigError: the file cannot be read, is empty or has a duplicate column; the delimiter is not one character.
    """

    def __init__(self, path: Path, *, delimiter: str = ",") -> None:
        self.path = path
        self.delimiter = delimiter
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ConfigError("--delimiter: expected one character")
        try:
            header = next(self._lines(), None)
        except OSError as error:
            raise ConfigError(f"Cannot read {path}: {type(error).__name__}") from None
        self.columns = [name.strip() for name in header[1]] if header and isinstance(header[1], list) else []
        if not any(self.columns):
            raise ConfigError(f"{path} is empty", action="Expected the names of the columns in the first line")
        if duplicates := sorted({name for name in self.columns if self.columns.count(name) > 1}):
            raise ConfigError(f"{path}: duplicate column {duplicates[0]!r}")

    def rows(self) -> Iterator[CsvRow | RejectedRow]:
        """Yield the rows without blank lines. A row that is not valid CSV or UTF-8 is rejected."""
        lines = self._lines()
        next(lines)
        number = -1
        for line, cells in lines:
            if cells == []:
                continue
            number += 1
            if isinstance(cells, str):
                yield RejectedRow(line, cells)
            elif len(cells) != len(self.columns):
                yield RejectedRow(line, f"{len(cells)} cells instead of {len(self.columns)}")
            elif not _is_utf8(cells):
                yield RejectedRow(line, "not UTF-8")
            else:
                yield CsvRow(number, line, [cell.strip() for cell in cells])

    def count_rows(self) -> int:
        """Count the rows, including rejected ones, by reading the file once."""
        return sum(1 for _ in self.rows())

    def _lines(self) -> Iterator[tuple[int, list[str] | str]]:
        """Yield line number and cells, or a reason instead of the cells."""
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    yield reader.line_num, "not valid CSV (an open quote?)"
                else:
                    yield reader.line_num, cells


def _is_utf8(cells: list[str]) -> bool:
    """Return whether the cells are from valid UTF-8: other bytes were read as surrogates, which cannot be encoded."""
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True
