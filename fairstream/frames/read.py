"""Take the rows of a DataFrame of counts, as the reader of files of counts does with lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fairstream.frames.build import load_pandas
from stream_app.errors import ConfigError
from stream_app.offline.columns import CountRow

if TYPE_CHECKING:
    import pandas as pd


def read_rows(counts: pd.DataFrame) -> Iterator[CountRow]:
    """Yield the rows of a DataFrame; named levels of its index count as columns.

    Raises:
        ConfigError: The argument is not a DataFrame, or two columns have one name.
        DependencyMissingError: pandas is not installed.
    """
    pd = load_pandas()
    if not isinstance(counts, pd.DataFrame):
        raise ConfigError(f"counts: expected a DataFrame, got {type(counts).__name__}")
    named = [name for name in counts.index.names if name is not None]
    frame = counts.reset_index(named) if named else counts
    names = [str(name) for name in frame.columns]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"counts: two columns have the name {duplicates[0]!r}")
    cells = [[_cell(cell) for cell in frame.iloc[:, place].tolist()] for place in range(len(names))]
    for number, row in enumerate(zip(*cells, strict=True)):
        yield CountRow(f"row {number}", dict(zip(names, row, strict=True)))


def column_names(counts: pd.DataFrame) -> Sequence[str]:
    """Return the columns that ``read_rows`` sees."""
    return [str(name) for name in (*(name for name in counts.index.names if name is not None), *counts.columns)]


def _cell(cell: Any) -> object:
    """Return a cell in the form in which a JSON file has it: times as ISO 8601, everything else that is odd as text."""
    if hasattr(cell, "item"):  # a scalar of numpy
        cell = cell.item()
    if isinstance(cell, datetime | date):
        return None if cell != cell else cell.isoformat()  # noqa: PLR0124 - NaT is not equal to itself
    if cell is None or isinstance(cell, bool | int | float | str):
        return cell
    return None if str(cell) in ("<NA>", "NaT") else str(cell)
