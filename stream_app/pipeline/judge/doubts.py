"""Which reports of a source partition are not believed until it reports again, and when the next one refutes them.

A lane writes its reports in order, one for each flush, and only moves forward: in its log the offset and the times of a
later report are never lower. A forged report can claim an offset or a time that no honest one reaches soon; taken in at
once, it would make every honest report after it look old. So what moves further than a lane does between two flushes
waits for the next report of the same partition: an honest one continues from there, and one that goes back refutes it.
"""

from __future__ import annotations

from stream_app.core.windows.partials import Partial
from stream_app.core.windows.source_progress import SourceProgress
from stream_app.pipeline.rejected import RecordFault, WriterClock

MAX_STEP = 1_000_000  # records that a lane counts between two flushes at most, at ten times the measured rate
_MAX_NEW_LOGS = 1  # that a source can get between two reports


def doubt_of(
    report: Partial, before: SourceProgress | None, n_partitions: int | None, written_s: float
) -> RecordFault | None:
    """Return what in a report is not believed yet; None for one that can be taken in at once.

    Args:
        report: The last part of a complete flush.
        before: What the partition reported before; None for its first report.
        n_partitions: Partitions of the source topic, as the worker knows it; None where it does not.
        written_s: When the report was written, seconds since the Unix epoch; 0 where that is not known.
    """
    if n_partitions is not None and report.n_partitions > n_partitions:
        return RecordFault.PARTITION
    times_s = [time_s for time_s in (report.closed_before_s, report.max_event_s) if time_s is not None]
    if written_s > 0 and any(time_s > written_s + WriterClock.MAX_AHEAD_S for time_s in times_s):
        return RecordFault.TIME
    if before is None:
        return None
    if report.log_number > before.log_number + _MAX_NEW_LOGS:
        return RecordFault.OFFSET
    is_far = report.log_number == before.log_number and report.next_offset - before.next_offset > MAX_STEP
    return RecordFault.OFFSET if is_far else None


def is_refuted(doubted: Partial, later: Partial) -> bool:
    """Return whether the next report of a partition shows that one before it was not written by its lane.

    Args:
        doubted: The report that waits.
        later: The next one.
    """
    if later.log_number > doubted.log_number:
        return False
    if (later.log_number, later.next_offset) < (doubted.log_number, doubted.next_offset):
        return True
    pairs = ((doubted.closed_before_s, later.closed_before_s), (doubted.max_event_s, later.max_event_s))
    is_earlier = any(before is not None and (after is None or after < before) for before, after in pairs)
    return is_earlier or later.n_partitions < doubted.n_partitions
