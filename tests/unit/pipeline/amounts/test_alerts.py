"""Alerts about amounts, their words and their metrics, with and without a restart."""

from __future__ import annotations

import random
from itertools import islice

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from fairstream.testing import InMemoryPipeline
from producers.simulated.amounts.rates import simulate_rates
from producers.simulated.drift import parse_drift
from producers.timeline import Timeline
from stream_app.cli.show.alert_text import describe_alert
from stream_app.core.groups.comparison import State
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.series_limit import count_series
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.verdict import describe_breach, describe_cause
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.records.amounts.values import AlertAmounts
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import load_policy
from stream_app.topics import FAIRNESS_PARTIALS
from tests.support.memory_logs import START_S
from tests.support.priced_records import (
    alerts_of,
    amounts_of,
    policy,
    record,
)


def simulated(drift: str, n: int, seed: int = 1, own: str = "rates") -> InMemoryPipeline:
    pipeline = InMemoryPipeline(own)
    events = simulate_rates(seed, Timeline(START_S * 1000, 0.01), parse_drift(drift))
    pipeline.send(islice(events, n))
    return pipeline


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
