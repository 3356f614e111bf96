"""The report of one source partition to the judge: absolute counts of its changed panes, and how far it has read.

Counts are absolute, so a partial replaces the one before and a duplicate of it changes nothing. All parts of one
flush carry the same ``next_offset``; the judge applies them together when the last part has come, so that a result's
offset vector describes exactly what was counted.
"""

from __future__ import annotations

import msgspec

from stream_app.core.decoding import MessagePackDecoder
from stream_app.core.windows.cells import Cells

_RECORD_BYTES = 900_000  # below the broker's limit for a record, with room for the frame of a partial
_INTEGER_BYTES = 9  # the longest integer of MessagePack
_CELL_FRAME_BYTES = 24  # around the vector of a cell, and around a pane with a single cell


class PanePartial(msgspec.Struct, array_like=True, frozen=True):
    """Absolute counts of one pane of one source partition.

    Attributes:
        start_s: Start of the pane, event time in seconds since the epoch.
        cells: Vector by cell code (``stream_app.core.windows.cells``).
    """

    start_s: int
    cells: Cells


class Partial(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """One part of one flush of one source partition.

    Attributes:
        model: Name of the model.
        layout_hash: Hash of the cell layout; the judge maps the cells of another one.
        topic: Source topic.
        partition: Source partition.
        n_partitions: Number of partitions of the source topic; all must report before a pane can close.
        next_offset: Every record below this offset of the source partition is counted.
        closed_before_s: Panes that start before this event time are final in this partition; None before the
            first event.
        max_event_s: Highest event time seen; None before the first event.
        is_idle: The partition was read to its end and has been silent for the policy's ``idle_s``.
        part: Number of this part, from 0.
        n_parts: Number of parts of this flush.
        panes: The panes that changed since the last flush.
        first_offset: Where the lane began when it had no state yet: no record below was ever counted.
        log_number: Log of the source partition to which the offsets belong: 0, and one more each time the topic was
            created again or its log cut short.
        app_id: Deployment of the lane; empty in partials of version 0.2.
        policy_hash: Hash of the policy of the model under which the lane counts; empty likewise.
        policy_number: When that policy was registered, milliseconds since the epoch; a higher number is newer.
        counted_since: Offset from which on the lane counts under that policy.
        corrections: Changes of panes that are closed in this partition, after their records were counted again under
            that policy. Those of panes that are long closed are added up, as a change of the last of them.
        recounted_since: First offset of those records; None where nothing was counted again.
    """

    model: str
    layout_hash: str
    topic: str
    partition: int
    n_partitions: int
    next_offset: int
    closed_before_s: int | None
    max_event_s: int | None
    is_idle: bool
    part: int = 0
    n_parts: int = 1
    panes: tuple[PanePartial, ...] = ()
    first_offset: int = 0
    log_number: int = 0
    app_id: str = ""
    policy_hash: str = ""
    policy_number: int = 0
    counted_since: int = 0
    corrections: tuple[PanePartial, ...] = ()
    recounted_since: int | None = None


_encoder = msgspec.msgpack.Encoder()
_decoder = MessagePackDecoder[Partial](Partial)


def encode_partial(partial: Partial) -> bytes:
    """Encode as MessagePack."""
    return _encoder.encode(partial)


def decode_partial(data: bytes) -> Partial:
    """Decode what ``encode_partial`` made.

    Raises:
        msgspec.MsgspecError: the bytes are not a partial.
    """
    return _decoder.decode(data)


def max_cells_of(width: int) -> int:
    """Return how many cells fit into one record for certain, whatever their counts.

    Args:
        width: Length of a cell's vector (``CellLayout.width``), >= 1.

    >>> max_cells_of(1), max_cells_of(4)
    (21428, 13043)
    """
    return _RECORD_BYTES // (_CELL_FRAME_BYTES + _INTEGER_BYTES * (1 + width))


def split_panes(panes: list[PanePartial], max_cells: int) -> list[tuple[PanePartial, ...]]:
    """Cut the panes of one flush in parts that fit into a record; at least one part, maybe empty.

    A pane with more than ``max_cells`` cells is cut too: parts of one pane are joined by the judge.

    >>> [len(part) for part in split_panes([PanePartial(0, {1: [1]}), PanePartial(10, {1: [1], 2: [1]})], 2)]
    [1, 1]
    >>> split_panes([], 2)
    [()]
    """
    parts: list[tuple[PanePartial, ...]] = []
    part: list[PanePartial] = []
    room = max_cells
    for pane in panes:
        for piece in pieces_of(pane, max_cells):
            if len(piece.cells) > room and part:
                parts.append(tuple(part))
                part, room = [], max_cells
            part.append(piece)
            room -= len(piece.cells)
    return [*parts, tuple(part)]


def pieces_of(pane: PanePartial, max_cells: int) -> list[PanePartial]:
    """Cut one pane in pieces of at most ``max_cells`` cells; at least one piece.

    >>> [piece.cells for piece in pieces_of(PanePartial(0, {1: [1], 2: [1], 5: [3]}), 2)]
    [{1: [1], 2: [1]}, {5: [3]}]
    """
    if len(pane.cells) <= max_cells:
        return [pane]
    items = list(pane.cells.items())
    return [
        PanePartial(pane.start_s, dict(items[first : first + max_cells])) for first in range(0, len(items), max_cells)
    ]
