"""Checks and readings that the decoder leaves to be done by column: listed values, numbers written as text, bands.

What cannot be read in a field that the record does not need is left out and counted; it never decides about the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream_app.core.arrays import Bools, Floats
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.schema import Schema
from stream_app.pipeline.ingest.fields import dropped_probabilities, fields_of, is_epoch, listed_values
from stream_app.policy import SUM_TOLERANCE, Attribute, Feature, ModelPolicy, Proxy, canonical_label
from stream_app.policy.values.bands import OLDEST, ages_of, band_labels, band_numbers, numbers_of, read_number

Faults = dict[int, Reason]  # number of the event in the batch -> why it is rejected


class ValueReader:
    """Reads the values of one model that need more than their JSON type.

    Args:
        model: The policy of the model.
        schema: The decoder of the events.
    """

    def __init__(self, model: ModelPolicy, schema: Schema) -> None:
        self._listed = [(schema.getter(part.path), part.values, part.reason) for part in listed_values(model)]
        self._numbers: list[_NumberColumn] = []
        if model.missing or model.numbers_as_text:
            self._numbers += [_NumberColumn(feature, model, schema) for feature in model.counted_features]
        if model.numbers_as_text and is_epoch(model.event_time):
            path = model.event_time.path
            unbounded = Feature(name="time", path=path, minimum=-np.inf, maximum=np.inf)
            self._numbers.append(_NumberColumn(unbounded, model, schema))
        self._probabilities = [_Probabilities(proxy, schema) for proxy in model.proxies]
        self._bands = [_BandColumn(attribute, model, schema) for attribute in model.attributes if attribute.edges]

    def read(self, events: list[Any], faults: Faults, dropped: Counter[str]) -> None:
        """Check listed values, and read numbers that are written as text."""
        for get, values, reason in self._listed:
            column = list(map(get, events))
            if not values.issuperset(column):
                for number, value in enumerate(column):
                    if value not in values:
                        faults.setdefault(number, reason)
        for numbers in self._numbers:
            numbers.read(events, faults, dropped)
        for probabilities in self._probabilities:
            probabilities.read(events, dropped)

    def read_bands(self, events: list[Any], times_s: NDArray[np.int64], dropped: Counter[str]) -> None:
        """Replace each number and date of birth by its band; neither gets beyond this point."""
        for bands in self._bands:
            bands.read(events, times_s, dropped)


class OptionalFields:
    """Reads records that the decoder rejects for a field that they do not need: without that field.

    Args:
        model: The policy of the model.
    """

    def __init__(self, model: ModelPolicy) -> None:
        fields = fields_of(model, times_as_text=True)
        optional = [field for field in fields if not field.is_required]
        self._paths = frozenset(field.path for field in optional)
        lenient = [field if field.is_required else replace(field, type=Any) for field in fields]
        schema = Schema(lenient, forbid_unknown=model.unknown_fields == "reject")
        self._decode = schema.decode
        self._columns = [
            (field.path, field.type, schema.getter(field.path), schema.setter(field.path)) for field in optional
        ]

    def may_be(self, place: str) -> bool:
        """Return whether a place, as the decoder names it, is that of an optional field, or inside one."""
        return place in self._paths or any(place.startswith(path + ".") for path in self._paths)

    def decode(self, value: bytes, dropped: Counter[str]) -> Any:
        """Decode a record; what cannot be read in optional fields is left out and counted.

        Raises:
            msgspec.ValidationError: another field cannot be read.
        """
        event = self._decode(value)
        for path, kind, get, overwrite in self._columns:
            if (raw := get(event)) is UNSET:
                continue
            try:
                overwrite([event], [msgspec.convert(raw, kind | None)])
            except msgspec.ValidationError:
                overwrite([event], [UNSET])
                dropped[path] += 1
        return event


class _NumberColumn:
    """A number that may be missing, or written as text."""

    def __init__(self, feature: Feature, model: ModelPolicy, schema: Schema) -> None:
        self._feature = feature
        self._get, self._overwrite = schema.getter(feature.path), schema.setter(feature.path)
        self._missing = frozenset(map(canonical_label, model.missing))
        self._reads_text = model.numbers_as_text

    def read(self, events: list[Any], faults: Faults, dropped: Counter[str]) -> None:
        """Replace each text by its number, or by nothing."""
        column = list(map(self._get, events))
        if str not in set(map(type, column)):
            return
        for number, value in enumerate(column):
            if not isinstance(value, str):
                continue
            read = self._read(value)
            if not isinstance(read, Reason):
                column[number] = read
            elif self._feature.is_required:
                faults.setdefault(number, read)
                column[number] = 0.0  # of a record that is rejected
            else:
                column[number] = UNSET
                dropped[self._feature.path] += read is not Reason.MISSING
        self._overwrite(events, column)

    def _read(self, text: str) -> float | Reason:
        if canonical_label(text) in self._missing:
            return Reason.MISSING
        number = read_number(text) if self._reads_text else None
        if number is None:
            return Reason.TYPE
        return number if self._feature.minimum <= number <= self._feature.maximum else Reason.RANGE


class _BandColumn:
    """A number or a date of birth whose band is a group."""

    def __init__(self, attribute: Attribute, model: ModelPolicy, schema: Schema) -> None:
        self._path = attribute.path
        self._get, self._overwrite = schema.getter(attribute.path), schema.setter(attribute.path)
        self._labels = [*band_labels(attribute.edges), None]  # the last one is that of number -1
        self._edges = attribute.edges
        is_age = attribute.derive == "age"
        self._minimum = 0.0 if is_age and attribute.minimum is None else attribute.minimum
        self._maximum = OLDEST if is_age and attribute.maximum is None else attribute.maximum
        self._numbers_of: Callable[[Sequence[Any], NDArray[np.int64]], NDArray[np.float64]] = (
            ages_of if is_age else lambda values, _: numbers_of(values, reads_text=model.numbers_as_text)
        )
        self._missing = frozenset(map(canonical_label, model.missing))

    def read(self, events: list[Any], times_s: NDArray[np.int64], dropped: Counter[str]) -> None:
        """Replace each value by the label of its band, or by null where there is none."""
        column = list(map(self._get, events))
        bands = band_numbers(self._numbers_of(column, times_s), self._edges, self._minimum, self._maximum)
        labels: list[Any] = [self._labels[band] for band in bands]
        if None in labels:
            for number, value in enumerate(column):
                if labels[number] is None:
                    labels[number] = UNSET if value is UNSET else None
                    dropped[self._path] += not self._is_missing(value)
        self._overwrite(events, labels)

    def _is_missing(self, value: Any) -> bool:
        return value is None or value is UNSET or (isinstance(value, str) and canonical_label(value) in self._missing)


class _Probabilities:
    """Checks the probabilities of one proxy, after each was checked to be a number from 0 to 1.

    A record that has only some of them, or whose probabilities exceed 1 together, is left without: it counts, and its
    probabilities do not.

    Args:
        proxy: The proxy.
        schema: The decoder of the events.
    """

    def __init__(self, proxy: Proxy, schema: Schema) -> None:
        self._columns = [(schema.getter(path), schema.setter(path)) for path in proxy.groups.values()]
        self._incomplete, self._too_large = dropped_probabilities(proxy)

    def read(self, events: list[Any], dropped: Counter[str]) -> None:
        """Take the probabilities away from records where they are none together, and count these records by reason."""
        if not events:
            return
        columns = [list(map(get, events)) for get, _ in self._columns]
        values = np.stack([_numbers_or_nan(column) for column in columns])
        n_missing = np.isnan(values).sum(axis=0)
        is_incomplete = (n_missing > 0) & (n_missing < len(columns))
        is_too_large = np.nansum(values, axis=0) > 1 + SUM_TOLERANCE
        if not (is_incomplete | is_too_large).any():
            return
        dropped[self._incomplete] += int(is_incomplete.sum())
        dropped[self._too_large] += int((is_too_large & ~is_incomplete).sum())
        self._take_away(events, is_incomplete | is_too_large)

    def _take_away(self, events: list[Any], is_bad: Bools) -> None:
        bad = list(compress(events, is_bad.tolist()))
        for _, overwrite in self._columns:
            overwrite(bad, [UNSET] * len(bad))


def _numbers_or_nan(column: list[Any]) -> Floats:
    try:
        return np.array(column, np.float64)  # None becomes nan
    except TypeError:  # an absent value is no number
        pass
    numbers: Floats = np.array([np.nan if value is UNSET else value for value in column], np.float64)
    return numbers
