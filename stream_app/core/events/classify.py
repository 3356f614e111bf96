"""Assigns a dead-letter reason to a record that could not be decoded.

Only rejected records come here, so clarity wins over speed. The decoder's message is read for its kind and discarded:
it can echo a key of the record.
"""

from __future__ import annotations

import re

import msgspec

from stream_app.core.events.encoding import is_framed, is_utf8
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import strict_fault

# Start of a message of msgspec 0.22 -> reason; the first match counts. A test pins messages and reasons.
_UNKNOWN_FIELD = "Object contains unknown field"
_MESSAGES: tuple[tuple[str, Reason], ...] = (
    (_UNKNOWN_FIELD, Reason.UNKNOWN_FIELD),
    ("Object missing required field", Reason.MISSING),
    ("Expected `str` of length <=", Reason.ID_SIZE),
    ("Number out of range", Reason.RANGE),
    ("Integer value out of range", Reason.RANGE),
    ("Invalid enum value", Reason.VALUE),
)
_MISSING_FIELD = re.compile(r"Object missing required field `(.*)`")
_BOUNDS = ("` >=", "` <=", "` >", "` <")


def reason_of(
    raw: bytes, error: Exception, *, constants: frozenset[str] = frozenset(), boxes: frozenset[str] = frozenset()
) -> Reason:
    """Return why a record was rejected.

    Args:
        raw: The record.
        error: What the decoder raised.
        constants: Paths whose value names the schema or source; another value there is ``schema``.
        boxes: Paths of bounding boxes; a wrong coordinate there is ``bbox``.
    """
    if fault := _fault_of_bytes(raw) or strict_fault(raw):
        return fault
    if not isinstance(error, msgspec.ValidationError):
        return Reason.JSON
    message, path = _parsed(error)
    is_undeclared = message.startswith(_UNKNOWN_FIELD)  # echoes the name of the field, which could look like a path
    if not is_undeclared and (path in constants or (not path and message.startswith("Expected `object`"))):
        return Reason.SCHEMA
    if not is_undeclared and any(path == box or path.startswith(box + ".") for box in boxes):
        return Reason.BBOX
    return _reason_of_message(message)


def place_of(error: msgspec.ValidationError) -> str:
    """Return the path of the field that the decoder rejected; empty when it rejected the record as such.

    It can contain a key of the record, so it must be compared with the declared paths before it is shown.
    """
    message, path = _parsed(error)
    missing = _MISSING_FIELD.match(message)
    return ".".join(filter(None, [path, missing[1]])) if missing else path


def _fault_of_bytes(raw: bytes) -> Reason | None:
    if is_framed(raw):
        return Reason.FRAMING
    # UTF-16 and UTF-32 have a zero byte beside each bracket.
    return Reason.ENCODING if b"\0" in raw[:4] or not is_utf8(raw) else None


def _parsed(error: Exception) -> tuple[str, str]:
    message, _, where = str(error).rpartition(" - at `$")
    # A message without a path is about the record as such.
    return (message, where.rstrip("`").lstrip(".")) if message else (where, "")


def _reason_of_message(message: str) -> Reason:
    for start, reason in _MESSAGES:
        if message.startswith(start):
            return reason
    return Reason.RANGE if any(bound in message for bound in _BOUNDS) else Reason.TYPE
