"""The same logs once more, through the functions of a replay: what they count and tell, as plain data.

What is the same as in the live run is told by numbers only; what differs stands in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

import msgspec

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.partials import decode_partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.journal import JournalEntry, decode_journal_entry
from stream_app.pipeline.replay.cursor import Cursor, SourceCursor
from stream_app.pipeline.replay.ranges.range_replay import RangeReplay
from stream_app.pipeline.replay.scenarios.scenario import original_scenario
from stream_app.pipeline.replay.scenarios.settings import ScenarioSettings, scenario_of
from stream_app.pipeline.replay.sources import PublishedCounter, RawCounter, SourceCounter
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.pipeline.replay.verify.outcome_cursor import OutcomeCursor
from stream_app.pipeline.replay.verify.recomputation import Recomputation, split_deployments
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, Policy
from stream_app.topics import FAIRNESS_JOURNAL, FAIRNESS_PARTIALS, outcome_join_topic
from tests.recorded.plain import Record, Written, plain
from tests.recorded.run import APP_ID, KEYS, N_PARTIALS, N_PARTITIONS, batch_of, decoded

N_RUN = 50

Log = list[Record]
Logs = Mapping[tuple[str, int], Log]
Told = Mapping[str, Sequence[Written]]


def runs_of(topic: str, partition: int, log: Log) -> Iterator[Batch]:
    """Cut a log into runs, as the reader of a replay hands them out."""
    for first in range(0, len(log), N_RUN):
        records = log[first : first + N_RUN]
        yield batch_of(topic, partition, records[0].offset, records)


def published(told: Told, topic: str, partition: int) -> Log:
    """Return the events that were published from one partition, at the offsets of their raw records."""
    own = [each for each in told[topic] if each.partition == partition]
    return [Record(int(each.headers[0][1].partition(b":")[2]), 0, each.value) for each in own]


def recounts(policy: Policy, logs: Logs, told: Told) -> Iterator[dict[str, Any]]:
    """Count every source partition again, from raw records and from published events; compare with the partials."""
    for model in policy.models:
        for partition in range(N_PARTITIONS[model.name]):
            live = _live_panes(told, model.name, partition)
            both: dict[str, tuple[SourceCounter, Log]] = {
                "raw": (RawCounter(model, KEYS), logs[model.topic, partition]),
                "published": (PublishedCounter(model), published(told, model.output_topic or "", partition)),
            }
            for name, (counter, log) in both.items():
                panes = _counted(counter, runs_of(model.topic, partition, log))
                unlike = [start_s for start_s in sorted({*panes, *live}) if panes.get(start_s) != live.get(start_s)]
                yield {
                    "model": model.name, "partition": partition, "counted": name,
                    "dispositions": plain(counter.dispositions),
                    "closed_before_s": counter.closed_before_s, "n_panes": len(panes),
                    "unlike": [plain([start_s, panes.get(start_s)]) for start_s in unlike],
                }  # fmt: skip


def _live_panes(told: Told, name: str, partition: int) -> dict[int, Cells]:
    panes: dict[int, Cells] = {}
    for own in told[FAIRNESS_PARTIALS]:
        partial = decode_partial(own.value or b"")
        if (partial.model, partial.partition) == (name, partition):
            for pane in partial.panes:
                panes.setdefault(pane.start_s, {}).update(pane.cells)
    return panes


def _counted(counter: SourceCounter, runs: Iterator[Batch]) -> dict[int, Cells]:
    panes: dict[int, Cells] = {}
    for run in runs:
        for start_s, cells in counter.count(run):
            add_cells(panes.setdefault(start_s, {}), cells)
    return panes


def retellings(policy: Policy, logs: Logs, told: Told) -> Iterator[dict[str, Any]]:
    """Tell again what each judge said, driven by its journal; compare the bytes."""
    journal = [decode_journal_entry(own.value or b"") for own in told[FAIRNESS_JOURNAL]]
    for model in policy.models:
        if model.kind == "decisions":
            for counted, cursors in (
                ("raw", _raw_cursors(model, logs)),
                ("published", _published_cursors(model, told)),
            ):
                yield {"counted": counted} | _retold(
                    Recomputation(model, policy.hash(), cursors), model.name, journal, told
                )
        if model.outcome is not None:
            name = outcomes_name(model.name)
            recomputation = Recomputation(model, policy.hash(), _outcome_cursors(model, logs), name=name)
            yield {"counted": "labels"} | _retold(recomputation, name, journal, told)


def _retold(recomputation: Recomputation, name: str, journal: Sequence[JournalEntry], told: Told) -> dict[str, Any]:
    live = Counter((topic, own.value) for topic, held in told.items() for own in held)
    n_equal: Counter[str] = Counter()
    unlike = []
    [entries] = split_deployments([entry for entry in journal if entry.model == name], FAIRNESS_JOURNAL)
    for entry in entries:
        for own in recomputation.recompute(entry):
            if live[own.topic, own.value]:
                live[own.topic, own.value] -= 1
                n_equal[own.topic] += 1
            else:
                unlike.append({"topic": own.topic, "key": own.key, "value": decoded(own.topic, own.value)})
    return {"model": name, "n_entries": len(entries), "n_equal": plain(n_equal), "unlike": unlike}


def _raw_cursors(model: ModelPolicy, logs: Logs) -> dict[SourcePartition, Cursor]:
    return {
        SourcePartition(model.topic, own): _cursor(RawCounter(model, KEYS), model.topic, own, logs[model.topic, own])
        for own in range(N_PARTITIONS[model.name])
    }


def _published_cursors(model: ModelPolicy, told: Told) -> dict[SourcePartition, Cursor]:
    topic = model.output_topic or ""
    return {
        SourcePartition(model.topic, own): _cursor(PublishedCounter(model), topic, own, published(told, topic, own))
        for own in range(N_PARTITIONS[model.name])
    }


def _cursor(counter: SourceCounter, topic: str, partition: int, log: Log) -> Cursor:
    is_whole = isinstance(counter, RawCounter)
    return SourceCursor(topic, counter, _reader(runs_of(topic, partition, log)), is_whole=is_whole)


def _outcome_cursors(model: ModelPolicy, logs: Logs) -> dict[SourcePartition, Cursor]:
    topic, n = outcome_join_topic(APP_ID, model.name), N_PARTITIONS[model.name]
    topology = Topology({outcome_join_topic(APP_ID, model.name): n, FAIRNESS_PARTIALS: N_PARTIALS}, APP_ID)
    return {
        SourcePartition(topic, own): OutcomeCursor(
            "labels", model, own, topology, _reader(runs_of(topic, own, logs[topic, own])), 0
        )
        for own in range(n)
    }


def _reader(runs: Iterator[Batch]) -> Callable[[], Batch | None]:
    return lambda: next(runs, None)


def range_replays(policy: Policy, logs: Logs) -> Iterator[dict[str, Any]]:
    """Judge all loans again under three policies, single attributes only."""
    model = policy.model("loans")
    model = msgspec.structs.replace(model, detection=msgspec.structs.replace(model.detection, max_depth=1))
    whole = msgspec.structs.replace(policy, models=(model,))
    settings = [
        ScenarioSettings(settings={"threshold.dir": "0.9", "window": "2m"}),
        ScenarioSettings(references={"age": "18-29"}, groups={"race": {"black": "minority", "asian": "minority"}}),
    ]
    scenarios = [original_scenario(whole, model), *(scenario_of(whole, model, own) for own in settings)]
    raw = {own: logs[model.topic, own] for own in range(N_PARTITIONS["loans"])}
    ends = {own: log[-1].offset + 1 for own, log in raw.items()}
    begins = {own: log[0].offset for own, log in raw.items()}
    replay = RangeReplay(
        scenarios, model.topic, TimeRange(-inf, inf), ends, begins, lambda own, groups: RawCounter(own, KEYS, groups)
    )
    runs = {own: runs_of(model.topic, own, log) for own, log in raw.items()}
    while (partition := replay.next_partition()) is not None:
        if (run := next(runs[partition], None)) is None:
            replay.end(partition)
        else:
            replay.count(run)
    for name, report in replay.finish().items():
        described = plain(report)
        described["n_duplicates"] = described.pop("n_stale")  # the file has one name for both
        yield {"scenario": name, "report": described}
    yield {"scenario": "", "dispositions": plain(replay.dispositions())}
