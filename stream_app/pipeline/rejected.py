"""Records between workers that no worker writes: they are passed over, counted by what is wrong, and named in the log.

Access control lists are what keeps others from writing to these topics. That such a record is passed over bounds the
harm of one who can, or of a damaged record: it costs itself, and not the lane that reads it.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

_DAY_S = 86_400


class RecordFault(enum.StrEnum):
    """What is wrong with a rejected record."""

    UNREADABLE = "unreadable"  # not such a record, or part of a batch that cannot be read
    PARTITION = "partition"  # of a partition that its topic cannot have
    OFFSET = "offset"  # an offset that no log reaches
    TIME = "time"  # an event time outside the years 1 to 9999, or a broker time that cannot be
    PART = "part"  # a part that its flush cannot have
    POLICY = "policy"  # of a policy that was not registered when the record was written
    SEAL = "seal"  # not sealed with the key of the workers
    COLUMNS = "columns"  # columns of unequal length, cells that the policy lacks, or counts that records cannot have


class RejectedRecord(NamedTuple):
    """A record that is not counted.

    Attributes:
        offset: Its offset.
        fault: Why.
    """

    offset: int
    fault: RecordFault


class WriterClock:
    """When records of one partition were written: their writers give the time, so it moves on by a day at most.

    >>> clock = WriterClock()
    >>> [clock.read(time_s * 1000) for time_s in (1_000_000, 1_000_060, 4_000_000_000)]
    [1000000.0, 1000060.0, 1086460.0]
    """

    MAX_AHEAD_S = 2 * _DAY_S  # of it may be an event, or the broker's time of one: both have clocks of their own

    def __init__(self) -> None:
        self._written_s = 0.0

    def read(self, timestamp_ms: int) -> float:
        """Return when a record was written, seconds since the Unix epoch; 0 or less where that is not known."""
        own_s = timestamp_ms / 1000
        self._written_s = own_s if self._written_s <= 0 else min(own_s, self._written_s + _DAY_S)
        return self._written_s
