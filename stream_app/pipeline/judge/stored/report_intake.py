"""Takes in the reports of source partitions: parts are joined, old ones are left out, doubtful ones wait for the next.

A report below what its partition has reached is old, and ignored. When its lane continues there, flush after flush,
what was reached is not true, since no lane moves back: a forged report claimed it. Then the lane is believed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from stream_app.core.windows.partials import Partial, decode_partial, encode_partial
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.core.windows.tally_changes import StateKey
from stream_app.pipeline.judge.doubts import doubt_of, is_refuted
from stream_app.pipeline.judge.state import DOUBTED, Changes, StateWriter, StoredEntries
from stream_app.pipeline.judge.stored.part_joiner import PartJoiner, joined_flush
from stream_app.pipeline.rejected import RecordFault, RejectedRecord
from stream_app.policy import ModelPolicy

_N_STEPS = 5  # forward, of a lane below what its partition is said to have reached

Flush = list[Partial]
PolicyOf = Callable[[Partial], ModelPolicy]


class ReadRecord(NamedTuple):
    """Where a partial was read.

    Attributes:
        offset: Its offset; -1 where that is not known.
        written_s: When it was written, seconds since the Unix epoch; 0 where that is not known.
        n_partitions: Partitions of the source topic, as the worker knows it; None where it does not.
    """

    offset: int = -1
    written_s: float = 0.0
    n_partitions: int | None = None


NO_RECORD = ReadRecord()


class _Doubted(NamedTuple):
    """A flush that waits.

    Attributes:
        offset: Offset of its last record; -1 where another owner of the lane has read it.
        fault: What is doubted.
        flush: Its parts.
    """

    offset: int
    fault: RecordFault
    flush: Flush


class ReportIntake:
    """Decides which flushes of the source partitions of a model are taken in, and in what order.

    Args:
        stored: The model's entries in the changelog topic.
    """

    def __init__(self, stored: StoredEntries) -> None:
        self._joiner = PartJoiner(stored)
        self._doubted: dict[SourcePartition, _Doubted] = {}
        self._below: dict[SourcePartition, list[tuple[int, int]]] = {}  # steps of a lane below what was reached
        self._changed: set[StateKey] = set()
        self._rejected: list[RejectedRecord] = []
        self._n_stale = 0
        for entry in sorted((entry for entry in stored if entry[0] == DOUBTED), key=lambda entry: entry[-1]):
            partial = decode_partial(b"".join(stored[entry]))
            source = SourcePartition(partial.topic, partial.partition)
            self._doubted.setdefault(source, _Doubted(-1, RecordFault.OFFSET, [])).flush.append(partial)

    def take(
        self, source: SourcePartition, partial: Partial, before: SourceProgress | None, record: ReadRecord
    ) -> Iterator[Flush]:
        """Yield the flushes that a record completes, in order; each is to be taken in before the next one.

        Args:
            source: The partition that reports.
            partial: One part of a report.
            before: What it reported before; None for nothing.
            record: Where the part was read.
        """
        place = (partial.log_number, partial.next_offset)
        is_old = before is not None and place < (before.log_number, before.next_offset)
        if is_old and not self._is_continued(source, partial):
            self._n_stale += 1
            return
        flush = self._joiner.join(source, partial)
        if not flush:
            return
        doubted = self._doubted.pop(source, None)
        if doubted is not None:
            self._changed.update((DOUBTED, *source, number) for number in range(len(doubted.flush)))
            if is_refuted(doubted.flush[-1], partial):
                self._rejected.append(RejectedRecord(doubted.offset, doubted.fault))
            else:
                before = joined_flush(doubted.flush)[1]
                yield doubted.flush
        if not is_old and (fault := doubt_of(partial, before, record.n_partitions, record.written_s)) is not None:
            self._doubted[source] = _Doubted(record.offset, fault, flush)
            self._changed.update((DOUBTED, *source, number) for number in range(len(flush)))
            return
        self._below.pop(source, None)
        yield flush

    def take_counts(self) -> tuple[int, int]:
        """Return how many records were old, and how many flushes lacked a part, since the last call."""
        n_stale, self._n_stale = self._n_stale, 0
        return n_stale, self._joiner.take_broken()

    def take_rejected(self) -> list[RejectedRecord]:
        """Return the records that the next report of their partition has refuted since the last call."""
        rejected, self._rejected = self._rejected, []
        return rejected

    def entries(self) -> dict[StateKey, bytes]:
        """Return every part that waits as an entry of the state."""
        waiting: dict[StateKey, bytes] = {
            (DOUBTED, *source, number): encode_partial(part)
            for source, doubted in sorted(self._doubted.items())
            for number, part in enumerate(doubted.flush)
        }
        return self._joiner.entries() | waiting

    def take_changes(self, writer: StateWriter) -> Changes:
        """Return the changed entries of the state since the last call."""
        changes, entries = self._joiner.take_changes(writer), self.entries() if self._changed else {}
        for entry in sorted(self._changed, key=str):
            changes += writer.encode(entry, entries.get(entry))
        self._changed.clear()
        return changes

    def _is_continued(self, source: SourcePartition, partial: Partial) -> bool:
        """Note where a lane is below what its partition has reached; return whether it continues from there."""
        steps, place = self._below.setdefault(source, []), (partial.log_number, partial.next_offset)
        if steps and place <= steps[-1]:
            if place < steps[-1]:
                steps.clear()
            return len(steps) >= _N_STEPS
        steps.append(place)
        del steps[:-_N_STEPS]
        return len(steps) >= _N_STEPS
