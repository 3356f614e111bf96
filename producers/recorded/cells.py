"""Reads the cells of a CSV file as the values that a policy expects.

A reader takes the stripped text of one cell and returns a JSON value, or raises ``UnreadableCellError`` with a reason
that never contains the text of the cell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stream_app.policy import Attribute, Constant, Decision, EventTime, Feature, Identifier, Scalar
from stream_app.policy.values.bands import read_number
from stream_app.policy.values.time_columns import TimeReader
from stream_app.policy.values.times import TimeFault, read_time

JsonValue = str | int | float | bool | None
Reader = Callable[[str], JsonValue]

_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?")
_BLANK = "blank"
_YEAR_9999_MS = 253_402_300_799_999
_TIME_FAULTS = {
    TimeFault.NOT_A_TIME: "not a valid ISO 8601 time",
    TimeFault.DATE_ONLY: "a date without a time of day",
    TimeFault.NO_OFFSET: "a time without a UTC offset",
}
_SPELLINGS = {True: ("true", "yes", "1"), False: ("false", "no", "0")}


class UnreadableCellError(ValueError):
    """A cell that cannot become the value that the policy expects; its text is the reason."""


class Moment(NamedTuple):
    """An event time as the record contains it, and in milliseconds since the epoch."""

    value: str | int | float
    time_ms: int


def read_optional_text(cell: str) -> str | None:
    """Read text; a blank cell is null."""
    return cell or None


def identifier_reader(identifier: Identifier) -> Reader:
    """Return the reader of an identifier: integers where the policy requires them, otherwise text."""

    def read(cell: str) -> JsonValue:
        if not cell:
            return _allow_blank(is_required=identifier.is_required)
        return _read_integer(cell) if identifier.canonical == "integer" else cell

    return read


def attribute_reader(attribute: Attribute) -> Reader:
    """Return the reader of a group; a number where the policy has bands of numbers."""
    has_numbers = bool(attribute.edges) and attribute.derive is None

    def read(cell: str) -> JsonValue:
        number = read_number(cell) if has_numbers else None
        return number if number is not None else read_optional_text(cell)

    return read


def feature_reader(feature: Feature) -> Reader:
    """Return the reader of a number; NaN and infinity are not JSON numbers."""

    def read(cell: str) -> JsonValue:
        return _read_number(cell) if cell else _allow_blank(is_required=feature.is_required)

    return read


def constant_reader(constant: Constant) -> Reader:
    """Return the reader of a field that may contain only the listed values."""
    values: dict[str, JsonValue] = {str(value): value for value in constant.values}

    def read(cell: str) -> JsonValue:
        if cell not in values:
            raise UnreadableCellError("not one of the values in the policy")
        return values[cell]

    return read


def decision_reader(decision: Decision, favorable: Collection[str], unfavorable: Collection[str]) -> Reader:
    """Return the reader of the decision; letter case does not matter.

    Args:
        decision: What the policy expects.
        favorable: Spellings of the favorable value in the file; when empty, the values of the policy themselves
            (for booleans also yes/no and 1/0).
        unfavorable: Spellings of the other value; when empty, anything that is neither favorable nor blank.
    """
    is_open = bool(favorable) and not unfavorable
    values: dict[str, JsonValue] = {}
    for value in decision.favorable_values[:1] if favorable else decision.favorable_values:
        values |= _spell(value, favorable)
    for value in decision.unfavorable[:1] if unfavorable else decision.unfavorable:
        values = _spell(value, unfavorable) | values

    def read(cell: str) -> JsonValue:
        if not cell:
            raise UnreadableCellError(_BLANK)
        if (value := values.get(cell.casefold())) is not None:
            return value
        if is_open:
            return decision.unfavorable[0]
        raise UnreadableCellError("neither the favorable nor an unfavorable value")

    return read


def moment_reader(event_time: EventTime, *, assumes_utc: bool) -> Callable[[str], Moment]:
    """Return the reader of the event time, in the format that the policy requires.

    Args:
        event_time: What the policy expects.
        assumes_utc: Whether an ISO time without a UTC offset is in UTC; if not, it is in the time zone of the policy,
            without which it cannot be read.
    """
    key = "UTC" if assumes_utc else event_time.time_zone
    zone = ZoneInfo(key) if key else None
    epochs = TimeReader(event_time.format)

    def read_iso(cell: str) -> Moment:
        moment = read_time(cell, zone)
        if isinstance(moment, TimeFault):
            raise UnreadableCellError(_TIME_FAULTS[moment])
        since_epoch = moment - datetime(1970, 1, 1, tzinfo=UTC)
        return Moment(moment.isoformat(), round(since_epoch.total_seconds() * 1000))

    def read_epoch(cell: str) -> Moment:
        is_whole = event_time.format not in ("epoch", "epoch_s")
        value = _read_integer(cell) if is_whole else _read_number(cell)
        time_ms = round(float(epochs.read([value]).seconds[0]) * 1000)
        if abs(time_ms) > _YEAR_9999_MS:
            raise UnreadableCellError("not a time before the year 10000")
        return Moment(value, time_ms)

    read = read_iso if event_time.format == "iso8601" else read_epoch

    def read_filled(cell: str) -> Moment:
        if not cell:
            raise UnreadableCellError(_BLANK)
        return read(cell)

    return read_filled


def _spell(value: Scalar, spellings: Collection[str]) -> dict[str, JsonValue]:
    default = _SPELLINGS[value] if isinstance(value, bool) else (str(value),)
    return {spelling.strip().casefold(): value for spelling in spellings or default}


def _read_integer(cell: str) -> int:
    if not _INTEGER.fullmatch(cell):
        raise UnreadableCellError("not an integer")
    return int(cell)


def _read_number(cell: str) -> int | float:
    if _INTEGER.fullmatch(cell):
        return int(cell)
    if not _NUMBER.fullmatch(cell) or not math.isfinite(number := float(cell)):
        raise UnreadableCellError("not a number")
    return number


def _allow_blank(*, is_required: bool) -> JsonValue:
    if is_required:
        raise UnreadableCellError(_BLANK)
    return None
