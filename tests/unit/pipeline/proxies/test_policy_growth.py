"""Days of verdicts are reproduced, also when a policy grows by a proxy."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence
from typing import Literal

import pytest

from stream_app.pipeline.records.alerts import Alert, MonitoringRestart
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.sources import LabelMap, PublishedCounter, RawCounter
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.verification import Verifier
from stream_app.policy import ModelPolicy, Policy, parse_policy
from tests.support import judged_world, memory_logs
from tests.support.memory_logs import MemoryPartition

WORLD = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "case" }}
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = 900, pane_s = 600, max_age_s = 86400 }}
attributes = [{{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }}]
{proxies}
segment = {{ name = "product", path = "product", values = ["home", "car"] }}
windows = [{{ name = "1h", size_s = 3600 }}, {{ name = "6h", size_s = 21600 }}]
rules = {{ min_n = 3, min_disparate_impact_ratio = 0.8 }}
detection = {{ false_alarms_per_million = 100000, wait_s = 60, period_s = 7200, is_stratified = true }}
unknown_fields = "drop"
deduplication_window = 20
"""
RACE = 'proxies = [{ name = "race", groups = { white = "w", black = "b" }, reference = "white" }]'
MORE = 'proxies = [{ name = "race", groups = { white = "w", black = "b", asian = "a" }, reference = "white" }]'
POLICIES = [parse_policy(WORLD.format(proxies=proxies)) for proxies in ("", RACE, MORE)]


def world_logs(n: int) -> list[list[bytes]]:
    """Return the records of two partitions; after some time black people are approved less; some lack probabilities."""
    draw = random.Random(4)
    logs: list[list[bytes]] = [[], []]
    for partition, offset in itertools.product(range(2), range(n)):
        black = draw.choice((0.1, 0.85))
        p = {"w": 0.95 - black, "b": black, "a": 0.03} if draw.random() < 0.9 else {"w": 2, "b": black}
        record = {
            "id": f"{partition}-{offset}",
            "t": memory_logs.START_S + offset * memory_logs.STEP_S,
            "sex": draw.choice(("f", "m")),
            "product": draw.choice(("home", "car", None)),
            "ok": draw.random() < (0.05 if black > 0.5 and offset > n // 2 else 0.8),
        }
        logs[partition].append(json.dumps(record | p).encode())
    return logs


@pytest.mark.parametrize("source", ["raw", "published"])
@pytest.mark.parametrize("policies", [POLICIES[1:2], POLICIES, POLICIES[::-1]])
def test_days_of_verdicts_are_reproduced_also_when_a_policy_grows_by_a_proxy(
    source: Literal["raw", "published"], policies: Sequence[Policy]
) -> None:
    world = judged_world.run(list(map(MemoryPartition, world_logs(480))), policies)
    assert any(result.attribute == "race" for _, result in judged_world.Published(world).results())
    log = judged_world.raw_log(world) if source == "raw" else judged_world.published_log(world)
    newest = world.book.newest("m")
    assert newest is not None

    def counter(model: ModelPolicy, groups: LabelMap) -> RawCounter | PublishedCounter:
        return RawCounter(model, judged_world.KEYS, groups) if source == "raw" else PublishedCounter(model, groups)

    sources = ModelSources(log, source, newest.model, counter, lambda *_: None)
    verification = Verifier(world.book, "m", judged_world.Published(world), lambda: None).verify(
        sources, ComparedRange(None, None), k=0
    )
    assert verification.difference is None, verification
    assert (verification.is_equal, verification.n_missing, verification.n_unexpected) == (True, 0, 0)
    restarts = [each for _, each in judged_world.Published(world).alerts() if isinstance(each, MonitoringRestart)]
    ended = {test.group for restart in restarts for test in restart.ended_breaches if test.attribute == "race"}
    assert ("black" in ended) == (policies == POLICIES[::-1])
    if policies == POLICIES[1:2]:
        alerts = [alert for _, alert in judged_world.Published(world).alerts() if isinstance(alert, Alert)]
        assert any((alert.attribute, alert.test) == ("race", PairTest.RATIO_LOW) for alert in alerts)
