"""The search counts every alternative at once; each of them equals its own replay, bit for bit."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.ranges.range_run import run_range
from stream_app.pipeline.replay.scenarios.scenario import original_scenario
from stream_app.pipeline.replay.search.counting import AlternativeCounts
from stream_app.pipeline.replay.search.deciding import DecidingRule
from stream_app.pipeline.replay.search.outcome_labels import OutcomeLabels
from stream_app.pipeline.replay.search.released_cuts import SearchRelease
from stream_app.pipeline.replay.search.request import Claims, RuleList, list_pairs, list_rules
from stream_app.pipeline.replay.search.results import PairValues
from stream_app.pipeline.replay.search.rules import AlternativeRule, parse_cuts, parse_rule, score_field
from stream_app.pipeline.replay.search.scores import LoggedScore, ModelScore, ScoreSource
from stream_app.pipeline.replay.search.summary import Comparison, compare_alternatives
from stream_app.pipeline.replay.source_log import SourcePlace
from stream_app.pipeline.replay.sources import Observe, PublishedCounter, RawCounter, SourceCounter
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, parse_policy
from tests.support.memory_logs import MemoryLog, MemoryRecord

START_S = 1_790_000_000 // 60 * 60
KEYS = (RootKey("onlykeya", 0, b"k" * 32),)
MODEL = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case", canonical = "text-or-integer" }
decision = { path = "result", favorable = "yes", unfavorable = ["no", "later"] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10 }
attributes = [
    { name = "sex", path = "sex", groups = ["f", "m"], reference = "m" },
    { name = "age", path = "age", edges = [30, 50], reference = "30 to under 50" },
]
segment = { name = "site", path = "site", values = ["north", "south"] }
score = { path = "credit.score", minimum = 0, maximum = 1, edges = [0.5] }
features = [{ name = "years", path = "years", minimum = 0, maximum = 60, is_required = false }]
windows = [{ name = "1m", size_s = 60 }]
[models.outcome]
topic = "outcomes"
event_id = "id"
path = "repaid"
favorable = true
unfavorable = [false]
event_time = { path = "t", format = "epoch_s" }
is_selective = true
""").models[0]
ALL = TimeRange(float("-inf"), float("inf"))
CUTS = parse_cuts("0.3:0.7:0.05")


def decisions(partition: int, n: int = 400) -> list[bytes]:
    rng = random.Random(partition)
    return [a_decision(rng, partition, number) for number in range(n)]


def a_decision(rng: random.Random, partition: int, number: int) -> bytes:
    if rng.random() < 0.02:
        return b"{"
    known = max(0, number - 5) if rng.random() < 0.05 else number
    own = random.Random(f"{partition}-{known}")  # the same id is the same case
    record: dict[str, Any] = {
        "id": partition * 10_000 + known,
        "t": START_S + known // 4 - own.choice((0, 0, 0, 0, 3, 40)),
        "sex": own.choice(("f", "m", "F", "x", None)),
        "age": own.randrange(18, 70),
        "site": own.choice(("north", "South", "elsewhere", None)),
        "credit": {"score": own.choice((round(own.random(), 2), own.random(), 0.35, 0.5))},
        "result": own.choice(("yes", "no", "later")),
    }
    if own.random() < 0.7:
        record["years"] = own.randrange(0, 60)
    return json.dumps(record).encode()


def outcomes_of(values: Sequence[bytes]) -> list[bytes]:
    rng, found = random.Random(3), []
    for value in values:
        record = json.loads(value) if value != b"{" else {}
        if record.get("result") == "yes" and rng.random() < 0.8:
            found.append(
                json.dumps({"id": str(record["id"]), "t": record["t"] + 9, "repaid": rng.random() < 0.7}).encode()
            )
    return found


RAW = {partition: decisions(partition) for partition in range(2)}
OUTCOMES = [line for values in RAW.values() for line in outcomes_of(values)]


def batch_of(values: Sequence[bytes], topic: str = "raw", partition: int = 0) -> Batch:
    times_ms = np.array([(START_S + number // 4) * 1000 for number in range(len(values))], np.int64)
    return Batch(topic, partition, 0, len(values), np.arange(len(values)), list(values), times_ms)


def published(partition: int) -> list[bytes]:
    """Return what ingest publishes of the raw records."""
    step = IngestStep(MODEL, KEYS, partition, Topology())
    step.restore({}, 0)
    outputs = step.step(batch_of(RAW[partition], partition=partition))
    return [value or b"" for output in outputs if output.topic == "out" for value in output.values]


def sources_of(kind: Any, observe: Observe, model: ModelPolicy = MODEL) -> ModelSources:
    values = RAW if kind == "raw" else {partition: published(partition) for partition in RAW}
    logs = {
        partition: [
            MemoryRecord(SourcePlace(0, offset), line, (START_S + offset // 4) * 1000)
            for offset, line in enumerate(lines)
        ]
        for partition, lines in values.items()
    }

    def counter(model: ModelPolicy, _: Any) -> SourceCounter:
        return RawCounter(model, KEYS, observe=observe) if kind == "raw" else PublishedCounter(model, observe=observe)

    return ModelSources(MemoryLog("raw", logs, {}), kind, model, counter, lambda *_: None)


def all_outcomes() -> OutcomeLabels:
    outcomes = OutcomeLabels(MODEL)
    outcomes.take(batch_of([*OUTCOMES, b"{", *(line.replace(b"true", b"false") for line in OUTCOMES)], "outcomes"))
    outcomes.finish()
    return outcomes


def search(
    kind: str = "raw",
    *,
    time_range: TimeRange = ALL,
    score: str = "credit.score",
    cuts: Sequence[float] = CUTS,
    by_segment: bool = True,
    k: int = 0,
    outcomes: OutcomeLabels | None = None,
) -> tuple[Comparison, RuleList]:
    rules = list_rules(MODEL, cuts, 1, by_segment=by_segment)
    counts = AlternativeCounts(MODEL, [source_of(score)], cuts, time_range, outcomes, by_segment=by_segment)
    counts.count(sources_of(kind, counts.observe))
    pairs = list_pairs(MODEL, None, None)
    comparison = compare_alternatives(
        counts.tables,
        [score],
        rules,
        pairs,
        Claims(),
        release=SearchRelease(k),
        has_outcomes=outcomes is not None,
        design_effect=1.0,
    )
    return comparison, rules


def source_of(score: str) -> ScoreSource:
    """Return where a score comes from; ``challenger`` is a model."""
    return (
        LoggedScore(score) if score != "challenger" else ModelScore(score, MODEL, lambda rows: np.sqrt(rows[:, 0] / 60))
    )


def own_replay(kind: str, rule: AlternativeRule, score: str, time_range: TimeRange) -> dict[str, Result]:
    """Return the running totals of a replay of one rule, by attribute."""
    deciding = DecidingRule(MODEL, rule, source_of(score))
    run = run_range(sources_of(kind, deciding.observe), [original_scenario(MODEL)], time_range, lambda *_: None)
    [report] = run.reports.values()
    return {result.attribute: result for result in report.results if result.window == TOTAL_WINDOW}


def values_of(result: Result, pair: PairValues) -> dict[str, Any]:
    rows = {row.group: row for row in result.groups}
    group, reference = rows[pair.group], rows[pair.reference]
    return {
        "n": group.n,
        "favorable": group.favorable,
        "n_reference": reference.n,
        "favorable_reference": reference.favorable,
        "rate": group.rate,
        "rate_reference": reference.rate,
        "disparate_impact_ratio": group.disparate_impact_ratio,
        "gap": group.gap,
    }


@pytest.mark.parametrize(
    ("kind", "time_range", "score"),
    [
        ("raw", ALL, "credit.score"),
        ("published", ALL, "credit.score"),
        ("raw", TimeRange(START_S + 60, START_S + 70), "credit.score"),
        ("published", TimeRange(START_S + 60, START_S + 70), "challenger"),
        ("raw", ALL, "years"),
    ],
)
def test_each_alternative_equals_its_own_replay(kind: str, time_range: TimeRange, score: str) -> None:
    cuts = CUTS if score != "years" else [10.0, 20.0, 33.0]
    comparison, rules = search(kind, time_range=time_range, score=score, cuts=cuts)
    assert len(comparison.alternatives) == len(rules.rules) == len(cuts) + len(cuts) ** 2
    chosen = [1, len(cuts) + 1, len(rules.rules) - 2]
    for number in chosen:
        alternative, rule = comparison.alternatives[number], rules.rules[number]
        assert (alternative.rule, parse_rule(alternative.rule, MODEL)) == (rule.text, rule)
        totals = own_replay(kind, rule, score, time_range)
        assert [
            msgspec.structs.asdict(pair) | values_of(totals[pair.attribute], pair) for pair in alternative.pairs
        ] == [msgspec.structs.asdict(pair) for pair in alternative.pairs]
        everyone = totals["sex"].groups
        assert (alternative.n, alternative.favorable) == (
            sum(row.n for row in everyone),
            sum(row.favorable for row in everyone),
        )


def test_the_logged_decisions_are_those_of_a_replay_without_a_rule() -> None:
    comparison, _ = search()
    report = run_range(
        sources_of("raw", lambda _: lambda *_: None), [original_scenario(MODEL)], ALL, lambda *_: None
    ).reports["original"]
    totals = {result.attribute: result for result in report.results if result.window == TOTAL_WINDOW}
    for pair in comparison.logged.pairs:
        assert msgspec.structs.asdict(pair).items() >= values_of(totals[pair.attribute], pair).items()
    assert [pair.group for pair in comparison.logged.pairs] == ["f", "under 30", "50 and over"]


def by_hand(cut: float) -> tuple[int, int, int]:
    """Return good, bad and unknown outcomes among the approved, from the first record and outcome of each id."""
    labels: dict[int, bool] = {}
    for line in OUTCOMES:
        record = json.loads(line)
        labels.setdefault(int(record["id"]), record["repaid"])
    seen: dict[int, float] = {}
    for values in RAW.values():
        for value in values:
            if value != b"{" and "credit" in (record := json.loads(value)):
                seen.setdefault(record["id"], record["credit"]["score"])
    approved = [number for number, score in seen.items() if score >= cut]
    good = sum(labels.get(number) is True for number in approved)
    bad = sum(labels.get(number) is False for number in approved)
    return good, bad, len(approved) - good - bad


def test_outcomes_are_found_by_the_event_id_and_unknown_ones_make_bounds() -> None:
    model = msgspec.structs.replace(MODEL, event_time=msgspec.structs.replace(MODEL.event_time, out_of_orderness_s=80))
    counts = AlternativeCounts(model, [LoggedScore("credit.score")], CUTS, ALL, all_outcomes(), by_segment=False)
    counts.count(sources_of("raw", counts.observe, model))
    comparison = compare_alternatives(
        counts.tables,
        ["credit.score"],
        list_rules(model, CUTS, 1, by_segment=False),
        list_pairs(model, "sex", None),
        Claims(),
        release=SearchRelease(0),
        has_outcomes=True,
        design_effect=1.0,
    )
    for cut, alternative in zip(CUTS, comparison.alternatives, strict=True):
        good, bad, unknown = by_hand(cut)
        assert unknown
        outcomes = alternative.outcomes
        assert outcomes is not None
        assert (alternative.favorable, outcomes.n_not_known) == (good + bad + unknown, unknown)
        assert (outcomes.lower, outcomes.upper) == (
            good / (good + bad + unknown),
            (good + unknown) / (good + bad + unknown),
        )
        assert outcomes.interval.lower < outcomes.lower < outcomes.upper
        assert outcomes.interval.upper is not None
        assert outcomes.interval.upper > outcomes.upper
        assert alternative.log_e_outcomes is not None


@pytest.mark.parametrize("by_segment", [False, True])
def test_no_two_cuts_differ_about_fewer_than_k_people_of_a_group(*, by_segment: bool) -> None:
    k = 12
    comparison, _ = search(by_segment=by_segment, k=k, cuts=parse_cuts("0.3:0.7:0.1"))
    withheld = [pair.withheld for row in comparison.alternatives for pair in row.pairs]
    assert "neighbors" in withheld
    assert None in withheld
    for place in range(len(comparison.logged.pairs)):
        for side in ("favorable", "favorable_reference"):
            cuts = [row for row in comparison.alternatives[:5] if row.pairs[place].withheld is None]
            counts = [getattr(row.pairs[place], side) for row in cuts]
            assert all(after == before or before - after >= k for before, after in pairwise(counts))
    assert all(
        pair.log_e is None and pair.n is None and pair.is_found is None
        for row in comparison.alternatives
        for pair in row.pairs
        if pair.withheld is not None
    )


def test_a_small_group_is_withheld_with_everything_about_it() -> None:
    comparison, _ = search(k=10_000)
    assert {pair.withheld for row in comparison.alternatives for pair in row.pairs} == {"small_cell"}
    assert comparison.logged.n is None
    assert all(row.favorable is None and row.outcomes is None for row in comparison.alternatives)


def test_too_many_combinations_are_tried_one_segment_at_a_time() -> None:
    rules = list_rules(MODEL, parse_cuts("0.30:0.70:0.01"), 1, by_segment=True)
    assert not rules.is_complete
    assert rules.rules[41:43] == (AlternativeRule(None, {"north": 0.3}), AlternativeRule(None, {"north": 0.31}))
    assert len(rules.rules) == 41 * 3
    with pytest.raises(ConfigError, match="alternatives, at most 1,000"):
        list_rules(MODEL, parse_cuts("0.001:1:0.001"), 2, by_segment=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.4:0.7", "Invalid --cuts"),
        ("0.7:0.4:0.1", "Invalid --cuts"),
        ("0.4:0.7:0", "Invalid --cuts"),
        ("0.4:0.7:-1", "Invalid --cuts"),
        ("0:1:0.0001", "at most 1,000"),
        ("x", "'x' is not a cut"),
        ("nan", "'nan' is not a cut"),
        ("1e400", "is not a cut"),
        ("0.5,", "'' is not a cut"),
    ],
)
def test_cuts_of_another_form_are_rejected(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_cuts(text)


@pytest.mark.parametrize("text", ["east=0.5", "north=0.5,North=0.6", "north=", "=0.5", "north=0.5,"])
def test_rules_of_another_form_are_rejected(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_rule(text, MODEL)


def test_only_declared_numbers_decide() -> None:
    assert [score_field(MODEL, path).path for path in (None, "score", "credit.score", "years")] == [
        "credit.score",
        "credit.score",
        "credit.score",
        "years",
    ]
    with pytest.raises(ConfigError, match="no number 'sex'"):
        score_field(MODEL, "sex")
    with pytest.raises(ConfigError, match="declares no score"):
        score_field(msgspec.structs.replace(MODEL, score=None), None)
    with pytest.raises(ConfigError, match="No pair"):
        list_pairs(MODEL, "sex", "m")
