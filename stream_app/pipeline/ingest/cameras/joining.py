"""Counts tracks of a camera that are one object once, where the camera says so before their window has ended.

The names of tracks are hashed under the key of the pseudonyms, so nothing that is kept or stored names a track.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream_app.core.arrays import Ints
from stream_app.core.events.cameras.adapter import TrackRename
from stream_app.core.events.cameras.joined_tracks import JoinedTracks, Pairs
from stream_app.core.events.cameras.leaks import Leak
from stream_app.core.events.identifiers import CANONICAL
from stream_app.core.privacy.pseudonym import Pseudonymizer
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.deduplication import event_tags
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.event_batch import EventBatch, RenamedTracks
from stream_app.pipeline.layout import layout_of
from stream_app.policy import ModelPolicy

_MAX_CACHED = 16_384  # cells that are remembered by their text


class NewPairs(NamedTuple):
    """What is to be stored: pairs of numbers, one after the other.

    Attributes:
        windows: Window of each number, int64, shape (2 n,), ascending.
        numbers: The numbers, shape (2 n,).
    """

    windows: NDArray[np.int64]
    numbers: Pairs


class Joined(NamedTuple):
    """What renames change.

    Attributes:
        new_cells: Tracks that began to count in a cell: the track and the cell.
        new_joins: Tracks that are one object: the one and the other.
        taken_back: What is to be added to panes, by start: less than nothing.
        n_duplicates: Events that do not count since their object counts there, and those that are taken back.
    """

    new_cells: NewPairs
    new_joins: NewPairs
    taken_back: dict[int, Cells]
    n_duplicates: int


class Closings(NamedTuple):
    """Which panes were closed when.

    Attributes:
        offsets: Offset of each event that came, int64, shape (n,), ascending.
        closed_before_s: Start of the first pane that was open when each of them had come, int64, shape (n,).
        before_s: The same before the first of them; None before any event of the partition.
    """

    offsets: Ints
    closed_before_s: Ints
    before_s: int | None

    def is_open(self, time_s: int, offset: int) -> bool:
        """Return whether the pane of a time was open after the record at an offset; none is before the first event."""
        n = int(np.searchsorted(self.offsets, offset, side="right"))
        closed_s = int(self.closed_before_s[n - 1]) if n else self.before_s
        return closed_s is not None and time_s >= closed_s

    def last_s(self) -> int | None:
        """Return the start of the first pane that was open after all of them."""
        return int(self.closed_before_s[-1]) if len(self.closed_before_s) else self.before_s


NO_PAIRS = NewPairs(np.zeros(0, np.int64), np.zeros(0, np.uint64))
NOTHING_JOINED = Joined(NO_PAIRS, NO_PAIRS, {}, 0)


class StoredPairs:
    """Pairs of numbers by window, as the state of a lane has them; ``RememberedTags``.

    Args:
        put_back: Takes the pairs of a window.
        n_live: How many windows before the newest one are needed.
    """

    def __init__(self, put_back: Callable[[int, Pairs], None], n_live: int) -> None:
        self._put_back = put_back
        self._n_live = n_live

    def block_of(self, window: int) -> int:
        """Return under which number the pairs of a window are stored: its own."""
        return window

    def block_before(self, window: int, age: int) -> int:
        """Return the window that is this many windows before another one."""
        return window - age

    def remember(self, block: int, tags: Pairs, *, has_decisions: bool = True) -> None:
        """Put the pairs of a window back, as they come from stored state."""
        del has_decisions
        self._put_back(block, tags)

    def live_blocks(self, block: int) -> range:
        """Return the windows whose pairs are still needed when one has come."""
        return range(block - self._n_live, block + 1)


class TrackJoiner:
    """Counts the objects of one source partition.

    Args:
        model: The policy of the model; renames apply to it.
        hashing: Keyed hash of its event ids.

    Attributes:
        cells: What is stored of cells.
        joins: What is stored of renames.
    """

    def __init__(self, model: ModelPolicy, hashing: Pseudonymizer) -> None:
        self._hashing = hashing
        self._layout = layout_of(model)
        self._window_s, self._pane_s = model.windows[0].size_s, model.event_time.pane_s
        self._tracks = JoinedTracks()
        self._codes: dict[bytes, int] = {}
        time = model.event_time
        n_live = -(-int(time.max_future_s + time.out_of_orderness_s + self._pane_s) // self._window_s) + 1
        self.cells = StoredPairs(self._tracks.put_back_cells, n_live)
        self.joins = StoredPairs(self._tracks.put_back_joins, n_live)

    def take(self, events: EventBatch, closings: Closings) -> Joined:
        """Remove events whose object counts already; say what is taken back.

        A rename takes effect after the events of its record. One of a closed pane has none, as its window may have
        been published.

        Args:
            events: Events that would count.
            closings: What was closed when each of them came.
        """
        if not len(events) and not events.renames:
            return NOTHING_JOINED
        parts = [value.split(b"|", 2) for value in events.identifier_values(0)]
        windows = (events.times_s // self._window_s).tolist()
        tracks, codes = (
            self._tags([name for _, _, name in parts], windows),
            [self._code_of(cell) for _, cell, _ in parts],
        )
        sightings = list(zip(windows, tracks, codes, strict=True))
        stops = np.searchsorted(events.offsets, [rename.offset for rename in events.renames], side="right").tolist()
        is_counted: list[bool] = []
        taken_back: dict[int, Cells] = {}
        for stop, rename in zip(stops, events.renames, strict=True):
            is_counted += [self._tracks.see(*sighting) for sighting in sightings[len(is_counted) : stop]]
            if not closings.is_open(rename.time_s, rename.offset):
                events.dropped[Leak.RENAME] += 1
                continue
            pane = taken_back.setdefault(rename.time_s // self._pane_s * self._pane_s, {})
            for code in self._join(rename, events.dropped):
                add_cells(pane, {code: [-1]})
        is_counted += [self._tracks.see(*sighting) for sighting in sightings[len(is_counted) :]]
        if not all(is_counted):
            events.keep(np.array(is_counted, np.bool_))
        n_taken_back = -sum(vector[0] for pane in taken_back.values() for vector in pane.values())
        if (closed_s := closings.last_s()) is not None:
            self._tracks.forget_before(closed_s // self._window_s)
        new_cells, new_joins = self._tracks.take_news()
        return Joined(_sorted(new_cells), _sorted(new_joins), taken_back, is_counted.count(False) + n_taken_back)

    def _join(self, rename: RenamedTracks, dropped: Counter[str]) -> list[int]:
        """Make two tracks one object; return the cells in which both counted."""
        window = rename.time_s // self._window_s
        first, second = self._tags([rename.first, rename.second], [window, window])
        both = self._tracks.join(window, first, second)
        dropped[Leak.RENAME] += both is None
        return both or []

    def _tags(self, names: Sequence[bytes], windows: Sequence[int]) -> list[int]:
        """Return what stands for each track: under the key of the beginning of its window, in which keys may change."""
        starts = np.array(windows, np.int64) * self._window_s
        tags: list[int] = event_tags(self._hashing.hashes_at(names, starts).digests).tolist()
        return tags

    def _code_of(self, cell: bytes) -> int:
        """Return the code of a cell, as in the id of an event: the number of each group."""
        code = self._codes.get(cell)
        if code is None:
            if len(self._codes) >= _MAX_CACHED:
                self._codes.clear()
            code = self._codes[cell] = self._layout.code_of(map(int, cell.split(b".")))
        return code


def plausible_renames(
    renames: Iterable[tuple[int, TrackRename]], batch: Batch, model: ModelPolicy, dropped: Counter[str]
) -> Iterator[RenamedTracks]:
    """Yield the renames whose time is as near to the broker's clock as that of an event must be.

    Args:
        renames: Each with the place of its record in the batch.
        batch: The records.
        model: The policy of the model.
        dropped: Counter of what is left behind, by kind, added to in place.
    """
    time, canonical = model.event_time, CANONICAL[model.event_id.canonical]
    for place, rename in renames:
        broker_s = int(batch.timestamps_ms[place]) / 1000
        if broker_s - time.max_age_s <= rename.time_s <= broker_s + time.max_future_s:
            names = canonical(rename.first), canonical(rename.second)
            yield RenamedTracks(int(batch.offsets[place]), int(rename.time_s // 1), *names)
        else:
            dropped[Leak.RENAME] += 1


def _sorted(triples: list[tuple[int, int, int]]) -> NewPairs:
    """Return triples of window and two numbers as pairs, in order of the windows."""
    if not triples:
        return NO_PAIRS
    in_order = sorted(triples, key=lambda triple: triple[0])
    windows = np.repeat(np.array([window for window, _, _ in in_order], np.int64), 2)
    return NewPairs(windows, np.array([numbers for _, *numbers in in_order], np.uint64).ravel())
