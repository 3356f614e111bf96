"""Which records of a source partition count: the one order of admission, live and in a replay.

1. Decode and check (``reading``): is it a record of this policy, and is its event time plausible?
2. Hash the event id under the key of its event time.
3. Deduplicate: was that id seen within the deduplication window? Then the first event stands; one with another
   decision is a conflict, which is rejected (``conflict``) and is no duplicate. Up to an hour from the boundary of a
   key epoch the id is searched under the keys of both epochs, so the same id with event times on both sides of it is a
   duplicate, too.
4. Lateness: had the pane of the event closed before the event came?
5. Objects: does another track count already that a camera says is the same object?

What passes is counted. Everything is decided by the log of the partition alone, record by record in offset order, so
neither the length of the batches nor a restart changes a decision. So records can be counted again under another
policy (``Recount``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Bools
from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.events.schema import Schema
from stream_app.core.noise.track_counts import DAY_S
from stream_app.core.privacy.pseudonym import Pseudonymizer, RootKey
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.deduplication import (
    DeduplicationWindow,
    Duplicates,
    Tags,
    event_tags,
    tags_with_decisions,
)
from stream_app.core.windows.watermark import Watermark
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.cameras.bound import contributions_of, track_number
from stream_app.pipeline.ingest.cameras.events import applies_renames
from stream_app.pipeline.ingest.cameras.joining import NOTHING_JOINED, Closings, Joined, TrackJoiner
from stream_app.pipeline.ingest.counting import EventCounter
from stream_app.pipeline.ingest.decided.bits import DecisionBits
from stream_app.pipeline.ingest.event_batch import NO_LATE_EVENTS, EventBatch, LateEvents
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.pipeline.layout import amount_scale_of
from stream_app.pipeline.policy_change import mapping_between
from stream_app.policy import Identifier, ModelPolicy

Column = NDArray[np.int64]

_NEAR_S = 3_600  # event time from the boundary of a key epoch, on both sides, in which ids are searched under both keys


class NewIds(NamedTuple):
    """Event ids that the deduplication window began to remember.

    Attributes:
        offsets: Offset of each event, int64, shape (n,).
        tags: Tag of each id, its last bits being the decision, shape (n,).
    """

    offsets: Column
    tags: Tags


class NewContributions(NamedTuple):
    """What tracks have contributed, where that is bounded.

    Attributes:
        days: Day of each event that counts, int64, shape (n,), ascending.
        tags: Tag of its track, shape (n,).
    """

    days: Column
    tags: Tags


_NO_TIMES = np.zeros(0, np.int64)
NO_NEW_IDS = NewIds(_NO_TIMES, np.zeros(0, np.uint64))
NO_CONTRIBUTIONS = NewContributions(_NO_TIMES, np.zeros(0, np.uint64))


@dataclass(frozen=True, slots=True)
class AdmissionResult:
    """Dispositions of the records of a batch.

    Attributes:
        events: The events that count, as columns; beside them what the reader rejected, dropped and skipped.
        late: Events of closed panes.
        new_ids: Event ids that are remembered from now on, for the state of a live lane.
        n_duplicates: Events whose id was seen before, with the same decision.
        contributions: What tracks have contributed, for the state of a live lane.
        n_bounded: Events of tracks that had counted in as many cells of the day as they may.
        joined: What changes since tracks are one object.
    """

    events: EventBatch
    late: LateEvents = NO_LATE_EVENTS
    new_ids: NewIds = NO_NEW_IDS
    n_duplicates: int = 0
    contributions: NewContributions = NO_CONTRIBUTIONS
    n_bounded: int = 0
    joined: Joined = NOTHING_JOINED


class Admission:
    """Decides which records of one source partition count.

    Args:
        model: The policy of the model.
        keys: Root keys of the pseudonyms.

    Attributes:
        window: The remembered event ids; a restored lane fills it from its state.
        watermark: How far event time has come; a restored lane sets it from its state.
        contributions: In how many cells each track has counted, where the policy bounds that; a restored lane fills it
            from its state.
        joiner: Which tracks of a camera are one object, where renames apply; a restored lane fills it from its state.
    """

    def __init__(self, model: ModelPolicy, keys: Iterable[RootKey]) -> None:
        self.watermark = Watermark(model.event_time.pane_s, model.event_time.out_of_orderness_s)
        self._reader = RecordReader(model)
        self._decisions = DecisionBits(model.decision, self._reader.schema, amount_scale_of(model))
        self.window = DeduplicationWindow(model.deduplication_window, self._decisions.n_bits)
        self._event_ids = pseudonymizer_of(model.event_id, keys)
        self.joiner = TrackJoiner(model, self._event_ids) if applies_renames(model) else None
        self.contributions = contributions_of(model)
        self._track = track_number(model)
        self._tracks = pseudonymizer_of(model.all_identifiers[self._track], keys)

    @property
    def schema(self) -> Schema:
        """The decoder that reads the events."""
        return self._reader.schema

    def admit(self, batch: Batch) -> AdmissionResult:
        """Return the disposition of every record of the next batch."""
        events = self._reader.read(batch)
        if not len(events) and not events.renames:
            return AdmissionResult(events)
        events.hash_event_ids(self._event_ids)
        n_checked = len(events)
        new_ids, conflicts = self._remove_duplicates(events)
        places: list[int] = np.searchsorted(batch.offsets, conflicts).tolist()
        events.rejected |= dict.fromkeys(places, DeadLetterReason.CONFLICT)
        late, closings = self._remove_late(events)
        joined = NOTHING_JOINED if self.joiner is None else self.joiner.take(events, closings)
        contributions, n_bounded = self._bound(events)
        n_duplicates = n_checked - len(new_ids.tags) - len(conflicts) + joined.n_duplicates
        return AdmissionResult(events, late, new_ids, n_duplicates, contributions, n_bounded, joined)

    def _remove_duplicates(self, events: EventBatch) -> tuple[NewIds, Column]:
        """Remove duplicates; return the ids that are new, and the offsets of those with another decision."""
        if not len(events):
            return NO_NEW_IDS, events.offsets
        decisions = self._decisions.read(events.events)
        tags = tags_with_decisions(event_tags(events.event_ids.digests), decisions, self._decisions.n_bits)
        first_s, last_s = int(events.times_s.min()) - _NEAR_S, int(events.times_s.max()) + _NEAR_S
        epochs = self._event_ids.epochs_between(first_s, last_s)
        if len(epochs) == 1:
            is_duplicate, is_conflict = self.window.admit(events.offsets, tags)
        else:
            is_duplicate, is_conflict = self._admit_near_boundary(events, tags, decisions, epochs)
        conflicts = events.offsets[is_conflict]
        if is_duplicate.any():
            events.keep(~is_duplicate)
            tags = tags[~is_duplicate]
        return NewIds(events.offsets, tags), conflicts

    def _admit_near_boundary(
        self, events: EventBatch, tags: Tags, decisions: Bools | Tags, epochs: range
    ) -> Duplicates:
        """Admit ids of which some may have been seen under the key of another epoch, in runs under one key each."""
        answer = Duplicates(np.zeros(len(tags), np.bool_), np.zeros(len(tags), np.bool_))
        blocks = np.array([self.window.block_of(offset) for offset in events.offsets.tolist()])
        cuts = np.flatnonzero(np.diff(events.event_ids.epochs) | np.diff(blocks)) + 1
        values = events.identifier_values(0)
        for first, last in pairwise([0, *cuts.tolist(), len(tags)]):
            times_s, own = events.times_s[first:last], int(events.event_ids.epochs[first])
            is_known, is_conflict = answer.is_duplicate[first:last], answer.is_conflict[first:last]
            for epoch in (epoch for epoch in epochs if epoch != own):
                places = np.flatnonzero(self._event_ids.is_near(epoch, times_s, _NEAR_S) & ~is_known)
                if not len(places):
                    continue
                digests = self._event_ids.digests([values[first + place] for place in places.tolist()], epoch)
                others = tags_with_decisions(event_tags(digests), decisions[first:last][places], self._decisions.n_bits)
                found = self.window.find(int(blocks[first]), others)
                is_known[places], is_conflict[places] = found
            fresh = np.flatnonzero(~is_known)
            admitted = self.window.admit(events.offsets[first:last][fresh], tags[first:last][fresh])
            is_known[fresh], is_conflict[fresh] = admitted
        return answer

    def _bound(self, events: EventBatch) -> tuple[NewContributions, int]:
        """Remove events beyond the bound of their track; return what counts, and how many were removed."""
        if self.contributions is None or not len(events):
            return NO_CONTRIBUTIONS, 0
        days = self.contributions.days_of(events.times_s)
        # Under the key of the beginning of the day: a key epoch that ends within it must not make two tracks of one.
        hashes = self._tracks.hashes_at(events.identifier_values(self._track), days * DAY_S)
        tags = event_tags(hashes.digests)
        is_within = self.contributions.admit(events.times_s, tags)
        order = np.argsort(days[is_within], kind="stable")
        n_bounded = int(np.count_nonzero(~is_within))
        if n_bounded:
            events.keep(is_within)
        return NewContributions(days[is_within][order], tags[is_within][order]), n_bounded

    def _remove_late(self, events: EventBatch) -> tuple[LateEvents, Closings]:
        """Remove the events of closed panes; return them, and what was closed when."""
        before_s = self.watermark.closed_before_s
        closed_before_s = self.watermark.advance(events.times_s, events.taken_ms // 1000)
        closings = Closings(events.offsets, closed_before_s, before_s)
        is_late = events.times_s < closed_before_s
        if not is_late.any():
            return NO_LATE_EVENTS, closings
        late = LateEvents(events.offsets[is_late], events.times_s[is_late], closed_before_s[is_late])
        events.keep(~is_late)
        return late, closings


class Recount:
    """Counts the records of a source partition again that were counted under a former policy.

    What counts is what counted then; only the cells are those of the present policy. A record that the present policy
    would reject keeps its former cell.

    Args:
        former: The policy under which they were counted.
        model: The present policy.
        keys: Root keys of the pseudonyms.
        since_offset: First record that is counted again; those before are read for deduplication and lateness.
        kept_from_s: Panes that start before are too old for any window: their changes are added up.

    Attributes:
        panes: How each pane changes, by start.
        is_complete: Whether these are all changes; not where something was taken back, of which the cell is not known
            under the present policy.
    """

    def __init__(
        self, former: ModelPolicy, model: ModelPolicy, keys: Iterable[RootKey], since_offset: int, kept_from_s: int
    ) -> None:
        self.panes: dict[int, Cells] = {}
        self.is_complete = True
        self.since_offset = since_offset
        self._kept_from_s = kept_from_s
        self._oldest_s = kept_from_s - model.event_time.pane_s
        self._mapping = mapping_between(former, model)
        self._admission, self._reader = Admission(former, tuple(keys)), RecordReader(model)
        self._former = EventCounter(former, self._admission.schema)
        self._present = EventCounter(model, self._reader.schema)

    def take(self, batch: Batch) -> None:
        """Count the next records."""
        result = self._admission.admit(batch)
        counted, self.is_complete = result.events, self.is_complete and not result.joined.taken_back
        read = self._reader.read(batch)
        both = np.intersect1d(counted.places[counted.offsets >= self.since_offset], read.places)
        if not len(both):
            return
        for events, counter in ((counted, self._former), (read, self._present)):
            events.keep(np.isin(events.places, both))
            is_former = counter is self._former
            for start_s, cells in counter.count(events.events, counted.times_s):
                change = self._mapping.map_cells(cells) if is_former and self._mapping is not None else cells
                self._add(start_s, change, sign=-1 if is_former else 1)

    def _add(self, start_s: int, cells: Cells, *, sign: int) -> None:
        pane = start_s if start_s >= self._kept_from_s else self._oldest_s
        add_cells(self.panes.setdefault(pane, {}), cells, sign=sign)


def pseudonymizer_of(identifier: Identifier, keys: Iterable[RootKey]) -> Pseudonymizer:
    """Return the keyed hash of an identifier of a policy."""
    return Pseudonymizer(keys, identifier.link_domain, identifier.canonical)
