"""Runs of a model whose decision is an amount, over logs in memory that a live judge has judged, too."""

from __future__ import annotations

import json
import random
from math import inf
from typing import Literal

from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.ranges.range_run import RangeRun, run_range
from stream_app.pipeline.replay.scenarios.scenario import Scenario, original_scenario
from stream_app.pipeline.replay.sources import LabelMap, PublishedCounter, RawCounter
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, parse_policy
from tests.support import judged_world
from tests.support.memory_logs import START_S, STEP_S, MemoryPartition

TEXT = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
decision = { path = "offer.price", kind = "amount", minimum = 0, maximum = 100, favorable = "low" }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 900, pane_s = 600, max_age_s = 2592000 }
attributes = [
    { name = "sex", path = "sex", groups = ["f", "m"], reference = "m" },
    { name = "age", path = "age", groups = ["young", "old"], reference = "old" },
]
segment = { name = "site", path = "site", values = ["a", "b"] }
windows = [{ name = "1h", size_s = 3600 }, { name = "6h", size_s = 21600 }]
rules = { max_mean_difference = 5, min_n = 3 }
detection = { false_alarms_per_million = 100000, wait_s = 60 }
unknown_fields = "drop"
"""
POLICY = parse_policy(TEXT)
[MODEL] = POLICY.models
EVER = TimeRange(-inf, inf)


def raw_partitions(n: int = 300, n_at_once: int = 1) -> list[MemoryPartition]:
    """Return prices that rise for women after half of the records; some come late in order, some twice, some broken."""
    rng, made = random.Random(3), []
    for partition in range(2):
        values = []
        for number in range(n):
            own = number if rng.random() > 0.1 else max(0, number - rng.randrange(10))
            sex = rng.choice(("f", "m", None, "x"))
            record = {
                "id": f"{partition}-{own}",
                "t": START_S + number // n_at_once * STEP_S - rng.choice((0, 0, 0, 300)),
                "sex": sex,
                "age": rng.choice(("young", "old")),
                "site": rng.choice("abc"),
                "offer": {"price": round(30 + 40 * rng.random() + (20 if sex == "f" and number > n / 2 else 0), 2)},
            }
            values.append(b"{" if rng.random() < 0.02 else json.dumps(record).encode())
        made.append(MemoryPartition(values))
    return made


def sources_of(
    world: judged_world.World, source: Literal["raw", "published"] = "raw", judged: ModelPolicy = MODEL
) -> ModelSources:
    """Open one of the logs of a world."""

    def counter(model: ModelPolicy, groups: LabelMap) -> RawCounter | PublishedCounter:
        return RawCounter(model, judged_world.KEYS, groups) if source == "raw" else PublishedCounter(model, groups)

    log = judged_world.raw_log(world) if source == "raw" else judged_world.published_log(world)
    return ModelSources(log, source, judged, counter, lambda *_: None)


def run(
    world: judged_world.World,
    *others: Scenario,
    source: Literal["raw", "published"] = "raw",
    time_range: TimeRange = EVER,
    judged: ModelPolicy = MODEL,
) -> RangeRun:
    """Judge a range of a world again."""
    scenarios = [original_scenario(judged), *others]
    return run_range(sources_of(world, source, judged), scenarios, time_range, lambda *_: None)
