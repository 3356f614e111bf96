"""Selects the records of a range of event time, from raw records or from published events.

Both read the complete log and leave out nothing that came late: the selection is a function of the log, the policy and
the range alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import compress
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.schema import Schema
from stream_app.core.privacy.pseudonym import PATTERN
from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.fields import fields_of, time_reader_of
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.pipeline.replay.sources import whole_seconds
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy

_PSEUDONYM = re.compile(PATTERN.pattern.encode())


@dataclass(frozen=True, slots=True, repr=False)
class SelectedRecords:
    """Some records of one partition, as columns, in offset order.

    Attributes:
        partition: Their partition.
        offsets: Offset of each record in the topic that was read.
        timestamps_ms: Broker timestamp of each record.
        values: Value of each record, byte for byte; of a record in a format of a schema registry, or
            with headers that the policy names, the JSON that the policy describes.
    """

    partition: int
    offsets: list[int]
    timestamps_ms: list[int]
    values: list[bytes]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"SelectedRecords([{self.partition}], n={len(self)})"  # never a value: this may end in a log


class RecordSelector(Protocol):
    """Selects the records of a time range.

    Attributes:
        n_rejected: Records that the policy rejects; they have no reliable event time.
    """

    n_rejected: int

    def select(self, batch: Batch) -> SelectedRecords:
        """Return the records of a run that are in the range."""


class RawSelector:
    """Selects raw records that the policy accepts, late and duplicate ones too; dead letters are in no range.

    Args:
        model: The policy of the model.
        time_range: The range of event time, in whole seconds.
    """

    def __init__(self, model: ModelPolicy, time_range: TimeRange) -> None:
        self.n_rejected = 0
        self._reader = RecordReader(model)
        self._time_range = time_range

    def select(self, batch: Batch) -> SelectedRecords:
        """Return the records of a run that are in the range."""
        reading = self._reader.read(batch)
        self.n_rejected += len(reading.rejected) + sum(unread.n_records for unread in reading.unreadable)
        selected = reading.offsets[_is_in(self._time_range, reading.times_s)]
        places = np.searchsorted(batch.offsets, selected).tolist()
        texts = self._reader.texts(batch, places)
        return replace(_selected(batch, places), values=[text for text in texts if not isinstance(text, Reason)])


class PublishedSelector:
    """Selects events that ingest published; only their time is decoded.

    Args:
        model: The policy of the model.
        time_range: The range of event time, in whole seconds.
    """

    def __init__(self, model: ModelPolicy, time_range: TimeRange) -> None:
        self.n_rejected = 0
        path = model.event_time.path
        schema = Schema([part for part in fields_of(model) if part.path == path], forbid_unknown=False)
        self._decode, self._time_of = schema.decode, schema.getter(path)
        self._times = time_reader_of(model.event_time)
        self._time_range = time_range

    def select(self, batch: Batch) -> SelectedRecords:
        """Return the events of a run that are in the range.

        Raises:
            PolicyError: an event does not fit the policy.
        """
        try:
            times = [self._time_of(self._decode(value or b"")) for value in batch.values]
            is_in_range = _is_in(self._time_range, whole_seconds(times, self._times))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise PolicyError(
                f"The policy does not fit the events of {batch.topic}[{batch.partition}], "
                f"offsets {batch.first_offset} to {batch.next_offset - 1}",
                action="Give the policy under which they were published",
            ) from None
        return _selected(batch, np.flatnonzero(is_in_range).tolist())


def leave_out(selected: SelectedRecords, suppressed: frozenset[str]) -> SelectedRecords:
    """Return the records that name nobody who was erased."""
    if not suppressed:
        return selected
    kept = [suppressed.isdisjoint(text.decode() for text in _PSEUDONYM.findall(value)) for value in selected.values]
    return SelectedRecords(
        selected.partition,
        list(compress(selected.offsets, kept)),
        list(compress(selected.timestamps_ms, kept)),
        list(compress(selected.values, kept)),
    )


def _is_in(time_range: TimeRange, times_s: NDArray[np.int64]) -> NDArray[np.bool_]:
    return (time_range.from_s <= times_s) & (times_s < time_range.to_s)


def _selected(batch: Batch, places: Iterable[int]) -> SelectedRecords:
    """Return the records at some places; a tombstone has no event time, so it is not among them."""
    chosen = [(place, value) for place in places if (value := batch.values[place]) is not None]
    return SelectedRecords(
        batch.partition,
        [int(batch.offsets[place]) for place, _ in chosen],
        [int(batch.timestamps_ms[place]) for place, _ in chosen],
        [value for _, value in chosen],
    )
