"""The counts of a range of event time: every cell of the range, added up in one pass over the log.

The events are those that ``replay run`` counts in the same range: they go through the same counters, and the range is
extended to the same complete comparison periods. Nothing is judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.windows.cells import Cells, add_cells, without_last
from stream_app.errors import PolicyError, ReplayError
from stream_app.pipeline.layout import n_buckets_of
from stream_app.pipeline.replay.dispositions import Dispositions
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.source_log import replay_starts
from stream_app.pipeline.replay.sources import SourceCounter
from stream_app.pipeline.replay.time_range import TimeRange


@dataclass(frozen=True)
class RangeCounts:
    """The counts of a range.

    Attributes:
        cells: Counts by cell of ``layout_of`` the model.
        time_range: The range that was counted: complete comparison periods.
        begins: First offset that was read, by partition.
        ends: Offset below which was read, by partition.
        n_records: Records that were read.
        dispositions: Their dispositions; those before the range that decide about duplicates are among them.
        is_final: Whether every partition has passed the range: later records do not change its counts.
    """

    cells: Cells
    time_range: TimeRange
    begins: dict[int, int]
    ends: dict[int, int]
    n_records: int
    dispositions: Dispositions
    is_final: bool


def count_range(sources: ModelSources, time_range: TimeRange) -> RangeCounts:
    """Count a range of event time.

    Args:
        sources: The opened source topic.
        time_range: The range; not empty.

    Raises:
        PolicyError: the policy fits none of the records.
        ReplayError: there is no event in the range.
    """
    model, log = sources.model, sources.log
    aligned = time_range.aligned(model.period_s)
    begins = replay_starts(log, model, time_range, sources.kind)
    log.seek(begins)
    cells: Cells = {}
    dispositions, is_final = Dispositions(), True
    for partition in log.partitions:
        counter = sources.new_counter(model, {})
        is_final &= _count_partition(sources, partition, counter, aligned, cells)
        dispositions.add(counter.dispositions)
    cells = without_last(cells, n_buckets_of(model))
    if not cells:
        _reject_unfit(dispositions)
        raise ReplayError(
            f"{log.topic} has no event of {model.name} in that time range",
            action="List all windows with: fairstream replay run --from 1970-01-01T00:00:00Z",
        )
    return RangeCounts(cells, aligned, begins, dict(log.ends), sources.n_read, dispositions, is_final)


def _count_partition(
    sources: ModelSources, partition: int, counter: SourceCounter, time_range: TimeRange, cells: Cells
) -> bool:
    """Add the cells of a partition; return whether it has passed the range."""
    while (batch := sources.next_batch(partition)) is not None:
        for start_s, added in counter.count(batch):
            if time_range.from_s <= start_s < time_range.to_s:
                add_cells(cells, added)
        if counter.closed_before_s is not None and counter.closed_before_s >= time_range.to_s:
            return True
    return False


def _reject_unfit(dispositions: Dispositions) -> None:
    rejected = dispositions.rejected.copy()
    rejected.pop(str(DeadLetterReason.CONFLICT), None)  # an event, and not the first one of its id
    if rejected and not dispositions.n_counted + dispositions.n_late + dispositions.n_duplicates:
        reason, n = rejected.most_common(1)[0]
        raise PolicyError(
            f"The policy fits none of {rejected.total()} records ({n} times: {reason})",
            action="Try it with: fairstream policy check FILE --sample topic",
        )
