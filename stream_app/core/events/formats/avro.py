"""Reads records in Avro by the schema with which they were written; fastavro does the reading.

Unions are their value alone, enums their symbol. What a record of a few bytes could blow up to any size, or any depth,
is not supported: a schema that contains itself, is nested too deep, or has lists of entries without a byte.

Source: Apache Avro 1.12 specification, binary encoding and logical types.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import msgspec

from stream_app.core.events.formats.json_text import json_text
from stream_app.core.events.formats.wire import FRAME_BYTES
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import MAX_DEPTH
from stream_app.errors import DependencyMissingError, install_command

_INSTANTS = ("timestamp-millis", "timestamp-micros")


class UnsupportedSchemaError(ValueError):
    """A schema whose records are not read."""


class AvroSchema:
    """One Avro schema; a ``WriterSchema``.

    Args:
        text: The schema, as JSON.
        references: The schemas that it refers to by name, each before those that refer to it.
        times_as_numbers: Whether instants are the numbers that are written, or RFC 3339 texts.

    Raises:
        UnsupportedSchemaError: its records are not read.
        ValueError: it is no Avro schema.
        DependencyMissingError: fastavro is not installed.
    """

    def __init__(self, text: str, references: Iterable[str] = (), *, times_as_numbers: bool) -> None:
        fastavro = import_fastavro()
        named: dict[str, Any] = {}
        parsed: Any = None
        for source in (*references, text):
            declared = msgspec.json.decode(source)
            try:
                parsed = fastavro.parse_schema(_plain(declared) if times_as_numbers else declared, named)
            except Exception as error:  # noqa: BLE001  # whatever fastavro raises for what is no schema
                raise ValueError(f"no Avro schema ({type(error).__name__})") from None
        self._schema = parsed
        self._read = fastavro.schemaless_reader
        _Sizes(named).least(parsed, ())

    def to_json(self, value: bytes) -> bytes | Reason:
        """Return a record, given with its frame, as JSON; or why it cannot be read."""
        stream = io.BytesIO(value)
        stream.seek(FRAME_BYTES)
        try:
            record = self._read(stream, self._schema, None)
            text = json_text(record)
        except UnicodeDecodeError:
            return Reason.ENCODING
        except Exception:  # noqa: BLE001  # fastavro has no error of its own for what does not fit the schema
            return Reason.PAYLOAD
        return text if stream.tell() == len(value) else Reason.PAYLOAD


def import_fastavro() -> Any:
    """Return the module fastavro.

    Raises:
        DependencyMissingError: it is not installed.
    """
    try:
        import fastavro  # noqa: PLC0415 - part of the extra "avro"
    except ImportError:
        raise DependencyMissingError(
            "fastavro, which reads Avro, is not installed", action=f"Run: {install_command('avro')}"
        ) from None
    return fastavro


def _plain(schema: Any) -> Any:
    """Return a schema in which instants are the numbers that are written."""
    match schema:
        case dict():
            is_instant = schema.get("logicalType") in _INSTANTS
            return {key: _plain(part) for key, part in schema.items() if not (is_instant and key == "logicalType")}
        case list():
            return [_plain(part) for part in schema]
    return schema


class _Sizes:
    """How many bytes values take at least.

    Args:
        named: The schemas that have a name.
    """

    def __init__(self, named: dict[str, Any]) -> None:
        self._named = named
        self._known: dict[str, int] = {"null": 0, "float": 4, "double": 8}

    def least(self, schema: Any, around: tuple[str, ...]) -> int:
        """Return the least number of bytes of a value.

        Args:
            schema: Its schema.
            around: Names of what it is inside of; empty for what has none.

        Raises:
            UnsupportedSchemaError: it contains itself, is nested too deep, or lists values without a byte.
        """
        if len(around) > MAX_DEPTH:
            raise UnsupportedSchemaError("nested too deep")
        if isinstance(schema, str):
            return self._least_of_name(schema, around)
        if isinstance(schema, list):
            return 1 + min((self.least(branch, (*around, "")) for branch in schema), default=0)
        kind, inside = schema["type"], (*around, "")
        if kind in ("record", "error"):
            return self._least_of_record(schema, around)
        if kind == "array" and not self.least(schema["items"], inside):
            raise UnsupportedSchemaError("a list of values without a byte")
        if kind == "map":
            self.least(schema["values"], inside)
        return int(schema["size"]) if kind == "fixed" else self.least(kind, inside)

    def _least_of_record(self, schema: Any, around: tuple[str, ...]) -> int:
        name = schema["name"]
        if name in around:
            raise UnsupportedSchemaError("a record that contains itself")
        self._known[name] = sum(self.least(field["type"], (*around, name)) for field in schema["fields"])
        return self._known[name]

    def _least_of_name(self, name: str, around: tuple[str, ...]) -> int:
        if name in around:
            raise UnsupportedSchemaError("a record that contains itself")
        if name in self._named and name not in self._known:
            return self.least(self._named[name], around)
        return self._known.get(name, 1)
