"""Reads the cells of a table of counts: whole numbers, times, labels. No error message quotes a cell."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stream_app.errors import ConfigError
from stream_app.policy.values.times import TimeFault, read_date, read_time

_UTC = ZoneInfo("UTC")

MAX_COUNT = 1_000_000_000
MAX_START_S = 100_000_000_000  # a larger number is milliseconds, not seconds
MAX_LABEL = 200  # characters

_WHOLE = re.compile(r"[0-9]{1,15}(\.0+)?")  # spreadsheets write 35 as 35.0 in a column with gaps
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")


def parse_count(cell: object) -> int | None:
    """Return a count from 0 to ``MAX_COUNT``, or None when the cell contains none.

    >>> [parse_count(cell) for cell in (35, "35", " 35.0 ", "-1", "1.5", "nan", "", None, True, float("nan"))]
    [35, 35, 35, None, None, None, None, None, None, None]
    """
    if isinstance(cell, str) and _WHOLE.fullmatch(cell.strip()):
        cell = int(cell.strip().partition(".")[0])
    elif isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, bool) or not isinstance(cell, int):
        return None
    return cell if 0 <= cell <= MAX_COUNT else None


def parse_start_s(cell: object) -> int | None:
    """Return seconds since 1970, rounded down, or None when the cell contains no time.

    A time is an ISO 8601 date or date and time, in UTC where no offset is given, or a number of seconds.

    >>> parse_start_s("1970-01-01T00:01:00+00:00"), parse_start_s("1970-01-02"), parse_start_s("60.5")
    (60, 86400, 60)
    >>> [parse_start_s(cell) for cell in ("Q1", "-5", "1767225600000", None, float("inf"), "1969-12-31")]
    [None, None, None, None, None, None]
    """
    if isinstance(cell, str):
        text = cell.strip()
        seconds = float(text) if _NUMBER.fullmatch(text) else _iso_seconds(text)
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        seconds = float(cell) if abs(cell) <= MAX_START_S else math.nan
    else:
        return None
    return int(seconds) if 0 <= seconds < MAX_START_S else None


def parse_label(cell: object) -> str | None:
    r"""Return a name of 1 to ``MAX_LABEL`` printable characters, or None when the cell contains none.

    >>> [parse_label(cell) for cell in (" women ", 3, "", None, True, "a\x1b[31m")]
    ['women', '3', None, None, None, None]
    """
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        return None
    text = str(cell).strip()
    return text if 0 < len(text) <= MAX_LABEL and text.isprintable() else None


def format_start(start_s: int) -> str:
    """Write a time as ISO 8601 in UTC.

    >>> format_start(60)
    '1970-01-01T00:01:00Z'
    """
    return datetime.fromtimestamp(start_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reject(place: str, column: str, expected: str) -> ConfigError:
    """Return the error for an invalid cell."""
    return ConfigError(f"{place}: column {column}: expected {expected}")


def _iso_seconds(text: str) -> float:
    moment = read_time(text, _UTC)
    if not isinstance(moment, TimeFault):
        return moment.timestamp()
    day = read_date(text)
    return math.nan if day is None else datetime(*day, tzinfo=UTC).timestamp()
