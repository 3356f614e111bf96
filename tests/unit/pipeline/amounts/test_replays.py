"""A replay of amounts has the bytes of the live results, through restarts and changed policies."""

from __future__ import annotations

import json
import random
from typing import Literal

import pytest

from stream_app.pipeline.records.outcome_results import (
    decode_amounts,
)
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.sources import LabelMap, PublishedCounter, RawCounter
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.verification import Verification, Verifier
from stream_app.policy import ModelPolicy, parse_policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from tests.support import judged_world
from tests.support.memory_logs import START_S, STEP_S, MemoryPartition
from tests.support.priced_records import (
    POLICY,
    policy,
    record,
)


def raw_partitions(n: int, seed: int = 3) -> list[MemoryPartition]:
    rng, made = random.Random(seed), []
    for partition in range(2):
        values = []
        for number in range(n):
            own = number if rng.random() > 0.1 else max(0, number - rng.randrange(10))  # some are duplicates
            sex = rng.choice(("f", "m", None, "x"))
            price = round(30 + 40 * rng.random() + (20 if sex == "f" and number > n / 2 else 0), 2)
            each = record(own, price, sex, rng.choice(("young", "old")), rng.choice("abc"))
            time_s = START_S + number * STEP_S + rng.choice((0, 0, -300, -2000))
            line = json.dumps(each | {"id": f"{partition}-{own}", "t": time_s}).encode()
            values.append(b"{" if rng.random() < 0.02 else line)
        made.append(MemoryPartition(values))
    return made


def verify(world: judged_world.World, source: Literal["raw", "published"] = "raw") -> Verification:
    newest = world.book.newest("m")
    assert newest is not None

    def counter(model: ModelPolicy, groups: LabelMap) -> RawCounter | PublishedCounter:
        return RawCounter(model, judged_world.KEYS, groups) if source == "raw" else PublishedCounter(model, groups)

    log = judged_world.raw_log(world) if source == "raw" else judged_world.published_log(world)
    sources = ModelSources(log, source, newest.model, counter, lambda *_: None)
    verifier = Verifier(world.book, "m", judged_world.Published(world), lambda: None)
    return verifier.verify(sources, ComparedRange(), k=0)


@pytest.mark.parametrize("source", ["raw", "published"])
def test_a_replay_has_the_same_bytes_through_restarts(source: Literal["raw", "published"]) -> None:
    world = judged_world.run(raw_partitions(250), [policy()])
    verification = verify(world, source)
    assert (verification.is_equal, verification.difference) == (True, None)
    results = [decode_amounts(record.value) for record in world.records(FAIRNESS_RESULTS)]
    assert verification.n_equal > len(results) > 40
    assert len(list(world.records(FAIRNESS_ALERTS))) > 0


def test_a_replay_follows_a_changed_limit_group_and_direction() -> None:
    other = parse_policy(
        POLICY.format(low=0, high=100, favorable="high", limit=9, more="unknown_fields = 'drop'").replace(
            'groups = ["f", "m"]', 'groups = ["f", "m", "x"]'
        )
    )
    world = judged_world.run(raw_partitions(250), [policy(), policy(limit=2), other])
    verification = verify(world)
    assert (verification.is_equal, verification.difference) == (True, None)
    assert len(verification.policies) == 3
