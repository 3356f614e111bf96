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


class CountedUnder(NamedTuple):
    """The policy under which a source partition is counted.

    Attributes:
        policy_hash: Its hash; empty where version 0.2 counted.
        policy_number: When it was registered, milliseconds since the epoch; a higher number is newer.
        since_offset: Offset from which on it applies.
    """

    policy_hash: str = ""
    policy_number: int = 0
    since_offset: int = 0


NOT_NAMED = CountedUnder()  # version 0.2 did not say


@dataclass(frozen=True)
class SourceProgress:
    """What a source partition reported last.

    Attributes:
        next_offset: Every record below is counted.
        closed_before_s: Panes that start before are final in this partition; None before the first event.
        max_event_s: Highest event time seen; None before the first event.
        is_idle: Read to its end and silent.
        first_offset: No record below was ever counted.
        counted_under: The policy under which it is counted.
    """

    next_offset: int
    closed_before_s: int | None
    max_event_s: int | None
    is_idle: bool
    first_offset: int = 0
    counted_under: CountedUnder = NOT_NAMED

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


def group_by_topic(offsets: Mapping[SourcePartition, int]) -> dict[str, dict[int, int]]:
    """Return the offset of each source partition by topic and partition, both in order.

    >>> group_by_topic({SourcePartition("b", 0): 7, SourcePartition("a", 1): 9, SourcePartition("a", 0): 4})
    {'a': {0: 4, 1: 9}, 'b': {0: 7}}
    """
    vector: dict[str, dict[int, int]] = {}
    for source in sorted(offsets):
        vector.setdefault(source.topic, {})[source.partition] = offsets[source]
    return vector
