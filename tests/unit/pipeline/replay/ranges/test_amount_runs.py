"""Runs of a model whose decision is an amount: equal to what the live judge said, and under other policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import pytest

from stream_app.errors import ConfigError, PolicyError
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.amounts.values import AmountValues
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.outcome_results import decode_amounts
from stream_app.pipeline.records.results import TOTAL_WINDOW, GroupResult, Result
from stream_app.pipeline.replay.scenarios.scenario import ORIGINAL, Scenario, scenario_under
from stream_app.pipeline.replay.scenarios.settings import ScenarioSettings, parse_settings, scenario_of
from stream_app.policy import Policy, load_policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from tests.support import judged_world
from tests.support.amount_runs import MODEL, POLICY, raw_partitions, run


@pytest.fixture(scope="module")
def world() -> judged_world.World:
    return judged_world.run(raw_partitions(), [POLICY])


def newest(results: Sequence[Result]) -> dict[tuple[str, str, int], object]:
    """Return what each window says at last; the offsets are those of the log that was read."""
    return {
        (result.attribute, result.window, 0 if result.window == TOTAL_WINDOW else result.end_s): (
            *(result.start_s, result.end_s, result.n, result.state, result.groups, result.policy_hash),
        )
        for result in results
    }


def live(world: judged_world.World) -> list[AmountResult]:
    decoded = (decode_amounts(record.value) for record in world.records(FAIRNESS_RESULTS))
    return [result for result in decoded if result is not None]


def scenario(*settings: str, policy: Policy = POLICY) -> Scenario:
    return scenario_of(policy, MODEL, ScenarioSettings(parse_settings(settings)))


def alarms(alerts: Sequence[Alert]) -> list[tuple[object, ...]]:
    return [(a.attribute, a.group, a.test, a.change, a.at_s, a.onset_s, a.n, a.amounts, a.sentence) for a in alerts]


@pytest.mark.parametrize("source", ["raw", "published"])
def test_a_run_says_what_the_live_judge_said(world: judged_world.World, source: Literal["raw", "published"]) -> None:
    report = run(world, source=source).reports[ORIGINAL]
    replayed, published = newest(report.amount_results), newest(live(world))
    ended_s = max(key[2] for key in replayed)  # later windows were closed by the clock, as records were missing
    closed = {key: what for key, what in published.items() if 0 < key[2] <= ended_s}
    assert len(closed) > 40
    assert {key: replayed[key] for key in closed} == closed
    said = [decode_alert(record.value) for record in world.records(FAIRNESS_ALERTS)]
    assert alarms(report.alerts)[: len(said)] == alarms(said) != []


def test_other_limits_windows_and_periods_are_judged_in_the_same_pass(world: judged_world.World) -> None:
    wide, longer = scenario("threshold.difference=60"), scenario("window=2h", "period=30m", "k=20")
    reports = run(world, wide, longer).reports
    assert reports[ORIGINAL].alerts
    assert reports[wide.name].alerts == []
    assert {result.max_mean_difference for result in reports[wide.name].amount_results} == {60}
    assert {result.size_s for result in reports[longer.name].amount_results if result.window == "2h"} == {7200}
    same = [[list(map(means, one.groups)) for one in singles(reports[name])] for name in (ORIGINAL, wide.name)]
    assert same[0] == same[1]


def singles(report: ModelReport) -> list[AmountResult]:
    return [result for result in report.amount_results if "+" not in result.attribute]


def means(group: GroupResult) -> tuple[object, ...]:
    assert isinstance(group.amounts, AmountValues)
    return group.group, group.n, group.amounts.mean, group.amounts.difference, group.amounts.quantiles


def test_another_policy_says_what_a_live_judge_under_it_says() -> None:
    """What-if is exact: the scenario of a changed limit and reference equals a world that was judged under it."""
    changed = ScenarioSettings(parse_settings(["threshold.difference=2"]), references={"age": "young"})
    other = scenario_of(POLICY, MODEL, changed)
    under = judged_world.run(raw_partitions(), [msgspec.structs.replace(POLICY, models=(other.model,))])
    report = run(judged_world.run(raw_partitions(), [POLICY]), other).reports[other.name]
    replayed, published = newest(report.amount_results), newest(live(under))
    both = [key for key in published if key in replayed and key[1] != TOTAL_WINDOW]
    assert len(both) > 40
    assert {key: replayed[key] for key in both} == {key: published[key] for key in both}
    said = [decode_alert(record.value) for record in under.records(FAIRNESS_ALERTS)]
    assert alarms(report.alerts)[: len(said)] == alarms(said) != []


def test_joined_groups_are_counted_from_the_records(world: judged_world.World) -> None:
    joined = scenario_of(POLICY, MODEL, ScenarioSettings(groups={"sex": {"x": "f"}}))
    reports = run(world, joined).reports
    [before, after] = [newest_total(reports[name], "sex") for name in (ORIGINAL, joined.name)]
    n = {group.group: group.n for group in before.groups}
    assert {group.group: group.n for group in after.groups} == {
        "f": n["f"] + n["__other__"],
        "m": n["m"],
        "unknown": n["unknown"],
    }


def newest_total(report: ModelReport, attribute: str) -> AmountResult:
    own = [one for one in report.amount_results if (one.attribute, one.window) == (attribute, TOTAL_WINDOW)]
    return own[-1]


@pytest.mark.parametrize("limit", ["threshold.dir=0.9", "threshold.gap=0.1"])
def test_limits_of_rates_are_rejected_and_those_of_amounts_elsewhere(limit: str) -> None:
    with pytest.raises(ConfigError, match="is an amount, which has no rates") as error:
        scenario(limit)
    assert "threshold.difference" in str(error.value.action)
    loans = load_policy("loans")
    with pytest.raises(ConfigError, match="is no amount"):
        scenario_of(loans, loans.models[0], ScenarioSettings({"threshold.difference": "2"}))


@pytest.mark.parametrize("value", ["0", "-1", "100", "nan", "inf", "x"])
def test_a_limit_that_no_policy_can_have_is_rejected(value: str) -> None:
    with pytest.raises((ConfigError, PolicyError)):
        scenario(f"threshold.difference={value}")


def test_a_policy_in_which_the_model_has_another_kind_is_rejected() -> None:
    text = load_policy("loans")
    loans = msgspec.structs.replace(text, models=(msgspec.structs.replace(text.models[0], name="m"),))
    with pytest.raises(PolicyError, match="judges m as decisions, the policy judges it as amounts"):
        scenario_under(loans, MODEL, "loans")


@pytest.mark.parametrize(
    "change", [{"maximum": 50.0}, {"maximum": 101.0}, {"minimum": -1.0}, {"bins": 8}, {"path": "x"}]
)
def test_a_policy_about_other_amounts_is_rejected_as_it_would_count_people_by_their_amount(
    change: dict[str, Any],
) -> None:
    with pytest.raises(PolicyError, match="cannot change path, minimum, maximum or bins"):
        scenario_under(with_decision(change), MODEL, "other")


def test_a_policy_in_which_other_amounts_are_good_turns_the_alarms(world: judged_world.World) -> None:
    turned = scenario_under(with_decision({"favorable": "high"}), MODEL, "turned")
    reports = run(world, turned).reports
    mirrored = {PairTest.MEAN_LOW: PairTest.MEAN_HIGH, PairTest.MEAN_HIGH: PairTest.MEAN_LOW}
    original, turned_round = (
        [(alert.test, alert.change, alert.at_s) for alert in reports[name].alerts if alert.group == "f"]
        for name in (ORIGINAL, "turned")
    )
    assert [(mirrored[test], *rest) for test, *rest in original] == turned_round != []


def with_decision(change: dict[str, Any]) -> Policy:
    assert MODEL.decision is not None
    decision = msgspec.structs.replace(MODEL.decision, **change)
    return msgspec.structs.replace(POLICY, models=(msgspec.structs.replace(MODEL, decision=decision),))
