"""Raw records through ingest and judge, without a broker, against reference values and an independent count."""

from __future__ import annotations

import json
import random
import zlib
from collections import defaultdict
from datetime import datetime

import msgspec
import numpy as np
import pytest

from producers.recorded.loanapp import stream_loanapp
from producers.timeline import Timeline
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.lane_step import LaneStep
from stream_app.pipeline.records.results import Result, decode_result
from stream_app.pipeline.topology import Topology
from stream_app.policy import load_policy
from stream_app.topics import FAIRNESS_RESULTS

POLICY = load_policy("loanapp")
MODEL = POLICY.models[0]
START_S = 1_700_000_000  # a multiple of 100 and of 500
KEY = RootKey("abcdef", 0, bytes(range(32)))

Log = list[list[bytes]]  # records of each partition, in offset order


def batch(topic: str, partition: int, first: int, values: list[bytes], now_ms: int = 0) -> Batch:
    n = len(values)
    offsets = np.arange(first, first + n, dtype=np.int64)
    return Batch(topic, partition, first, first + n, offsets, [*values], np.full(n, now_ms, np.int64))


def run(log: Log, rng: random.Random) -> list[Result]:
    """Feed partitions in batches of random length, flush at random, and let the clock close the rest."""
    topology = Topology({MODEL.topic: len(log)})
    lanes = [IngestStep(MODEL, (KEY,), number, topology) for number in range(len(log))]
    judge = JudgeStep(POLICY, 0, Topology())
    steps: list[LaneStep] = [*lanes, judge]
    for step in steps:
        step.restore({}, 0)
    results: list[Result] = []
    position, now_s, offset = [0] * len(log), 0.0, 0
    while now_s < 20_000:
        partials: list[bytes] = []
        for number, lane in enumerate(lanes):
            run_length = rng.randrange(120)
            values = log[number][position[number] : position[number] + run_length]
            if values:
                list(lane.step(batch(MODEL.topic, number, position[number], values, (START_S + 4000) * 1000)))
                position[number] += len(values)
            flush = lane.flush(now_s, is_caught_up=position[number] == len(log[number]))
            partials += [value for output in flush.outputs for value in output.values if value is not None]
        list(judge.step(batch("partials", 0, offset, partials)))
        offset += len(partials)
        results += decoded(judge.flush(now_s, is_caught_up=True).outputs)
        now_s += 1 if any(p < len(records) for p, records in zip(position, log, strict=True)) else 500
    return list({result.key: result for result in results}.values())


def decoded(outputs: list[Outputs]) -> list[Result]:
    results = [output for output in outputs if output.topic == FAIRNESS_RESULTS]
    return [decode_result(value) for output in results for value in output.values if value is not None]


def partitioned(n_partitions: int) -> Log:
    log: Log = [[] for _ in range(n_partitions)]
    for event in stream_loanapp(Timeline(START_S * 1000, 1.0)):
        log[zlib.crc32(event.key) % n_partitions].append(event.value)
    return log


def counts(result: Result) -> dict[str, tuple[int, int]]:
    return {group.group: (group.n, group.favorable) for group in result.groups if group.n}


@pytest.mark.parametrize("n_partitions", [1, 4])
def test_the_boston_fed_records_give_the_reference_values(n_partitions: int) -> None:
    log = partitioned(n_partitions)
    race = [r for r in run(log, random.Random(1)) if r.attribute == "race"]
    (total,) = [result for result in race if result.window == "total"]
    assert counts(total) == {"white": (1681, 1527), "black": (197, 133), "hispan": (111, 85)}
    ratios = {group.group: group.disparate_impact_ratio for group in total.groups}
    assert ratios["black"] == pytest.approx(0.743214, abs=5e-7)
    assert ratios["hispan"] == pytest.approx(0.842994, abs=5e-7)
    black = {group.group: group for group in total.groups}["black"]
    # Below four fifths, but 197 decisions are no proof of it: the interval reaches 0.81.
    assert (black.state, black.rules, black.shortfall) == ("ok", ("disparate_impact_ratio", "gap"), 11)
    assert black.ratio_bounds is not None
    assert msgspec.structs.astuple(black.ratio_bounds) == pytest.approx((0.667482, 0.812141), abs=1e-6)
    fives = [counts(result) for result in race if result.window == "500s"]
    assert fives == [
        {"white": (418, 379), "black": (52, 40), "hispan": (30, 25)},
        {"white": (420, 376), "black": (46, 28), "hispan": (34, 24)},
        {"white": (421, 386), "black": (56, 37), "hispan": (23, 19)},
        {"white": (422, 386), "black": (43, 28), "hispan": (24, 17)},
    ]
    hundreds = [{g.group: g.disparate_impact_ratio or 0 for g in r.groups} for r in race if r.window == "100s"]
    assert len(hundreds) == 20
    assert sum(window["black"] < 0.8 for window in hundreds) == 11
    assert sum(window["hispan"] < 0.8 for window in hundreds) == 6
    assert total.offsets[MODEL.topic] == {number: len(records) for number, records in enumerate(log)}
    assert [counts_below_offsets(log, result) for result in race] == [counts(result) for result in race]


def counts_below_offsets(log: Log, result: Result) -> dict[str, tuple[int, int]]:
    """Count the window of a result by hand, from nothing but the records below the offsets that it names."""
    n: dict[str, list[int]] = {}
    for partition, offset in result.offsets[MODEL.topic].items():
        for record in map(json.loads, log[partition][:offset]):
            if result.start_s <= datetime.fromisoformat(record["ts"]).timestamp() < result.end_s:
                cell = n.setdefault(record["race"], [0, 0])
                cell[0] += 1
                cell[1] += record["approved"]
    return {group: (cell[0], cell[1]) for group, cell in n.items()}


def test_a_small_group_does_not_hide_the_others() -> None:
    results = run(partitioned(2), random.Random(2))
    third = [r for r in results if r.attribute == "race" and r.window == "500s"][2]
    states = {group.group: (group.state, group.reason) for group in third.groups}
    assert states == {
        "black": ("ok", None),
        "hispan": ("insufficient", "below_min_n"),
        "white": (None, "reference"),
    }


@pytest.mark.parametrize("seed", range(8))
def test_out_of_order_duplicate_and_late_records_are_counted_as_by_hand(seed: int) -> None:
    rng = random.Random(seed)
    log = partitioned(3)
    for records in log:
        records.extend(rng.sample(records, 40))  # sent twice, mostly late
        order = {id(value): START_S + index * 3 + rng.uniform(0, 14) for index, value in enumerate(records)}
        records.sort(key=lambda value: order[id(value)])
    expected, n_late = count_by_hand(log)
    judged = {
        (result.attribute, result.window, result.end_s if result.window != "total" else 0): counts(result)
        for result in run(log, rng)
        if "+" not in result.attribute
    }
    assert n_late > 20
    assert judged == expected


def count_by_hand(log: Log) -> tuple[dict[tuple[str, str, int], dict[str, tuple[int, int]]], int]:
    """Count windows straight from the raw records: a duplicate once, an event of a closed pane not at all."""
    tally: dict[tuple[str, str, int], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    n_late = 0
    for records in log:
        seen, newest_s = set(), 0
        for raw in records:
            record = json.loads(raw)
            if record["application_id"] in seen:
                continue
            seen.add(record["application_id"])
            time_s = int(datetime.fromisoformat(record["ts"]).timestamp())
            is_late = time_s // 10 * 10 < (newest_s - 5) // 10 * 10
            newest_s = max(newest_s, time_s)
            if is_late:
                n_late += 1
                continue
            for name, size_s in (("100s", 100), ("500s", 500), ("1h", 3600), ("total", 0)):
                end_s = (time_s // size_s + 1) * size_s if size_s else 0
                for attribute in ("race", "sex"):
                    cell = tally[attribute, name, end_s][record[attribute] or "unknown"]
                    cell[0] += 1
                    cell[1] += record["approved"]
    return {key: {group: (n, k) for group, (n, k) in groups.items()} for key, groups in tally.items()}, n_late
