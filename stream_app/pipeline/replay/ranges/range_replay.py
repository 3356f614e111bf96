"""Judges a range of event time under several scenarios, in one pass over the log.

Without the journal of a judge, panes close and comparison periods are tested in the order of event time as soon as
every partition has passed them, the rest at the end of the range: the counts of a pane are a function of the log alone.
A range consists of complete comparison periods. Scenarios with the same counts share the counting; each has its own
judge. A range is judged on its own: totals, sequential tests and streaks start with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import isinf, lcm

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.pipeline.replay.dispositions import Dispositions
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.pipeline.replay.sources import LabelMap, SourceCounter
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy


@dataclass(slots=True)
class _Counting:
    """The counting that some scenarios share."""

    counters: dict[int, SourceCounter]
    judges: list[ModelJudge]
    panes: dict[int, Cells] = field(default_factory=dict)
    closed_before_s: int | None = None

    def count(self, batch: Batch, time_range: TimeRange) -> None:
        for start_s, cells in self.counters[batch.partition].count(batch):
            if time_range.from_s <= start_s < time_range.to_s:
                add_cells(self.panes.setdefault(start_s, {}), cells)

    def take_panes_before(self, closed_before_s: int) -> dict[int, Cells]:
        """Remove the panes that are final and return them in order of time."""
        due = [start_s for start_s in sorted(self.panes) if start_s < closed_before_s]
        return {start_s: self.panes.pop(start_s) for start_s in due}


class RangeReplay:
    """Judges a range of one model's event time.

    Args:
        scenarios: At least one.
        topic: The topic that is read; its offsets are recorded in the results.
        time_range: What is judged.
        ends: Offset up to which each partition is read; recorded in the results.
        begins: Offset from which each partition is read.
        new_counter: Makes a counter of one partition.
    """

    def __init__(
        self,
        scenarios: Iterable[Scenario],
        topic: str,
        time_range: TimeRange,
        ends: Mapping[int, int],
        begins: Mapping[int, int],
        new_counter: Callable[[ModelPolicy, LabelMap], SourceCounter],
    ) -> None:
        self.scenarios = list(scenarios)
        self._period_s = lcm(*(scenario.model.period_s for scenario in self.scenarios))
        self._time_range = time_range.aligned(self._period_s)
        self._sources = [SourcePartition(topic, partition) for partition in sorted(ends)]
        self._ended: set[int] = set()
        self._judges = {
            scenario.name: ModelJudge(scenario.model, scenario.policy_hash, {}, leaves_out=False)
            for scenario in self.scenarios
        }
        self._countings: dict[bytes, _Counting] = {}
        for scenario in self.scenarios:
            if scenario.counting_key not in self._countings:
                counters = {partition: new_counter(scenario.model, scenario.groups) for partition in ends}
                if scenario.leaves_out_from is not None:
                    for counter in counters.values():
                        counter.leave_out_anomalies(scenario.leaves_out_from)
                self._countings[scenario.counting_key] = _Counting(counters, [])
            self._countings[scenario.counting_key].judges.append(self._judges[scenario.name])
        self._progress = {
            source: SourceProgress(
                ends[source.partition], None, None, is_idle=False, first_offset=begins[source.partition]
            )
            for source in self._sources
        }
        for judge in self._judges.values():
            for source, progress in self._progress.items():
                judge.take(source, len(self._sources), progress, {})

    def next_partition(self) -> int | None:
        """Return the partition to read next: the one that lags most in event time; None when all have ended."""
        return min(self._open_partitions(), key=self._passed_s, default=None)

    def end(self, partition: int) -> None:
        """Mark a partition as read to its end."""
        self._ended.add(partition)
        self._close()

    def count(self, batch: Batch) -> None:
        """Count a run of records; a partition that has passed the range is not read further."""
        for counting in self._countings.values():
            counting.count(batch, self._time_range)
        if self._passed_s(batch.partition) >= self._time_range.to_s:
            self._ended.add(batch.partition)
        self._close()

    def reached_s(self) -> int | None:
        """Return the event time that all partitions have reached; None before the first event of one of them."""
        partitions = self._open_partitions()
        passed_s = min(map(self._passed_s, partitions)) if partitions else self._end_s()
        return int(min(passed_s, self._time_range.to_s)) if passed_s > float("-inf") else None

    def finish(self) -> dict[str, ModelReport]:
        """Return the report of each scenario; windows that are only partly in the range are left out.

        Raises:
            PolicyError: records were read, and none of them is an event of the policy.
        """
        self._reject_unfit_policies()
        reports = {}
        for name, judge in self._judges.items():
            report, _ = judge.flush(is_end=True)
            report.keep_results(self._is_inside)
            reports[name] = report
        return reports

    def dispositions(self) -> Dispositions:
        """Return the disposition of the records under the first scenario."""
        total = Dispositions()
        for counter in next(iter(self._countings.values())).counters.values():
            total.add(counter.dispositions)
        return total

    def _is_inside(self, result: Result) -> bool:
        return result.window == TOTAL_WINDOW or self._time_range.contains(result.start_s, result.end_s)

    def _open_partitions(self) -> list[int]:
        return [source.partition for source in self._sources if source.partition not in self._ended]

    def _passed_s(self, partition: int) -> float:
        """Return the event time that a partition has passed under every scenario."""
        closed = [counting.counters[partition].closed_before_s for counting in self._countings.values()]
        return min(float("-inf") if time_s is None else time_s for time_s in closed)

    def _end_s(self) -> float:
        """Return the event time after everything is read: the end of the range, or the end of the last pane."""
        if not isinf(self._time_range.to_s):
            return self._time_range.to_s
        pane_s = self.scenarios[0].model.event_time.pane_s
        ends_s = [start_s + pane_s for counting in self._countings.values() for start_s in counting.panes]
        return max([*ends_s, *(self._passed_s(source.partition) for source in self._sources)])

    def _close(self) -> None:
        target_s = self.reached_s()
        if target_s is None:
            return
        is_end = not self._open_partitions()
        tested_s = target_s + self._period_s if is_end else target_s  # at the end the last period too, full or not
        for counting in self._countings.values():
            if counting.closed_before_s is not None and target_s <= counting.closed_before_s and not is_end:
                continue
            counting.closed_before_s = target_s
            panes = counting.take_panes_before(target_s)
            for judge in counting.judges:
                self._release(judge, panes, target_s, tested_s)

    def _release(self, judge: ModelJudge, panes: dict[int, Cells], closed_before_s: int, tested_before_s: int) -> None:
        """Pass on panes that are already summed over the partitions, as counts of the first partition."""
        source = self._sources[0]
        judge.take(source, len(self._sources), self._progress[source], panes)
        judge.advance_to(closed_before_s, tested_before_s)

    def _reject_unfit_policies(self) -> None:
        for scenario in self.scenarios:
            dispositions = Dispositions()
            for counter in self._countings[scenario.counting_key].counters.values():
                dispositions.add(counter.dispositions)
            n_events = dispositions.n_counted + dispositions.n_late + dispositions.n_duplicates
            rejected = Counter(dispositions.rejected)
            n_events += rejected.pop(DeadLetterReason.CONFLICT, 0)  # an event, and not the first one of its id
            if rejected and not n_events:
                reason, n = rejected.most_common(1)[0]
                raise PolicyError(
                    f"The policy {scenario.name!r} fits none of {rejected.total()} records ({n} times: {reason})",
                    action="Try it with: fairstream policy check FILE --sample topic",
                )
