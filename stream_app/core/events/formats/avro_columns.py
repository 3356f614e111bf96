"""Reads many records in Avro at once, field by field: the same field of all records is one step over numpy arrays.

Values are not made into Python objects: the bytes of a text become those of the JSON text. It reads records, texts,
numbers, booleans, enums and unions of these, which is what most schemas consist of; what it does not read, and records
that do not fit the schema, are left to fastavro.

Source: Apache Avro 1.12 specification, binary encoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.events.formats.avro_cursor import Cursor, NotReadableError
from stream_app.core.events.formats.json_text import json_text

Piece = bytes | list[bytes]  # of all records the same, or one for each

MAX_FIELDS = 1024  # of one record with all that is inside
_PADDING = bytes(16)  # behind the last record, for a step that begins at its end
_encode = msgspec.json.Encoder().encode
_EPOCH, _MICROSECONDS = datetime(1970, 1, 1, tzinfo=UTC), {"timestamp-millis": 1000, "timestamp-micros": 1}


_Read = Callable[[Cursor], list[Piece]]  # reads a value from each record; returns the pieces of its JSON text


class AvroColumns:
    """Reads records of one schema.

    Args:
        schema: The schema, parsed by fastavro.
        named: The schemas that have a name.

    Raises:
        NotReadableError: it has a type that is not read here.
    """

    def __init__(self, schema: Any, named: Mapping[str, Any]) -> None:
        self._read = _Compiler(named).type_of(schema)

    def texts(self, values: Sequence[bytes], skipped: int) -> list[bytes]:
        """Return the JSON text of each record.

        Args:
            values: The records; at least one.
            skipped: Bytes in front of each, which are not part of it.

        Raises:
            NotReadableError: a record does not fit the schema.
            UnicodeDecodeError: a text is not UTF-8.
        """
        ends = np.cumsum(np.fromiter(map(len, values), np.int64, len(values)))
        starts = np.concatenate([[0], ends[:-1]]) + skipped
        cursor = Cursor(b"".join([*values, _PADDING]), starts, ends)
        pieces = self._read(cursor)
        if (cursor.positions != ends).any():
            raise NotReadableError
        return _joined(pieces, len(values))


class _Compiler:
    """Makes the functions that read the types of a schema."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named
        self._n_fields = 0

    def type_of(self, schema: Any) -> _Read:
        """Return the function that reads the values of a schema."""
        self._n_fields += 1
        if self._n_fields > MAX_FIELDS:
            raise NotReadableError
        if isinstance(schema, list):
            return _union([self.type_of(branch) for branch in schema])
        if isinstance(schema, str):
            return _SIMPLE[schema] if schema in _SIMPLE else self._type_with_name(schema)
        kind = schema["type"]
        if "logicalType" in schema:
            return _instant(kind, schema["logicalType"])
        if kind == "record":
            return _record([(field["name"], self.type_of(field["type"])) for field in schema["fields"]])
        if kind == "enum":
            return _enum(schema["symbols"])
        if kind in _SIMPLE:
            return _SIMPLE[kind]
        raise NotReadableError

    def _type_with_name(self, name: str) -> _Read:
        if name not in self._named:
            raise NotReadableError
        return self.type_of(self._named[name])


def _record(fields: Sequence[tuple[str, _Read]]) -> _Read:
    keys = [_encode(name) + b":" for name, _ in fields]

    def read(cursor: Cursor) -> list[Piece]:
        pieces: list[Piece] = [b"{"]
        for number, (key, (_, read_value)) in enumerate(zip(keys, fields, strict=True)):
            pieces += [b"," + key if number else key, *read_value(cursor)]
        return [*pieces, b"}"]

    return read


def _union(branches: Sequence[_Read]) -> _Read:
    def read(cursor: Cursor) -> list[Piece]:
        chosen = cursor.longs()
        if (chosen < 0).any() or (chosen >= len(branches)).any():
            raise NotReadableError
        numbers: list[int] = np.unique(chosen).tolist()
        if len(numbers) == 1:
            return branches[numbers[0]](cursor)
        texts = np.empty(len(cursor), object)
        positions = cursor.positions.copy()
        for number in numbers:
            (places,) = np.nonzero(chosen == number)
            part = cursor.part(places)
            texts[places] = _joined(branches[number](part), len(part))
            positions[places] = part.positions
        cursor.positions = positions
        column: list[bytes] = texts.tolist()
        return [column]

    return read


def _enum(symbols: Sequence[str]) -> _Read:
    texts = list(map(_encode, symbols))

    def read(cursor: Cursor) -> list[Piece]:
        numbers = cursor.longs()
        if (numbers < 0).any() or (numbers >= len(texts)).any():
            raise NotReadableError
        return [[texts[number] for number in numbers.tolist()]]

    return read


def _null(_: Cursor) -> list[Piece]:
    return [b"null"]


def _boolean(cursor: Cursor) -> list[Piece]:
    bits = cursor.data[cursor.advance(1)]
    if (bits > 1).any():
        raise NotReadableError
    return [[b"true" if bit else b"false" for bit in bits.tolist()]]


def _long(cursor: Cursor) -> list[Piece]:
    return [_numbers(cursor.longs())]


def _instant(kind: str, logical_type: str) -> _Read:
    unit = _MICROSECONDS.get(logical_type)
    if kind != "long" or unit is None:
        raise NotReadableError

    def read(cursor: Cursor) -> list[Piece]:
        try:
            times = [_EPOCH + timedelta(microseconds=number * unit) for number in cursor.longs().tolist()]
        except OverflowError:
            raise NotReadableError from None
        return [_listed(times)]

    return read


def _floats(kind: str) -> _Read:
    size = np.dtype(kind).itemsize

    def read(cursor: Cursor) -> list[Piece]:
        raw = cursor.data[cursor.advance(size)[:, None] + np.arange(size)]
        numbers = np.ascontiguousarray(raw).view(kind)[:, 0].astype(np.float64)
        is_finite = np.isfinite(numbers)
        texts = _numbers(np.where(is_finite, numbers, 0.0))
        for place in np.flatnonzero(~is_finite).tolist():
            texts[place] = json_text(float(numbers[place]))
        return [texts]

    return read


def _string(cursor: Cursor) -> list[Piece]:
    starts = cursor.advance(cursor.longs())
    stops = cursor.positions
    blob = cursor.blob
    texts = [blob[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
    (places,) = np.nonzero(cursor.n_not_plain[starts] != cursor.n_not_plain[stops])
    for place in places.tolist():
        texts[place] = _encode(texts[place].decode())[1:-1]
    return [b'"', texts, b'"']


_SIMPLE: dict[str, _Read] = {
    "null": _null,
    "boolean": _boolean,
    "int": _long,
    "long": _long,
    "float": _floats("<f4"),
    "double": _floats("<f8"),
    "string": _string,
}


def _numbers(column: NDArray[Any]) -> list[bytes]:
    """Return numbers as JSON texts."""
    return _listed(column.tolist())


def _listed(values: list[Any]) -> list[bytes]:
    """Return values whose JSON texts contain no comma as these texts."""
    return _encode(values)[1:-1].split(b",")


def _joined(pieces: Iterable[Piece], n: int) -> list[bytes]:
    """Return the text of each of ``n`` values."""
    parts: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and parts and isinstance(parts[-1], bytes):
            parts[-1] += piece
        else:
            parts.append(piece)
    if len(parts) == 1:
        [part] = parts
        return [part] * n if isinstance(part, bytes) else part
    columns = (repeat(part, n) if isinstance(part, bytes) else part for part in parts)
    return list(map(b"".join, zip(*columns, strict=True)))
