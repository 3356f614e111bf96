r"""The wire format of a schema registry: a zero byte, the id of the schema in four bytes, then the record.

A record becomes the JSON text that the producer could have written instead, and from there on nothing distinguishes it
from a record in JSON.

Source: Confluent, Schema Registry wire format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from stream_app.core.events.reasons import DeadLetterReason as Reason

FRAME_BYTES = 5
Frame = bytes  # the zero byte and the schema id, as records begin


class WriterSchema(Protocol):
    """Reads the records that were written with one schema."""

    def to_json(self, value: bytes) -> bytes | Reason:
        """Return a record, given with its frame, as JSON; or why it cannot be read."""


WriterSchemas = Mapping[Frame, WriterSchema]


class Rejecting:
    """A schema whose records are not read; a ``WriterSchema``.

    It is unknown to the registry, of another subject or format, or one that is not supported.
    """

    def to_json(self, value: bytes) -> bytes | Reason:  # noqa: ARG002 - of the protocol
        """Return why no record of this schema is read."""
        return Reason.SCHEMA


class JsonText:
    """A JSON Schema; a ``WriterSchema``. Records are not validated: the policy checks every field that it reads."""

    def to_json(self, value: bytes) -> bytes | Reason:
        """Return the record without its frame."""
        return value[FRAME_BYTES:] or Reason.EMPTY


def frames_in(values: Iterable[bytes | None]) -> set[Frame]:
    r"""Return the different frames with which records begin; what has none, such as plain JSON, is left out.

    >>> frames_in([b'\0\0\0\0\7x', b'\0\0\0\0\7y', b'{"a":1}', None, b'\0\0'])
    {b'\x00\x00\x00\x00\x07'}
    """
    starts = {value[:FRAME_BYTES] for value in values if value}
    return {start for start in starts if is_frame(start)}


def is_frame(start: bytes) -> bool:
    """Return whether the first five bytes of a record are a frame."""
    return len(start) == FRAME_BYTES and start[0] == 0


def schema_id(frame: Frame) -> int:
    r"""Return the id of the schema in a frame.

    >>> schema_id(b'\0\0\0\1\2')
    258
    """
    return int.from_bytes(frame[1:], "big")


def json_of(value: bytes, schemas: WriterSchemas) -> bytes | Reason:
    r"""Return a framed record as JSON, or why it cannot be read.

    Args:
        value: The record.
        schemas: The schema of every frame that can occur, by frame.

    Raises:
        KeyError: its schema is not among them.

    >>> json_of(b'\0\0\0\0\7{"a":1}', {b'\0\0\0\0\7': JsonText()}), json_of(b'{"a":1}', {}).name
    (b'{"a":1}', 'FRAMING')
    """
    start = value[:FRAME_BYTES]
    return schemas[start].to_json(value) if is_frame(start) else Reason.FRAMING
