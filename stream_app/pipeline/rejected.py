"""Records between workers that no worker writes: they are passed over, counted by what is wrong, and named in the log.

Access control lists are what keeps others from writing to these topics. That such a record is passed over bounds the
harm of one who can, or of a damaged record: it costs itself, and not the lane that reads it.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


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
