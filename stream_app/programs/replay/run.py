"""``replay run`` and ``compare``: a time range of the log under one or several scenarios, in one pass."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.ranges.pace import FULL_SPEED, ReplaySpeed
from stream_app.pipeline.replay.ranges.range_run import RangeRun, run_range
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.sources import Observe
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.programs.replay.sources import open_sources
from stream_app.programs.replay.throttle import Throttle
from stream_app.settings import Settings


def run(
    settings: Settings,
    scenarios: Iterable[Scenario],
    time_range: TimeRange,
    choice: SourceChoice,
    on_progress: OnProgress,
    speed: ReplaySpeed = FULL_SPEED,
    observe: Observe | None = None,
) -> RangeRun:
    """Judge a range of event time under several scenarios, reading the log once.

    Args:
        settings: Where Kafka and the keys are.
        scenarios: What is judged, the original first.
        time_range: The range.
        choice: Which topic is read.
        on_progress: Called after each run of records.
        speed: How fast it runs.
        observe: Receives the counted events too; only with one scenario.

    Raises:
        ConfigError: the range is empty.
        BrokerUnavailableError: no broker answers, or it went away.
        PolicyError: a policy fits none of the records.
        ReplayError: there is no event in the range.
    """
    time_range.reject_empty()
    scenarios = list(scenarios)
    with open_sources(settings, scenarios[0].model, choice, on_progress, observe) as sources:
        return run_range(sources, scenarios, time_range, Throttle(speed).wait)
