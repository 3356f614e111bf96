"""Reads single values of a record that was decoded without a schema; what is not as expected has a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import msgspec

from stream_app.core.events.cameras.leaks import Leak
from stream_app.core.events.cameras.sightings import Frame, RecordFaultError, Rename, Sighting
from stream_app.core.events.classify import reason_of
from stream_app.core.events.encoding import is_utf8
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import strict_fault
from stream_app.policy.values.times import TimeFault, read_time

Object = dict[str, Any]

_decode = msgspec.json.Decoder().decode


def decoded(text: bytes) -> Object:
    """Return the object in a JSON text.

    Raises:
        RecordFaultError: it is not strict JSON, or no object.
    """
    if b"\0" in text[:4] or not is_utf8(text):
        raise RecordFaultError(Reason.ENCODING)
    if fault := strict_fault(text):
        raise RecordFaultError(fault)
    try:
        record = _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RecordFaultError(reason_of(text, error)) from None
    if not isinstance(record, dict):
        raise RecordFaultError(Reason.SCHEMA)
    return record


def needed(record: Object, key: str) -> Any:
    """Return a member that must be there, and not null.

    Raises:
        RecordFaultError: it is not.
    """
    value = record.get(key)
    if value is None:
        raise RecordFaultError(Reason.MISSING)
    return value


def text_of(value: Any) -> str:
    """Return a text, or the digits of a whole number.

    Raises:
        RecordFaultError: it is neither.

    >>> text_of("a"), text_of(15)
    ('a', '15')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RecordFaultError(Reason.TYPE)


def number_of(value: Any) -> float | None:
    """Return a number; None for null.

    Raises:
        RecordFaultError: it is not a number, or infinite.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RecordFaultError(Reason.TYPE)
    if not isfinite(value):
        raise RecordFaultError(Reason.RANGE)
    return float(value)


def object_of(value: Any) -> Object:
    """Return an object; an empty one for null.

    Raises:
        RecordFaultError: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RecordFaultError(Reason.TYPE)
    return value


def list_of(value: Any, most: int) -> list[Any]:
    """Return a list; an empty one for null, and one of a single entry for an object, as XML is often turned into JSON.

    Raises:
        RecordFaultError: it is something else, or has too many entries.
    """
    if value is None:
        return []
    entries = [value] if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise RecordFaultError(Reason.TYPE)
    if len(entries) > most:
        raise RecordFaultError(Reason.CARDINALITY)
    return entries


def time_of(value: Any) -> datetime:
    """Return the time that a text in ISO 8601 names.

    Raises:
        RecordFaultError: it is no text, no time, or has no offset.
    """
    if not isinstance(value, str):
        raise RecordFaultError(Reason.TYPE)
    time = read_time(value)
    if isinstance(time, TimeFault):
        raise RecordFaultError(Reason(time))
    return time


def epoch_of(value: Any) -> datetime:
    """Return the time that a number of seconds since 1970 names.

    Raises:
        RecordFaultError: it is not a number, or not a time.
    """
    seconds = number_of(value)
    if seconds is None:
        raise RecordFaultError(Reason.MISSING)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise RecordFaultError(Reason.TIME) from None


def check_box(left: float | None, right: float | None, *, is_share: bool) -> None:
    """Check a box that is then left behind: whether the source writes what its layout says.

    Args:
        left: Its left edge; None where it has none.
        right: Its right edge.
        is_share: Whether edges are fractions of the picture, beyond which they may be by one picture.

    Raises:
        RecordFaultError: the right edge is left of the left one, or an edge is in another unit.
    """
    if left is None or right is None:
        return
    if right < left or (is_share and not (-1 <= left <= 2 and -1 <= right <= 2)):  # noqa: PLR2004 - one picture
        raise RecordFaultError(Reason.BBOX)


def read_objects(frame: Frame, objects: Iterable[Any], read: Callable[[Any], Iterable[Sighting]]) -> None:
    """Read the objects of a frame, each on its own: one that cannot be read does not take the others with it."""
    for one in objects:
        try:
            frame.objects += read(one)
        except RecordFaultError as error:
            frame.objects.append(error.reason)


def read_rename(frame: Frame, camera: Any, time: Any, first: Any, second: Any) -> None:
    """Note that two tracks are one object; a rename that cannot be read is left behind, and takes nothing with it."""
    try:
        frame.renames.append(Rename(text_of(camera), text_of(first), text_of(second), time_of(time)))
    except RecordFaultError:
        frame.left[Leak.RENAME] += 1
