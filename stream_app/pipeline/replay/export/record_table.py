"""The form of records in an export: JSON lines with the bytes unchanged, or a table of the declared fields.

A line of JSON is ``{"partition":..,"offset":..,"timestamp_ms":..,"record":..}``. The columns of a table are the same,
flattened to dotted names: ``record.applicant.id``. No declared path can collide with a column of the envelope.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from stream_app.errors import ReplayError
from stream_app.pipeline.disclosure.rows import inert
from stream_app.pipeline.ingest.fields import BOX_EDGES, fields_of
from stream_app.pipeline.replay.export.selection import SelectedRecords
from stream_app.policy import ModelPolicy

ENVELOPE = ("partition", "offset", "timestamp_ms")
RECORD, UNDECLARED = "record", "undeclared"
Column = Literal["number", "truth", "text"]
_REST: tuple[Column, ...] = ("text",)

_encoder = msgspec.json.Encoder()


def json_lines(selected: SelectedRecords) -> bytes:
    r"""Write records as JSON lines, each record byte for byte.

    A record that contains a line break, or that is not valid JSON, is written as ``record_base64`` instead of
    ``record``.

    >>> json_lines(SelectedRecords(0, [7], [1000], [b'{"ok": true}']))
    b'{"partition":0,"offset":7,"timestamp_ms":1000,"record":{"ok": true}}\n'
    >>> json_lines(SelectedRecords(0, [8], [1000], [b'{}\n']))
    b'{"partition":0,"offset":8,"timestamp_ms":1000,"record_base64":"e30K"}\n'
    """
    columns = zip(selected.offsets, selected.timestamps_ms, selected.values, strict=True)
    return b"".join(_line(selected.partition, *record) + b"\n" for record in columns)


def _line(partition: int, offset: int, timestamp_ms: int, value: bytes) -> bytes:
    envelope: dict[str, Any] = {"partition": partition, "offset": offset, "timestamp_ms": timestamp_ms}
    if b"\n" in value or b"\r" in value or _decoded(value) is None:
        return _encoder.encode(envelope | {"record_base64": value})  # msgspec writes bytes as base64
    return _encoder.encode(envelope | {RECORD: msgspec.Raw(value)})


class RecordTable:
    """The table of one model's records.

    Fields that the policy does not name have no column: they are JSON in ``undeclared``, which only raw records of a
    policy with ``unknown_fields = "drop"`` can need.

    Args:
        model: The policy of the model.
        is_raw: Whether the records are raw; only raw records have boxes and dropped fields.

    Attributes:
        columns: The type of each declared field's column, by path.
        has_undeclared: Whether there is a column for the rest.
    """

    def __init__(self, model: ModelPolicy, *, is_raw: bool) -> None:
        edges = {f"{box.path}.{edge}" for box in model.boxes for edge in BOX_EDGES}
        numbers = {feature.path for feature in model.counted_features} | edges
        truths = (
            {model.decision.path} if model.decision and isinstance(model.decision.favorable_values[0], bool) else set()
        )
        paths = [part.path for part in fields_of(model) if is_raw or part.path not in edges]
        paths += model.drop if is_raw else ()
        self.columns: dict[str, Column] = {
            path: "number" if path in numbers else "truth" if path in truths else "text" for path in paths
        }
        self.has_undeclared = is_raw and model.unknown_fields == "drop"

    @property
    def header(self) -> list[str]:
        """Names of all columns."""
        return [*ENVELOPE, *(f"{RECORD}.{path}" for path in self.columns), *([UNDECLARED] * self.has_undeclared)]

    def rows(self, selected: SelectedRecords) -> Iterator[list[Any]]:
        """Yield a row for each record; a field that is missing or null is None.

        Values are as they were read from the JSON; undeclared fields are written as JSON again.

        Raises:
            ReplayError: a record does not fit in a table, such as a number beyond a float in an undeclared field.
        """
        for offset, timestamp_ms, value in zip(selected.offsets, selected.timestamps_ms, selected.values, strict=True):
            record = _decoded(value)
            if record is None:
                raise ReplayError(
                    f"The record at offset {offset} of partition {selected.partition} does not fit in a table",
                    action="Export with --format json, which keeps its bytes",
                )
            cells = [_take(record, path) for path in self.columns]
            rest = [_encoder.encode(record).decode() if record else None] if self.has_undeclared else []
            yield [selected.partition, offset, timestamp_ms, *cells, *rest]

    def csv_header(self) -> bytes:
        """Return the first line of a CSV file."""
        return _csv_of([self.header])

    def csv_rows(self, selected: SelectedRecords) -> bytes:
        """Write records as CSV (RFC 4180) in which a spreadsheet finds no formula."""
        return _csv_of([[_cell(value) for value in row] for row in self.rows(selected)])

    def typed_columns(self, selected: SelectedRecords) -> dict[str, list[Any]]:
        """Return the columns of a typed table; a value of another type than its column is None there.

        The bytes of the record are in the column ``record``, so nothing is lost.
        """
        rows = list(self.rows(selected))
        kinds = [*self.columns.values(), *(_REST * self.has_undeclared)]
        envelope = {name: [row[number] for row in rows] for number, name in enumerate(ENVELOPE)}
        fields = {
            name: [_typed(row[number], kind) for row in rows]
            for number, (name, kind) in enumerate(zip(self.header[len(ENVELOPE) :], kinds, strict=True), len(ENVELOPE))
        }
        return envelope | {RECORD: list(selected.values)} | fields


def _decoded(value: bytes) -> Any:
    """Return the decoded JSON of a record; None when it is not JSON that every reader understands."""
    try:
        return msgspec.json.decode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _take(record: Any, path: str) -> Any:
    """Remove a field from a decoded record, with the objects around it that become empty, and return its value."""
    key, _, inner = path.partition(".")
    if not isinstance(record, dict) or key not in record:
        return None
    if not inner:
        return record.pop(key)
    value = _take(record[key], inner)
    if record[key] == {}:
        del record[key]
    return value


def _csv_of(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    # With CR LF as the end of a line the writer quotes a cell that contains either: a bare CR would start a new row.
    csv.writer(text, lineterminator="\r\n").writerows([inert(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Return texts and numbers unchanged, and anything else as JSON."""
    return _encoder.encode(value).decode() if isinstance(value, bool | list | dict) else value


def _typed(value: Any, column: Column) -> Any:
    if value is None or (column == "text" and isinstance(value, str)):
        return value
    if column == "truth":
        return value if isinstance(value, bool) else None
    if column == "number":
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return _encoder.encode(value).decode()
