"""Locates the source partition, and the range of offsets in it, where live counts and a recount differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import Partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.replay.cursor import Cursor
from stream_app.pipeline.replay.verify.recomputation import log_number


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """Where the counts of a source partition differ.

    Attributes:
        topic: Source topic.
        partition: Source partition.
        first_offset: The difference is at or after this offset.
        next_offset: And before this one.
        pane_start_s: Start of the first pane that differs.
    """

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    pane_start_s: int


class FlushedPanes(msgspec.Struct, frozen=True):
    """One complete flush of a source partition."""

    next_offset: int
    panes: dict[int, Cells]


def flushes_of(partials: Iterable[Partial], last: JournalEntry) -> dict[SourcePartition, list[FlushedPanes]]:
    """Join the parts of flushes; what a former owner published again is left out, as the judge does.

    Args:
        partials: Of the model, in the order of the log; of other deployments, and of logs that are gone, too.
        last: The last entry of the journal of a deployment: only what was counted of the logs that it names is there.
    """
    flushes: dict[SourcePartition, list[FlushedPanes]] = {}
    panes: dict[SourcePartition, dict[int, Cells]] = {}
    for partial in partials:
        source = SourcePartition(partial.topic, partial.partition)
        if partial.app_id != last.app_id or partial.log_number != log_number(last, source):
            continue
        if partial.part == 0:
            panes[source] = {}
        for pane in partial.panes:
            panes.setdefault(source, {}).setdefault(pane.start_s, {}).update(pane.cells)
        complete = flushes.setdefault(source, [])
        if partial.part == partial.n_parts - 1 and (not complete or partial.next_offset >= complete[-1].next_offset):
            complete.append(FlushedPanes(partial.next_offset, panes.pop(source, {})))
    return flushes


def find_divergence(source: SourcePartition, cursor: Cursor, flushes: Iterable[FlushedPanes]) -> Divergence | None:
    """Recount one partition in the steps of its flushes and return the first that differs; None when all agree.

    Args:
        source: The partition.
        cursor: Counts it from its first offset.
        flushes: What its lane published, in order; the oldest may be gone.
    """
    before: int | None = None
    for flush in flushes:
        recounted = cursor.count_below(flush.next_offset)
        differing = _differing_panes(recounted, flush.panes, is_first=before is None)
        if differing:
            return Divergence(
                topic=source.topic,
                partition=source.partition,
                first_offset=before or 0,
                next_offset=flush.next_offset,
                pane_start_s=min(differing),
            )
        before = flush.next_offset
    return None


def _differing_panes(ours: Mapping[int, Cells], theirs: Mapping[int, Cells], *, is_first: bool) -> set[int]:
    """Return the panes that differ; the first flush that is left contains only panes that changed in it."""
    differing = {start_s for start_s, cells in theirs.items() if ours.get(start_s) != cells}
    return differing if is_first else differing | (ours.keys() - theirs.keys())
