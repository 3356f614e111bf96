"""How far event time has come: the progress of each source partition, and the combined watermark.

Windows close when every source partition has passed their end. A partition that is silent (*idle*) does not delay the
others; one that never reported does. When all are idle, windows with decisions end by the clock. Sequential tests wait
longer: a silent partition delays them until it has been silent for the policy's ``detection.wait_s`` (``Silence``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
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


class SourceProgress(NamedTuple):
    """What a source partition reported last, and as it is stored: new fields come at the end, with a default.

    Attributes:
        next_offset: Every record below is counted.
        closed_before_s: Panes that start before are final in this partition; None before the first event.
        max_event_s: Highest event time seen; None before the first event.
        is_idle: Read to its end and silent.
        first_offset: No record below was ever counted.
        log_number: Log of the source partition to which the offsets belong; one that was created again or cut short has
            a higher number.
        counted_under: The policy under which it is counted.
    """

    next_offset: int
    closed_before_s: int | None
    max_event_s: int | None
    is_idle: bool
    first_offset: int = 0
    log_number: int = 0
    counted_under: CountedUnder = NOT_NAMED

    def is_final(self, pane_start_s: int) -> bool:
        """Return whether a pane cannot change any more in this partition."""
        return self.closed_before_s is not None and pane_start_s < self.closed_before_s

    def after(self, before: SourceProgress | None) -> SourceProgress:
        """Return it with every pane final that was final before: in one log none opens again.

        >>> last = SourceProgress(9, 120, 131, False)
        >>> SourceProgress(4, 60, 71, False).after(last).closed_before_s
        120
        """
        if before is None or before.closed_before_s is None or self.log_number > before.log_number:
            return self
        return self._replace(
            closed_before_s=max(self.closed_before_s or before.closed_before_s, before.closed_before_s)
        )


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


def tested_watermark(
    sources: Mapping[SourcePartition, SourceProgress], passed_over: Collection[SourcePartition], closed_before_s: int
) -> int | None:
    """Return the event time up to which tests may go: the lowest ``closed_before_s``, idle partitions included.

    None when a partition that the tests wait for has not seen an event yet.

    Args:
        sources: All partitions.
        passed_over: Partitions that the tests do not wait for.
        closed_before_s: Panes that start before are closed; tests never go further.

    >>> sources = {SourcePartition("a", 0): SourceProgress(9, 120, 131, False),
    ...            SourcePartition("a", 1): SourceProgress(4, 60, 71, is_idle=True)}
    >>> tested_watermark(sources, (), 120), tested_watermark(sources, {SourcePartition("a", 1)}, 120)
    (60, 120)
    """
    own = [progress.closed_before_s for source, progress in sources.items() if source not in passed_over]
    known = [time_s for time_s in own if time_s is not None]
    return min([closed_before_s, *known]) if len(known) == len(own) else None


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


@dataclass(slots=True)
class Silence:
    """How long source partitions have been silent, and which of them the tests no longer wait for.

    Measured by a clock that never jumps. Of this only ``passed_over`` is stored: after a restart silence starts again,
    but who was passed over stays so until it delivers something.

    A partition without any event is passed over once the stream is awake for ``idle_s``: the first records of an upload
    to several partitions come in turn. After a silence of the complete stream the same goes for every partition.

    Attributes:
        wait_s: Silence after which a partition no longer delays the tests.
        idle_s: Time that a stream which wakes up gives its other partitions.
        all_since_s: Clock time since which all partitions are idle; None while one is not.
        passed_over: Partitions that the tests do not wait for.
    """

    wait_s: float
    idle_s: float
    all_since_s: float | None = None
    passed_over: set[SourcePartition] = field(default_factory=set)
    _since_s: dict[SourcePartition, float] = field(default_factory=dict)
    _awake_since_s: float | None = None

    def note(self, source: SourcePartition, *, is_wake_up: bool) -> None:
        """Note that a partition has delivered something.

        Args:
            source: The partition.
            is_wake_up: Whether all partitions were silent before.
        """
        self._since_s.pop(source, None)
        self.passed_over.discard(source)
        if is_wake_up:
            self._awake_since_s = None
            self.passed_over.clear()

    def observe(self, sources: Mapping[SourcePartition, SourceProgress], now_s: float, *, is_all_idle: bool) -> None:
        """Look at the clock.

        Args:
            sources: All partitions.
            now_s: Clock time in seconds; only differences count.
            is_all_idle: Whether every partition of the topic is known and idle.
        """
        if self._awake_since_s is None:
            self._awake_since_s = now_s
        if not is_all_idle:
            self.all_since_s = None
        elif self.all_since_s is None:
            self.all_since_s = now_s
        is_settled = now_s - self._awake_since_s >= self.idle_s
        for source, progress in sources.items():
            if not progress.is_idle:
                continue
            silent_s = now_s - self._since_s.setdefault(source, now_s)
            if is_settled and silent_s >= (self.idle_s if progress.max_event_s is None else self.wait_s):
                self.passed_over.add(source)

    def all_silent_s(self, now_s: float) -> float:
        """Return how long all partitions have been silent."""
        return 0.0 if self.all_since_s is None else max(0.0, now_s - self.all_since_s)


def group_by_topic(offsets: Mapping[SourcePartition, int]) -> dict[str, dict[int, int]]:
    """Return the offset of each source partition by topic and partition, both in order.

    >>> group_by_topic({SourcePartition("b", 0): 7, SourcePartition("a", 1): 9, SourcePartition("a", 0): 4})
    {'a': {0: 4, 1: 9}, 'b': {0: 7}}
    """
    vector: dict[str, dict[int, int]] = {}
    for source in sorted(offsets):
        vector.setdefault(source.topic, {})[source.partition] = offsets[source]
    return vector
