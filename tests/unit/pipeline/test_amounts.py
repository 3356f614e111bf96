"""Decisions that are amounts, from raw records to results, alerts, metrics, replay and a changed policy."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Literal

import msgspec
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from fairstream.testing import InMemoryPipeline
from producers.event import Event
from producers.recorded.csv_file import CsvRow, RejectedRow
from producers.recorded.row_mapping import RowMapper
from producers.simulated.amounts.rates import simulate_rates
from producers.simulated.drift import parse_drift
from producers.timeline import Timeline
from stream_app.cli.policy.text import describe_model
from stream_app.cli.show.alert_text import describe_alert
from stream_app.core.groups.comparison import State
from stream_app.core.windows.partials import PanePartial
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.series_limit import count_series
from stream_app.errors import PolicyError, StateError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.disclosure.verdict import describe_breach, describe_cause
from stream_app.pipeline.ingest.sample import try_sample
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.checks import AmountCheck
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.layout import amount_place_of, layout_of
from stream_app.pipeline.policy_change import mapping_between
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult, encode_amount_result
from stream_app.pipeline.records.amounts.values import AlertAmounts, AmountValues
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.outcome_results import (
    decode_amounts,
    decode_decision_result,
    decode_every_result,
    decode_judged_result,
)
from stream_app.pipeline.records.results import GroupResult
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.sources import LabelMap, PublishedCounter, RawCounter
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.verification import Verification, Verifier
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, Policy, load_policy, parse_policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_PARTIALS, FAIRNESS_RESULTS
from tests.support import judged_world
from tests.support.memory_logs import START_S, STEP_S, MemoryPartition

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "case" }}
decision = {{ path = "offer.price", kind = "amount", minimum = {low}, maximum = {high}, favorable = "{favorable}" }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = 900, pane_s = 600, max_age_s = 86400 }}
attributes = [
    {{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }},
    {{ name = "age", path = "age", groups = ["young", "old"], reference = "old" }},
]
segment = {{ name = "site", path = "site", values = ["a", "b"] }}
windows = [{{ name = "1h", size_s = 3600 }}, {{ name = "6h", size_s = 21600 }}]
rules = {{ max_mean_difference = {limit}, min_n = 3 }}
detection = {{ false_alarms_per_million = 100000, wait_s = 60 }}
{more}
"""


def policy(
    low: float = 0, high: float = 100, favorable: str = "low", limit: float = 5, more: str = "unknown_fields = 'drop'"
) -> Policy:
    return parse_policy(POLICY.format(low=low, high=high, favorable=favorable, limit=limit, more=more))


def record(number: int, price: Any, sex: str | None = "f", age: str = "old", site: str = "a") -> dict[str, Any]:
    return {"id": f"r{number}", "t": START_S, "sex": sex, "age": age, "site": site, "offer": {"price": price}}


def send(records: Sequence[dict[str, Any]], own: Policy | None = None) -> InMemoryPipeline:
    pipeline = InMemoryPipeline(own or policy())
    pipeline.send_records(records, time_s=START_S + 10)
    pipeline.close_windows()
    return pipeline


def in_window(results: Iterable[AmountResult], attribute: str = "sex", window: str = "1h") -> AmountResult:
    [result] = [result for result in results if (result.attribute, result.window) == (attribute, window)]
    return result


def amounts_of(group: GroupResult) -> AmountValues:
    assert isinstance(group.amounts, AmountValues)
    return group.amounts


def rejected(pipeline: InMemoryPipeline) -> list[str]:
    return [letter["reason"] for letter in pipeline.dead_letters()]


def random_records(n: int, seed: int = 1) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    sexes, ages, sites = ("f", "m", "m", None, "x"), ("young", "old"), ("a", "b", "c")
    return [
        record(number, round(rng.betavariate(2, 4) * 100, 3), rng.choice(sexes), rng.choice(ages), rng.choice(sites))
        for number in range(n)
    ]


def test_a_decision_that_is_an_amount_names_the_kind_of_the_model() -> None:
    [model] = policy().models
    assert (model.kind, model.is_tested, layout_of(model).dimensions[-1][0]) == ("amounts", True, "decision")
    assert len(layout_of(model).dimensions[-1][1]) == 32
    assert "offer.price: amount from 0 to 100, low is favorable, in 32 bins" in describe_model(model, 1)
    assert "difference of means above 5" in describe_model(model, 1)
    again = msgspec.convert(msgspec.to_builtins(policy()), Policy)  # as a registered policy is read
    assert (again, again.hash()) == (policy(), policy().hash())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("minimum = 0, ", "", "decision: kind 'amount' needs minimum and maximum"),
        ("minimum = 0, ", "minimum = 100, ", "decision: minimum must be below maximum"),
        ("minimum = 0, ", "minimum = nan, ", "decision: minimum must be below maximum, and both finite"),
        ("maximum = 100, ", "maximum = inf, ", "decision: minimum must be below maximum, and both finite"),
        ('favorable = "low"', "favorable = true", "decision.favorable: must be 'low' or 'high'"),
        ('favorable = "low"', 'favorable = "low", bins = 33', "decision.bins: expected"),
        ('favorable = "low"', 'favorable = "low", unfavorable = ["high"]', "decision.unfavorable: not allowed"),
        ("max_mean_difference = 5, ", "", "rules.max_mean_difference: required for a decision that is an amount"),
        ("max_mean_difference = 5", "max_mean_difference = 100", "must be less than maximum - minimum"),
        ("max_mean_difference = 5", "max_mean_difference = 0", "max_mean_difference: expected a number above 0"),
        ('kind = "amount", ', "", "decision: minimum and maximum need kind = 'amount'"),
        ("wait_s = 60", "plain_rules = true", "detection.plain_rules: not allowed for amounts"),
        ("wait_s = 60", "unknown_groups = 'worst_case'", "detection.unknown_groups: must be 'excluded' for amounts"),
        ("[[models]]", "[[models]]\nmodel_version = 'v'", "model_version: not allowed for kind 'amounts'"),
        ("[[models]]", "[[models]]\ncluster = 'v'", "cluster: not allowed for kind 'amounts'"),
        ("[[models]]", "[[models]]\nscore = { path = 's', minimum = 0, maximum = 1, edges = [0.5] }", "score: not al"),
        (
            "[[models]]",
            "[[models]]\nfeatures = [{ name = 'decision', path = 'x', minimum = 0, maximum = 1 }]",
            "'decision'",
        ),
        ("[[models]]", "[[models]]\nkind = 'counts'", "decision: not allowed for kind 'counts'"),
    ],
)
def test_a_policy_that_cannot_be_judged_is_rejected(old: str, new: str, words: str) -> None:
    text = POLICY.format(low=0, high=100, favorable="low", limit=5, more="")
    assert old in text
    with pytest.raises(PolicyError, match=words):
        parse_policy(text.replace(old, new, 1))


def test_a_kind_without_its_decision_is_rejected() -> None:
    label = 'decision = { path = "ok", favorable = true, unfavorable = [false] }'
    for decision, words in ((label, "needs a decision with kind = 'amount'"), ("", "needs a decision with kind")):
        lines = POLICY.format(low=0, high=100, favorable="low", limit=5, more='kind = "amounts"').splitlines()
        text = "\n".join(decision if line.startswith("decision") else line for line in lines)
        with pytest.raises(PolicyError, match=words):
            parse_policy(text)


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (100.001, "range"),
        (-0.001, "range"),
        (1e300, "range"),
        ("12", "type"),
        (None, "type"),
        (True, "type"),
        ([12], "type"),
        ({"x": 1}, "type"),
    ],
)
def test_what_is_no_amount_of_the_range_becomes_a_dead_letter(price: Any, reason: str) -> None:
    pipeline = send([record(0, price), record(1, 0.0), record(2, 100), record(3, 50.5)])
    assert rejected(pipeline) == [reason]
    assert in_window(pipeline.amount_results()).n == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"id":"x","t":%d,"sex":"f","age":"old","site":"a","offer":{"price":NaN}}', "json"),
        (b'{"id":"x","t":%d,"sex":"f","age":"old","site":"a","offer":{}}', "missing"),
        (b'{"id":"x","t":%d,"sex":"f","age":"old","site":"a"}', "missing"),
        (b'{"id":"x","t":%d,"sex":"f","age":"old","site":"a","offer":{"price":1e999}}', "range"),
    ],
)
def test_an_absent_amount_and_one_that_is_no_number_are_dead_letters(body: bytes, reason: str) -> None:
    step = IngestStep(policy().models[0], judged_world.KEYS, 0, Topology())
    step.step(Batch("raw", 0, 0, 1, np.array([0]), [body % START_S], np.array([START_S * 1000])))
    assert step.take_report().counts.dead_letters == {reason: 1}


def test_numbers_written_as_text_are_read_where_the_policy_says_so() -> None:
    texts = policy(more="numbers_as_text = true\nmissing = ['NA']")
    pipeline = send([record(0, "12.5"), record(1, "NA"), record(2, "nan"), record(3, "101")], texts)
    assert sorted(rejected(pipeline)) == ["missing", "range", "type"]
    assert amounts_of(in_window(pipeline.amount_results()).groups[0]).mean.value == pytest.approx(12.5, abs=1e-3)


def test_an_id_with_another_amount_is_a_conflict_and_with_the_same_a_duplicate() -> None:
    again = [record(7, 12.5), record(7, 12.5), record(7, 12.51), record(8, 12.5)]
    pipeline = send(again)
    assert rejected(pipeline) == ["conflict"]
    assert in_window(pipeline.amount_results()).n == 2


def test_nearly_every_other_amount_of_an_id_is_known_as_a_conflict() -> None:
    firsts = [record(number, number % 90) for number in range(2000)]
    seconds = [record(number, number % 90 + 1 + number % 7) for number in range(2000)]
    pipeline = InMemoryPipeline(policy())
    pipeline.send_records(firsts, time_s=START_S + 10)
    pipeline.send_records(seconds, time_s=START_S + 10)
    assert 1970 <= len(rejected(pipeline)) <= 2000  # of 256 one has the same hash


@pytest.mark.parametrize(("low", "high"), [(0.0, 100.0), (-1e6, 3e6), (0.0, 1e-3)])
def test_means_and_numbers_equal_those_of_the_records(low: float, high: float) -> None:
    scale = (high - low) / 100
    records = random_records(400)
    for each in records:
        each["offer"]["price"] = low + each["offer"]["price"] * scale
    results = send(records, policy(low=low, high=high, limit=5 * scale)).amount_results()
    for attribute, place in (("sex", "sex"), ("age", "age")):
        for group in in_window(results, attribute).groups:
            label = {"unknown": None, "__other__": "x"}.get(group.group, group.group)
            own = [each["offer"]["price"] for each in records if each[place] == label]
            values = amounts_of(group)
            assert group.n == len(own)
            assert values.mean.value == pytest.approx(np.mean(own), abs=(high - low) / 2**19)
            median = next(each.value for each in values.quantiles if each.q == 0.5)
            assert median.value == pytest.approx(np.quantile(own, 0.5), abs=(high - low) / 32)
    crossed = in_window(results, "sex+age")
    young = next(group for group in crossed.groups if group.labels == ("f", "young"))
    own = [e["offer"]["price"] for e in records if (e["sex"], e["age"]) == ("f", "young")]
    assert (young.n, crossed.n) == (len(own), 400)
    assert amounts_of(young).mean.value == pytest.approx(np.mean(own), abs=(high - low) / 2**19)


def test_no_result_has_a_rate_and_each_is_known_by_its_kind() -> None:
    results = send(random_records(100)).amount_results()
    assert results
    for result in results:
        for group in result.groups:
            shown = (group.rate, group.gap, group.disparate_impact_ratio, group.shortfall, group.favorable)
            assert shown == (None, None, None, None, 0)
        data = encode_amount_result(result)
        assert decode_every_result(data) == decode_amounts(data) == result
        assert decode_judged_result(data) is decode_decision_result(data) is None
    assert InMemoryPipeline("loans").amount_results() == []


def test_a_window_says_who_pays_more_beyond_the_limit_and_why() -> None:
    rng = random.Random(3)
    records = [
        record(n, 40 + rng.random() * 20 + (12 if (sex := "fm"[n % 2]) == "f" and site == "b" else 0), sex, site=site)
        for n, site in enumerate(rng.choice("ab") for _ in range(600))
    ]
    [female, male] = in_window(send(records).amount_results()).groups
    values = amounts_of(female)
    assert values.difference is not None
    assert values.difference.lower is not None
    assert values.difference.lower > 3
    assert values.difference.value == pytest.approx(6, abs=2)
    assert values.is_over
    assert values.cause is not None
    assert values.cause.leading_segment == "b"
    assert female.sentence is not None
    assert female.sentence.startswith("Mean price of f is ")
    assert " higher than that of m (" in female.sentence
    assert "limit ±5" in female.sentence
    assert amounts_of(male).difference is None


def simulated(drift: str, n: int, seed: int = 1, own: str = "rates") -> InMemoryPipeline:
    pipeline = InMemoryPipeline(own)
    events = simulate_rates(seed, Timeline(START_S * 1000, 0.01), parse_drift(drift))
    pipeline.send(islice(events, n))
    return pipeline


def alerts_of(pipeline: InMemoryPipeline) -> list[Alert]:
    return [decode_alert(record.value or b"") for record in pipeline.log.read(FAIRNESS_ALERTS)]


@pytest.fixture(scope="module")
def drifted() -> InMemoryPipeline:
    pipeline = simulated("0@0,1@60s", 18_000)
    pipeline.close_windows()
    return pipeline


def test_a_drift_raises_an_alert_in_plain_words(drifted: InMemoryPipeline) -> None:
    alert = next(alert for alert in alerts_of(drifted) if alert.attribute == "gender")
    assert (alert.group, alert.test, alert.change) == ("female", PairTest.MEAN_LOW, "breach")
    assert START_S + 60 <= alert.at_s <= START_S + 180
    assert abs(alert.onset_s - (START_S + 60)) <= 30
    assert (alert.rate, alert.gap, alert.disparate_impact_ratio, alert.favorable) == (None, None, None, 0)
    assert isinstance(alert.amounts, AlertAmounts)
    assert alert.amounts.difference.value == pytest.approx(0.8, abs=0.3)
    assert alert.sentence.startswith("Mean rate of female is 0.")
    shown = disclose_alert(alert, 10)
    assert describe_breach(shown, 0.25).startswith("female worse off: mean rate 0.")
    assert describe_breach(shown, 0.25).endswith(" higher than male; limit 0.25")
    assert describe_cause(shown).startswith("mainly different amounts within the same segment (+0.")
    assert describe_alert(shown).plain.splitlines()[0] == "breach  rates  gender: female vs. male, mean worse"
    hidden = disclose_alert(msgspec.structs.replace(alert, n=9), 10)
    assert (hidden.amounts, hidden.sentence, hidden.n) == (msgspec.UNSET, None, None)
    assert "mean" not in describe_breach(hidden, 0.25)


def test_a_fair_stream_raises_none() -> None:
    pipeline = simulated("0", 12_000, seed=5)
    pipeline.close_windows()
    assert alerts_of(pipeline) == []
    minutes = [result for result in pipeline.amount_results() if result.window == "1m" and result.attribute == "gender"]
    assert {minutes[-1].groups[0].state} <= {State.OK, State.WARNING}
    assert {minutes[-1].state} <= {State.OK, State.WARNING}


def test_high_amounts_can_be_the_good_ones() -> None:
    rng, records = random.Random(1), []
    for number in range(4000):
        sex = "fm"[number % 2]
        each = record(number, 40 + 20 * rng.random() - (15 if sex == "f" else 0), sex)
        records.append(each | {"t": START_S + number})
    tests = {}
    for favorable in ("low", "high"):
        pipeline = InMemoryPipeline(policy(favorable=favorable))
        pipeline.send_records(records, time_s=START_S + 4000)
        pipeline.close_windows()
        tests[favorable] = {(a.group, a.test) for a in alerts_of(pipeline) if a.attribute == "sex"}
    assert tests == {"low": {("f", PairTest.MEAN_HIGH)}, "high": {("f", PairTest.MEAN_LOW)}}


def test_a_restart_changes_nothing() -> None:
    straight, restarted = simulated("1", 0), simulated("1", 0)
    events = list(islice(simulate_rates(2, Timeline(START_S * 1000, 0.01), parse_drift("1")), 12_000))
    straight.send(events)
    for first in range(0, len(events), 1500):
        restarted.send(events[first : first + 1500])
        restarted.restart()
    for pipeline in (straight, restarted):
        pipeline.close_windows()
    last = [{result.key: result.groups for result in p.amount_results()} for p in (straight, restarted)]
    assert last[0] == last[1]
    assert [alert.id for alert in alerts_of(straight)] == [alert.id for alert in alerts_of(restarted)] != []


def test_nothing_about_fewer_than_k_leaves() -> None:
    few = [record(n, 90, "f") for n in range(6)] + [record(10 + n, 10, "m") for n in range(40)]
    few += [record(60 + n, 20, None) for n in range(25)]
    result = in_window(send(few).amount_results())
    disclosed = disclose_result(result, 10)
    female, male = disclosed.groups  # unknown ones are hidden beside them, else the small group would follow
    assert (female.hidden, female.n, female.amounts) == ("small_cell", None, msgspec.UNSET)
    assert (disclosed.n, male.n) == (71, 40)
    assert isinstance(male.amounts, DisclosedAmounts)
    assert male.amounts.mean.value == pytest.approx(10, abs=1e-3)
    of_few = [record(n, 90, "f") for n in range(60)] + [record(100 + n, 10, "m") for n in range(6)]
    female, male = disclose_result(in_window(send(of_few).amount_results()), 10).groups
    assert (male.hidden, male.amounts) == ("small_cell", msgspec.UNSET)
    assert female.amounts is msgspec.UNSET or amounts_shown(female.amounts) == (None, None, None)


def amounts_shown(amounts: DisclosedAmounts | msgspec.UnsetType) -> tuple[object, ...]:
    assert isinstance(amounts, DisclosedAmounts)
    return (amounts.difference, amounts.ratio, amounts.quantiles[0].difference)


def test_small_segments_of_a_cause_are_added_up() -> None:
    records = [record(n, 30 + (20 if n % 2 else 0), "mf"[n % 2], site="a") for n in range(200)]
    records += [record(300 + n, 80, "f", site="b") for n in range(4)] + [record(400, 10, "m", site="b")]
    result = in_window(send(records).amount_results())
    exact = amounts_of(result.groups[0]).cause
    assert exact is not None
    assert {part.segment for part in exact.segments} >= {"a", "b"}
    disclosed = disclose_result(result, 10).groups[0].amounts
    assert isinstance(disclosed, DisclosedAmounts)
    assert disclosed.cause is not None
    assert {part.segment for part in disclosed.cause.segments} == {"a", "other segments"}


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    rows = [row for family in metrics.collect() for row in family.samples if row.name == name]
    values = [row.value for row in rows if labels.items() <= row.labels.items()]
    assert len(values) <= 1
    return values[0] if values else None


def test_metrics_show_means_and_open_breaches(drifted: InMemoryPipeline) -> None:
    own = load_policy("rates")
    metrics = Metrics(CollectorRegistry(), own, max_series=20_000)
    metrics.lane_opened(FAIRNESS_PARTIALS, 0)
    results, alerts = drifted.amount_results(), alerts_of(drifted)
    metrics.judged(0, JudgeReport(models={"rates": ModelReport(amount_results=results, alerts=alerts)}))
    female = {"model": "rates", "attribute": "gender", "group": "female"}
    newest = [result for result in results if (result.attribute, result.window) == ("gender", "1m")][-1]
    mean = amounts_of(newest.groups[0]).mean
    assert sample(metrics, "fairstream_mean_amount", **female, window="1m") == mean.value
    for name in (
        "mean_difference_amount",
        "mean_difference_amount_lower",
        "p50_amount",
        "p90_difference_amount",
        "p50_difference_amount_upper",
    ):
        assert sample(metrics, f"fairstream_{name}", **female, window="1m") is not None
    assert sample(metrics, "fairstream_approval_ratio", **female, window="1m") is None
    of = {"model": "rates", "attribute": "gender", "kind": "mean_difference"}
    assert sample(metrics, "fairstream_alert_level", **of) == 3
    assert sample(metrics, "fairstream_threshold_ratio", **of) == 0.25
    assert sample(metrics, "fairstream_incident_level", model="rates", attribute="gender", about="decisions") == 3
    assert sample(metrics, "fairstream_breach_mean_difference_amount", **of, group="female") == pytest.approx(
        0.8, abs=0.3
    )
    assert sample(metrics, "fairstream_breach_gap_ratio", **of, group="female") is None
    families = [family for family in metrics.collect() if family.name.startswith("fairstream")]
    n_rows = sum(len(f.samples) for f in families if "breach" in f.name or "amount" in f.name or "evidence" in f.name)
    assert 100 < n_rows <= count_series(own)
    metrics.lane_closed(FAIRNESS_PARTIALS, 0)
    assert sample(metrics, "fairstream_mean_amount", **female, window="1m") is None
    restored = Metrics(CollectorRegistry(), own, max_series=20_000)
    restored.lane_opened(FAIRNESS_PARTIALS, 0)
    restored.judge_restored(0, results, last_alerts=alerts)
    assert sample(restored, "fairstream_alert_level", **of) == 3
    assert sample(restored, "fairstream_mean_amount", **female, window="1m") == mean.value


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


@pytest.mark.parametrize("change", [{"high": 101}, {"low": -1}, {"more": "kind = 'amounts'", "high": 90}])
def test_other_bins_cannot_continue_what_is_counted(change: dict[str, Any]) -> None:
    [old], [new] = policy().models, policy(**change).models
    with pytest.raises(StateError, match="minimum, maximum or bins of the decision changed"):
        mapping_between(old, new)
    assert mapping_between(old, policy(favorable="high", limit=7).models[0]) is None


def test_sums_that_no_amounts_of_a_bin_can_have_are_rejected() -> None:
    [model] = policy().models
    check, place, width = AmountCheck(model), amount_place_of(model), layout_of(model).width
    step = 2**19 // 32

    def possible(code: int, n: int, total: int) -> bool:
        vector = [n] + [0] * (width - 1)
        vector[place] = total
        return check.are_possible([PanePartial(0, {code: vector})])

    assert possible(3, 2, 6 * step)
    assert possible(3, 2, 8 * step)
    assert possible(35, 1, 3 * step)
    assert not possible(3, 2, 6 * step - 1)
    assert not possible(3, 2, 8 * step + 1)
    assert not possible(3, 0, 1)


def test_rows_of_a_file_have_amounts() -> None:
    [model] = policy().models
    mapper = RowMapper(model, ["id", "t", "sex", "age", "site", "price"], mapping={})
    [good, bad] = [mapper.event(CsvRow(1, 2, ["1", str(START_S), "f", "old", "a", price])) for price in ("12.5", "x")]
    assert isinstance(good, Event)
    assert json.loads(good.value or b"")["offer"] == {"price": 12.5}
    assert isinstance(bad, RejectedRow)


def test_a_sample_shows_how_records_fit() -> None:
    records = [record(0, 5.0), record(1, 101), record(2, 50)]
    values: list[bytes | None] = [json.dumps(each).encode() for each in records]
    batch = Batch("raw", 0, 0, 3, np.arange(3), values, np.full(3, START_S * 1000))
    report = try_sample(policy().models[0], [batch], judged_world.KEYS[0])
    assert (report.n_counted, report.outcomes, report.dead_letters) == (2, {"event": 2}, {"range": 1})
    assert report.faults == {"range at offer.price": 1}
