"""Joins the parts of one flush of a source partition; an incomplete flush is kept in the judge's state."""

from __future__ import annotations

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import Partial, decode_partial, encode_partial
from stream_app.core.windows.source_progress import CountedUnder, SourcePartition, SourceProgress
from stream_app.core.windows.tally_changes import StateKey
from stream_app.pipeline.judge.state import Changes, StateWriter, StoredEntries


class PartJoiner:
    """The parts of flushes whose last part has not come yet.

    Args:
        stored: The model's entries in the changelog topic.
    """

    def __init__(self, stored: StoredEntries) -> None:
        self._parts: dict[SourcePartition, list[Partial]] = {}
        self._changed: set[StateKey] = set()
        self._n_broken = 0
        for entry in sorted((entry for entry in stored if entry[0] == "part"), key=lambda entry: entry[-1]):
            partial = decode_partial(b"".join(stored[entry]))
            self._parts.setdefault(SourcePartition(partial.topic, partial.partition), []).append(partial)

    def join(self, source: SourcePartition, partial: Partial) -> list[Partial]:
        """Return all parts of the flush when this is its last; else keep it and return nothing."""
        earlier = self._parts.pop(source, [])
        self._mark_changed(source, len(earlier))
        if earlier and (partial.part == 0 or _place_of(partial) != _place_of(earlier[0])):
            self._n_broken += 1
            earlier = []
        if partial.part != len(earlier):
            self._n_broken += 1
            return []
        flush = [*earlier, partial]
        if len(flush) == partial.n_parts:
            return flush
        self._parts[source] = flush
        self._mark_changed(source, len(flush))
        return []

    def take_broken(self) -> int:
        """Return how many flushes lacked a part since the last call."""
        n_broken, self._n_broken = self._n_broken, 0
        return n_broken

    def entries(self) -> dict[StateKey, bytes]:
        """Return every part that waits as an entry of the state."""
        return {
            ("part", *source, number): encode_partial(part)
            for source, parts in sorted(self._parts.items())
            for number, part in enumerate(parts)
        }

    def take_changes(self, writer: StateWriter) -> Changes:
        """Return the changed entries of the state since the last call."""
        changes: Changes = []
        for entry in sorted(self._changed, key=str):
            _, topic, partition, number = entry
            parts = self._parts.get(SourcePartition(str(topic), int(partition)), [])
            data = encode_partial(parts[int(number)]) if int(number) < len(parts) else None
            changes += writer.encode(entry, data)
        self._changed.clear()
        return changes

    def _mark_changed(self, source: SourcePartition, n_parts: int) -> None:
        self._changed.update(("part", *source, number) for number in range(n_parts))


def corrections_of(flush: list[Partial]) -> dict[int, Cells]:
    """Return the corrections that all parts of one flush report together, by start of the pane."""
    panes: dict[int, Cells] = {}
    for pane in (pane for part in flush for pane in part.corrections):
        panes.setdefault(pane.start_s, {}).update(pane.cells)
    return panes


def recounted_since(flush: list[Partial], before: SourceProgress | None) -> int | None:
    """Return from which offset on records were counted again; None where none were, or that was taken in already.

    Args:
        flush: All parts of a flush.
        before: What is known of the partition: a lane counts again once, in its first flush under a policy.
    """
    last = flush[-1]
    under = CountedUnder(last.policy_hash, last.policy_number, last.counted_since)
    return None if before is not None and before.counted_under == under else last.recounted_since


def _place_of(partial: Partial) -> tuple[int, int]:
    return partial.log_number, partial.next_offset


def joined_flush(flush: list[Partial]) -> tuple[int, SourceProgress, dict[int, Cells]]:
    """Return what all parts of one flush report together: partitions of the topic, its progress, its panes."""
    last = flush[-1]
    panes: dict[int, Cells] = {}
    for part in flush:
        for pane in part.panes:
            panes.setdefault(pane.start_s, {}).update(pane.cells)
    progress = SourceProgress(
        last.next_offset,
        last.closed_before_s,
        last.max_event_s,
        last.is_idle,
        last.first_offset,
        last.log_number,
        CountedUnder(last.policy_hash, last.policy_number, last.counted_since),
    )
    return last.n_partitions, progress, panes
