"""The one reader of times: ISO 8601 as Java, Go, Postgres, pandas, SQL Server and BigQuery write it.

Records and CSV files are read by it alike. ``time_columns`` reads columns of them.
"""

from __future__ import annotations

import enum
import re
from datetime import datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

_MAX_LENGTH = 120  # characters: a fraction of 30 digits and the name of a zone fit

_DATE = r"(\d{4})(-?)(\d\d)\2(\d\d)"
_CLOCK = r"(\d\d)(?:(:?)(\d\d)(?:\6(\d\d)(?:[.,](\d{1,30}))?)?)?"
_OFFSET = r" ?([zZ]|UTC|GMT|[+\-\u2212]\d\d(?::?\d\d(?::?\d\d)?)?)(?: UTC)?(?:\[[^\[\]!]+\])?"
_TIME = re.compile(f"{_DATE}[Tt ]{_CLOCK}(?:{_OFFSET})?", re.ASCII)
_DAY = re.compile(_DATE, re.ASCII)
_DAY_END = timedelta(days=1)
_HOUR = timedelta(hours=1)


class TimeFault(enum.StrEnum):
    """Why a value is not a time that can be counted by; the values are those of the dead-letter reasons."""

    NOT_A_TIME = "ts"
    DATE_ONLY = "ts_date"
    NO_OFFSET = "tz"


def read_time(text: str, zone: ZoneInfo | None = None, near_s: float | None = None) -> datetime | TimeFault:
    """Read one time.

    Accepted are a date and a time of day with an offset, in the extended (``2026-11-29T20:00:00Z``) or the basic format
    (``20261129T200000Z``), with ``T``, ``t`` or a blank between them; without seconds or minutes; with a fraction after
    a point or comma, rounded to microseconds; with ``Z``, ``UTC``, ``GMT``, ``+01``, ``+0100`` or ``+01:00``, also
    after a blank. The name of a zone behind the offset (``[Europe/Berlin]``) is passed over: the offset decides.
    ``24:00`` is the end of a day; a leap second counts as the second before it.

    Args:
        text: The text.
        zone: Zone of a time without an offset; None rejects it. A time that the clocks skipped is not a time; one that
            occurred twice is the occurrence nearer to ``near_s``.
        near_s: When the broker took the record, seconds since the epoch; None rejects a time that occurred twice.

    Returns:
        The time with its offset, or why it is none.

    Source: ISO 8601-1:2019, RFC 3339, RFC 9557 (names of zones).

    >>> read_time("2026-11-29 20:00:00.1234567 +00:00") == read_time("20261129T200000,1234567Z")
    True
    >>> read_time("2026-11-29"), read_time("2026-11-29T20:00:00"), read_time("yesterday")
    (<TimeFault.DATE_ONLY: 'ts_date'>, <TimeFault.NO_OFFSET: 'tz'>, <TimeFault.NOT_A_TIME: 'ts'>)
    """
    match = _TIME.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match is None:
        return TimeFault.NOT_A_TIME if read_date(text) is None else TimeFault.DATE_ONLY
    try:
        local = _local_time(match)
        offset = _offset_at(local, zone, near_s) if match[10] is None else _read_offset(match[10])
        if isinstance(offset, TimeFault):
            return offset
        if offset % timedelta(minutes=1):  # RFC 3339, the form in which events are published, has whole minutes
            local, offset = local - offset, timedelta(0)
    except (ValueError, OverflowError):  # no such day, hour, offset, or year
        return TimeFault.NOT_A_TIME
    if match[8] == "60" and not _is_last_second(local - offset):
        return TimeFault.NOT_A_TIME
    return local.replace(tzinfo=timezone(offset))


def read_date(text: str) -> tuple[int, int, int] | None:
    """Read a date: year, month and day as they are written; None when it is not one.

    >>> read_date("1990-02-28"), read_date("19900228"), read_date("1990-02-30")
    ((1990, 2, 28), (1990, 2, 28), None)
    """
    match = _DAY.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match is None:
        return None
    try:
        day = datetime(int(match[1]), int(match[3]), int(match[4]))  # noqa: DTZ001 - a date has no zone
    except ValueError:
        return None
    return day.year, day.month, day.day


def _local_time(match: re.Match[str]) -> datetime:
    """Return the time by the local clock.

    Raises:
        ValueError: there is no such time.
        OverflowError: its year has more than four digits.
    """
    year, _, month, day, hour, _, minute, second, fraction, _ = match.groups()
    clock = int(hour), int(minute or 0), min(int(second or 0), 59 if second == "60" else 99)
    us = (int(fraction[:9].ljust(9, "0")) + 500) // 1000 if fraction else 0
    if clock == (24, 0, 0) and not us:
        return datetime(int(year), int(month), int(day)) + _DAY_END  # noqa: DTZ001 - by the local clock
    return datetime(int(year), int(month), int(day), *clock) + timedelta(microseconds=us)  # noqa: DTZ001


def _is_last_second(utc: datetime) -> bool:
    """Return whether a time is in the last second of a day, after which leap seconds come."""
    return (utc.hour, utc.minute, utc.second) == (23, 59, 59)


def _read_offset(text: str) -> timedelta:
    """Return an offset.

    Raises:
        ValueError: it has hours, minutes or seconds that no clock has.
    """
    if not text[-1].isdigit():
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(6, "0")
    clock = time(int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    size = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)
    return size if text[0] == "+" else -size


def _offset_at(local: datetime, zone: ZoneInfo | None, near_s: float | None) -> timedelta | TimeFault:
    """Return the offset of a time that was written without one."""
    if zone is None:
        return TimeFault.NO_OFFSET
    start = local.replace(minute=0, second=0, microsecond=0)
    if (offset := _offset_in_hour(zone, start)) is not None:
        return offset
    first, second = _zone_offset(zone, local, 0), _zone_offset(zone, local, 1)
    if first == second:
        return first
    if first < second:  # the clocks went from the first offset to the greater second one and skipped this time
        return TimeFault.NOT_A_TIME
    if near_s is None:
        return TimeFault.NO_OFFSET
    near = datetime(1970, 1, 1) + timedelta(seconds=near_s)  # noqa: DTZ001 - UTC, as the difference below
    return min(first, second, key=lambda offset: abs(local - offset - near))


@lru_cache(maxsize=4096)
def _offset_in_hour(zone: ZoneInfo, start: datetime) -> timedelta | None:
    """Return the offset all through an hour of the local clock; None when the clocks change in it."""
    last = start + _HOUR - timedelta(microseconds=1)
    offsets = {_zone_offset(zone, local, fold) for local in (start, last) for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


def _zone_offset(zone: ZoneInfo, local: datetime, fold: int) -> timedelta:
    return local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0)
