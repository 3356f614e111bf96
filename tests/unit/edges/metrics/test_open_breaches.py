"""What is exported about a breach, from the alarm to the recovery."""

from __future__ import annotations

import msgspec
from prometheus_client import CollectorRegistry

from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import load_policy
from tests.support.alarm_stage import GENDER, LABELS, RATIO, AlarmStage, alert_about, breached, fair, unfair_to


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
