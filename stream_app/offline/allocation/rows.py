"""Reads areas from the rows of a file; an invalid row is rejected with its position and what was expected."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

from stream_app.core.allocation.areas import Area
from stream_app.errors import ConfigError
from stream_app.offline.cells import MAX_LABEL, parse_label, reject
from stream_app.offline.columns import CountRow
from stream_app.policy.labels import canonical_label

COLUMNS = ("area", "population", "hours", "risk", "income_level")
MAX_NUMBER = 10**12
_NUMBER = re.compile(r"[0-9]{1,13}(\.[0-9]{1,12})?")
_A_NUMBER = "a number from 0 to 1,000,000,000,000, without exponent or separator"
_A_LABEL = f"a name of 1 to {MAX_LABEL} printable characters"


def read_areas(rows: Iterable[CountRow], renamed: Mapping[str, str] | None = None) -> list[Area]:
    """Return the areas of a file, one for each row.

    Levels are compared as policies compare labels: "Low" and " low" are one level, spelled as in its first row.

    Args:
        rows: The rows.
        renamed: Name of a column in the file by its standard name, one of ``COLUMNS``.

    Raises:
        ConfigError: A row is invalid, or an area occurs twice.

    >>> row = CountRow("line 2", {"area": "north", "population": "1000", "hours": 12.5, "risk": "0.3",
    ...                           "income_level": "Low"})
    >>> read_areas([row])[0].hours, read_areas([row])[0].risk
    (Fraction(25, 2), Fraction(3, 10))
    """
    names, spelling = dict(renamed or {}), dict[str, str]()
    areas: list[Area] = []
    seen: set[str] = set()
    for row in rows:
        name, level = _label(row, names, "area"), _label(row, names, "income_level")
        if canonical_label(name) in seen:
            raise ConfigError(f"{row.place}: this area has a row already", action="Give one row for each area")
        seen.add(canonical_label(name))
        population, hours, risk = (_number(row, names, column) for column in ("population", "hours", "risk"))
        areas.append(Area(name, spelling.setdefault(canonical_label(level), level), population, hours, risk))
    if not areas:
        raise ConfigError("The file has no rows", action=f"Give the columns {', '.join(COLUMNS)}")
    return areas


def level_of(areas: Iterable[Area], text: str) -> str:
    """Return a level as the areas spell it; the text itself where none has it."""
    wanted = canonical_label(text)
    return next((area.level for area in areas if canonical_label(area.level) == wanted), text)


def parse_number(cell: object) -> Fraction | None:
    """Return a number from 0 to ``MAX_NUMBER``, exactly as it is written, or None when the cell contains none.

    >>> [parse_number(cell) for cell in ("0.1", 0.1, 3, " 7 ")]
    [Fraction(1, 10), Fraction(1, 10), Fraction(3, 1), Fraction(7, 1)]
    >>> [parse_number(cell) for cell in ("-1", "1,000", "nan", "", None, True, float("inf"), 10**13)]
    [None, None, None, None, None, None, None, None]
    """
    if isinstance(cell, str):
        text = cell.strip()
        number = Fraction(text) if _NUMBER.fullmatch(text) else None
    elif isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell):
        number = Fraction(str(cell))
    else:
        return None
    return number if number is not None and 0 <= number <= MAX_NUMBER else None


def _cell(row: CountRow, names: Mapping[str, str], column: str) -> object:
    name = names.get(column, column)
    if name not in row.cells:
        raise ConfigError(
            f"{row.place}: missing column {name!r}",
            action=f"Give its name with --column {column}=NAME; expected {', '.join(COLUMNS)}",
        )
    return row.cells[name]


def _label(row: CountRow, names: Mapping[str, str], column: str) -> str:
    label = parse_label(_cell(row, names, column))
    if label is None:
        raise reject(row.place, names.get(column, column), _A_LABEL)
    return label


def _number(row: CountRow, names: Mapping[str, str], column: str) -> Fraction:
    number = parse_number(_cell(row, names, column))
    if number is None:
        raise reject(row.place, names.get(column, column), _A_NUMBER)
    return number
