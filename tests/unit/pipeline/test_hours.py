"""Hours of areas, from raw records to results, metrics, replay and a changed policy."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from fairstream.testing import InMemoryPipeline
from producers.simulated.drift import parse_drift
from producers.simulated.hours.allocations import AREAS, simulate_allocations
from producers.timeline import Timeline
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.series_limit import count_series
from stream_app.errors import PolicyError
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.records.hours.allocation_results import (
    AllocationResult,
    decode_hours,
    encode_allocation_result,
)
from stream_app.pipeline.records.outcome_results import (
    decode_decision_result,
    decode_every_result,
    decode_judged_result,
)
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.sources import LabelMap, PublishedCounter, RawCounter
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.verification import Verification, Verifier
from stream_app.policy import ModelPolicy, Policy, load_policy, parse_policy
from stream_app.topics import FAIRNESS_PARTIALS, FAIRNESS_RESULTS
from tests.support import judged_world
from tests.support.memory_logs import START_S, STEP_S, MemoryPartition

POLICY = """
schema = 1
[[models]]
name = "m"
kind = "allocations"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "record" }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = 900, pane_s = 600, max_age_s = 86400 }}
attributes = [{{ name = "income", path = "income", groups = ["High", "Low"], reference = "Low" }}]
segment = {{ name = "area", path = "area", values = [{areas}] }}
features = [
    {{ name = "hours", path = "hours", minimum = 0, maximum = 1000, scale = 100 }},
    {{ name = "population", path = "population", minimum = 0, maximum = 1000000 }},
]
windows = [{{ name = "1h", size_s = 3600 }}, {{ name = "6h", size_s = 21600 }}]
rules = {{ max_hours_ratio = {ratio} }}
"""
# The areas of the original's example.
ORIGINAL = (("a", "High", 10_000, 350), ("b", "High", 5_000, 200), ("c", "Low", 15_000, 150), ("d", "Low", 12_000, 100))


def policy(areas: Sequence[str] = ("a", "b", "c", "d"), ratio: float = 1.5) -> Policy:
    return parse_policy(POLICY.format(areas=", ".join(f'"{area}"' for area in areas), ratio=ratio))


def record(number: int, time_s: int, area: str, income: str | None, population: int, hours: float) -> dict[str, Any]:
    return {"id": f"r{number}", "t": time_s, "area": area, "income": income, "population": population, "hours": hours}


def judge(records: Sequence[dict[str, Any]], own: Policy | None = None) -> list[AllocationResult]:
    pipeline = InMemoryPipeline(own or policy())
    pipeline.send_records(records, time_s=max(each["t"] for each in records) + 10)
    pipeline.close_windows()
    return pipeline.allocation_results()


def in_window(results: Sequence[AllocationResult], window: str = "1h") -> AllocationResult:
    [result] = [result for result in results if result.window == window]
    return result


@pytest.fixture(scope="module")
def original() -> list[AllocationResult]:
    """Return the results of the example; every area reports its hours in two parts."""
    parts = [(area, level, n, hours / 2) for area, level, n, hours in ORIGINAL for _ in range(2)]
    return judge([record(number, START_S + number, *each) for number, each in enumerate(parts)])


def test_the_example_of_the_original(original: list[AllocationResult]) -> None:
    for window in ("1h", "6h"):
        result = in_window(original, window)
        [high, low] = result.groups
        assert high.of_means is not None
        assert high.of_totals is not None
        assert high.of_means.value == pytest.approx(4.0909, abs=1e-4)
        assert high.of_totals.value == pytest.approx(3.96)
        assert (result.is_over, low.of_means, result.reference, result.max_ratio) == (True, None, "Low", 1.5)
        assert (result.n, result.n_unlisted, high.n, high.n_areas, high.population, high.hours) == (
            8,
            0,
            4,
            2,
            15e3,
            550,
        )
        assert [(area.area, area.population, area.hours) for area in result.areas] == [
            (area, population, hours) for area, _, population, hours in ORIGINAL
        ]


def test_areas_and_levels_that_the_policy_does_not_list_are_counted_and_in_no_ratio() -> None:
    more = [("x", "High", 10, 900), ("a", "Rich", 10, 900), ("b", None, 10, 900)]
    records = [record(number, START_S, *each) for number, each in enumerate((*ORIGINAL, *more))]
    result = in_window(judge(records))
    assert (result.n, result.n_unlisted) == (7, 3)
    assert result.groups[0].of_totals is not None
    assert result.groups[0].of_totals.value == pytest.approx(3.96)


@pytest.mark.parametrize(
    ("places", "reason", "is_over"),
    [
        ([0, 1], "no_reference_areas", False),
        ([2, 3], "no_areas", False),
    ],
)
def test_a_level_without_records_has_a_reason(places: list[int], reason: str, *, is_over: bool) -> None:
    result = in_window(judge([record(place, START_S, *ORIGINAL[place]) for place in places]))
    [high, _] = result.groups
    assert high.of_means is not None
    assert (high.of_means.value, high.of_means.reason, result.is_over) == (None, reason, is_over)


def test_a_reference_without_hours_is_over_and_an_area_without_residents_counts_for_nothing() -> None:
    places = [("a", "High", 100, 5.0), ("b", "High", 0, 70.0), ("c", "Low", 100, 0.0)]
    result = in_window(judge([record(number, START_S, *each) for number, each in enumerate(places)]))
    [high, _] = result.groups
    assert high.of_means is not None
    assert (high.of_means.reason, result.is_over) == ("reference_zero", True)
    assert (high.hours, high.n_areas, high.n_unpopulated) == (5.0, 2, 1)


def test_a_record_is_known_by_its_kind(original: list[AllocationResult]) -> None:
    data = encode_allocation_result(original[0])
    assert decode_every_result(data) == decode_hours(data) == original[0]
    assert decode_judged_result(data) is decode_decision_result(data) is None
    pipeline = InMemoryPipeline("loans")
    assert pipeline.allocation_results() == []
    assert decode_hours(b'{"model": "loans"}') is None


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    rows = [row for family in metrics.collect() for row in family.samples if row.name == name]
    values = [row.value for row in rows if labels.items() <= row.labels.items()]
    assert len(values) <= 1
    return values[0] if values else None


def test_metrics_show_the_newest_window_while_its_owner_is_here(original: list[AllocationResult]) -> None:
    metrics = Metrics(CollectorRegistry(), policy(), max_series=1000)
    metrics.lane_opened(FAIRNESS_PARTIALS, 0)
    report = JudgeReport(models={"m": ModelReport(allocation_results=list(original))})
    metrics.judged(0, report)
    of_high = {"model": "m", "attribute": "income", "group": "High", "window": "1h"}
    assert sample(metrics, "fairstream_hours_ratio", **of_high, of="means") == pytest.approx(4.0909, abs=1e-4)
    assert sample(metrics, "fairstream_hours_ratio", **of_high, of="totals") == pytest.approx(3.96)
    assert sample(metrics, "fairstream_hours_per_capita", **of_high, of="means") == pytest.approx(0.0375)
    assert sample(metrics, "fairstream_hours_ratio_lower", **of_high, of="means") is not None
    assert sample(metrics, "fairstream_hours_ratio_upper", **of_high, of="means") is None
    assert sample(metrics, "fairstream_hours_over", **of_high) == 1
    assert sample(metrics, "fairstream_hours_over", **(of_high | {"group": "Low"})) is None
    assert sample(metrics, "fairstream_hours_limit_ratio", model="m") == 1.5
    n_rows = sum(len(f.samples) for f in metrics.collect() if f.name.startswith("fairstream_hours"))
    assert n_rows <= count_series(policy())
    metrics.lane_closed(FAIRNESS_PARTIALS, 0)
    assert sample(metrics, "fairstream_hours_ratio", **of_high, of="means") is None
    restored = Metrics(CollectorRegistry(), policy(), max_series=1000)
    restored.lane_opened(FAIRNESS_PARTIALS, 0)
    restored.judge_restored(0, original)
    assert sample(restored, "fairstream_hours_over", **of_high) == 1


def test_an_older_window_replaces_no_newer_one() -> None:
    times = [START_S, START_S + 3600]
    records = [
        record(10 * hour + number, time_s, area, level, population, hours if hour else 100)
        for hour, time_s in enumerate(times)
        for number, (area, level, population, hours) in enumerate(ORIGINAL)
    ]
    results = [result for result in judge(records) if result.window == "1h"]
    assert [result.start_s for result in results] == times
    metrics = Metrics(CollectorRegistry(), policy(), max_series=1000)
    metrics.lane_opened(FAIRNESS_PARTIALS, 0)
    for result in reversed(results):
        metrics.judged(0, JudgeReport(models={"m": ModelReport(allocation_results=[result])}))
    assert sample(metrics, "fairstream_hours_ratio", group="High", window="1h", of="totals") == pytest.approx(3.96)


def raw_partitions(n: int, seed: int = 3) -> list[MemoryPartition]:
    rng, made = random.Random(seed), []
    for partition in range(2):
        values = []
        for number in range(n):
            area, level, population, hours = rng.choice((*ORIGINAL, ("x", "Low", 10, 1)))
            own = number if rng.random() > 0.1 else max(0, number - rng.randrange(10))  # some are duplicates
            time_s = START_S + number * STEP_S + rng.choice((0, 0, -300, -2000))
            each = record(own, time_s, area, level, population, round(hours * rng.random(), 2))
            values.append(b"{" if rng.random() < 0.02 else json.dumps(each | {"id": f"{partition}-{own}"}).encode())
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
    world = judged_world.run(raw_partitions(400), [policy()])
    verification = verify(world, source)
    assert (verification.is_equal, verification.difference) == (True, None)
    results = [decode_hours(record.value) for record in world.records(FAIRNESS_RESULTS)]
    assert verification.n_equal > len(results) > 40
    assert {result.window for result in results if result} == {"1h", "6h", "total"}


def test_a_replay_follows_a_changed_limit_and_new_areas() -> None:
    policies = [policy(), policy(ratio=3.0), policy(("a", "b", "c", "d", "x"), ratio=3.0)]
    world = judged_world.run(raw_partitions(400), policies)
    verification = verify(world)
    assert (verification.is_equal, verification.difference) == (True, None)
    assert len(verification.policies) == 3


def test_a_changed_result_is_noticed() -> None:
    world = judged_world.run(raw_partitions(150), [policy()])
    run = next(run for run in world.written[FAIRNESS_RESULTS] if b'"window":"1h"' in (run.values[0] or b""))
    result = decode_hours(run.values[0] or b"")
    assert result is not None
    [high, low] = result.groups
    forged = msgspec.structs.replace(result, groups=(msgspec.structs.replace(high, n=high.n + 1), low))
    run.values[0] = encode_allocation_result(forged)
    difference = verify(world).difference
    assert difference is not None
    assert (difference.topic, difference.window, difference.group, difference.field) == (
        FAIRNESS_RESULTS, "1h", "High", "n"
    )  # fmt: skip
    assert (difference.replayed, difference.live) == (high.n, high.n + 1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("segment = {", 'keep = ["z"]\n#', "segment: needed for kind 'allocations'"),
        ('name = "hours"', 'name = "time"', "features: kind 'allocations' needs a feature named 'hours'"),
        ("minimum = 0, maximum = 1000,", "minimum = -1, maximum = 1000,", "'hours' must have a minimum of at least 0"),
        ('path = "hours", ', 'path = "hours", is_required = false, ', "'hours' must be required"),
        (', reference = "Low"', "", "a reference group is required"),
        ('name = "m"', 'name = "m"\ndecision = { path = "ok", favorable = true, unfavorable = [false] }', "decision"),
        ("max_hours_ratio = 1.5", "max_hours_ratio = 1", "max_hours_ratio: expected a number above 1"),
    ],
)
def test_a_policy_that_lacks_what_is_judged_is_rejected(old: str, new: str, words: str) -> None:
    text = POLICY.format(areas='"a", "b"', ratio=1.5)
    assert old in text
    with pytest.raises(PolicyError, match=words):
        parse_policy(text.replace(old, new, 1))


@pytest.mark.parametrize(("drift", "is_over"), [("0", False), ("1", True)])
def test_the_simulated_stream_is_fair_without_drift_and_skewed_with_it(drift: str, *, is_over: bool) -> None:
    pipeline = InMemoryPipeline("allocations")
    events = simulate_allocations(5, Timeline(START_S * 1000, 0.2), parse_drift(drift))
    pipeline.send(event for event, _ in zip(events, range(1200), strict=False))
    pipeline.close_windows()
    results = pipeline.allocation_results()
    minutes = [result for result in results if result.window == "1m"]
    assert len(minutes) == 4
    assert {result.is_over for result in minutes} == {is_over}
    assert all(len(result.areas) == len(AREAS) and result.n_unlisted == 0 for result in minutes)


def test_the_shipped_policy_names_the_areas_of_the_producer() -> None:
    [model] = load_policy("allocations").models
    assert model.segment is not None
    assert model.segment.values == tuple(place.name for place in AREAS)
