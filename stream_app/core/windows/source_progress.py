"""How far event time has come: the progress of each source partition, and the combined watermark.

A pane is complete when every source partition has passed its end. A partition that is silent (*idle*) does not delay
the others; one that never reported does. When all are idle, time moves on with the clock, so that the last
window closes too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class SourcePartition(NamedTuple):
    """One source partition."""

    topic: str
    partition: int


@dataclass(frozen=True)
class SourceProgress:
    """What a source partition reported last.

    Attributes:
        next_offset: Every record below is counted.
        closed_before_s: Panes that start before are final in this partition; None before the first event.
        max_event_s: Highest event time seen; None before the first event.
        is_idle: Read to its end and silent.
        first_offset: No record below was ever counted.
        log_number: Log of the source partition to which the offsets belong; one that was created again or cut short has
            a higher number.
    """

    next_offset: int
    closed_before_s: int | None
    max_event_s: int | None
    is_idle: bool
    first_offset: int = 0
    log_number: int = 0

    def is_final(self, pane_start_s: int) -> bool:
        """Return whether a pane cannot change any more in this partition."""
        return self.closed_before_s is not None and pane_start_s < self.closed_before_s


def combined_watermark(sources: Iterable[SourceProgress]) -> int | None:
    """Return the lowest ``closed_before_s`` over the partitions that are not idle.

    None when there is none, or when one of them has not seen an event yet.

    >>> idle = SourceProgress(4, 60, 71, is_idle=True)
    >>> combined_watermark([SourceProgress(9, 120, 131, False), idle, SourceProgress(7, 90, 99, False)])
    90
    >>> combined_watermark([SourceProgress(9, 120, 131, False), SourceProgress(0, None, None, False)]) is None
    True
    """
    closed = [source.closed_before_s for source in sources if not source.is_idle]
    known = [time_s for time_s in closed if time_s is not None]
    return min(known) if known and len(known) == len(closed) else None


def idle_watermark(sources: Iterable[SourceProgress], *, out_of_orderness_s: int, silence_s: float) -> int | None:
    """Return the watermark of a stream whose partitions are all silent.

    ``highest event time - out_of_orderness + silence``: event time is taken to run as fast as the clock.

    Args:
        sources: All partitions, all idle.
        out_of_orderness_s: Of the policy.
        silence_s: How long all have been idle, >= 0.

    Returns:
        Whole seconds, rounded down; None when no partition has seen an event.

    >>> idle = [SourceProgress(9, 120, 131, True), SourceProgress(0, None, None, True)]
    >>> idle_watermark(idle, out_of_orderness_s=5, silence_s=4.5)
    130
    """
    times_s = [source.max_event_s for source in sources if source.max_event_s is not None]
    return int(max(times_s) - out_of_orderness_s + silence_s // 1) if times_s else None


def present_of(progress: Mapping[SourcePartition, SourceProgress], n_partitions: int) -> list[SourceProgress]:
    """Return the progress of the partitions that the topic has now, once all of them have reported; else nothing.

    A topic that was created again may have fewer partitions than before.

    >>> last = SourceProgress(9, 120, 131, False)
    >>> progress = {SourcePartition("a", 0): last, SourcePartition("a", 3): last}
    >>> [len(present_of(progress, n_partitions)) for n_partitions in (0, 1, 2)]
    [0, 1, 0]
    """
    present = [last for source, last in progress.items() if source.partition < n_partitions]
    return present if len(present) == n_partitions else []


def partitions_after(
    known: int, reported: int, source: SourcePartition, before: SourceProgress | None, progress: SourceProgress
) -> int:
    """Return the number of partitions of a topic after a report.

    A topic only gets more partitions, so a lower number is from a worker that has not noticed yet. Only in a new log it
    is right: the topic was created again. What then comes from a partition that no longer exists is its last report.

    Args:
        known: Number before the report.
        reported: Number in the report.
        source: The partition that reports.
        before: What it reported before; None for the first report.
        progress: What it reports now.

    >>> p3, old = SourcePartition("a", 3), SourceProgress(9, 120, 131, False)
    >>> new = SourceProgress(2, 120, 131, False, log_number=1)
    >>> partitions_after(4, 3, p3, old, old), partitions_after(4, 2, p3, old, new), partitions_after(2, 4, p3, old, old)
    (4, 2, 2)
    """
    if before is not None and progress.log_number > before.log_number:
        return reported
    if before is not None and source.partition >= known:
        return known
    return max(known, reported)


def log_numbers_of(progress: Mapping[SourcePartition, SourceProgress]) -> dict[str, dict[int, int]]:
    """Return the number of the log of each source partition by topic, where it is not 0.

    >>> first, second = SourceProgress(9, 120, 131, False), SourceProgress(2, 120, 131, False, log_number=1)
    >>> log_numbers_of({SourcePartition("a", 0): first, SourcePartition("a", 1): second})
    {'a': {1: 1}}
    """
    return group_by_topic({source: last.log_number for source, last in progress.items() if last.log_number})


def group_by_topic(offsets: Mapping[SourcePartition, int]) -> dict[str, dict[int, int]]:
    """Return the offset of each source partition by topic and partition, both in order.

    >>> group_by_topic({SourcePartition("b", 0): 7, SourcePartition("a", 1): 9, SourcePartition("a", 0): 4})
    {'a': {0: 4, 1: 9}, 'b': {0: 7}}
    """
    vector: dict[str, dict[int, int]] = {}
    for source in sorted(offsets):
        vector.setdefault(source.topic, {})[source.partition] = offsets[source]
    return vector
