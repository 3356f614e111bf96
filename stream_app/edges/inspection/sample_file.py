"""Reads a schema or sample records from a file, by its content: JSON Schema, Avro schema, JSON, JSON lines or CSV."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8 as _BYTE_ORDER_MARK
from collections.abc import Iterable, Iterator
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from stream_app.core.inspection.inspection import DeclaredField
from stream_app.core.inspection.observed import ObservedFields
from stream_app.core.inspection.schemas import fields_of, is_schema
from stream_app.edges.files.reading import open_input
from stream_app.errors import ConfigError
from stream_app.small_file import cannot_read

MAX_LINE = 16_777_216  # bytes; the largest record that a policy can allow
MAX_DOCUMENT = 16_777_216  # bytes of a schema or of one JSON document
_DELIMITERS = ",;\t|"
_TRUTH = {"true": True, "false": False}


class Sample(NamedTuple):
    """What was read for an inspection.

    Attributes:
        declared: Fields of a schema; None for records.
        observed: Fields of records.
        n_unreadable: Records that are not JSON objects, or rows that do not fit the header.
    """

    declared: list[DeclaredField] | None
    observed: ObservedFields
    n_unreadable: int


def read_sample(path: Path, n: int) -> Sample:
    """Read a schema, or the first ``n`` records of a file.

    Raises:
        ConfigError: it cannot be read, is empty, or is none of the formats.
    """
    try:
        with open_input(path) as file:
            return _read(file, path, n)
    except RecursionError:
        raise ConfigError(
            f"Cannot read {str(path)!r}: it is nested too deeply", action="Is it the right file?"
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise cannot_read(repr(str(path)), error) from None


def _read(file: BinaryIO, path: Path, n: int) -> Sample:
    head = file.read(MAX_DOCUMENT + 1)
    start = head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    if not start:
        raise ConfigError(f"{str(path)!r} is empty", action="Give a schema, JSON lines or CSV")
    if start not in b"{[":
        return _observe(_csv_rows(_lines(head, file), path), n)
    document = _document(head)
    if document is None:
        return _observe(_json_lines(_lines(head, file)), n)
    if is_schema(document):
        return Sample(fields_of(document), ObservedFields(), 0)
    return _observe(document if isinstance(document, list) else [document], n)


def _document(head: bytes) -> Any:
    """Return the only JSON value of a file, or None where there is not exactly one."""
    if len(head) > MAX_DOCUMENT:
        return None
    try:
        return msgspec.json.decode(head.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.DecodeError, RecursionError):
        return None


def _observe(records: Iterable[Any], n: int) -> Sample:
    observed, n_unreadable = ObservedFields(), 0
    for record in islice(records, n):
        if isinstance(record, dict):
            observed.add(record)
        else:
            n_unreadable += 1
    return Sample(None, observed, n_unreadable)


def _json_lines(lines: Iterable[bytes]) -> Iterator[Any]:
    """Yield the value of each line; None where it is not JSON."""
    for line in filter(None, map(bytes.strip, lines)):
        try:
            yield msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            yield None


def _csv_rows(lines: Iterator[bytes], path: Path) -> Iterator[Any]:
    """Yield each row by the names of the header; None where it does not fit the header."""
    texts = (line.decode("utf-8", "replace") for line in lines)
    header = next(texts)
    if not header.rstrip("\r\n").replace("\t", "").isprintable():
        raise ConfigError(
            f"{str(path)!r} is not a schema, JSON or CSV", action="Of records of a schema registry, inspect the schema"
        )
    reader = csv.reader(chain([header], texts), delimiter=max(_DELIMITERS, key=header.count))
    try:
        names = next(reader)
        for row in filter(None, reader):
            cells = {name: _TRUTH.get(cell.lower(), cell) for name, cell in zip(names, row, strict=False) if cell}
            yield cells if len(row) == len(names) else None
    except csv.Error:  # a cell of more than 131,072 characters
        yield None


def _lines(head: bytes, rest: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file whose beginning has been read."""
    begun = io.BytesIO(head.removeprefix(_BYTE_ORDER_MARK))
    for number in count(1):
        line = begun.readline()
        if not line.endswith(b"\n"):
            line += rest.readline(MAX_LINE)
        if not line:
            return
        if len(line) >= MAX_LINE:
            raise ConfigError(f"Line {number} of the sample is longer than {MAX_LINE:,} bytes")
        yield line
