"""Why a record is rejected: the closed set of dead-letter reasons.

A reason is a label in metrics and a field in dead letters, so it never contains anything from the record itself.
"""

from __future__ import annotations

import enum


class DeadLetterReason(enum.StrEnum):
    """What an operator would see when looking at the record."""

    EMPTY = "empty"  # no bytes
    SIZE = "size"  # more bytes than the policy allows, or a batch that expands too far, unread; or too many for a Kafka
    # record after pseudonymization
    UNREADABLE = "unreadable_batch"  # a record batch, or a part of one, whose checksum, compression or frame is broken
    ENCODING = "encoding"  # not UTF-8, or with a byte order mark
    JSON = "json"  # not JSON by RFC 8259, or nested more than 64 levels deep
    DUP_KEY = "dup_key"  # one key twice in an object: parsers disagree on which value counts
    SCHEMA = "schema"  # valid JSON, but not an object, or of another schema version or source
    MISSING = "missing"  # a required field is absent
    UNKNOWN_FIELD = "unknown_field"  # a field that the policy does not name
    TYPE = "type"  # a value whose JSON type is not the declared one
    VALUE = "value"  # a decision that the policy does not list
    RANGE = "range"  # a number outside its declared or representable range
    CARDINALITY = "cardinality"  # a list with more entries than the policy allows
    BBOX = "bbox"  # a box with swapped edges or in another unit
    ID = "id"  # an identifier that is blank or already a pseudonym
    CONTROL_CHAR = "control_char"  # an identifier with a control character
    TIME = "ts"  # not a time
    TIME_ZONE = "tz"  # a time without an offset
    TIME_FUTURE = "ts_future"  # too far ahead of the broker's clock
    TIME_PAST = "ts_past"  # older than the policy allows
