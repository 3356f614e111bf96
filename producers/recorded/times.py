"""Reads the event times of a CSV file, in the format that the policy requires, as workers read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from producers.recorded.cells import BLANK, NumberFormat, UnreadableCellError, read_integer
from stream_app.errors import ConfigError
from stream_app.policy import EventTime
from stream_app.policy.values.time_columns import TimeReader
from stream_app.policy.values.times import TimeFault, read_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_9999_MS = 253_402_300_799_999
_FAULTS = {
    TimeFault.NOT_A_TIME: "not a valid ISO 8601 time",
    TimeFault.DATE_ONLY: "a date without a time of day",
    TimeFault.NO_OFFSET: "a time without a UTC offset (see --time-zone)",
}
_OCCURRED_TWICE = "a local time that occurred twice when clocks were set back; give UTC offsets"


class Moment(NamedTuple):
    """An event time as the record contains it, and in milliseconds since the epoch."""

    value: str | int | float
    time_ms: int


def find_zone(name: str) -> ZoneInfo:
    """Return the time zone of a name such as ``Europe/Berlin``.

    Raises:
        ConfigError: there is none, or this machine has no data of time zones.

    >>> find_zone("Europe/Berlin").key
    'Europe/Berlin'
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a name; a folder of names
        raise ConfigError("--time-zone: unknown time zone", action="Example: --time-zone Europe/Berlin") from None


def moment_reader(event_time: EventTime, zone: ZoneInfo | None) -> Callable[[str], Moment]:
    """Return the reader of the event time, in the format that the policy requires.

    Args:
        event_time: What the policy expects.
        zone: Time zone of times without a UTC offset; None for that of the policy, without which they cannot be read.
    """
    if zone is None and event_time.time_zone:
        zone = ZoneInfo(event_time.time_zone)
    numbers, epochs = NumberFormat(), TimeReader(event_time.format)

    def read_iso(cell: str) -> Moment:
        moment = read_time(cell, zone)
        if isinstance(moment, TimeFault):
            is_double = zone is not None and moment is TimeFault.NO_OFFSET
            raise UnreadableCellError(_OCCURRED_TWICE if is_double else _FAULTS[moment])
        return Moment(moment.isoformat(), round((moment - _EPOCH).total_seconds() * 1000))

    def read_epoch(cell: str) -> Moment:
        is_whole = event_time.format not in {"epoch", "epoch_s"}
        value = read_integer(cell) if is_whole else numbers.read(cell)
        column = epochs.read([value])
        time_ms = round(float(column.seconds[0]) * 1000)
        if column.faults or abs(time_ms) > _YEAR_9999_MS:
            raise UnreadableCellError("not a time before the year 10000")
        return Moment(value, time_ms)

    read = read_iso if event_time.format == "iso8601" else read_epoch

    def read_filled(cell: str) -> Moment:
        if not cell:
            raise UnreadableCellError(BLANK)
        return read(cell)

    return read_filled
