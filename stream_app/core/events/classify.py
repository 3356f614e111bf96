"""Why a record could not be decoded, as one of the closed set of reasons.

Only records that the decoder refused come here, so clarity wins over speed. The decoder's message is read for its
kind and thrown away: it can echo a key of the record.
"""

from __future__ import annotations

import msgspec

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import strict_fault

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

# Start of a message of msgspec 0.22 -> reason; the first match counts. A test holds the pair together.
_MESSAGES: tuple[tuple[str, Reason], ...] = (
    ("Object missing required field", Reason.MISSING),
    ("Object contains unknown field", Reason.UNKNOWN_FIELD),
    ("Expected `datetime` with a timezone", Reason.TIME_ZONE),
    ("Invalid RFC3339", Reason.TIME),
    ("Number out of range", Reason.RANGE),
    ("Integer value out of range", Reason.RANGE),
    ("Invalid enum value", Reason.VALUE),
)
_BOUNDS = ("` >=", "` <=", "` >", "` <")


def reason_of(
    raw: bytes, error: Exception, *, constants: frozenset[str] = frozenset(), boxes: frozenset[str] = frozenset()
) -> Reason:
    """Say why a record was refused.

    Args:
        raw: The record.
        error: What the decoder raised.
        constants: Paths whose value names the schema or source; another value is ``schema``.
        boxes: Paths of bounding boxes; a wrong coordinate is ``bbox``.
    """
    if raw.startswith(_BYTE_ORDER_MARKS) or b"\0" in raw[:4] or not _is_utf8(raw):
        return Reason.ENCODING
    if fault := strict_fault(raw):
        return fault
    if not isinstance(error, msgspec.ValidationError):
        return Reason.JSON
    message, _, where = str(error).partition(" - at `$")
    path = where.rstrip("`").lstrip(".")
    if path in constants or (not path and message.startswith("Expected `object`")):
        return Reason.SCHEMA
    if any(path == box or path.startswith(box + ".") for box in boxes):
        return Reason.BBOX
    for start, reason in _MESSAGES:
        if message.startswith(start):
            return reason
    return Reason.RANGE if any(bound in message for bound in _BOUNDS) else Reason.TYPE


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
