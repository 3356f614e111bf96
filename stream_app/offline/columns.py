"""The columns of a file of counts: their names in the file, and the values that their cells must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stream_app.errors import ConfigError
from stream_app.offline.cells import MAX_COUNT, MAX_LABEL, parse_count, parse_label, parse_start_s, reject

START = "start"
WIDE_COLUMNS = ("k_a", "n_a", "k_b", "n_b")
LONG_COLUMNS = ("group", "n", "k")
PERIOD = "period"
COLUMNS = (*WIDE_COLUMNS, *LONG_COLUMNS, PERIOD, START)  # every column with a standard name

_A_COUNT = f"a whole number from 0 to {MAX_COUNT:,}"
_A_TIME = "an ISO 8601 time or seconds since 1970"
_A_LABEL = f"a name of 1 to {MAX_LABEL} printable characters"


class CountRow(NamedTuple):
    """One row of a file.

    Attributes:
        place: Its position in the file, such as ``line 7``.
        cells: Cells by column name in the file.
    """

    place: str
    cells: Mapping[str, object]


class ColumnNames:
    """The names of the columns in the file.

    Args:
        renamed: Name in the file by standard name; other columns have their standard name.
    """

    def __init__(self, renamed: Mapping[str, str]) -> None:
        self._renamed = dict(renamed)

    def of(self, column: str) -> str:
        """Return the name of a column in the file."""
        return self._renamed.get(column, column)

    def has(self, row: CountRow, column: str) -> bool:
        """Return whether a row has a column, or the column was named explicitly."""
        return column in self._renamed or self.of(column) in row.cells

    def cell(self, row: CountRow, column: str) -> object:
        """Return a cell.

        Raises:
            ConfigError: The row has no such column.
        """
        name = self.of(column)
        if name not in row.cells:
            raise ConfigError(
                f"{row.place}: missing column {name!r}",
                action=f"Give its name with --column {column}=NAME; expected {', '.join(WIDE_COLUMNS)},"
                f" or with --reference {', '.join(LONG_COLUMNS)} and {PERIOD}",
            )
        return row.cells[name]

    def count(self, row: CountRow, column: str) -> int:
        """Return a count."""
        count = parse_count(self.cell(row, column))
        if count is None:
            raise reject(row.place, self.of(column), _A_COUNT)
        return count

    def counts(self, row: CountRow, favorable: str, decisions: str) -> tuple[int, int]:
        """Return favorable decisions and all decisions; the former never exceed the latter."""
        k, n = self.count(row, favorable), self.count(row, decisions)
        if k > n:
            raise reject(row.place, self.of(favorable), f"at most the value of {self.of(decisions)}")
        return k, n

    def label(self, row: CountRow, column: str) -> str:
        """Return a name."""
        label = parse_label(self.cell(row, column))
        if label is None:
            raise reject(row.place, self.of(column), _A_LABEL)
        return label

    def start_s(self, row: CountRow) -> int:
        """Return a time."""
        start_s = parse_start_s(self.cell(row, START))
        if start_s is None:
            raise reject(row.place, self.of(START), _A_TIME)
        return start_s
