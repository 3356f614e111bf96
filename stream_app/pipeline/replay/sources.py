"""Counts one source partition again: from raw records as ingest does, or from the events that ingest published.

Both give the same panes. Raw records go through the same admission as live ones
(``stream_app.pipeline.ingest.admission``). Published events have passed it, so they only have to be counted, and no key
is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import compress
from typing import Any, Protocol

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream_app.core.events.schema import Schema
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.watermark import Watermark
from stream_app.errors import ConfigError, PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.admission import Admission
from stream_app.pipeline.ingest.counting import EventCounter
from stream_app.pipeline.ingest.fields import listed_values, published_fields_of, time_reader_of
from stream_app.pipeline.replay.dispositions import Dispositions
from stream_app.policy import ANOMALY_FIELD, BUCKET_FIELD, ModelPolicy, canonical_label, label_text
from stream_app.policy.values.time_columns import TimeReader

_NO_LABEL = (None, UNSET)  # of a field that is null or absent

PaneCounts = Iterator[tuple[int, Cells]]  # start of a pane and counts to be added to it
TakeEvents = Callable[[int, list[Any], NDArray[np.int64], NDArray[np.int64]], None]
Observe = Callable[[Schema], TakeEvents]  # the function takes partition, counted events, source offsets, event times
LabelMap = Mapping[str, Mapping[str, str]]  # attribute -> canonical spelling -> group


class SourceCounter(Protocol):
    """Counts one source partition in offset order."""

    dispositions: Dispositions

    @property
    def model(self) -> ModelPolicy:
        """The policy under which it counts."""

    @property
    def closed_before_s(self) -> int | None:
        """Panes that start before it are final; None before the first event."""

    def count(self, batch: Batch) -> PaneCounts:
        """Yield what a batch adds to the panes."""

    def skip(self, batch: Batch) -> None:
        """Remember what a batch means for later records, and count nothing."""

    def leave_out_anomalies(self, threshold: float, /) -> None:
        """Count no event with at least this anomaly score."""

    def resume(self, max_event_s: int | None, closed_before_s: int | None) -> None:
        """Continue after the skipped batches, from an event time that is known."""

    def under(self, model: ModelPolicy) -> SourceCounter:
        """Return a counter that continues under another policy of the model, as a restarted lane does."""


class RawCounter:
    """Counts raw records; a ``SourceCounter``.

    Args:
        model: The policy of the model.
        keys: Root keys of the pseudonyms; an event id is known by its keyed hash.
        groups: Other groups for some spellings of attributes; empty for those of the policy.
        observe: Returns a function that also receives the counted events.
    """

    def __init__(
        self,
        model: ModelPolicy,
        keys: tuple[RootKey, ...],
        groups: LabelMap | None = None,
        observe: Observe | None = None,
    ) -> None:
        self.model = model
        self.dispositions = Dispositions()
        self._keys, self._groups, self._observe = keys, groups or {}, observe
        self._admission = Admission(model, keys)
        self._recount = _Recount(model, self._admission.schema, self._groups, observe)

    @property
    def closed_before_s(self) -> int | None:
        """Panes that start before it are final; None before the first event."""
        return self._admission.watermark.closed_before_s

    def skip(self, batch: Batch) -> None:
        """Remember the ids of a batch, for the deduplication of later records."""
        self._admission.admit(batch)

    def leave_out_anomalies(self, _: float) -> None:
        """Reject the wish: raw records have no anomaly scores."""
        raise ConfigError("Raw records have no anomaly scores", action="Read the published events: --published")

    def resume(self, max_event_s: int | None, closed_before_s: int | None) -> None:
        """Continue after the skipped batches, from an event time that is known."""
        self._admission.watermark.max_event_s, self._admission.watermark.floor_s = max_event_s, closed_before_s

    def under(self, model: ModelPolicy) -> RawCounter:
        """Return a counter that continues under another policy of the model, as a restarted lane does."""
        counter = RawCounter(model, self._keys, self._groups, self._observe)
        counter.dispositions = self.dispositions
        counter._admission.window = self._admission.window
        counter.resume(self._admission.watermark.max_event_s, self._admission.watermark.floor_s)
        return counter

    def count(self, batch: Batch) -> PaneCounts:
        """Yield what a batch adds to the panes."""
        result = self._admission.admit(batch)
        self.dispositions.add_admission(len(batch), result)
        events = result.events
        yield from self._recount.count(batch.partition, events.events, events.offsets, events.times_s)


class PublishedCounter:
    """Counts the events that ingest published: all of them count, and late ones are not among them.

    A ``SourceCounter``. Only the fields that are counted are decoded, and for an observer the version of the model.

    Args:
        model: The policy of the model.
        groups: Other groups for some spellings of attributes. These events no longer contain spellings that the policy
            does not list.
        observe: Returns a function that also receives the counted events.
    """

    def __init__(self, model: ModelPolicy, groups: LabelMap | None = None, observe: Observe | None = None) -> None:
        self.model = model
        self.dispositions = Dispositions()
        self._groups, self._observe = groups or {}, observe
        paths = counted_paths(model)
        if observe is not None and model.model_version is not None:
            paths.add(model.model_version)
        schema = Schema(
            [declared for declared in published_fields_of(model) if declared.path in paths], forbid_unknown=False
        )
        self._decode = schema.decode
        self._listed_values = [
            (schema.getter(part.path), part.values) for part in listed_values(model) if part.path in paths
        ]
        self._time_of, self._times = schema.getter(model.event_time.path), time_reader_of(model.event_time)
        self._watermark = Watermark(model.event_time.pane_s, model.event_time.out_of_orderness_s)
        self._recount = _Recount(model, schema, self._groups, observe, is_published=True)
        self._anomaly_of = None if model.anomalies is None else schema.getter(ANOMALY_FIELD)
        self._leaves_out_from: float | None = None

    @property
    def closed_before_s(self) -> int | None:
        """Panes that start before it are final; None before the first event."""
        return self._watermark.closed_before_s

    def skip(self, batch: Batch) -> None:
        """Do nothing: published events need no deduplication."""

    def leave_out_anomalies(self, threshold: float) -> None:
        """Count no event with at least this anomaly score; those that were published without one count."""
        self._leaves_out_from = threshold

    def resume(self, max_event_s: int | None, closed_before_s: int | None) -> None:
        """Continue from an event time that is known."""
        self._watermark.max_event_s, self._watermark.floor_s = max_event_s, closed_before_s

    def under(self, model: ModelPolicy) -> PublishedCounter:
        """Return a counter that continues under another policy of the model, as a restarted lane does."""
        counter = PublishedCounter(model, self._groups, self._observe)
        counter._leaves_out_from = self._leaves_out_from
        counter.dispositions = self.dispositions
        counter.resume(self._watermark.max_event_s, self._watermark.floor_s)
        return counter

    def count(self, batch: Batch) -> PaneCounts:
        """Yield what a batch adds to the panes.

        Raises:
            PolicyError: an event does not fit the policy.
        """
        events, times_s = self._decoded(batch)
        self._watermark.advance(times_s, batch.timestamps_ms // 1000)
        self.dispositions.n_records += len(events)
        self.dispositions.add_unreadable(batch.unreadable)
        offsets = batch.offsets
        if self._leaves_out_from is not None and self._anomaly_of is not None:
            scores = (score if type(score) is float else 0.0 for score in map(self._anomaly_of, events))
            is_counted = np.fromiter(scores, np.float64, len(events)) < self._leaves_out_from
            events = list(compress(events, is_counted.tolist()))
            offsets, times_s = offsets[is_counted], times_s[is_counted]
        self.dispositions.n_counted += len(events)
        yield from self._recount.count(batch.partition, events, offsets, times_s)

    def _decoded(self, batch: Batch) -> tuple[list[Any], NDArray[np.int64]]:
        decode = self._decode
        try:
            events = [decode(value or b"") for value in batch.values]
            self._check_values(events)
            return events, whole_seconds(list(map(self._time_of, events)), self._times)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise PolicyError(
                f"The policy does not fit the events of {batch.topic}[{batch.partition}], "
                f"source offsets {batch.first_offset} to {batch.next_offset - 1}",
                action="Give the policy under which they were published",
            ) from None

    def _check_values(self, events: list[Any]) -> None:
        """Reject events with a value that the policy does not list.

        Raises:
            ValueError: there is one.
        """
        for get, values in self._listed_values:
            if not values.issuperset(map(get, events)):
                raise ValueError("not a value of the policy")


class _Recount:
    """Counts the events of one partition, under other groups where some are given.

    Args:
        model: The policy of the model.
        schema: The decoder of the events.
        groups: Other groups for some spellings of attributes.
        observe: Returns a function that receives the events before their groups change.
        is_published: Whether the events were published.
    """

    def __init__(
        self,
        model: ModelPolicy,
        schema: Schema,
        groups: LabelMap,
        observe: Observe | None,
        *,
        is_published: bool = False,
    ) -> None:
        self._counter = EventCounter(model, schema, is_published=is_published)
        self._take_events = observe(schema) if observe is not None else None
        self._columns = [
            (schema.getter(attribute.path), schema.setter(attribute.path), dict(groups[attribute.name]))
            for attribute in model.attributes
            if attribute.name in groups
        ]

    def count(
        self, partition: int, events: list[Any], offsets: NDArray[np.int64], times_s: NDArray[np.int64]
    ) -> PaneCounts:
        """Yield what some events add to the panes."""
        if not events:
            return
        if self._take_events is not None:
            self._take_events(partition, events, offsets, times_s)
        self._regroup(events)
        yield from self._counter.count(events, times_s)

    def _regroup(self, events: list[Any]) -> None:
        for get, overwrite, group_of in self._columns:
            spellings = list(map(get, events))
            overwrite(
                events, [s if s in _NO_LABEL else group_of.get(canonical_label(label_text(s)), s) for s in spellings]
            )


def counted_paths(model: ModelPolicy) -> set[str]:
    """Return the paths of the fields of published events that a count depends on."""
    paths = {model.event_time.path, *(attribute.path for attribute in model.attributes)}
    paths |= {feature.path for feature in model.counted_features}
    paths |= {part.path for part in (model.decision, model.segment) if part is not None}
    paths |= {ANOMALY_FIELD} if model.anomalies is not None else set()
    return paths if model.cluster is None else {*paths, BUCKET_FIELD}


def whole_seconds(times: list[Any], reader: TimeReader) -> NDArray[np.int64]:
    """Return the decoded event times of published events as whole seconds since the epoch, int64, rounded down.

    Raises:
        ValueError: one of them is not a time.
    """
    if {datetime}.issuperset(map(type, times)):
        return np.floor(np.fromiter(map(datetime.timestamp, times), np.float64, len(times))).astype(np.int64)
    column = reader.read(times)
    if column.faults:
        raise ValueError("not the time of a published event")
    return np.floor(column.seconds).astype(np.int64)


NewCounter = Callable[[], SourceCounter]
