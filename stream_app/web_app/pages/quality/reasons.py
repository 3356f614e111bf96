"""Why records were rejected, in words."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.core.events.reasons import DeadLetterReason as Reason

WORDS: dict[str, str] = {
    Reason.EMPTY: "no bytes",
    Reason.SIZE: "too many bytes",
    Reason.UNREADABLE: "batch cannot be read",
    Reason.ENCODING: "not UTF-8",
    Reason.FRAMING: "frame of a schema registry",
    Reason.PAYLOAD: "not a record of its schema",
    Reason.JSON: "not JSON",
    Reason.XML: "not XML",
    Reason.DUP_KEY: "a key twice",
    Reason.SCHEMA: "another schema",
    Reason.MISSING: "a field is missing",
    Reason.UNKNOWN_FIELD: "an unknown field",
    Reason.TYPE: "a value of another type",
    Reason.VALUE: "a decision that the policy does not list",
    Reason.RANGE: "a number out of range",
    Reason.CARDINALITY: "a list that is too long",
    Reason.BBOX: "an impossible box",
    Reason.ID: "an identifier that is none",
    Reason.ID_SIZE: "an identifier that is too long",
    Reason.CONTROL_CHAR: "an identifier with a control character",
    Reason.CONFLICT: "an id again with another decision",
    Reason.TIME: "not a time",
    Reason.TIME_DATE: "a date without a time",
    Reason.TIME_ZONE: "a time without an offset",
    Reason.TIME_UNIT: "a time in another unit",
    Reason.TIME_FUTURE: "a time in the future",
    Reason.TIME_PAST: "a time too long ago",
    Reason.BROKER_TIME: "an impossible time of the broker",
}


def reasons_text(reasons: Mapping[str, int]) -> str:
    """Return counts by reason as text; empty without any.

    >>> reasons_text({"json": 1200, "missing": 10})
    '1,200 json (not JSON), 10 missing (a field is missing)'
    """
    return ", ".join(f"{n:,} {reason} ({WORDS.get(reason, reason)})" for reason, n in reasons.items())
