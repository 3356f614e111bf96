"""Reads records in Avro by the schema with which they were written; fastavro does the reading.

Unions are their value alone, enums their symbol. What a record of a few bytes could blow up to any size, or any depth,
is not supported: a schema that contains itself, is nested too deep, or has lists of entries without a byte.

Source: Apache Avro 1.12 specification, binary encoding and logical types.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any

import msgspec

from stream_app.core.events.formats.avro_columns import AvroColumns
from stream_app.core.events.formats.avro_cursor import NotReadableError
from stream_app.core.events.formats.json_text import json_lines, json_text
from stream_app.core.events.formats.wire import FRAME_BYTES
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import MAX_DEPTH
from stream_app.extras import import_extra

_MARK, _MARK_FIELD = b"\xffFS-end\xfe", "fairstream_end_of_record"
_MOST_TOGETHER = 512  # records, whose values are in memory at once
_MOST_IN_COLUMNS, _FEW = 2048, 32  # records that are read at once; fewer cost as much one by one
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
        try:
            *inner, declared = [_declared(source, times_as_numbers=times_as_numbers) for source in (*references, text)]
            named: dict[str, Any] = {}
            self._schema = _parsed(fastavro, [*inner, declared], named)
            _Sizes(named).least(self._schema, ())
            marked = _marked(declared)
            self._together = None if marked is None else _parsed(fastavro, [*inner, marked], {})
        except UnsupportedSchemaError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever fastavro raises for what is no schema
            raise ValueError(f"no Avro schema ({type(error).__name__})") from None
        self._read = fastavro.schemaless_reader
        self._columns: AvroColumns | None = None
        with suppress(NotReadableError):
            self._columns = AvroColumns(self._schema, named)

    def to_json(self, value: bytes) -> bytes | Reason:
        """Return a record, given with its frame, as JSON; or why it cannot be read."""
        stream = BytesIO(value)
        stream.seek(FRAME_BYTES)
        try:
            text = json_text(self._read(stream, self._schema, None))
        except UnicodeDecodeError:
            return Reason.ENCODING
        except Exception:  # noqa: BLE001  # fastavro has no error of its own for what does not fit the schema
            return Reason.PAYLOAD
        return text if stream.tell() == len(value) else Reason.PAYLOAD

    def to_json_all(self, values: Sequence[bytes]) -> Sequence[bytes | Reason]:
        """Return the same of several records, read at once where all can be read."""
        texts: list[bytes | Reason] = []
        most = _MOST_TOGETHER if self._columns is None else _MOST_IN_COLUMNS
        for first in range(0, len(values), most):
            texts += self._read_part(values[first : first + most])
        return texts

    def _read_part(self, values: Sequence[bytes]) -> Sequence[bytes | Reason]:
        """Return the same of some records; where some cannot be read, the half without them is still read at once."""
        if self._columns is None:
            return self._read_together(values) or list(map(self.to_json, values))
        try:
            return self._columns.texts(values, FRAME_BYTES)
        except (NotReadableError, UnicodeDecodeError):
            half = len(values) // 2
            if half < _FEW:
                return list(map(self.to_json, values))
            return [*self._read_part(values[:half]), *self._read_part(values[half:])]

    def _read_together(self, values: Sequence[bytes]) -> list[bytes]:
        """Return records as JSON, read as one list in which a mark follows each; nothing where that is not possible.

        A mark never overlaps another one. When the list contains as many marks as records, and the reader finds one at
        the end of each record, then no record was cut off and none was longer.
        """
        if self._together is None:
            return []
        blob = b"".join([value[FRAME_BYTES:] + _MARK for value in values])
        if blob.count(_MARK) != len(values):
            return []
        with suppress(Exception):  # some record is bad: which one is found one by one
            records = self._read(BytesIO(_zigzag(len(values)) + blob + b"\0"), self._together, None)
            if len(records) == len(values) and {_MARK}.issuperset([record.pop(_MARK_FIELD) for record in records]):
                return json_lines(records)
        return []


def import_fastavro() -> Any:
    """Return the module fastavro.

    Raises:
        DependencyMissingError: it is not installed.
    """
    return import_extra("fastavro", "A topic in Avro")


def _declared(text: str, *, times_as_numbers: bool) -> Any:
    declared = msgspec.json.decode(text)
    return _plain(declared) if times_as_numbers else declared


def _parsed(fastavro: Any, schemas: Iterable[Any], named: dict[str, Any]) -> Any:
    """Return the last of some schemas, ready to be read by; those that have a name are added to the given ones."""
    for schema in schemas:
        parsed = fastavro.parse_schema(schema, named)
    return parsed


def _marked(declared: Any) -> Any:
    """Return the schema of a list of records that each end in a mark; None where records cannot have one."""
    fields = declared.get("fields") if isinstance(declared, dict) else None
    if not fields or any(field["name"] == _MARK_FIELD for field in fields):
        return None
    mark = {"type": "fixed", "name": "fairstream.Mark", "size": len(_MARK)}
    return {"type": "array", "items": {**declared, "fields": [*fields, {"name": _MARK_FIELD, "type": mark}]}}


def _zigzag(number: int) -> bytes:
    """Return a number that is not negative as Avro writes it."""
    number, encoded = number << 1, b""
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        encoded, number = encoded + bytes([number & 0x7F | 0x80]), number >> 7
    return encoded + bytes([number])


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
