"""Why a record is not counted: the closed set of dead-letter reasons.

A reason is a label in metrics and a field in dead letters, so it never holds anything from the record itself.
"""

from __future__ import annotations

import enum


class DeadLetterReason(enum.StrEnum):
    """Each member says what an operator would see when looking at the record."""

    EMPTY = "empty"  # no bytes
    SIZE = "size"  # more bytes than the policy allows, unread; or more than a record of Kafka holds when written anew
    ENCODING = "encoding"  # not UTF-8, or with a byte order mark
    JSON = "json"  # no JSON by RFC 8259, or nested more than 64 deep
    DUP_KEY = "dup_key"  # one key twice in an object: parsers disagree which counts
    SCHEMA = "schema"  # valid JSON, but no object, or another schema version or source
    MISSING = "missing"  # a required field is absent
    UNKNOWN_FIELD = "unknown_field"  # a field that the policy does not name
    TYPE = "type"  # a value of another JSON type than declared
    VALUE = "value"  # a decision that the policy does not list
    RANGE = "range"  # a number outside its declared or representable range
    CARDINALITY = "cardinality"  # a list with more entries than the policy allows
    BBOX = "bbox"  # a box with swapped edges or in another unit
    ID = "id"  # an identifier that is blank, or a pseudonym already
    CONTROL_CHAR = "control_char"  # an identifier with a control character
    TIME = "ts"  # a time that is no time
    TIME_ZONE = "tz"  # a time without an offset
    TIME_FUTURE = "ts_future"  # too far ahead of the broker's clock
    TIME_PAST = "ts_past"  # older than the policy allows
