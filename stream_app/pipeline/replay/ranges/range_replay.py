"""Any stretch of event time once more, under several policies in one pass over the log.

Without the journal of a judge, panes close in the order of event time as soon as every partition has passed them: what
a pane holds is a function of the log alone. Variants that count alike share the counting; each has a judge of its own.
A stretch is judged for itself: totals, sequential tests and streaks begin with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import isinf

import msgspec

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.judge.model_judge import ModelJudge, ModelReport
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.sources import Dispositions, LabelMap, SourceCounter
from stream_app.policy import ModelPolicy

_COUNTED_BY = (
    "kind", "output_topic", "event_id", "identifiers", "decision", "segment", "score", "features", "event_time",
    "model_version", "keep", "constants", "boxes", "drop", "unknown_fields", "deduplication_window", "max_record_bytes",
    "max_list_items",
)  # fmt: skip


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One way to judge.

    Attributes:
        name: What people call it; ``original`` for the policy as it is.
        model: The policy of the model.
        policy_hash: Hash of the whole policy that it stands for.
        groups: Other groups for some spellings of attributes.
    """

    name: str
    model: ModelPolicy
    policy_hash: str
    groups: dict[str, dict[str, str]] = {}

    @property
    def counting_key(self) -> bytes:
        """What the counts depend on: variants of one key are counted once."""
        labels = [(own.name, own.path, own.groups) for own in self.model.attributes]
        return msgspec.json.encode([labels, self.groups, *(getattr(self.model, name) for name in _COUNTED_BY)])


class TimeRange(msgspec.Struct, frozen=True):
    """A stretch of event time, aligned to panes.

    Attributes:
        from_s: Its start.
        to_s: Its end, not included; infinite for as far as the log has come.
    """

    from_s: float
    to_s: float

    def aligned(self, pane_s: int) -> TimeRange:
        """Return the stretch of whole panes that holds this one.

        >>> TimeRange(13, 27).aligned(10)
        TimeRange(from_s=10, to_s=30)
        """
        from_s = self.from_s if isinf(self.from_s) else self.from_s // pane_s * pane_s
        return TimeRange(from_s, self.to_s if isinf(self.to_s) else -(-self.to_s // pane_s) * pane_s)

    def holds(self, start_s: int, end_s: int) -> bool:
        """Tell whether a window lies in it as a whole."""
        return self.from_s <= start_s and end_s <= self.to_s


@dataclass(slots=True)
class _Counting:
    """The counting that some variants share."""

    counters: dict[int, SourceCounter]
    judges: list[ModelJudge]
    panes: dict[int, Cells] = field(default_factory=dict)
    closed_before_s: int | None = None

    def count(self, batch: Batch, time_range: TimeRange) -> None:
        for start_s, cells in self.counters[batch.partition].count(batch):
            if time_range.from_s <= start_s < time_range.to_s:
                add_cells(self.panes.setdefault(start_s, {}), cells)


class RangeReplay:
    """Judges a stretch of one model's event time.

    Args:
        scenarios: At least one.
        topic: The topic that is read; its offsets are told in the results.
        time_range: What is judged.
        ends: Offset up to which each partition is read; told in the results.
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
        first = self.scenarios[0].model
        self._time_range = time_range.aligned(first.event_time.pane_s)
        self._sources = [SourcePartition(topic, partition) for partition in sorted(ends)]
        self._ended: set[int] = set()
        self._judges = {own.name: ModelJudge(own.model, own.policy_hash, {}) for own in self.scenarios}
        self._countings: dict[bytes, _Counting] = {}
        for scenario in self.scenarios:
            if scenario.counting_key not in self._countings:
                counters = {partition: new_counter(scenario.model, scenario.groups) for partition in ends}
                self._countings[scenario.counting_key] = _Counting(counters, [])
            self._countings[scenario.counting_key].judges.append(self._judges[scenario.name])
        self._marks = {
            source: SourceProgress(
                ends[source.partition], None, None, is_idle=False, first_offset=begins[source.partition]
            )
            for source in self._sources
        }
        for judge in self._judges.values():
            for source, mark in self._marks.items():
                judge.take(source, len(self._sources), mark, {})

    def slowest(self) -> int | None:
        """Return the partition to be read next: the one that lags most in event time; None when all have ended."""
        left = [source.partition for source in self._sources if source.partition not in self._ended]
        return min(left, key=self._passed_s, default=None)

    def end(self, partition: int) -> None:
        """Say that a partition was read to its end."""
        self._ended.add(partition)
        self._close()

    def count(self, batch: Batch) -> None:
        """Count a run of records; a partition that has passed the stretch is not asked for again."""
        for counting in self._countings.values():
            counting.count(batch, self._time_range)
        if self._passed_s(batch.partition) >= self._time_range.to_s:
            self._ended.add(batch.partition)
        self._close()

    def reached_s(self) -> int | None:
        """Return how far event time has come in all partitions; None before the first event of one of them."""
        left = [source.partition for source in self._sources if source.partition not in self._ended]
        passed_s = min(map(self._passed_s, left)) if left else self._end_s()
        return int(min(passed_s, self._time_range.to_s)) if passed_s > float("-inf") else None

    def finish(self) -> dict[str, ModelReport]:
        """Return what each variant says; windows that the stretch cuts are left out.

        Raises:
            PolicyError: records were read, and none of them is an event of the policy.
        """
        self._reject_unfit_policies()
        reports = {}
        for name, judge in self._judges.items():
            report, _ = judge.flush()
            report.results = [
                result
                for result in report.results
                if result.window == TOTAL_WINDOW or self._time_range.holds(result.start_s, result.end_s)
            ]
            reports[name] = report
        return reports

    def dispositions(self) -> Dispositions:
        """Return what became of the records under the first variant."""
        total = Dispositions()
        for counter in next(iter(self._countings.values())).counters.values():
            total.add(counter.dispositions)
        return total

    def _passed_s(self, partition: int) -> float:
        """Return how far a partition has come under every variant."""
        closed = [counting.counters[partition].closed_before_s for counting in self._countings.values()]
        return min(float("-inf") if time_s is None else time_s for time_s in closed)

    def _end_s(self) -> float:
        """Return how far event time comes when all is read: to the end of the stretch, or behind the last event."""
        if not isinf(self._time_range.to_s):
            return self._time_range.to_s
        pane_s = self.scenarios[0].model.event_time.pane_s
        ends_s = [start_s + pane_s for counting in self._countings.values() for start_s in counting.panes]
        return max([*ends_s, *(self._passed_s(source.partition) for source in self._sources)])

    def _close(self) -> None:
        target_s = self.reached_s()
        if target_s is None:
            return
        for counting in self._countings.values():
            if counting.closed_before_s is not None and target_s <= counting.closed_before_s:
                continue
            counting.closed_before_s = target_s
            due = {start_s: counting.panes.pop(start_s) for start_s in sorted(counting.panes) if start_s < target_s}
            for judge in counting.judges:
                self._release(judge, due, target_s)

    def _release(self, judge: ModelJudge, panes: dict[int, Cells], closed_before_s: int) -> None:
        """Hand over panes that were summed over the partitions already: they stand under the first one."""
        source = self._sources[0]
        judge.take(source, len(self._sources), self._marks[source], panes)
        judge.advance_to(closed_before_s)

    def _reject_unfit_policies(self) -> None:
        for scenario in self.scenarios:
            counters = self._countings[scenario.counting_key].counters.values()
            n_events = sum(
                own.dispositions.n_counted + own.dispositions.n_late + own.dispositions.n_duplicates for own in counters
            )
            rejected = sum((own.dispositions.rejected for own in counters), start=type(Dispositions().rejected)())
            if rejected and not n_events:
                reason, n = rejected.most_common(1)[0]
                raise PolicyError(
                    f"The policy {scenario.name!r} fits none of {rejected.total()} records ({n} times: {reason})",
                    action="Try it with: fairstream policy check FILE --sample topic",
                )
