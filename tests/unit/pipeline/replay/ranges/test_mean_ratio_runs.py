"""Runs under a policy that limits the ratio of means: bit for bit what the live judge said, and scenarios of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest

from stream_app.errors import ConfigError, PolicyError
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.outcome_results import decode_amounts
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.scenarios.scenario import ORIGINAL
from stream_app.pipeline.replay.scenarios.settings import ScenarioSettings, parse_settings, scenario_of
from stream_app.policy import load_policy, parse_policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from tests.support import judged_world
from tests.support.amount_runs import MODEL, POLICY, TEXT, raw_partitions, run

LIMITED = parse_policy(TEXT.replace("max_mean_difference = 5", "max_mean_difference = 60, min_mean_ratio = 0.85"))
[JUDGED] = LIMITED.models
RATIO_TESTS = {PairTest.MEAN_RATIO_LOW, PairTest.MEAN_RATIO_HIGH}


@pytest.fixture(scope="module")
def world() -> judged_world.World:
    return judged_world.run(raw_partitions(600), [LIMITED])


def facts_of(alerts: Sequence[Alert]) -> list[tuple[object, ...]]:
    return [(a.id, a.test, a.change, a.at_s, a.onset_s, a.log10_e, a.amounts, a.sentence) for a in alerts]


@pytest.mark.parametrize("source", ["raw", "published"])
def test_a_run_says_what_the_live_judge_said(world: judged_world.World, source: Literal["raw", "published"]) -> None:
    report = run(world, source=source, judged=JUDGED).reports[ORIGINAL]
    said = [decode_alert(record.value) for record in world.records(FAIRNESS_ALERTS)]
    assert {alert.test for alert in said} & RATIO_TESTS
    assert facts_of(report.alerts)[: len(said)] == facts_of(said)
    published = [decode_amounts(record.value) for record in world.records(FAIRNESS_RESULTS)]
    newest = {(r.attribute, r.window, r.end_s): r for r in published if r is not None and r.window != TOTAL_WINDOW}
    again = {(r.attribute, r.window, r.end_s): r for r in report.amount_results if r.window != TOTAL_WINDOW}
    shared = newest.keys() & again.keys()
    assert len(shared) > 20
    for key in shared:
        assert (again[key].groups, again[key].min_mean_ratio) == (newest[key].groups, 0.85)


def test_a_scenario_is_what_a_live_judge_would_have_said(world: judged_world.World) -> None:
    without = judged_world.run(raw_partitions(600), [POLICY])
    settings = parse_settings(["threshold.difference=60", "threshold.mean_ratio=0.85"])
    scenario = scenario_of(POLICY, MODEL, ScenarioSettings(settings))
    asked = run(without, scenario).reports[scenario.name]
    lived = run(world, judged=JUDGED).reports[ORIGINAL]
    assert scenario.policy_hash == JUDGED.hash()
    assert facts_of(asked.alerts) == facts_of(lived.alerts) != []
    assert [result.groups for result in asked.amount_results] == [result.groups for result in lived.amount_results]


@pytest.mark.parametrize("value", ["0", "1.2", "x"])
def test_a_scenario_with_an_impossible_ratio_is_rejected(value: str) -> None:
    with pytest.raises((ConfigError, PolicyError)):
        scenario_of(POLICY, MODEL, ScenarioSettings(parse_settings([f"threshold.mean_ratio={value}"])))


def test_a_model_of_rates_has_no_ratio_of_means() -> None:
    loans = load_policy("loans")
    with pytest.raises(ConfigError, match="mean_ratio: the decision of loans is no amount"):
        scenario_of(loans, loans.models[0], ScenarioSettings({"threshold.mean_ratio": "0.8"}))
