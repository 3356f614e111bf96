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
    FRAMING = "framing"  # begins as serializers of a schema registry write it, or does not where the format needs it
    PAYLOAD = "payload"  # of a binary format: bytes that are not a record of the schema that it names
    JSON = "json"  # not JSON by RFC 8259, or nested more than 64 levels deep
    XML = "xml"  # not well-formed XML, with a document type, or nested more than 64 levels deep
    DUP_KEY = "dup_key"  # one key twice in an object: parsers disagree on which value counts
    SCHEMA = "schema"  # valid JSON, but not an object, or of another schema version or source
    MISSING = "missing"  # a required field is absent
    UNKNOWN_FIELD = "unknown_field"  # a field that the policy does not name
    TYPE = "type"  # a value whose JSON type is not the declared one
    VALUE = "value"  # a decision that the policy does not list
    RANGE = "range"  # a number outside its declared or representable range
    CARDINALITY = "cardinality"  # a list with more entries than the policy allows
    BBOX = "bbox"  # a box whose right edge is left of its left edge, or in another unit
    ID = "id"  # an identifier that is blank or already a pseudonym
    ID_SIZE = "id_size"  # an identifier that is longer than identifiers are
    CONTROL_CHAR = "control_char"  # an identifier with a control character
    CONFLICT = "conflict"  # the id of an earlier event, and another decision: the earlier event stands
    TIME = "ts"  # not a time
    TIME_DATE = "ts_date"  # a date without a time of day
    TIME_ZONE = "tz"  # a time without an offset, or one that occurred twice when clocks were set back
    TIME_UNIT = "ts_unit"  # a number that is plausible in another unit than the declared one only
    TIME_FUTURE = "ts_future"  # too far ahead of the broker's clock
    TIME_PAST = "ts_past"  # older than the policy allows
    BROKER_TIME = "ts_broker"  # its record has an impossible broker timestamp, so its event time cannot be checked
