"""What is exported about a breach, from the alarm to the recovery."""

from __future__ import annotations

import json
from itertools import combinations
from operator import itemgetter

import msgspec
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from stream_app.core.groups.comparison import State
from stream_app.edges.metrics.alert_levels import Limit
from stream_app.edges.metrics.breach_rows import BreachedPair, BreachRows
from stream_app.edges.metrics.fairness_values import N_WORST
from stream_app.edges.metrics.incidents import LEFT_ALONE_S, Incidents, name_incidents
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.series_limit import count_series
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import LimitKind, PairTest
from stream_app.pipeline.records.results import CROSS, ProxyValues, Result
from stream_app.policy import load_policy
from tests.support.alarm_stage import LABELS, RATE, AlarmStage, Chance, fair, unfair_to
from tests.support.sample_alert import ALERT

RATIO = "disparate_impact_ratio"
GENDER = {"model": "loans", "attribute": "gender", "kind": RATIO, "group": "female"}


def breached(seed: int = 1) -> AlarmStage:
    """Return a stage in which women have been worse off for a minute, and the alarm was raised."""
    stage = AlarmStage(seed)
    stage.minutes(4, fair)
    stage.minute(unfair_to("female"))
    return stage


def alert_about(stage: AlarmStage, test: PairTest = PairTest.RATIO_LOW, attribute: str = "gender") -> Alert:
    return next(alert for alert in stage.lane.alerts if (alert.attribute, alert.test) == (attribute, test))


def test_the_facts_of_an_alarm_are_those_of_its_record() -> None:
    stage = breached()
    alert = alert_about(stage)
    facts = {
        "evidence_log10": alert.log10_e,
        "evidence_threshold_log10": alert.log10_threshold,
        "disparate_impact_ratio": alert.disparate_impact_ratio,
        "gap_ratio": alert.gap,
        "favorable_ratio": alert.rate,
        "decisions": alert.n,
        "reference_decisions": alert.n_reference,
        "onset_timestamp_seconds": alert.onset_s,
        "onset_earliest_timestamp_seconds": alert.onset_earliest_s,
        "onset_latest_timestamp_seconds": alert.onset_latest_s,
        "detected_timestamp_seconds": alert.at_s,
    }
    for name, value in facts.items():
        assert stage.value(f"breach_{name}", **GENDER) == value, name
    lower, upper = (stage.value(f"breach_{RATIO}_{end}", **GENDER) for end in ("lower", "upper"))
    assert lower is not None
    assert upper is not None
    assert lower < (alert.disparate_impact_ratio or 0) < upper < 0.8
    assert alert.cause is not None
    assert stage.value("breach_cause_rate_ratio", **GENDER) == alert.cause.rate
    segments = {segment for labels, _ in stage.rows("breach_cause_segment_ratio") for segment in [labels["segment"]]}
    assert segments == set(LABELS[3])
    [info] = [labels for labels, rank in stage.rows("breach_rank") if rank == 1]
    assert (info["group"], info["reference"], info["test"]) == ("female", "male", "ratio_low")
    assert info["verdict"].startswith("female approved 5")
    assert info["verdict"].endswith("% as often as male; limit 80%")
    assert info["cause"].startswith("mainly different decisions within the same segment (-3")


def test_the_facts_stay_while_windows_close_and_come_back_after_a_restart() -> None:
    stage = breached()
    before = [row for row in stage.rows("breach_evidence_log10") if row[0]["attribute"] == "gender"]
    stage.minutes(7, unfair_to("female"))
    rows = stage.rows("breach_evidence_log10")
    assert all(row in rows for row in before)
    levels, ranks = stage.levels(), stage.rows("breach_rank")
    stage.restart()
    assert stage.rows("breach_evidence_log10") == rows
    assert sorted(map(str, stage.rows("breach_rank"))) == sorted(map(str, ranks))
    assert stage.levels() == levels
    assert stage.levels("incident_level") == {("gender", "decisions"): 3}


def test_a_breach_is_shown_after_a_restart_before_any_window_has_closed() -> None:
    stage = breached()
    alert = alert_about(stage)
    other = AlarmStage(2)
    other.metrics.judge_restored(0, [], {}, [alert])
    assert other.value("alert_level", model="loans", attribute="gender", kind=RATIO) == 3
    assert other.value("breach_evidence_log10", **GENDER) == alert.log10_e
    assert other.value("alert_transitions_total", model="loans", attribute="gender", kind=RATIO, to="breach") == 0


def test_a_breach_of_which_no_alert_is_stored_is_a_level_without_facts() -> None:
    stage = breached()
    stage.lane.state = {key: value for key, value in stage.lane.state.items() if b"|breach|" not in key}  # of 0.3
    stage.restart()
    assert stage.value("alert_level", model="loans", attribute="gender", kind=RATIO) == 3
    assert stage.levels("incident_level") == {("gender", "decisions"): 3}
    assert stage.rows("breach_rank") == []
    onset_s = stage.value("alert_onset_timestamp_seconds", model="loans", attribute="gender", kind=RATIO)
    assert onset_s == alert_about(stage).onset_s


def test_a_recovery_ends_a_breach_immediately_and_nothing_warns_after_it() -> None:
    stage = breached()
    stage.minutes(2, unfair_to("female"))
    seen = []
    for _ in range(65):  # until windows of all sizes have closed
        stage.minute(fair)
        seen.append(stage.levels())
    recovery = next(alert for alert in stage.lane.alerts if alert.change == "recovery" and alert.attribute == "gender")
    place = (recovery.at_s - stage.now_s) // 60 + 65
    assert ("gender", recovery.test.value) not in seen[place]
    assert all(level == 3 for levels in seen for level in levels.values())  # nothing but breaches that go on
    assert seen[-1] == {}
    assert stage.rows("breach_rank") == []
    labels = {"model": "loans", "attribute": "gender", "kind": RATIO}
    assert stage.value("alert_recovery_timestamp_seconds", **labels) is not None


def test_a_breach_of_outcomes_and_of_scores_ends_with_its_recovery_too() -> None:
    stage = breached()
    breach = alert_about(stage)
    registry = CollectorRegistry()
    metrics = Metrics(registry, load_policy("credit"), max_series=5000)
    metrics.lane_opened("fairness-partials", 3)
    for name, test, kind in (
        ("credit/outcomes", PairTest.OUTCOME_LOW, "favorable_outcome"),
        ("credit", PairTest.SCORE_LOW, "score"),
    ):
        about = msgspec.structs.replace(breach, model=name, test=test)
        labels = {"model": "credit", "attribute": "gender", "kind": kind}
        metrics.judged(3, JudgeReport({name: ModelReport(alerts=[about])}))
        assert registry.get_sample_value("fairstream_alert_level", labels) == 3
        facts = labels | {"group": "female"}
        assert registry.get_sample_value("fairstream_breach_gap_ratio", facts) == about.gap
        recovery = msgspec.structs.replace(about, change="recovery", at_s=about.at_s + 60)
        metrics.judged(3, JudgeReport({name: ModelReport(alerts=[recovery])}))
        assert registry.get_sample_value("fairstream_alert_level", labels) != 3
        assert registry.get_sample_value("fairstream_breach_gap_ratio", facts) is None


def test_an_alarm_about_fewer_than_k_cases_is_not_shown() -> None:
    alert = msgspec.structs.replace(alert_about(breached()), n=9)
    stage = AlarmStage(3)
    stage.metrics.judged(0, JudgeReport({"loans": ModelReport(alerts=[alert])}))
    assert stage.levels() == {}
    assert stage.rows("breach_rank") == []


def test_a_breach_and_those_of_its_intersections_are_one_incident_that_ends_once() -> None:
    stage = breached()
    stage.minutes(2, unfair_to("female"))
    assert {labels["incident"] for labels, _ in stage.rows("breach_rank")} == {"gender"}
    assert any(CROSS in labels["attribute"] for labels, _ in stage.rows("breach_rank"))
    while "gender" in {attribute for attribute, _ in stage.levels()}:
        assert stage.levels("incident_level") == {("gender", "decisions"): 3}
        stage.minute(fair)
    assert stage.levels("incident_level") == {}
    assert stage.levels()  # intersections recover later, and that is no news
    while stage.levels():
        stage.minute(fair)
        assert stage.levels("incident_level") == {}


def test_an_intersection_that_stays_in_breach_becomes_an_incident_of_its_own_after_a_while() -> None:
    stage = breached()
    stage.minutes(3, unfair_to("female"))
    rest = unfair_to("female", "black", ratio=0.65)
    while "gender" in {attribute for attribute, _ in stage.levels()}:
        stage.minute(rest)
    stage.minute(rest)
    assert stage.levels("incident_level") == {}
    stage.minutes(LEFT_ALONE_S // 60, rest)
    assert stage.levels("incident_level") == {("gender+race", "decisions"): 3}
    [lead] = [labels for labels, rank in stage.rows("breach_rank") if rank == 1 and labels["incident"] == "gender+race"]
    assert lead["verdict"].startswith("female & black approved ")
    assert lead["cause"]


def test_what_is_left_alone_after_a_recovery_stays_so_when_the_worker_restarts() -> None:
    stage = breached()
    stage.minutes(3, unfair_to("female"))
    rest = unfair_to("female", "black", ratio=0.65)
    while "gender" in {attribute for attribute, _ in stage.levels()}:
        stage.minute(rest)
    end_s = max(
        value for labels, value in stage.rows("alert_recovery_timestamp_seconds") if labels["attribute"] == "gender"
    )
    recoveries = sorted(map(str, stage.rows("alert_recovery_timestamp_seconds")))
    while stage.now_s < end_s + LEFT_ALONE_S:
        stage.restart()
        assert stage.levels()
        assert stage.levels("incident_level") == {}
        assert sorted(map(str, stage.rows("alert_recovery_timestamp_seconds"))) == recoveries
        stage.minute(rest)
        recoveries = sorted(map(str, stage.rows("alert_recovery_timestamp_seconds")))
    stage.minute(rest)
    stage.restart()
    assert stage.levels("incident_level") == {("gender+race", "decisions"): 3}


def test_an_intersection_whose_breach_began_after_the_recovery_is_an_incident_at_once_after_a_restart_too() -> None:
    stage = breached()
    while "gender" in {attribute for attribute, _ in stage.levels()}:
        stage.minute(fair)
    while stage.levels():
        stage.minute(fair)
    while not stage.levels():
        stage.minute(unfair_to("female", "black", ratio=0.4))
    incidents = stage.levels("incident_level")
    assert incidents
    stage.restart()
    assert stage.levels("incident_level") == incidents


def test_a_second_recovery_leaves_intersections_alone_for_as_long_as_the_first() -> None:
    states = {Limit("m", "a", LimitKind.RATIO): State.BREACH, Limit("m", "a+b", LimitKind.RATIO): State.BREACH}
    over = states | {Limit("m", "a", LimitKind.RATIO): State.OK}
    incidents = Incidents()
    for at_s, seen in ((0, states), (100, over), (500, states), (600, over), (100 + LEFT_ALONE_S, over)):
        incidents.show("m", seen, at_s)
    assert levels_of(incidents) == {"a": 0, "a+b": 0}
    incidents.show("m", over, 600 + LEFT_ALONE_S)
    assert levels_of(incidents) == {"a": 0, "a+b": 3}


def levels_of(incidents: Incidents) -> dict[str, float]:
    [family] = incidents.families()
    return {s.labels["attribute"]: s.value for s in family.samples if s.labels["about"] == "decisions"}


def test_independent_breaches_are_incidents_of_their_own() -> None:
    stage = AlarmStage(4)
    stage.minutes(3, fair)
    stage.minutes(4, lambda labels: RATE * (0.5 if "female" in labels or "60+" in labels else 1.0))
    assert set(stage.levels("incident_level")) == {("gender", "decisions"), ("age", "decisions")}
    assert name_incidents(["gender+race+age", "gender+race", "age+race"]) == ["age+race", "gender+race"]


def test_the_first_to_read_is_the_attribute_then_its_intersections_the_worst_first() -> None:
    stage = breached()
    stage.minutes(3, unfair_to("female"))
    own = sorted(
        ((rank, labels) for labels, rank in stage.rows("breach_rank") if labels["kind"] == RATIO), key=itemgetter(0)
    )
    ratios = [stage.value(f"breach_{RATIO}", **{name: labels[name] for name in GENDER}) or 0.0 for _, labels in own]
    assert own[0][1]["attribute"] == "gender"
    assert all(CROSS in labels["attribute"] for _, labels in own[1:])
    assert ratios[1:] == sorted(ratios[1:])
    assert [rank for rank, _ in own] == list(range(1, len(own) + 1))


@pytest.mark.parametrize("seed", range(20))
def test_the_worst_subgroup_that_is_exported_is_the_worst_of_the_results(seed: int) -> None:
    stage = AlarmStage(seed, n=int(np.random.default_rng(seed).integers(300, 3000)))
    stage.minutes(2, random_chance(seed))
    for minute in range(4):
        stage.minute(random_chance(seed) if minute < 3 else fair)
        exported: dict[tuple[str, str], dict[str, float]] = {}
        for labels, ratio in stage.rows(RATIO):
            exported.setdefault((labels["attribute"], labels["window"]), {})[labels["group"]] = ratio
        newest = {(r.attribute, r.window): r for r in stage.lane.results if r.window != "total"}
        for place, result in newest.items():
            if CROSS in result.attribute and (worst := worst_of_json(result)) is not None:
                assert exported[place].get(worst[0]) == worst[1], (minute, place, worst)
                assert len(exported[place]) >= min(N_WORST, len(result.groups) - 1)


def test_a_page_never_has_more_series_than_the_policy_may_make() -> None:
    stage = AlarmStage(5)
    stage.minutes(8, lambda labels: RATE * (0.4 if {"female", "black", "60+"} & set(labels) else 1.0))
    fairness = [
        sample
        for family in stage.registry.collect()
        for sample in family.samples
        if "model" in sample.labels and "attribute" in sample.labels
    ]
    assert len(fairness) <= count_series(stage.policy)
    assert all(len(value.encode()) < 200 for sample in fairness for value in sample.labels.values())


def random_chance(seed: int) -> Chance:
    """Return random effects of labels and of pairs of them."""
    rng = np.random.default_rng(seed)
    labels = [label for names in LABELS[:3] for label in names]
    effects = {frozenset([label]): rng.uniform(0.6, 1.0) for label in labels}
    effects |= {frozenset(pair): rng.uniform(0.4, 1.0) for pair in combinations(labels, 2) if rng.random() < 0.2}

    def chance(combination: tuple[str, ...]) -> float:
        return RATE * float(np.prod([effect for own, effect in effects.items() if own <= set(combination)]))

    return chance


def worst_of_json(result: Result) -> tuple[str, float] | None:
    """Return the worst group by what `results --json` prints: by state, then by how far the ratio is from 1."""
    disclosed = json.loads(msgspec.json.encode(disclose_result(result, load_policy("loans").models[0].privacy.k)))
    order = ("ok", "insufficient", "warning", "breach")
    rows = [row for row in disclosed["groups"] if row["evidence"] and row["disparate_impact_ratio"] is not None]

    def rank(row: dict[str, object]) -> tuple[int, float]:
        ratio = float(str(row["disparate_impact_ratio"]))
        return order.index(str(row["state"])), -(min(ratio, 1 / ratio) if ratio else 0.0)

    if not rows:
        return None
    worst = max(rows, key=rank)
    return worst["group"], worst["disparate_impact_ratio"]


@pytest.mark.parametrize("depends", ["estimated", "cluster"])
def test_no_interval_is_exported_that_takes_dependent_or_estimated_cases_for_independent_ones(depends: str) -> None:
    model = load_policy("loans").models[0]
    alert = ALERT
    if depends == "cluster":
        model = msgspec.structs.replace(model, cluster="officer_id")
    else:
        alert = msgspec.structs.replace(ALERT, proxy=ProxyValues(n_effective=400.0, rate_bounds=None))
    rows = BreachRows()
    rows.show(model, [BreachedPair(alert, 0.8, "gender")], {})
    exported = {family.name for family in rows.families() if family.samples}
    assert {f"fairstream_breach_{RATIO}", "fairstream_breach_gap_ratio"} <= exported
    assert not [name for name in exported if name.endswith(("_lower", "_upper"))]
