"""The open panes of one counting lane: counted, published to the judge when they change, stored in the lane's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from stream_app.core.windows.cells import CellMapping, Cells
from stream_app.core.windows.pane_store import PaneStore
from stream_app.core.windows.partials import PanePartial
from stream_app.core.windows.watermark import Watermark
from stream_app.pipeline.contract import Flush
from stream_app.pipeline.panes.pane_log import PaneLog
from stream_app.pipeline.panes.partial_writer import PaneOrigin, PaneRecount, PartialWriter
from stream_app.pipeline.topology import Topology


class _Announcement(NamedTuple):
    """What the judge knows of a lane besides its counts."""

    next_offset: int
    closed_before_s: int | None
    is_idle: bool
    n_partitions: int


class StoredPosition(Protocol):
    """What the stored state of a lane says about where it stands."""

    @property
    def first_offset(self) -> int:
        """Where the lane began."""

    @property
    def log_number(self) -> int:
        """Log of the source to which its offsets belong."""

    @property
    def policy_hash(self) -> str:
        """Hash of the policy under which it counted."""

    @property
    def counted_since(self) -> int:
        """Offset from which on it did."""


class PanePublisher:
    """Publishes and stores the panes of one lane.

    Args:
        origin: Of which model the panes are, in which cells, from which partition.
        topology: Where the partials go.
        watermark: How far event time has come; the owner of the lane advances it.
        idle_s: Silence after which a lane that has read everything is idle.

    Attributes:
        first_offset: Where the lane began: no record below it was ever counted.
        log_number: Log of the source to which the offsets belong.
        counted_since: Offset from which on the lane counts under its policy.
    """

    def __init__(self, origin: PaneOrigin, topology: Topology, watermark: Watermark, idle_s: float) -> None:
        self.first_offset = 0
        self.log_number = 0
        self.counted_since = 0
        self._watermark = watermark
        self._idle_s = idle_s
        self._policy_hash = origin.policy_hash
        self._panes = PaneStore()
        self._log = PaneLog(origin.max_cells)
        self._writer = PartialWriter(origin, topology)
        self._next_offset = 0
        self._has_activity = True  # a restored lane may have been active a moment ago
        self._active_at_s = 0.0
        self._announced: _Announcement | None = None
        self._recount: PaneRecount | None = None

    def restore(
        self,
        entries: Mapping[bytes, bytes],
        next_offset: int,
        stored: StoredPosition | None,
        log_number: int = 0,
        mapping: CellMapping | None = None,
    ) -> None:
        """Take over the open panes as of the last commit.

        In a new log of its source a lane begins again, and under another policy it counts from now on.

        Args:
            entries: The state.
            next_offset: Every record below it is counted.
            stored: What the state says; None for a lane without one.
            log_number: Log of the source to which the offsets belong now.
            mapping: Into the cells of this policy, where another one counted the stored panes.
        """
        self.log_number = log_number
        self._next_offset = self.first_offset = self.counted_since = next_offset
        if stored is not None and stored.log_number == log_number:
            self.first_offset = stored.first_offset
            if stored.policy_hash == self._policy_hash:
                self.counted_since = stored.counted_since
        self._panes.put_back(self._log.restore(entries))
        if mapping is not None:
            self._panes.map_cells(mapping)

    @property
    def next_offset(self) -> int:
        """Every record below it is counted."""
        return self._next_offset

    def move_to(self, next_offset: int) -> None:
        """Note that every record below an offset is counted."""
        self._next_offset = next_offset

    def note_activity(self) -> None:
        """Note that the lane is not silent."""
        self._has_activity = True

    def add(self, start_s: int, cells: Cells) -> None:
        """Add counts to one pane."""
        self._panes.add(start_s, cells)

    def correct(self, since_offset: int, panes: Mapping[int, Cells]) -> None:
        """Take in how panes change by counting the records from an offset on again; the next flush reports it.

        Those of open panes are changed here, the rest by the judge.
        """
        closed_before_s = self._watermark.closed_before_s
        closed = {}
        for start_s, cells in sorted(panes.items()):
            if closed_before_s is not None and start_s < closed_before_s:
                closed[start_s] = dict(sorted(cells.items()))
            else:
                self._panes.correct(start_s, cells)
        self._recount = PaneRecount(since_offset, [PanePartial(start_s, cells) for start_s, cells in closed.items()])

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return the partials and the changed entries of the state; empty when there is no news for the judge.

        Closed panes leave the state in the transaction that publishes their last counts.
        """
        panes = self._panes.take_changes()
        closed_before_s = self._watermark.closed_before_s
        is_idle = self._take_idleness(now_s, is_caught_up=is_caught_up)
        announcement = _Announcement(self._next_offset, closed_before_s, is_idle, self._writer.n_partitions)
        recount, self._recount = self._recount, None
        if not panes and recount is None and announcement == self._announced:
            return Flush()
        self._announced = announcement
        partials = self._writer.write(
            panes,
            self._watermark,
            first_offset=self.first_offset,
            next_offset=self._next_offset,
            counted_since=self.counted_since,
            is_idle=is_idle,
            log_number=self.log_number,
            recount=recount,
        )
        if closed_before_s is not None:
            self._panes.close_before(closed_before_s)
        return Flush([partials], self._log.changes(panes, closed_before_s))

    def _take_idleness(self, now_s: float, *, is_caught_up: bool) -> bool:
        if self._has_activity:
            self._active_at_s = now_s
        self._has_activity = False
        return is_caught_up and now_s - self._active_at_s >= self._idle_s
