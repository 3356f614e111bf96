"""Maps the rows of any CSV file to events of any policy: columns become fields; rows that do not fit are rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from producers.event import Event
from producers.recorded.cells import (
    BLANK,
    JsonValue,
    NumberFormat,
    Reader,
    UnreadableCellError,
    attribute_reader,
    constant_reader,
    decision_reader,
    feature_reader,
    identifier_reader,
    read_optional_text,
)
from producers.recorded.csv_file import CsvFile, CsvRow, RejectedRow
from producers.recorded.times import Moment, moment_reader
from producers.timeline import Timeline, iso_time
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, declared_paths, listed_decision


@dataclass(frozen=True)
class CellFormat:
    """How the cells of a file are written.

    Attributes:
        favorable: Spellings of the favorable decision; see ``producers.recorded.cells.decision_reader``.
        unfavorable: Spellings of the other decision.
        missing: Spellings of a missing value, beside the blank cell; letter case does not matter.
        numbers: How numbers are written.
        zone: Time zone of times without a UTC offset; None if they cannot be read.
    """

    favorable: Sequence[str] = ()
    unfavorable: Sequence[str] = ()
    missing: Sequence[str] = ()
    numbers: NumberFormat = field(default_factory=NumberFormat)
    zone: ZoneInfo | None = None


class _Column(NamedTuple):
    """The column of a field, the reader of its cells, and whether a row without it is rejected."""

    path: str
    position: int
    read: Reader
    is_required: bool


class RowMapper:
    """Turns rows into the events that a policy expects.

    A field is read from the column that ``mapping`` names, else from one named like its path (``applicant.sex``), else
    from one named like the last part of it (``sex``). Fields that ingest drops are left out.

    Args:
        model: The policy of the stream.
        columns: Names of the columns.
        mapping: Column by policy path; an empty column leaves the field out.
        cells: How the cells are written.
        timeline: Event times by row, if the file has none.
        describe_columns: Returns the names of the columns for a message.

    Attributes:
        left_out: Paths of the policy without a column.
        missing: Values that were missing in the rows mapped so far, by path and reason.

    Raises:
        ConfigError: a required field has no column, a column that is used occurs twice, or ``mapping`` names a field or
            column that does not exist.
    """

    def __init__(
        self,
        model: ModelPolicy,
        columns: Sequence[str],
        *,
        mapping: Mapping[str, str],
        cells: CellFormat | None = None,
        timeline: Timeline | None = None,
        describe_columns: Callable[[], str] | None = None,
    ) -> None:
        cells = cells or CellFormat()
        self.left_out: list[str] = []
        self.missing: Counter[tuple[str, str]] = Counter()
        self._positions = {name: position for position, name in enumerate(columns) if name}
        self._duplicates = {name for name, n in Counter(filter(None, columns)).items() if n > 1}
        self._describe_columns = describe_columns or (
            lambda: "the columns are " + ", ".join(map(repr, self._positions))
        )
        self._mapping = mapping
        self._check_mapping(model)
        self._timeline = timeline
        self._event_time = model.event_time
        self._missing_cells = {spelling.strip().casefold() for spelling in cells.missing}
        self._read_moment = moment_reader(model.event_time, cells.zone)
        self._time_position = None if timeline else self._find(model.event_time.path, is_needed=True)
        self._id_path = model.event_id.path
        self._max_bytes = model.max_record_bytes
        self._columns = list(self._compile(model, cells))

    def event(self, row: CsvRow) -> Event | RejectedRow:
        """Turn one row into an event, or return why that is impossible."""
        values: dict[str, JsonValue] = {}
        path = self._event_time.path
        try:
            cells = self._cells(row)
            moment = self._moment(row, cells)
            values[path] = moment.value
            missing: list[tuple[str, str]] = []
            for path, position, read, is_required in self._columns:
                try:
                    values[path] = read(cells[position])
                except UnreadableCellError as error:
                    if is_required:
                        raise
                    values[path] = None
                    missing.append((path, str(error)))
                else:
                    if values[path] is None:
                        missing.append((path, BLANK))
        except UnreadableCellError as error:
            return RejectedRow(row.line, f"{path}: {error}")
        record = msgspec.json.encode(_nest(values))
        if len(record) > self._max_bytes:
            return RejectedRow(row.line, f"more than the {self._max_bytes:,} bytes that the policy allows")
        self.missing.update(missing)
        return Event(str(values[self._id_path]).encode(), record, moment.time_ms)

    def _cells(self, row: CsvRow) -> list[str]:
        """Return the cells; blank where one has the spelling of a missing value."""
        if not self._missing_cells:
            return row.cells
        return ["" if cell.casefold() in self._missing_cells else cell for cell in row.cells]

    def _moment(self, row: CsvRow, cells: list[str]) -> Moment:
        if self._time_position is not None:
            return self._read_moment(cells[self._time_position])
        time_ms = self._timeline.time_ms(row.number) if self._timeline else 0
        values: dict[str, str | int | float] = {
            "iso8601": iso_time(time_ms),
            "epoch": time_ms,
            "epoch_s": time_ms / 1000,
            "epoch_ms": time_ms,
            "epoch_us": time_ms * 1_000,
            "epoch_ns": time_ms * 1_000_000,
        }
        return Moment(values[self._event_time.format], time_ms)

    def _compile(self, model: ModelPolicy, cells: CellFormat) -> Iterator[_Column]:
        """Yield the columns of the record, required ones first."""
        fields: list[tuple[str, Reader, bool]] = [
            (part.path, identifier_reader(part), part.is_required) for part in model.all_identifiers
        ]
        if (decision := listed_decision(model.decision)) is not None:  # an amount is among the counted features
            fields.append((decision.path, decision_reader(decision, cells.favorable, cells.unfavorable), True))
        fields += [(part.path, attribute_reader(part, cells.numbers), part.is_required) for part in model.attributes]
        fields += [(model.segment.path, read_optional_text, model.segment.is_required)] if model.segment else []
        fields += [
            (part.path, feature_reader(part, cells.numbers), part.is_required) for part in model.counted_features
        ]
        fields += [(part.path, constant_reader(part), True) for part in model.constants]
        passed = (model.model_version, *model.keep) if model.model_version else model.keep
        fields += [(path, read_optional_text, False) for path in passed]
        for path, read, is_needed in fields:
            position = self._find(path, is_needed=is_needed)
            if position is None:
                self.left_out.append(path)
            else:
                yield _Column(path, position, read, is_needed)

    def _find(self, path: str, *, is_needed: bool) -> int | None:
        """Return the position of the column of a field; None if it has none."""
        if path in self._mapping:
            return self._position(path, self._mapping[path]) if self._mapping[path] else None
        for name in (path, path.rpartition(".")[2]):
            if name in self._positions:
                return self._position(path, name)
        if is_needed:
            other = ", or --spacing SECONDS if the file has no times" if path == self._event_time.path else ""
            raise ConfigError(
                f"No column for field {path!r}", action=f"Give --map {path}=COLUMN{other}; {self._describe_columns()}"
            )
        return None

    def _position(self, path: str, name: str) -> int:
        if name in self._duplicates:
            raise ConfigError(
                f"Column {name!r}, for field {path!r}, occurs twice",
                action="Rename one, or give --map with another column",
            )
        return self._positions[name]

    def _check_mapping(self, model: ModelPolicy) -> None:
        usable = {path for path, part in declared_paths(model) if part not in {"box", "drop"}}
        required = {model.event_time.path} | ({model.decision.path} if model.decision else set())
        required |= {part.path for part in model.all_identifiers if part.is_required}
        required |= {part.path for part in model.counted_features if part.is_required}
        for path, column in self._mapping.items():
            if path not in usable:
                known = ", ".join(sorted(usable))
                raise ConfigError(f"--map: model {model.name!r} has no field {path!r}", action=f"It has: {known}")
            if column and column not in self._positions:
                raise ConfigError(f"--map: no column {column!r}", action=_sentence(self._describe_columns()))
            if not column and path in required:
                raise ConfigError(f"--map: {path!r} cannot be left out")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def parse_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """Read ``path=column`` pairs; ``path=`` leaves the field out.

    Raises:
        ConfigError: a pair has no ``=``.

    >>> parse_mapping(["applicant.sex=Gender", "segment="])
    {'applicant.sex': 'Gender', 'segment': ''}
    """
    mapping = {}
    for pair in pairs:
        path, separator, column = pair.partition("=")
        if not separator:
            raise ConfigError("--map: expected PATH=COLUMN", action="Example: --map applicant.sex=Gender")
        mapping[path.strip()] = column.strip()
    return mapping


def map_rows(file: CsvFile, mapper: RowMapper, on_rejection: Callable[[RejectedRow], object]) -> Iterator[Event]:
    """Yield the events of a file; each rejected row is passed to ``on_rejection``."""
    for row in file.rows():
        mapped = row if isinstance(row, RejectedRow) else mapper.event(row)
        if isinstance(mapped, RejectedRow):
            on_rejection(mapped)
        else:
            yield mapped


def _nest(values: dict[str, JsonValue]) -> dict[str, Any]:
    """Build the nested objects that the dots in the paths mean.

    >>> _nest({"a.b": 1, "a.c": 2, "d": 3})
    {'a': {'b': 1, 'c': 2}, 'd': 3}
    """
    record: dict[str, Any] = {}
    for path, value in values.items():
        *outer, last = path.split(".")
        place = record
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = value
    return record
