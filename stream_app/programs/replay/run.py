"""``replay run`` and ``compare``: a stretch of the log under one or several policies, in one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.errors import ConfigError, ReplayError
from stream_app.pipeline.judge.model_judge import ModelReport
from stream_app.pipeline.replay.ranges.range_replay import RangeReplay, Scenario, TimeRange
from stream_app.pipeline.replay.sources import Dispositions, Observe
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.sources import OnProgress, SourceChoice, Sources, open_sources
from stream_app.settings import Settings

_CLOCKS_APART_S = 60  # worker and broker: an output record may be dated so long before its event's raw record


@dataclass(frozen=True)
class ReplaySpeed:
    """How fast a replay goes.

    Attributes:
        speed: Seconds of event time in a second; None for as fast as it can.
        rate: Records in a second; None for as many as it can.
    """

    speed: float | None = None
    rate: float | None = None


@dataclass(frozen=True)
class RangeRun:
    """What a run found.

    Attributes:
        reports: What each variant says, by name.
        begins: First offset that was read, by partition.
        ends: Offset below which was read, by partition.
        n_records: Records that were read.
        dispositions: What became of them under the first variant.
    """

    reports: Mapping[str, ModelReport]
    begins: dict[int, int]
    ends: dict[int, int]
    n_records: int
    dispositions: Dispositions


def run(
    settings: Settings,
    scenarios: Iterable[Scenario],
    time_range: TimeRange,
    choice: SourceChoice,
    note: OnProgress,
    pace: ReplaySpeed = ReplaySpeed(),
    observe: Observe | None = None,
) -> RangeRun:
    """Judge a stretch of event time under several policies, reading the log once.

    Args:
        settings: Where Kafka and the keys are.
        scenarios: What is judged, the original first.
        time_range: The stretch.
        choice: Which topic is read.
        note: Told how far it is.
        pace: How fast it goes.
        observe: Looks at the counted events too; only with one variant.

    Raises:
        ConfigError: the stretch is empty.
        BrokerUnavailableError: no broker answers, or it went away.
        PolicyError: a policy fits none of the records.
        ReplayError: no event lies in the stretch.
    """
    if time_range.to_s <= time_range.from_s:
        raise ConfigError("The stretch ends before it begins", action="Give --from before --to")
    scenarios = list(scenarios)
    model = scenarios[0].model
    with open_sources(settings, model, choice, note, observe) as sources:
        begins = begins_of(sources.reader, model, time_range, choice)
        sources.reader.seek(begins)
        replay = RangeReplay(
            scenarios, sources.reader.topic, time_range, sources.reader.ends, begins, sources.new_counter
        )
        _drive(replay, sources, Throttle(pace))
        reports = replay.finish()
        if not any(report.results for report in reports.values()):
            raise ReplayError(
                f"No event of {model.name} lies in that stretch of {sources.reader.topic}",
                action="Look at what there is with: fairstream replay run --from 1970-01-01T00:00:00Z",
            )
        return RangeRun(reports, begins, dict(sources.reader.ends), sources.n_read, replay.dispositions())


def _drive(replay: RangeReplay, sources: Sources, pacer: Throttle) -> None:
    while (partition := replay.slowest()) is not None:
        batch = sources.next_run(partition)
        if batch is None:
            replay.end(partition)
        else:
            replay.count(batch)
            pacer.wait(sources.n_read, replay.reached_s())


def begins_of(reader: LogReader, model: ModelPolicy, time_range: TimeRange, choice: SourceChoice) -> dict[int, int]:
    """Return from where to read, so that nothing of the stretch is missed and late and repeated events are known.

    An event is at most ``max_future_s`` ahead of its record's date, so records from before hold no event of the
    stretch, and none that closes a pane of it. Repeats are known by the records of the horizon before.
    """
    if time_range.from_s == float("-inf"):
        return dict(reader.begins)
    horizon = 0 if choice.kind == "published" else 2 * model.deduplication_window
    places = first_offsets(reader, model, time_range.from_s)
    return {partition: max(reader.begins[partition], offset - horizon) for partition, offset in places.items()}


def first_offsets(reader: LogReader, model: ModelPolicy, from_s: float) -> dict[int, int]:
    """Return by partition an offset before which no event of this time or later lies."""
    before_s = from_s // 1 - model.event_time.max_future_s - model.event_time.pane_s - _CLOCKS_APART_S
    return reader.offsets_at(max(0, int(before_s * 1000)))


class Throttle:
    """Holds a replay back."""

    def __init__(self, pace: ReplaySpeed, now: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._now = now
        self._started = now()
        self._first_s: int | None = None

    def wait(self, n_read: int, reached_s: int | None) -> None:
        """Sleep until so many records and so much event time are due."""
        due = 0.0
        if self._pace.rate is not None:
            due = n_read / self._pace.rate
        if self._pace.speed is not None and reached_s is not None:
            self._first_s = reached_s if self._first_s is None else self._first_s
            due = max(due, (reached_s - self._first_s) / self._pace.speed)
        time.sleep(max(0.0, self._started + due - self._now()))
