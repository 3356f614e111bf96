"""What no worker writes into a partial: such a record is rejected, because it would stop event time.

Access control lists are what keeps others from writing to the partials topic. These checks bound the harm of one who
can, or of a damaged record: a partition that does not exist would be waited for, and an offset or a time in the far
future would make every honest report look old.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from stream_app.core.windows.partials import Partial
from stream_app.pipeline.topology import Topology

MAX_OFFSET = 2**53  # at a million records a second reached after 285 years
MAX_TIME_S = 253_402_300_800  # the year 10000
MAX_PARTS = 100_000
_MAX_PARTITIONS = 100_000  # of a topic that the worker does not know
_MAX_GROWTH = 16  # a topic may grow while the worker runs


class PartialFault(enum.StrEnum):
    """What is wrong with a rejected partial."""

    UNREADABLE = "unreadable"  # not a partial, or part of a batch that cannot be read
    PARTITION = "partition"  # of a partition that its topic cannot have
    OFFSET = "offset"  # an offset that no log reaches
    TIME = "time"  # an event time outside the years 1 to 9999
    PART = "part"  # a part that its flush cannot have


class RejectedPartial(NamedTuple):
    """A record of the partials topic that is not counted.

    Attributes:
        offset: Its offset.
        fault: Why.
    """

    offset: int
    fault: PartialFault


def fault_of(partial: Partial, topology: Topology) -> PartialFault | None:
    """Return what no worker would have written; None for a plausible partial.

    Args:
        partial: A decoded partial.
        topology: The numbers of partitions that the worker knows.
    """
    known = topology.n_partitions.get(partial.topic)
    limit = _MAX_PARTITIONS if known is None else known * _MAX_GROWTH
    if not 0 <= partial.partition < partial.n_partitions <= limit:
        return PartialFault.PARTITION
    if not (0 <= partial.first_offset <= MAX_OFFSET and 0 <= partial.next_offset <= MAX_OFFSET):
        return PartialFault.OFFSET
    if not 0 <= partial.part < partial.n_parts <= MAX_PARTS:
        return PartialFault.PART
    panes = (*partial.panes, *partial.corrections)
    times_s = [partial.closed_before_s or 0, partial.max_event_s or 0, *(pane.start_s for pane in panes)]
    if max(times_s) > MAX_TIME_S or min(times_s) < -MAX_TIME_S:
        return PartialFault.TIME
    return None
