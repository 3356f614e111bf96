"""Breaches that belong together are one incident, which ends once."""

from __future__ import annotations

from operator import itemgetter

from stream_app.core.groups.comparison import State
from stream_app.edges.metrics.alert_levels import Limit
from stream_app.edges.metrics.incidents import LEFT_ALONE_S, Incidents, name_incidents
from stream_app.pipeline.records.evidence import LimitKind
from stream_app.pipeline.records.results import CROSS
from tests.support.alarm_stage import GENDER, RATE, RATIO, AlarmStage, breached, fair, unfair_to


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
