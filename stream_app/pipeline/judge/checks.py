"""What no worker writes into a partial: such a record is rejected, because it would stop event time.

Access control lists are what keeps others from writing to the partials topic. These checks bound the harm of one who
can, or of a damaged record: a partition that does not exist would be waited for, and an offset or a time in the far
future would make every honest report look old.
"""

from __future__ import annotations

from stream_app.core.windows.partials import Partial
from stream_app.pipeline.rejected import RecordFault
from stream_app.pipeline.topology import Topology

MAX_OFFSET = 2**53  # at a million records a second reached after 285 years
MAX_TIME_S = 253_402_300_800  # the year 10000
MAX_PARTS = 100_000
_MAX_PARTITIONS = 100_000  # of a topic that the worker does not know
_MAX_GROWTH = 16  # a topic may grow while the worker runs


def fault_of(partial: Partial, topology: Topology) -> RecordFault | None:
    """Return what no worker would have written; None for a plausible partial.

    Args:
        partial: A decoded partial.
        topology: The numbers of partitions that the worker knows.
    """
    known = topology.n_partitions.get(partial.topic)
    limit = _MAX_PARTITIONS if known is None else known * _MAX_GROWTH
    if not 0 <= partial.partition < partial.n_partitions <= limit:
        return RecordFault.PARTITION
    if not (0 <= partial.first_offset <= MAX_OFFSET and 0 <= partial.next_offset <= MAX_OFFSET):
        return RecordFault.OFFSET
    if not 0 <= partial.part < partial.n_parts <= MAX_PARTS:
        return RecordFault.PART
    panes = (*partial.panes, *partial.corrections)
    times_s = [partial.closed_before_s or 0, partial.max_event_s or 0, *(pane.start_s for pane in panes)]
    if max(times_s) > MAX_TIME_S or min(times_s) < -MAX_TIME_S:
        return RecordFault.TIME
    return None
