"""From a batch of raw records to checked events: the first half of ingest.

Everything is decided for a batch at a time: one pass in C over all records in the usual case, and checks of single
records only when the batch fails a check. A rejection is a value, not an exception.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream_app.core.events.cameras.adapter import TrackRename
from stream_app.core.events.classify import place_of, reason_of
from stream_app.core.events.formats.texts import RecordTexts
from stream_app.core.events.identifiers import CANONICAL, canonical_plain, fault_of
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import is_surely_unique, strict_fault
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.cameras.events import camera_events_of, numbers_in
from stream_app.pipeline.ingest.cameras.joining import plausible_renames
from stream_app.pipeline.ingest.dropped import DroppedFields
from stream_app.pipeline.ingest.event_batch import EventBatch
from stream_app.pipeline.ingest.fields import is_epoch, schema_of, time_reader_of
from stream_app.pipeline.ingest.values import Faults, OptionalFields, ValueReader
from stream_app.policy import Identifier, ModelPolicy
from stream_app.policy.values.headers import header_names
from stream_app.policy.values.time_columns import EPOCH_UNITS

MAX_OUTPUT_BYTES = 1_000_000  # with key, header and framing below the broker's limit for a record (1,048,588)
_PSEUDONYM_BYTES = 64  # more than a pseudonym or a null with its quotes
_DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)
_YEAR_ONE_S = -62_135_596_800  # 0001-01-01T00:00:00Z, the first time that ISO 8601 can express in four digits

# 2001-09-09 to 2286-11-20. Seconds, microseconds and nanoseconds of today are outside, and so is -1 (no timestamp).
_BROKER_TIMES_MS = range(10**12, 10**13)


class RecordReader:
    """Reads the records of one model.

    Args:
        model: The policy of the model.

    Attributes:
        schema: The decoder.
    """

    def __init__(self, model: ModelPolicy) -> None:
        self.schema = schema_of(model)
        self._model = model
        self._constants = frozenset(constant.path for constant in model.constants)
        self._boxes = frozenset(box.path for box in model.boxes)
        self._box_sides = [
            (self.schema.getter(f"{box.path}.left"), self.schema.getter(f"{box.path}.right")) for box in model.boxes
        ]
        self._identifiers = [
            (self.schema.getter(identifier.path), self.schema.setter(identifier.path))
            for identifier in model.all_identifiers
        ]
        self._values = ValueReader(model, self.schema)
        self._optional = OptionalFields(model)
        self._texts = self.schema if is_epoch(model.event_time) else schema_of(model, times_as_text=True)
        self._time_of = self.schema.getter(model.event_time.path)
        self._put_time = self.schema.setter(model.event_time.path)
        self._times = time_reader_of(model.event_time)
        self._dropped_fields = DroppedFields(model, self.schema) if model.unknown_fields == "drop" else None
        self._record_texts = RecordTexts(
            is_json=model.format == "json", headers=header_names(model), instance=model.instance
        )
        self._cameras = camera_events_of(model)
        self._max_bytes = MAX_OUTPUT_BYTES - _PSEUDONYM_BYTES * len(model.all_identifiers)

    def read(self, batch: Batch) -> EventBatch:
        """Decode and check the records of a batch."""
        rejected: dict[int, Reason] = {}
        dropped: Counter[str] = Counter()
        places, values = self._readable(batch.values, rejected)
        if not self._record_texts.is_value:
            places, values = self._as_texts(batch, places, rejected)
        n_tombstones = len(batch) - len(places) - len(rejected)
        numbers = None
        renames: list[tuple[int, TrackRename]] = []
        if self._cameras is not None:
            places, values = self._cameras.split(places, values, rejected, dropped, renames)
            numbers = numbers_in(places)
        events, bad = self._decoded(values, dropped)
        if bad:
            good = [number for number in range(len(values)) if number not in bad]
            for number, reason in bad.items():
                rejected.setdefault(places[number], reason)
            places, values = [places[number] for number in good], [values[number] for number in good]
            numbers = None if numbers is None else numbers[good]
        is_whole = self._cameras is None and len(places) == len(batch)
        at = slice(None) if is_whole else np.array(places, np.int64)
        faults: Faults = {}
        self._check_keys(events, values, faults)
        taken_ms = batch.timestamps_ms[at]
        self._values.read(events, faults, dropped)
        times_s = self._check_times(events, taken_ms, faults)
        self._values.read_bands(events, times_s, dropped)
        identifiers = [
            self._check_identifier(events, number, identifier, faults, dropped)
            for number, identifier in enumerate(self._model.all_identifiers)
        ]
        self._check_boxes(events, faults)
        self._check_sizes(events, values, faults)
        self._count_dropped(values, faults, dropped)
        checked = EventBatch(
            events, batch.offsets[at], times_s, taken_ms, identifiers, rejected, dropped, n_tombstones, batch.unreadable
        )
        checked.numbers = numbers
        checked.renames = list(plausible_renames(renames, batch, self._model, dropped))
        if faults:
            for number, reason in sorted(faults.items()):
                rejected.setdefault(places[number], reason)
            checked.keep(np.array([number not in faults for number in range(len(events))], np.bool_))
        return checked

    def texts(self, batch: Batch, places: Sequence[int]) -> Sequence[bytes | Reason]:
        """Return the JSON text of some records of a batch, which are no tombstones, or why each has none."""
        headers = None if batch.headers is None else [batch.headers[place] for place in places]
        return self._record_texts.read([batch.values[place] or b"" for place in places], batch.schemas, headers)

    def _readable(self, values: list[bytes | None], rejected: dict[int, Reason]) -> tuple[list[int], list[bytes]]:
        limit = self._model.max_record_bytes
        if None not in values and all(values) and max(map(len, values), default=0) <= limit:  # type: ignore[arg-type]
            return list(range(len(values))), values  # type: ignore[return-value]  # no None: checked on the line above
        places, readable = [], []
        for place, value in enumerate(values):
            if value is None:
                continue
            if not value or len(value) > limit:
                rejected[place] = Reason.SIZE if value else Reason.EMPTY
            else:
                places.append(place)
                readable.append(value)
        return places, readable

    def _as_texts(self, batch: Batch, places: list[int], rejected: dict[int, Reason]) -> tuple[list[int], list[bytes]]:
        """Return the records as JSON texts, which have the same limit."""
        texts = self.texts(batch, places)
        limit = self._model.max_record_bytes
        good_places, good_texts = [], []
        for place, text in zip(places, texts, strict=True):
            if isinstance(text, Reason):
                rejected[place] = text
            elif len(text) > limit:
                rejected[place] = Reason.SIZE
            else:
                good_places.append(place)
                good_texts.append(text)
        return good_places, good_texts

    def _decoded(self, values: list[bytes], dropped: Counter[str]) -> tuple[list[Any], dict[int, Reason]]:
        """Return the events of the records that can be decoded, and the reason by number for each that cannot."""
        for decode in dict.fromkeys((self.schema.decode, self._texts.decode)):
            try:
                return list(map(decode, values)), {}
            except _DECODE_ERRORS:
                pass  # some record is bad, or has a time that is read as text
        events: list[Any] = []
        bad: dict[int, Reason] = {}
        for number, value in enumerate(values):
            try:
                events.append(self._decode_one(value, dropped))
            except _DECODE_ERRORS as error:
                bad[number] = reason_of(value, error, constants=self._constants, boxes=self._boxes)
        return events, bad

    def _decode_one(self, value: bytes, dropped: Counter[str]) -> Any:
        """Decode a record, without optional fields that cannot be read."""
        try:
            return self._texts.decode(value)
        except msgspec.ValidationError as error:
            if not self._optional.may_be(place_of(error)):
                raise
        return self._optional.decode(value, dropped)

    def _check_keys(self, events: list[Any], values: list[bytes], faults: Faults) -> None:
        """Reject records that contain a key twice."""
        n_keys_in = self.schema.n_keys_in
        if self._dropped_fields is not None:
            is_clean = self._dropped_fields.is_surely_unique
            suspects = [number for number, value in enumerate(values) if not is_clean(value)]
        elif is_surely_unique(b",".join(values), n_keys_in(events)):
            return
        else:
            pairs = enumerate(zip(values, events, strict=True))
            suspects = [number for number, (value, event) in pairs if not is_surely_unique(value, n_keys_in([event]))]
        for number in suspects:
            if fault := strict_fault(values[number]):
                faults[number] = fault

    def _check_times(self, events: list[Any], broker_ms: NDArray[np.int64], faults: Faults) -> NDArray[np.int64]:
        """Return event times; reject what is not a time, or too far from the broker's clock.

        A text of another form than RFC 3339 is replaced by the time it is, so that events are published in that form.
        """
        time = self._model.event_time
        broker_s = broker_ms / 1000.0
        seconds = self._seconds_of(events, broker_s, faults)
        is_future = seconds > broker_s + time.max_future_s
        is_past = seconds < broker_s - time.max_age_s
        if is_future.any() or is_past.any():
            for number in np.flatnonzero(is_future | is_past).tolist():
                if is_broker_time(int(broker_ms[number])):
                    reason = self._reason_of_time(float(seconds[number]), float(broker_s[number]))
                else:
                    reason = Reason.BROKER_TIME
                faults.setdefault(number, reason)
            seconds = np.where(is_future | is_past, 0.0, seconds)
        return np.floor(seconds).astype(np.int64)

    def _seconds_of(self, events: list[Any], broker_s: NDArray[np.float64], faults: Faults) -> NDArray[np.float64]:
        """Return event times; that of the broker for what is not a time."""
        if not is_epoch(self._model.event_time):
            with suppress(TypeError):  # of a text that is not RFC 3339, which the decoder left to be read here
                return np.fromiter(map(datetime.timestamp, map(self._time_of, events)), np.float64, len(events))
        values = list(map(self._time_of, events))
        column = self._times.read(values, broker_s)
        if column.moments:
            self._put_time(events, column.moments)
        if not column.faults:
            return column.seconds
        faults |= {number: Reason(fault) for number, fault in column.faults.items() if number not in faults}
        return np.where(np.isin(np.arange(len(events)), list(column.faults)), broker_s, column.seconds)

    def _reason_of_time(self, seconds: float, broker_s: float) -> Reason:
        """Return why an event time that is too far from the broker's clock is rejected."""
        time = self._model.event_time
        unit = EPOCH_UNITS.get(time.format)
        others = [] if unit is None else [seconds * unit / other for other in EPOCH_UNITS.values() if other != unit]
        if any(broker_s - time.max_age_s <= other <= broker_s + time.max_future_s for other in others):
            return Reason.TIME_UNIT
        if seconds < _YEAR_ONE_S:
            return Reason.TIME
        return Reason.TIME_FUTURE if seconds > broker_s else Reason.TIME_PAST

    def _check_identifier(
        self, events: list[Any], number: int, identifier: Identifier, faults: Faults, dropped: Counter[str]
    ) -> list[bytes | None]:
        """Return the canonical values of one identifier; reject values that are not identifiers."""
        get, overwrite = self._identifiers[number]
        raw = list(map(get, events))
        if identifier.canonical == "text" and identifier.is_required and (plain := canonical_plain(raw)):
            return plain  # type: ignore[return-value]  # a list of bytes is read only from here on
        canonical = CANONICAL[identifier.canonical]
        column = [None if value is None or value is UNSET else canonical(value) for value in raw]
        for place, value in enumerate(column):
            if value is None or not (fault := fault_of(value)):
                continue
            if identifier.is_required:
                faults.setdefault(place, fault)
            else:  # without it the record counts
                column[place] = None
                overwrite([events[place]], [UNSET])
                dropped[identifier.path] += 1
        return column

    def _check_boxes(self, events: list[Any], faults: Faults) -> None:
        for left, right in self._box_sides:
            for number, event in enumerate(events):
                if right(event) < left(event):
                    faults.setdefault(number, Reason.BBOX)

    def _check_sizes(self, events: list[Any], values: list[bytes], faults: Faults) -> None:
        """Reject records whose pseudonymized form is too large for the broker: it would stop the lane permanently."""
        if self._model.output_topic is None or max(map(len, values), default=0) <= self._max_bytes:
            return
        for number, value in enumerate(values):
            if len(value) > self._max_bytes and len(self.schema.encode(events[number])) > self._max_bytes:
                faults.setdefault(number, Reason.SIZE)

    def _count_dropped(self, values: list[bytes], faults: Faults, dropped: Counter[str]) -> None:
        if self._dropped_fields is not None:
            good = [(number, value) for number, value in enumerate(values) if number not in faults]
            faults |= self._dropped_fields.count(good, dropped)


def is_broker_time(timestamp_ms: int) -> bool:
    """Return whether a broker timestamp can be one, in milliseconds; a producer may have stamped it in another unit.

    >>> is_broker_time(1_795_449_600_000), is_broker_time(1_795_449_600), is_broker_time(-1)
    (True, False, False)
    """
    return timestamp_ms in _BROKER_TIMES_MS
