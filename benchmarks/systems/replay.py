"""A replay of a topic in a process of its own: one policy, many, or the plain way with json and pandas.

Options: ``mode`` (``published``, ``raw``, ``count``, ``scenarios`` or ``pandas``).
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from benchmarks.systems.task import PANE_S, Counts, Marks, Task
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.pipeline.replay.ranges.range_replay import RangeReplay
from stream_app.pipeline.replay.scenarios.scenario import Scenario, original_scenario
from stream_app.pipeline.replay.scenarios.settings import ScenarioSettings, scenario_of
from stream_app.pipeline.replay.sources import PublishedCounter, RawCounter
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import Policy

_SCENARIOS = (
    {"threshold.dir": "0.75"},
    {"threshold.dir": "0.85"},
    {"threshold.dir": "0.9"},
    {"threshold.gap": "0.1"},
    {"threshold.gap": "0.15"},
    {"threshold.gap": "0.3"},
    {"window": "10m"},
    {"window": "30m"},
    {"min_n": "100"},
    {"k": "20"},
)


def replay(task: Task, scenarios: list[Scenario], *, is_published: bool) -> int:
    """Judge the whole topic, and return how many events were counted."""
    keys = (RootKey(task.kid, 0, bytes.fromhex(task.keys["root"])),)
    topic = task.output_topic if is_published else task.topic
    with LogReader(task.kafka, topic, is_published=is_published) as reader:
        replayed = RangeReplay(
            scenarios,
            topic,
            TimeRange(float("-inf"), float("inf")),
            reader.ends,
            reader.begins,
            PublishedCounter if is_published else lambda model, groups: RawCounter(model, keys, groups),
        )
        while (partition := replayed.next_partition()) is not None:
            batch = reader.next_batch(partition)
            if batch is None:
                replayed.end(partition)
            else:
                replayed.count(batch)
        replayed.finish()
        return replayed.dispositions().n_counted


def count_only(task: Task, scenario: Scenario) -> int:
    """Count the published events by pane and cell without judging them: what pandas is compared with."""
    with LogReader(task.kafka, task.output_topic, is_published=True) as reader:
        counted: dict[tuple[int, int], int] = {}
        for partition in reader.partitions:
            counter = PublishedCounter(scenario.model)
            while (batch := reader.next_batch(partition)) is not None:
                for start_s, cells in counter.count(batch):
                    for code, vector in cells.items():
                        counted[start_s, code] = counted.get((start_s, code), 0) + vector[0]
    return sum(counted.values())


def group_with_pandas(task: Task) -> Counts:
    """Do what a person does at first: ``json`` for each record, then one ``groupby`` over the whole table."""
    import pandas as pd  # noqa: PLC0415 - the others do not need it

    events: list[dict[str, Any]] = []
    with LogReader(task.kafka, task.output_topic, is_published=True) as reader:
        for partition in reader.partitions:
            while (batch := reader.next_batch(partition)) is not None:
                events += [json.loads(value or b"") for value in batch.values]
    table = pd.DataFrame(events)
    seconds = pd.to_datetime(table["ts"], format="ISO8601", utc=True).astype("int64")
    resolution = {"us": 10**6, "ns": 10**9, "ms": 10**3, "s": 1}[pd.to_datetime(table["ts"][:1], utc=True).dt.unit]
    table["pane"] = seconds // resolution // PANE_S * PANE_S
    counts = table.groupby(["pane", "approved", "gender", "race", "age_band"]).size()
    keys: list[tuple[Any, ...]] = counts.index.tolist()
    return {(int(pane), bool(ok), *labels): int(n) for (pane, ok, *labels), n in zip(keys, counts, strict=True)}


def main() -> None:
    """Run the task and mark its begin and its end."""
    task = Task.from_argv()
    policy = msgspec.convert(task.policy, Policy)
    [model] = policy.models
    original = original_scenario(model)
    mode, marks = task.options["mode"], Marks(task.marks_path)
    marks.first()
    match mode:
        case "pandas":
            n_counted = sum(group_with_pandas(task).values())
        case "count":
            n_counted = count_only(task, original)
        case "scenarios":
            scenarios = [scenario_of(policy, model, ScenarioSettings(settings)) for settings in _SCENARIOS]
            n_counted = replay(task, scenarios, is_published=True)
        case _:
            n_counted = replay(task, [original], is_published=mode == "published")
    marks.note("counted", n=n_counted)
    marks.done()


if __name__ == "__main__":
    main()
