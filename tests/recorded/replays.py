"""Replay of the same logs: counts, recomputed records and range replays, as plain data.

Records that equal those of the live run are counted; records that differ are listed in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

import msgspec

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import decode_partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.policy_book import PolicyBook
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
from tests.recorded.plain import Record, WrittenRecord, plain
from tests.recorded.run import APP_ID, KEYS, N_PARTIALS, N_PARTITIONS, batch_of, decoded
from tests.support.source_logs import count_batches

BATCH_SIZE = 50

Log = list[Record]
Logs = Mapping[tuple[str, int], Log]
WrittenByTopic = Mapping[str, Sequence[WrittenRecord]]


def batches_of(topic: str, partition: int, log: Log) -> Iterator[Batch]:
    """Split a log into batches, as the reader of a replay returns them."""
    for first in range(0, len(log), BATCH_SIZE):
        records = log[first : first + BATCH_SIZE]
        yield batch_of(topic, partition, records[0].offset, records)


def published(written: WrittenByTopic, topic: str, partition: int) -> Log:
    """Return the events published from one partition, with the offsets of their raw records."""
    records = [record for record in written[topic] if record.partition == partition]
    return [Record(int(record.headers[0][1].partition(b":")[2]), 0, record.value) for record in records]


def recounts(policy: Policy, logs: Logs, written: WrittenByTopic) -> Iterator[dict[str, Any]]:
    """Recount every source partition from raw records and from published events, and compare with the partials."""
    for model in policy.models:
        for partition in range(N_PARTITIONS[model.name]):
            live = _live_panes(written, model.name, partition)
            sources: dict[str, tuple[SourceCounter, Log]] = {
                "raw": (RawCounter(model, KEYS), logs[model.topic, partition]),
                "published": (PublishedCounter(model), published(written, model.output_topic or "", partition)),
            }
            for name, (counter, log) in sources.items():
                panes = count_batches(counter, batches_of(model.topic, partition, log))
                unlike = [start_s for start_s in sorted({*panes, *live}) if panes.get(start_s) != live.get(start_s)]
                yield {
                    "model": model.name, "partition": partition, "counted": name,
                    "dispositions": plain(counter.dispositions),
                    "closed_before_s": counter.closed_before_s, "n_panes": len(panes),
                    "unlike": [plain([start_s, panes.get(start_s)]) for start_s in unlike],
                }  # fmt: skip


def _live_panes(written: WrittenByTopic, name: str, partition: int) -> dict[int, Cells]:
    panes: dict[int, Cells] = {}
    for record in written[FAIRNESS_PARTIALS]:
        partial = decode_partial(record.value or b"")
        if (partial.model, partial.partition) == (name, partition):
            for pane in partial.panes:
                panes.setdefault(pane.start_s, {}).update(pane.cells)
    return panes


def recomputations(policy: Policy, logs: Logs, written: WrittenByTopic) -> Iterator[dict[str, Any]]:
    """Recompute the records of each judge from its journal, and compare the bytes."""
    journal = [decode_journal_entry(record.value or b"") for record in written[FAIRNESS_JOURNAL]]
    for model in policy.models:
        if model.kind == "decisions":
            for counted, cursors in (
                ("raw", _raw_cursors(model, logs)),
                ("published", _published_cursors(model, written)),
            ):
                yield {"counted": counted} | _compare_recomputation(
                    _from_the_beginning(model, cursors, model.name), model.name, journal, written
                )
        if model.outcome is not None:
            name = outcomes_name(model.name)
            recomputation = _from_the_beginning(model, _outcome_cursors(model, logs), name)
            yield {"counted": "labels"} | _compare_recomputation(recomputation, name, journal, written)


def _from_the_beginning(model: ModelPolicy, cursors: Mapping[SourcePartition, Cursor], name: str) -> Recomputation:
    judge = ModelJudge(model, model.hash(), {}, name=name, app_id=APP_ID)
    return Recomputation(judge, cursors, PolicyBook.of([model]), name)


def _compare_recomputation(
    recomputation: Recomputation, name: str, journal: Sequence[JournalEntry], written: WrittenByTopic
) -> dict[str, Any]:
    live = Counter((topic, record.value) for topic, records in written.items() for record in records)
    n_equal: Counter[str] = Counter()
    unlike = []
    [entries] = split_deployments([entry for entry in journal if entry.model == name], FAIRNESS_JOURNAL)
    for entry in entries:
        for record in recomputation.recompute(entry):
            if live[record.topic, record.value]:
                live[record.topic, record.value] -= 1
                n_equal[record.topic] += 1
            else:
                value = decoded(record.topic, record.value)
                unlike.append({"topic": record.topic, "key": record.key, "value": value})
    return {"model": name, "n_entries": len(entries), "n_equal": plain(n_equal), "unlike": unlike}


def _raw_cursors(model: ModelPolicy, logs: Logs) -> dict[SourcePartition, Cursor]:
    return {
        SourcePartition(model.topic, partition): _cursor(
            RawCounter(model, KEYS), model.topic, partition, logs[model.topic, partition]
        )
        for partition in range(N_PARTITIONS[model.name])
    }


def _published_cursors(model: ModelPolicy, written: WrittenByTopic) -> dict[SourcePartition, Cursor]:
    topic = model.output_topic or ""
    return {
        SourcePartition(model.topic, partition): _cursor(
            PublishedCounter(model), topic, partition, published(written, topic, partition)
        )
        for partition in range(N_PARTITIONS[model.name])
    }


def _cursor(counter: SourceCounter, topic: str, partition: int, log: Log) -> Cursor:
    return SourceCursor(
        topic, counter, _reader(batches_of(topic, partition, log)), is_whole=isinstance(counter, RawCounter)
    )


def _outcome_cursors(model: ModelPolicy, logs: Logs) -> dict[SourcePartition, Cursor]:
    topic, n = outcome_join_topic(APP_ID, model.name), N_PARTITIONS[model.name]
    topology = Topology({outcome_join_topic(APP_ID, model.name): n, FAIRNESS_PARTIALS: N_PARTIALS}, APP_ID)
    return {
        SourcePartition(topic, partition): OutcomeCursor(
            "labels", model, partition, topology, _reader(batches_of(topic, partition, logs[topic, partition])), 0
        )
        for partition in range(n)
    }


def _reader(batches: Iterator[Batch]) -> Callable[[], Batch | None]:
    return lambda: next(batches, None)


def range_replays(policy: Policy, logs: Logs) -> Iterator[dict[str, Any]]:
    """Judge all loans again under three policies, by single attributes only."""
    model = policy.model("loans")
    model = msgspec.structs.replace(model, detection=msgspec.structs.replace(model.detection, max_depth=1))
    loans_policy = msgspec.structs.replace(policy, models=(model,))
    settings = [
        ScenarioSettings(settings={"threshold.dir": "0.9", "window": "2m"}),
        ScenarioSettings(references={"age": "18-29"}, groups={"race": {"black": "minority", "asian": "minority"}}),
    ]
    scenarios = [
        original_scenario(model),
        *(scenario_of(loans_policy, model, setting) for setting in settings),
    ]
    raw = {partition: logs[model.topic, partition] for partition in range(N_PARTITIONS["loans"])}
    ends = {partition: log[-1].offset + 1 for partition, log in raw.items()}
    begins = {partition: log[0].offset for partition, log in raw.items()}
    replay = RangeReplay(
        scenarios,
        model.topic,
        TimeRange(-inf, inf),
        ends,
        begins,
        lambda model, groups: RawCounter(model, KEYS, groups),
    )
    batches = {partition: batches_of(model.topic, partition, log) for partition, log in raw.items()}
    while (partition := replay.next_partition()) is not None:
        if (batch := next(batches[partition], None)) is None:
            replay.end(partition)
        else:
            replay.count(batch)
    for name, report in replay.finish().items():
        described = plain(report)
        described["n_duplicates"] = described.pop("n_stale")  # the file uses one name for both
        yield {"scenario": name, "report": described}
    yield {"scenario": "", "dispositions": plain(replay.dispositions())}
