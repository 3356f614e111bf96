"""Ingest: raw records in; pseudonymized events, exact pane counts, dead letters and late notices out.

This is the only step that sees a raw identifier. Order of the questions: is it a record of this policy, is its time
believable, was it counted before, has its pane closed. What passes is counted once and published under pseudonyms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import compress, repeat
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.privacy.pseudonym import Pseudonymizer, RootKey, derive_key, keyed_hash
from stream_app.core.windows.deduplication import DeduplicationWindow, event_tags
from stream_app.core.windows.pane_store import PaneStore
from stream_app.core.windows.partials import PanePartial, max_cells_of
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.core.windows.watermark import Watermark
from stream_app.errors import StateError
from stream_app.pipeline.contract import Batch, Flush, Outputs
from stream_app.pipeline.ingest.counting import EventCounter
from stream_app.pipeline.ingest.dead_letter_writer import NoticeWriter
from stream_app.pipeline.ingest.deduplication_log import DeduplicationLog
from stream_app.pipeline.ingest.join_writer import DecisionWriter
from stream_app.pipeline.ingest.reading import EventBatch, RecordReader
from stream_app.pipeline.panes.pane_log import PaneLog
from stream_app.pipeline.panes.partial_writer import PartialWriter
from stream_app.policy import ModelPolicy
from stream_app.topics import outcome_join_topic, partition_of_model

STATE_VERSION = 3
_META_KEY = b"meta"


class _IngestHead(msgspec.Struct, array_like=True, frozen=True):
    """What a lane must know besides its panes."""

    version: int
    layout_hash: str
    max_event_s: int | None
    first_offset: int = 0  # where the lane began: no record below was ever counted


@dataclass
class IngestCounts:
    """What happened since the counts were last taken, for metrics; no identifiers, no groups.

    Attributes:
        decisions: Counted events by outcome (``favorable``, ``unfavorable`` or ``event``).
        dead_letters: Refused records by reason.
        overflow: Events by dimension whose value the policy does not list.
        dropped: Dropped fields by declared path, or ``undeclared``.
        n_late: Events of closed panes.
        n_duplicates: Events that were sent again.
        n_tombstones: Records without a value.
    """

    decisions: Counter[str] = field(default_factory=Counter)
    dead_letters: Counter[DeadLetterReason] = field(default_factory=Counter)
    overflow: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    n_late: int = 0
    n_duplicates: int = 0
    n_tombstones: int = 0


@dataclass(frozen=True)
class IngestTopology:
    """Where the outputs of a lane go.

    Attributes:
        n_source_partitions: Partitions of the source topic, and of the output topic.
        n_partials: Partitions of ``fairness-partials``.
        n_notices: Partitions of ``dead-letters`` and ``late-decisions``.
        app_id: Prefix of the labels log; used by a model with outcomes.
    """

    n_source_partitions: int
    n_partials: int = 1
    n_notices: int = 1
    app_id: str = "fairstream"


class IngestStep:
    """Ingest for one source partition.

    Args:
        model: The policy of the model.
        keys: Root keys of the pseudonyms.
        partition: Source partition.
        topology: Where outputs go.

    Cost: about 6 microseconds per event with two identifiers; state grows with open panes times cells and with the
    repeat horizon, not with the number of events.
    """

    def __init__(self, model: ModelPolicy, keys: tuple[RootKey, ...], partition: int, topology: IngestTopology) -> None:
        self.counts = IngestCounts()
        self._model = model
        self._layout_hash = model.layout_hash()
        self._partition = partition
        self._reader = RecordReader(model)
        schema = self._reader.schema
        self._awaiting: DecisionWriter | None = None
        if model.outcome is not None:
            self._awaiting = DecisionWriter(
                outcome_join_topic(topology.app_id, model.name), partition, self._layout_hash
            )
        self._counter = EventCounter(model, schema, self._awaiting.add_cells if self._awaiting else None)
        self._encode = schema.encode
        self._setters = [schema.setter(identifier.path) for identifier in model.all_identifiers]
        self._box_setters = [schema.setter(box.path) for box in model.boxes]
        self._pseudonymizers = [Pseudonymizer(keys, i.link_domain, i.canonical) for i in model.all_identifiers]
        newest_key = max(keys, key=lambda key: key.valid_from_s)
        payload_hash = keyed_hash(derive_key(newest_key.secret, "dead-letter"))
        self._notices = NoticeWriter(model, partition, topology.n_notices, payload_hash)
        self._watermark = Watermark(model.event_time.pane_s, model.event_time.out_of_orderness_s)
        self._horizon = DeduplicationWindow(model.deduplication_window)
        self._deduplication_log = DeduplicationLog(self._horizon)
        self._panes = PaneStore()
        max_cells = max_cells_of(self._counter.layout.width)
        self._pane_log = PaneLog(max_cells)
        self._partials = PartialWriter(
            model.name,
            self._layout_hash,
            SourcePartition(model.topic, partition),
            n_partitions=topology.n_source_partitions,
            to_partition=partition_of_model(model.name, topology.n_partials),
            max_cells=max_cells,
        )
        self._next_offset = self._first_offset = 0
        self._counted_events = True  # a restored lane was active a moment ago, for all it knows
        self._active_at_s = 0.0
        self._announced: tuple[Any, ...] | None = None

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return self._model.name

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int) -> None:
        """Take over panes, watermark and remembered ids as of the last commit."""
        self._next_offset = self._first_offset = next_offset
        meta = msgspec.msgpack.decode(entries[_META_KEY], type=_IngestHead) if _META_KEY in entries else None
        if meta is not None:
            self._check(meta)
            self._watermark.max_event_s, self._first_offset = meta.max_event_s, meta.first_offset
        self._panes.put_back(self._pane_log.restore(entries))
        self._deduplication_log.restore(entries)

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Count and publish a run of raw records."""
        self._next_offset = batch.next_offset
        if self._awaiting is not None and len(batch):
            self._awaiting.move_to(int(batch.timestamps_ms[-1]) // 1000)
        reading = self._reader.read(batch)
        self.counts.n_tombstones += reading.n_tombstones
        self.counts.dropped += reading.dropped
        outputs = []
        if reading.rejected:
            self.counts.dead_letters.update(reading.rejected.values())
            outputs.append(self._notices.dead_letters(batch, reading.rejected))
        if len(reading):
            digests, epochs = self._hash(0, reading.identifiers[0], reading.times_s)
            digests, epochs = self._drop_duplicates(reading, digests, epochs)
            outputs += self._count_on_time(reading, digests, epochs)
        return outputs

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return the partial counts and the changed state."""
        # Only counted events are activity: repeats or bad records alone would hold back the windows of all others.
        if self._counted_events:
            self._active_at_s = now_s
        is_idle = is_caught_up and now_s - self._active_at_s >= self._model.event_time.idle_s
        panes = self._panes.take_changes()
        closed_before_s = self._watermark.closed_before_s
        announcement = (self._next_offset, closed_before_s, is_idle)
        flush = Flush()
        if panes or announcement != self._announced:
            told = self._partials.write(
                panes,
                self._watermark,
                first_offset=self._first_offset,
                next_offset=self._next_offset,
                is_idle=is_idle,
            )
            flush.outputs.append(told)
            flush.changes += self._changes(panes, closed_before_s)
        if self._awaiting is not None:
            flush.outputs += self._awaiting.take_outputs()
        self._announced = announcement
        self._counted_events = False
        return flush

    def take_counts(self) -> IngestCounts:
        """Return what happened since the last call."""
        counts, self.counts = self.counts, IngestCounts()
        return counts

    def _check(self, meta: _IngestHead) -> None:
        if meta.version != STATE_VERSION or meta.layout_hash != self._layout_hash:
            raise StateError(
                f"The stored counts of model {self._model.name!r} were made with other groups, features or panes",
                action="Restore the former policy, or start this one under a new FAIRSTREAM_APP_ID",
            )

    def _hash(
        self, number: int, values: list[bytes | None], times_s: NDArray[np.int64]
    ) -> tuple[list[bytes], NDArray[np.int64]]:
        """Return the keyed hash of each value under the key of its event time, and the key epochs."""
        hashing = self._pseudonymizers[number]
        present: list[bytes] = [value or b"" for value in values]
        first, last = hashing.epoch_at(int(times_s.min())), hashing.epoch_at(int(times_s.max()))
        if first == last:
            return hashing.digests(present, first), np.full(len(values), first, np.int64)
        epochs = np.array([hashing.epoch_at(time_s) for time_s in times_s.tolist()], np.int64)
        return [hashing.digests([v], e)[0] for v, e in zip(present, epochs.tolist(), strict=True)], epochs

    def _drop_duplicates(
        self, reading: EventBatch, digests: list[bytes], epochs: NDArray[np.int64]
    ) -> tuple[list[bytes], NDArray[np.int64]]:
        tags = event_tags(digests)
        is_duplicate = self._horizon.admit(reading.offsets, tags)
        self._deduplication_log.add(reading.offsets[~is_duplicate], tags[~is_duplicate])
        if not is_duplicate.any():
            return digests, epochs
        self.counts.n_duplicates += int(is_duplicate.sum())
        reading.keep(~is_duplicate)
        return list(compress(digests, ~is_duplicate)), epochs[~is_duplicate]

    def _count_on_time(self, reading: EventBatch, digests: list[bytes], epochs: NDArray[np.int64]) -> Iterator[Outputs]:
        closed_before_s = self._watermark.advance(reading.times_s)
        is_late = reading.times_s < closed_before_s
        if is_late.any():
            self.counts.n_late += int(is_late.sum())
            late = (column[is_late] for column in (reading.offsets, reading.times_s, closed_before_s))
            yield self._notices.late_decisions(*late)
            digests, epochs = list(compress(digests, ~is_late)), epochs[~is_late]
            reading.keep(~is_late)
        if len(reading):
            self._count(reading)
            if self._awaiting is not None:
                self._awaiting.add_tags(event_tags(digests))
            if self._model.output_topic is not None:
                yield self._publish(reading, digests, epochs)

    def _count(self, reading: EventBatch) -> None:
        self._counted_events = True
        for start_s, cells in self._counter.count(reading.events, reading.times_s):
            self._panes.add(start_s, cells)
            self._counter.tally(cells, self.counts.decisions, self.counts.overflow)

    def _publish(self, reading: EventBatch, digests: list[bytes], epochs: NDArray[np.int64]) -> Outputs:
        events = reading.events
        keys: list[bytes | None] = []
        for number, (values, overwrite) in enumerate(zip(reading.identifiers, self._setters, strict=True)):
            if number:
                digests, epochs = self._hash(number, values, reading.times_s)
            pseudonyms = self._written(number, digests, epochs)
            if self._model.all_identifiers[number].is_required:
                overwrite(events, pseudonyms)
            else:
                is_there = [value is not None for value in values]  # null stays null, absent stays absent
                overwrite(compress(events, is_there), compress(pseudonyms, is_there))
            keys = keys or [pseudonym.encode() for pseudonym in pseudonyms]
        for overwrite in self._box_setters:
            overwrite(events, repeat(UNSET, len(events)))
        headers = ([("source", b"%d:%d" % (self._partition, offset))] for offset in reading.offsets.tolist())
        encoded: list[bytes | None] = list(map(self._encode, events))
        return Outputs(self._model.output_topic or "", self._partition, keys, encoded, headers)

    def _written(self, number: int, digests: list[bytes], epochs: NDArray[np.int64]) -> list[str]:
        hashing = self._pseudonymizers[number]
        if (epochs == epochs[0]).all():
            return hashing.pseudonyms(digests, int(epochs[0]))
        return [hashing.pseudonyms([d], e)[0] for d, e in zip(digests, epochs.tolist(), strict=True)]

    def _changes(self, panes: list[PanePartial], closed_before_s: int | None) -> list[tuple[bytes, bytes | None]]:
        if closed_before_s is not None:
            self._panes.close_before(closed_before_s)
        meta = _IngestHead(STATE_VERSION, self._layout_hash, self._watermark.max_event_s, self._first_offset)
        return [
            *self._pane_log.changes(panes, closed_before_s),
            (_META_KEY, msgspec.msgpack.encode(meta)),
            *self._deduplication_log.take_changes(),
        ]
