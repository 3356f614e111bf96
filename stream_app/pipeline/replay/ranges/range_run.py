"""Runs a replay of a time range over the sources of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stream_app.errors import ReplayError
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.replay.dispositions import Dispositions
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.ranges.range_replay import RangeReplay
from stream_app.pipeline.replay.scenarios.scenario import Scenario, reject_other_clusters
from stream_app.pipeline.replay.source_log import replay_starts
from stream_app.pipeline.replay.time_range import TimeRange

Wait = Callable[[int, int | None], object]  # records read so far, event time reached


@dataclass(frozen=True)
class RangeRun:
    """A completed replay of a time range.

    Attributes:
        reports: Report of each scenario, by name.
        begins: First offset that was read, by partition.
        ends: Offset below which was read, by partition.
        n_records: Records that were read.
        dispositions: Disposition of the records under the first scenario.
    """

    reports: Mapping[str, ModelReport]
    begins: dict[int, int]
    ends: dict[int, int]
    n_records: int
    dispositions: Dispositions


def run_range(sources: ModelSources, scenarios: Sequence[Scenario], time_range: TimeRange, wait: Wait) -> RangeRun:
    """Judge a range of event time under several scenarios, reading the log once.

    Args:
        sources: The opened source topic.
        scenarios: At least one.
        time_range: The range; not empty.
        wait: Called after each run of records; slows a replay down.

    Raises:
        ConfigError: published events do not contain what a scenario needs.
        PolicyError: a policy fits none of the records.
        ReplayError: there is no event in the range.
    """
    if sources.kind == "published":
        reject_other_clusters(scenarios)
    model, log = sources.model, sources.log
    begins = replay_starts(log, model, time_range, sources.kind)
    log.seek(begins)
    replay = RangeReplay(scenarios, log.topic, time_range, log.ends, begins, sources.new_counter)
    while (partition := replay.next_partition()) is not None:
        batch = sources.next_batch(partition)
        if batch is None:
            replay.end(partition)
        else:
            replay.count(batch)
            wait(sources.n_read, replay.reached_s())
    reports = replay.finish()
    if not any(report.decided_results for report in reports.values()):
        raise ReplayError(
            f"{log.topic} has no event of {model.name} in that time range",
            action="List all windows with: fairstream replay run --from 1970-01-01T00:00:00Z",
        )
    return RangeRun(reports, begins, dict(log.ends), sources.n_read, replay.dispositions())
