"""Reads the event times of a CSV file, in the format that the policy requires."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from producers.recorded.cells import BLANK, NumberFormat, UnreadableCellError, read_integer
from stream_app.errors import ConfigError
from stream_app.policy import EventTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_9999_MS = 253_402_300_799_999


class Moment(NamedTuple):
    """An event time as the record contains it, and in milliseconds since the epoch."""

    value: str | int | float
    time_ms: int


def find_zone(name: str) -> tzinfo:
    """Return the time zone of a name such as ``Europe/Berlin``.

    Raises:
        ConfigError: there is none, or this machine has no data of time zones.

    >>> find_zone("UTC")
    datetime.timezone.utc
    """
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a name; a folder of names
        raise ConfigError(
            "--time-zone: unknown time zone",
            action="Example: --time-zone Europe/Berlin (needs the tzdata of the system)",
        ) from None


def moment_reader(event_time: EventTime, zone: tzinfo | None) -> Callable[[str], Moment]:
    """Return the reader of the event time, in the format that the policy requires.

    Args:
        event_time: What the policy expects.
        zone: Time zone of times without a UTC offset; None if they cannot be read.
    """
    numbers = NumberFormat()

    def read_iso(cell: str) -> Moment:
        try:
            moment = datetime.fromisoformat(cell)
        except ValueError:
            raise UnreadableCellError("not a valid ISO 8601 time") from None
        if moment.tzinfo is None:
            moment = _place(moment, zone)
        return Moment(moment.isoformat(), round((moment - _EPOCH).total_seconds() * 1000))

    def read_epoch(cell: str) -> Moment:
        value = numbers.read(cell) if event_time.format == "epoch_s" else read_integer(cell)
        time_ms = value * (1000 if event_time.format == "epoch_s" else 1)
        if abs(time_ms) > _YEAR_9999_MS:
            raise UnreadableCellError("not a time before the year 10000")
        return Moment(value, round(time_ms))

    read = read_iso if event_time.format == "iso8601" else read_epoch

    def read_filled(cell: str) -> Moment:
        if not cell:
            raise UnreadableCellError(BLANK)
        return read(cell)

    return read_filled


def _place(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return a time without an offset as a time in a zone, unless clocks were changed just then."""
    if zone is None:
        raise UnreadableCellError("a time without a UTC offset (see --time-zone)")
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise UnreadableCellError("a local time that the change of clocks skipped or repeated; give UTC offsets")
    return first
