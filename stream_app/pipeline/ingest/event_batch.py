"""The events of a batch as columns: what the reader has checked, and what admission and counting go through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.privacy.pseudonym import NO_HASHES, KeyedHashes, Pseudonymizer
from stream_app.pipeline.contract import UnreadableRange

Column = NDArray[np.int64]

MAX_IN_RECORD = 2**16  # events of one record; with offsets below 2**47 their places are exact


class RenamedTracks(NamedTuple):
    """Two tracks that are one object, as a camera says.

    Attributes:
        offset: Offset of the record that says so.
        time_s: When the camera says so, event time in whole seconds.
        first: Canonical name of the one track, as at the end of its event ids.
        second: That of the other one.
    """

    offset: int
    time_s: int
    first: bytes
    second: bytes


@dataclass(slots=True)
class EventBatch:
    """The checked events of a batch, as columns in offset order, and what was rejected.

    Attributes:
        events: Decoded events.
        offsets: Offset of each event, int64.
        times_s: Event time of each event in whole seconds, int64.
        taken_ms: Broker timestamp of each record, int64.
        identifiers: Canonical value of each identifier of each event, in the order of ``all_identifiers``; None
            where an identifier that is not required is absent or null.
        rejected: Place in the batch and reason of each rejected record, by place.
        dropped: Dropped fields by declared path, or ``undeclared``.
        n_tombstones: Records without a value; they are not a fault.
        unreadable: What the batch names instead of records.
        numbers: Number of each event in its record, int64; None where each record has one.
        event_ids: Keyed hash and key epoch of each event id; empty until they are hashed.
        renames: Which tracks are one object, in offset order.
    """

    events: list[Any]
    offsets: NDArray[np.int64]
    times_s: NDArray[np.int64]
    taken_ms: NDArray[np.int64]
    identifiers: list[list[bytes | None]]
    rejected: dict[int, Reason] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    n_tombstones: int = 0
    unreadable: Sequence[UnreadableRange] = ()
    numbers: NDArray[np.int64] | None = None
    event_ids: KeyedHashes = NO_HASHES
    renames: Sequence[RenamedTracks] = ()

    def __len__(self) -> int:
        return len(self.events)

    @property
    def places(self) -> NDArray[np.int64]:
        """What identifies each event in its partition, int64: its offset, and its number in the record."""
        return self.offsets if self.numbers is None else self.offsets * MAX_IN_RECORD + self.numbers

    def identifier_values(self, number: int) -> list[bytes]:
        """Return the canonical values of one identifier; empty bytes where it is absent or null."""
        return [value or b"" for value in self.identifiers[number]]

    def hash_event_ids(self, hashing: Pseudonymizer) -> None:
        """Fill the columns of the event ids: each id under the key of its event time."""
        self.event_ids = hashing.hashes_at(self.identifier_values(0), self.times_s)

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Remove the events where the mask is False, from every column."""
        flags = mask.tolist()
        self.events = list(compress(self.events, flags))
        self.offsets, self.times_s, self.taken_ms = self.offsets[mask], self.times_s[mask], self.taken_ms[mask]
        self.numbers = None if self.numbers is None else self.numbers[mask]
        self.identifiers = [list(compress(column, flags)) for column in self.identifiers]
        if self.event_ids.digests:
            self.event_ids = self.event_ids.part(mask)


@dataclass(frozen=True, slots=True)
class LateEvents:
    """Events whose pane had closed when they came, as columns in offset order.

    Attributes:
        offsets: Offset of each event, int64, shape (n,).
        times_s: Event time of each in whole seconds, int64, shape (n,).
        closed_before_s: Start of the first pane that was open when each event came, int64, shape (n,).
    """

    offsets: Column
    times_s: Column
    closed_before_s: Column

    def __len__(self) -> int:
        return len(self.offsets)


_NO_TIMES = np.zeros(0, np.int64)
NO_LATE_EVENTS = LateEvents(_NO_TIMES, _NO_TIMES, _NO_TIMES)
