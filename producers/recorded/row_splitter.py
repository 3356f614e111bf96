"""Splits lines into the rows of a CSV file, strictly: a quote that is never closed costs its own line only.

A quoted cell may contain line ends (RFC 4180), so a quote that was forgotten could swallow all that follows, up to the
next quote. A row of several lines is therefore accepted only if no further line of it is a complete row by itself, its
quotes close before ``MAX_LINE`` characters, and its number of cells is right. If not, its first line is rejected, and
reading continues with the line after it.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from producers.recorded.text_lines import MAX_LINE

OPEN_QUOTE = "a quote is opened and not closed"
TEXT_AFTER_QUOTE = "text after a closing quote"
TOO_LONG = f"a line of more than {MAX_LINE:,} characters"

_AT_END = "unexpected end of data"  # of the messages of ``csv``; a test pins it

csv.field_size_limit(MAX_LINE)  # of this process; the default of 131,072 is shorter than some notes


class SplitRow(NamedTuple):
    """A row, or a line that is none.

    Attributes:
        line: Line where it begins, counted from 1.
        n_lines: Lines that it spans.
        cells: Its cells; or the reason why there are none.
    """

    line: int
    n_lines: int
    cells: list[str] | str


class RowSplitter:
    """Splits lines into rows.

    Args:
        lines: Lines without their ends; None for one that is too long.
        delimiter: One character.

    Attributes:
        line: Number of lines that were taken.
        fits: Says whether a row has the right number of cells; set it when the names of the columns are known.
    """

    def __init__(self, lines: Iterator[str | None], delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._returned: deque[str | None] = deque()
        self._complete = _complete_row(delimiter)
        self.line = 0
        self.fits: Callable[[list[str]], bool] | None = None

    def rows(self) -> Iterator[SplitRow]:
        """Yield all rows, blank ones too."""
        for text in iter(self.next_line, _END):
            yield self._row(text)

    def next_line(self) -> str | _End | None:
        """Take the next line; ``_END`` after the last."""
        if self._returned:
            line: str | _End | None = self._returned.popleft()
        else:
            line = next(self._lines, _END)
        self.line += line is not _END
        return line

    def _row(self, text: str | _End | None) -> SplitRow:
        first = self.line
        if not isinstance(text, str):
            return SplitRow(first, 1, TOO_LONG)
        if '"' not in text:
            return SplitRow(first, 1, text.split(self._delimiter))
        taken: list[str | None] = []
        try:
            cells = next(csv.reader(self._feed(text, taken), delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            reason = OPEN_QUOTE if taken or _AT_END in str(error) else TEXT_AFTER_QUOTE
        else:
            if not taken or self.fits is None or self.fits(cells):
                return SplitRow(first, 1 + len(taken), cells)
            reason = OPEN_QUOTE
        self._returned.extendleft(reversed(taken))
        self.line = first
        return SplitRow(first, 1, reason)

    def _feed(self, text: str, taken: list[str | None]) -> Iterator[str]:
        """Yield a line, and those after it as long as they may belong to the same row."""
        yield text + "\n"
        size = len(text)
        while (line := self.next_line()) is not _END:
            taken.append(line if isinstance(line, str) else None)
            if not isinstance(line, str) or self._is_row(line):
                return
            size += len(line) + 1
            if size > MAX_LINE:
                return
            yield line + "\n"

    def _is_row(self, line: str) -> bool:
        """Return whether a line is a complete row by itself, with a right number of cells."""
        if self.fits is None or not self._complete.fullmatch(line):
            return False
        cells = next(csv.reader([line], delimiter=self._delimiter, strict=True), [])
        return len(cells) > 1 and self.fits(cells)


class _End:
    """After the last line."""


_END = _End()


def _complete_row(delimiter: str) -> re.Pattern[str]:
    """Return the pattern of a row on one line whose quotes are as RFC 4180 wants them."""
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]++|"")*+"|[^"{mark}]*+)'
    return re.compile(rf"{cell}(?:{mark}{cell})*+")
