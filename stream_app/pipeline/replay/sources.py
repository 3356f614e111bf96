"""Counts one source partition once more: from raw records as ingest does, or from the events that ingest published.

Both give the same panes. From raw records the questions of ingest are asked again, in its order: is it a record of
this policy, is its time believable, was it counted before, has its pane closed. Published events have been through
all that; what is left is to count them, so no key is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.events.schema import Schema
from stream_app.core.privacy.pseudonym import Pseudonymizer, RootKey
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.deduplication import DeduplicationWindow, Tags
from stream_app.core.windows.watermark import Watermark
from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.counting import EventCounter
from stream_app.pipeline.ingest.fields import fields_of
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.policy import EventTime, ModelPolicy, canonical_label

PaneCounts = Iterator[tuple[int, Cells]]  # start of a pane and counts to be added to it
TakeEvents = Callable[[int, list[Any], NDArray[np.int64], NDArray[np.int64]], None]
Observe = Callable[[Schema], TakeEvents]  # is told partition, events, source offsets and event times of what counts
LabelMap = Mapping[str, Mapping[str, str]]  # attribute -> canonical spelling -> group


@dataclass(slots=True)
class Dispositions:
    """What became of the records of one partition.

    Attributes:
        n_records: Records that were read.
        n_counted: Events that were counted.
        n_late: Events of closed panes.
        n_duplicates: Events that were sent again.
        rejected: Refused records by reason.
    """

    n_records: int = 0
    n_counted: int = 0
    n_late: int = 0
    n_duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: Dispositions) -> None:
        """Add another partition's."""
        self.n_records += other.n_records
        self.n_counted += other.n_counted
        self.n_late += other.n_late
        self.n_duplicates += other.n_duplicates
        self.rejected += other.rejected


class SourceCounter(Protocol):
    """Counts one source partition in offset order."""

    dispositions: Dispositions

    @property
    def closed_before_s(self) -> int | None:
        """Panes that start before are final; None before the first event."""

    def count(self, batch: Batch) -> PaneCounts:
        """Yield what a run adds to the panes."""


class RawCounter:
    """Counts raw records.

    Args:
        model: The policy of the model.
        keys: Root keys of the pseudonyms; an event id is known by its keyed hash.
        groups: Other groups for some spellings of attributes; empty for those of the policy.
        observe: Looks at the counted events too.
    """

    def __init__(
        self,
        model: ModelPolicy,
        keys: tuple[RootKey, ...],
        groups: LabelMap | None = None,
        observe: Observe | None = None,
    ) -> None:
        self.dispositions = Dispositions()
        self._reader = RecordReader(model)
        self._counter = EventCounter(model, self._reader.schema)
        self._regroup = _Regrouping(model, self._reader.schema, groups or {})
        self._tell = observe(self._reader.schema) if observe is not None else None
        self._hashing = Pseudonymizer(keys, model.event_id.link_domain, model.event_id.canonical)
        self._horizon = DeduplicationWindow(model.deduplication_window)
        self._watermark = Watermark(model.event_time.pane_s, model.event_time.out_of_orderness_s)

    @property
    def closed_before_s(self) -> int | None:
        """Panes that start before are final; None before the first event."""
        return self._watermark.closed_before_s

    def count(self, batch: Batch) -> PaneCounts:
        """Yield what a run adds to the panes."""
        reading = self._reader.read(batch)
        self.dispositions.n_records += len(batch)
        self.dispositions.rejected.update(map(str, reading.rejected.values()))
        if not len(reading):
            return
        is_duplicate = self._horizon.admit(reading.offsets, self._tags(reading.identifiers[0], reading.times_s))
        if is_duplicate.any():
            self.dispositions.n_duplicates += int(is_duplicate.sum())
            reading.keep(~is_duplicate)
        is_late = reading.times_s < self._watermark.advance(reading.times_s)
        if is_late.any():
            self.dispositions.n_late += int(is_late.sum())
            reading.keep(~is_late)
        self.dispositions.n_counted += len(reading)
        if len(reading):
            if self._tell is not None:
                self._tell(batch.partition, reading.events, reading.offsets, reading.times_s)
            self._regroup(reading.events)
            yield from self._counter.count(reading.events, reading.times_s)

    def _tags(self, values: list[bytes | None], times_s: NDArray[np.int64]) -> Tags:
        """Return the first eight bytes of the keyed hash of each event id, under the key of its event time."""
        hashing, present = self._hashing, [value or b"" for value in values]
        first, last = hashing.epoch_at(int(times_s.min())), hashing.epoch_at(int(times_s.max()))
        if first == last:
            digests = hashing.digests(present, first)
        else:
            epochs = map(hashing.epoch_at, times_s.tolist())
            digests = [hashing.digests([value], epoch)[0] for value, epoch in zip(present, epochs, strict=True)]
        return np.frombuffer(b"".join(digests), np.uint64)[::4].copy()


class PublishedCounter:
    """Counts the events that ingest published: all of them count, and late ones are not among them.

    Only the fields that are counted are decoded, and for an observer the version of the model.

    Args:
        model: The policy of the model.
        groups: Other groups for some spellings of attributes; what the policy does not list is gone from these events.
        observe: Looks at the counted events too.
    """

    def __init__(self, model: ModelPolicy, groups: LabelMap | None = None, observe: Observe | None = None) -> None:
        self.dispositions = Dispositions()
        counted = counted_paths(model)
        if observe is not None and model.model_version is not None:
            counted.add(model.model_version)
        schema = Schema([own for own in fields_of(model) if own.path in counted], forbid_unknown=False)
        self._decode = schema.decode
        self._counter = EventCounter(model, schema)
        self._regroup = _Regrouping(model, schema, groups or {})
        self._tell = observe(schema) if observe is not None else None
        self._time_of, self._time = schema.getter(model.event_time.path), model.event_time
        self._watermark = Watermark(model.event_time.pane_s, model.event_time.out_of_orderness_s)

    @property
    def closed_before_s(self) -> int | None:
        """Panes that start before are final; None before the first event."""
        return self._watermark.closed_before_s

    def count(self, batch: Batch) -> PaneCounts:
        """Yield what a run adds to the panes.

        Raises:
            PolicyError: an event does not fit the policy.
        """
        decode = self._decode
        try:
            events = [decode(value or b"") for value in batch.values]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise PolicyError(
                f"The policy does not fit the events of {batch.topic}[{batch.partition}], "
                f"source offsets {batch.first_offset} to {batch.next_offset - 1}",
                action="Give the policy under which they were published",
            ) from None
        self.dispositions.n_records += len(events)
        self.dispositions.n_counted += len(events)
        if events:
            times_s = whole_seconds(list(map(self._time_of, events)), self._time)
            self._watermark.advance(times_s)
            if self._tell is not None:
                self._tell(batch.partition, events, batch.offsets, times_s)
            self._regroup(events)
            yield from self._counter.count(events, times_s)


class _Regrouping:
    """Puts other labels into the events before they are counted."""

    def __init__(self, model: ModelPolicy, schema: Schema, groups: LabelMap) -> None:
        self._columns = [
            (schema.getter(attribute.path), schema.setter(attribute.path), dict(groups[attribute.name]))
            for attribute in model.attributes
            if attribute.name in groups
        ]

    def __call__(self, events: list[Any]) -> None:
        for get, overwrite, group_of in self._columns:
            spellings = list(map(get, events))
            overwrite(events, [s if s is None else group_of.get(canonical_label(str(s)), s) for s in spellings])


def counted_paths(model: ModelPolicy) -> set[str]:
    """Return the fields that a count depends on."""
    paths = {model.event_time.path, *(attribute.path for attribute in model.attributes)}
    paths |= {feature.path for feature in model.counted_features}
    paths |= {part.path for part in (model.decision, model.segment) if part is not None}
    return paths


def whole_seconds(times: list[Any], kind: EventTime) -> NDArray[np.int64]:
    """Return decoded event times as whole seconds since the epoch, int64, rounded down."""
    if kind.format == "iso8601":
        seconds = np.array(list(map(datetime.timestamp, times)), np.float64)
    else:
        seconds = np.array(times, np.float64) / (1000.0 if kind.format == "epoch_ms" else 1.0)
    return np.floor(seconds).astype(np.int64)


NewCounter = Callable[[], SourceCounter]
