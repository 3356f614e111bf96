"""From a run of raw records to checked events: the first half of ingest.

Everything is decided a run at a time: one pass in C over all records for the usual case, and a closer look at single
records only when the run as a whole does not add up. A refusal is a value, not an exception.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.events.classify import reason_of
from stream_app.core.events.identifiers import CANONICAL, canonical_plain, fault_of
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import is_surely_unique, strict_fault
from stream_app.pipeline.dropped import DroppedFields
from stream_app.pipeline.fields import BOX_EDGES, schema_of
from stream_app.pipeline.lane import Batch
from stream_app.policy import ModelPolicy

_YEAR_ONE_S = -62_135_596_800  # 0001-01-01T00:00:00Z, the first moment that has a name


@dataclass(slots=True)
class Reading:
    """The checked events of a run, as columns in offset order, and what was refused.

    Attributes:
        events: Decoded events.
        offsets: Offset of each event, int64.
        times_s: Event time of each event in whole seconds, int64.
        identifiers: Canonical value of each identifier of each event, in the order of ``all_identifiers``.
        refused: Place in the run and reason of each refused record, by place.
        dropped: Dropped fields by declared path, or ``undeclared``.
        n_tombstones: Records without a value; they say nothing and are no fault.
    """

    events: list[Any]
    offsets: NDArray[np.int64]
    times_s: NDArray[np.int64]
    identifiers: list[list[bytes | None]]
    refused: dict[int, Reason] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    n_tombstones: int = 0

    def __len__(self) -> int:
        return len(self.events)

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Forget the events where the mask is False."""
        if mask.all():
            return
        wanted = mask.tolist()
        self.events = list(compress(self.events, wanted))
        self.offsets, self.times_s = self.offsets[mask], self.times_s[mask]
        self.identifiers = [list(compress(column, wanted)) for column in self.identifiers]


class RecordReader:
    """Reads the records of one model."""

    def __init__(self, model: ModelPolicy) -> None:
        self.schema = schema_of(model)
        self._model = model
        self._constants = frozenset(constant.path for constant in model.constants)
        self._boxes = frozenset(box.path for box in model.boxes)
        self._box_edges = [
            [self.schema.getter(f"{box.path}.{edge}") for edge in BOX_EDGES] for box in model.boxes
        ]
        self._identifiers = [
            (self.schema.getter(identifier.path), identifier.canonical) for identifier in model.all_identifiers
        ]
        self._time_of = self.schema.getter(model.event_time.path)
        self._dropped_fields = DroppedFields(model, self.schema) if model.unknown_fields == "drop" else None

    def read(self, batch: Batch) -> Reading:
        """Decode and check a run of records."""
        refused: dict[int, Reason] = {}
        places, values = self._readable(batch.values, refused)
        n_tombstones = sum(value is None for value in batch.values) if len(values) < len(batch) else 0
        events, values, places = self._decoded(values, places, refused)
        places = self._refuse_duplicate_keys(events, values, places, refused)
        reading = Reading(
            events,
            batch.offsets[places],
            np.zeros(len(events), np.int64),
            [],
            refused,
            n_tombstones=n_tombstones,
        )
        self._read_times(reading, batch.timestamps_ms[places], places)
        self._read_identifiers(reading, places)
        self._check_boxes(reading, places)
        if self._dropped_fields is not None:
            refused |= self._dropped_fields.count(
                ((place, batch.values[place]) for place in places.tolist() if place not in refused), reading.dropped
            )
        reading.keep(np.array([place not in refused for place in places.tolist()], np.bool_) if refused else _all(places))
        return reading

    def _readable(self, values: list[bytes | None], refused: dict[int, Reason]) -> tuple[list[int], list[bytes]]:
        limit = self._model.max_record_bytes
        if None not in values and all(values) and max(map(len, values), default=0) <= limit:  # type: ignore[arg-type]
            return list(range(len(values))), values  # type: ignore[return-value]  # no None: checked on the line above
        places, readable = [], []
        for place, value in enumerate(values):
            if value is None:
                continue
            if not value or len(value) > limit:
                refused[place] = Reason.SIZE if value else Reason.EMPTY
            else:
                places.append(place)
                readable.append(value)
        return places, readable

    def _decoded(
        self, values: list[bytes], places: list[int], refused: dict[int, Reason]
    ) -> tuple[list[Any], list[bytes], list[int]]:
        decode = self.schema.decode
        try:
            return [decode(value) for value in values], values, places
        except (msgspec.MsgspecError, ValueError):
            pass  # some record is bad: find out which
        events, good_values, good_places = [], [], []
        for place, value in zip(places, values, strict=True):
            try:
                events.append(decode(value))
            except (msgspec.MsgspecError, ValueError) as error:
                refused[place] = reason_of(value, error, constants=self._constants, boxes=self._boxes)
            else:
                good_values.append(value)
                good_places.append(place)
        return events, good_values, good_places

    def _refuse_duplicate_keys(
        self, events: list[Any], values: list[bytes], places: list[int], refused: dict[int, Reason]
    ) -> NDArray[np.int64]:
        """Mark records that hold a key twice; they stay in the columns until the end of the reading."""
        n_keys = self.schema.n_keys
        if self._dropped_fields is not None:
            suspects: Iterable[int] = range(len(values))
            is_clean: Callable[[bytes], bool] = self._dropped_fields.is_surely_unique
        elif is_surely_unique(b",".join(values), n_keys * len(events)):
            suspects = ()
        else:
            suspects = range(len(values))

            def is_clean(value: bytes) -> bool:
                return is_surely_unique(value, n_keys)

        for number in suspects:
            if not is_clean(values[number]) and (fault := strict_fault(values[number])):
                refused[places[number]] = fault
        return np.array(places, np.int64)

    def _read_times(self, reading: Reading, broker_ms: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        time = self._model.event_time
        raw = map(self._time_of, reading.events)
        if time.format == "iso8601":
            seconds = np.array(list(map(datetime.timestamp, raw)), np.float64)
        else:
            seconds = np.array(list(raw), np.float64) / (1000.0 if time.format == "epoch_ms" else 1.0)
        broker_s = broker_ms / 1000.0
        is_future = seconds > broker_s + time.max_future_s
        is_past = seconds < broker_s - time.max_age_s
        if is_future.any() or is_past.any():
            for number in np.flatnonzero(is_future | is_past).tolist():
                reason = Reason.TIME_FUTURE if is_future[number] else Reason.TIME_PAST
                reading.refused.setdefault(int(places[number]), Reason.TIME if seconds[number] < _YEAR_ONE_S else reason)
            seconds = np.where(is_future | is_past, 0.0, seconds)
        reading.times_s = np.floor(seconds).astype(np.int64)

    def _read_identifiers(self, reading: Reading, places: NDArray[np.int64]) -> None:
        for read, kind in self._identifiers:
            raw = list(map(read, reading.events))
            column: list[bytes | None] | None = None
            if kind == "text" and None not in raw:
                column = canonical_plain(raw)  # type: ignore[assignment]  # a list of bytes is read only from here on
            if column is None:
                canonical = CANONICAL[kind]
                column = [None if value is None else canonical(value) for value in raw]
                for number, value in enumerate(column):
                    if value is not None and (fault := fault_of(value)):
                        reading.refused.setdefault(int(places[number]), fault)
            reading.identifiers.append(column)

    def _check_boxes(self, reading: Reading, places: NDArray[np.int64]) -> None:
        for left, top, right, bottom in self._box_edges:
            for number, event in enumerate(reading.events):
                if right(event) < left(event) or bottom(event) < top(event):
                    reading.refused.setdefault(int(places[number]), Reason.BBOX)


def _all(places: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.ones(len(places), np.bool_)
