"""What is exported about outcomes: known rows from the start, dispositions, values and the series limit."""

from __future__ import annotations

from collections import Counter

import pytest
from prometheus_client import CollectorRegistry

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.join.outcome_join import JoinCounts
from stream_app.edges.metrics.catalog import list_metrics
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.series_limit import count_series
from stream_app.pipeline.ingest.report import IngestCounts
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.policy import load_policy
from tests.support.outcome_windows import MODEL, came

DISPOSITIONS = ("matched", "duplicate", "changed", "unmatched", "expired")


def opened(policy: str) -> tuple[CollectorRegistry, Metrics]:
    registry = CollectorRegistry()
    return registry, Metrics(registry, load_policy(policy), max_series=5000)


def outcomes_of(registry: CollectorRegistry, disposition: str) -> float | None:
    return registry.get_sample_value(
        "fairstream_outcomes_total", {"model": "credit", "disposition": disposition}
    )  # fmt: skip


def test_each_disposition_starts_at_zero_and_is_added_up() -> None:
    registry, metrics = opened("credit")
    assert [outcomes_of(registry, name) for name in DISPOSITIONS] == [0] * 5
    for _ in range(2):
        metrics.outcomes_joined("credit", JoinCounts(matched=5, duplicate=4, changed=3, unmatched=2, expired=1))
    assert [outcomes_of(registry, name) for name in DISPOSITIONS] == [10, 8, 6, 4, 2]


def test_rejected_outcomes_are_counted_under_their_own_topic() -> None:
    registry, metrics = opened("credit")
    metrics.outcomes_ingested(
        "credit-outcomes-raw", IngestCounts(dead_letters=Counter({DeadLetterReason.TYPE: 3}), dropped=Counter(x=2))
    )
    for topic, n in (("credit-outcomes-raw", 3), ("credit-decisions-raw", 0)):
        assert registry.get_sample_value("fairstream_dead_letters_total", {"topic": topic, "reason": "type"}) == n
    labels = {"topic": "credit-outcomes-raw", "path": "x"}
    assert registry.get_sample_value("fairstream_fields_dropped_total", labels) == 2


def test_a_policy_without_outcomes_has_no_row_about_them() -> None:
    registry, _ = opened("loans")
    assert not [
        sample for family in registry.collect() if family.name == "fairstream_outcomes" for sample in family.samples
    ]


class Scrape:
    """Metrics of the credit policy with the judge's lane open."""

    def __init__(self) -> None:
        self.registry, self.metrics = opened("credit")
        self.metrics.lane_opened("fairness-partials", 3)

    def judge(self, results: list[OutcomeResult]) -> None:
        report = ModelReport(outcome_results=results, closed_before_s=60)
        self.metrics.judged(3, JudgeReport({"credit/outcomes": report}))

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"fairstream_{name}", {"model": "credit", "attribute": "gender"} | labels)

    def women(self, name: str) -> float | None:
        return self.value(name, window="1m", group="female")


def test_shares_gaps_and_calibration_come_with_their_intervals() -> None:
    scrape = Scrape()
    scrape.judge(came(0, (50, 80)))
    assert scrape.women("favorable_outcome_ratio") == 0.5
    assert scrape.women("predictive_parity_difference_ratio") == pytest.approx(-0.3)
    for name in ("favorable_outcome_ratio", "predictive_parity_difference_ratio"):
        value, lower, upper = (scrape.women(f"{name}{end}") for end in ("", "_lower", "_upper"))
        assert lower is not None
        assert value is not None
        assert upper is not None
        assert lower < value < upper
    assert scrape.women("calibration_error_ratio") == pytest.approx(0.25)
    assert scrape.women("equal_opportunity_difference_ratio") is None  # denied cases have no outcome


def test_states_thresholds_and_evidence_are_exported_like_those_of_decisions() -> None:
    scrape = Scrape()
    scrape.judge(came(0, (50, 80)))
    kind = "favorable_outcome"
    assert scrape.value("threshold_ratio", kind=kind) == MODEL.rules.max_rate_difference
    assert scrape.value("threshold_ratio", kind="score") == MODEL.rules.max_gap
    assert scrape.value("threshold_ratio", kind="equal_opportunity") is None
    assert scrape.value("alert_level", kind=kind) == 0  # the interval of a window alone is no reason for a warning
    assert scrape.value("alert_transitions_total", kind=kind, to="breach") == 0
    assert scrape.value("evidence_log10", group="female", test="outcome_low") is not None
    assert scrape.value("evidence_threshold_log10", test="outcome_low") is not None
    assert scrape.value("evidence_log10", group="male", test="outcome_low") is None


def test_the_share_without_an_outcome_is_that_of_the_totals_at_the_last_close() -> None:
    scrape = Scrape()
    totals = came(0, (50, 80), name="total")
    scrape.judge(totals)
    assert scrape.value("decisions_without_outcome_ratio", group="female") is None
    scrape.judge([*came(0, (50, 80)), *totals])
    assert scrape.value("decisions_without_outcome_ratio", group="female") == 0.75


def test_groups_of_fewer_than_k_outcomes_are_not_shown() -> None:
    scrape = Scrape()
    scrape.judge(came(0, (5, 8), n=9))
    assert scrape.women("favorable_outcome_ratio") is None
    assert scrape.value("alert_level", kind="favorable_outcome") == 1
    assert scrape.value("cells_suppressed_total", reason="small_cell") == 2


def test_a_revision_of_an_older_window_does_not_replace_a_newer_one() -> None:
    scrape = Scrape()
    scrape.judge(came(60, (50, 80)))
    scrape.judge(came(0, (90, 80)))
    assert scrape.women("favorable_outcome_ratio") == 0.5


def test_values_of_outcomes_disappear_with_their_lane() -> None:
    scrape = Scrape()
    scrape.judge(came(0, (50, 80)))
    scrape.metrics.lane_closed("fairness-partials", 3)
    assert scrape.women("favorable_outcome_ratio") is None
    assert scrape.value("alert_level", kind="favorable_outcome", window="1m") is None
    assert scrape.value("evidence_log10", group="female", test="outcome_low") is None


def test_a_new_owner_shows_restored_results() -> None:
    scrape = Scrape()
    scrape.metrics.judge_restored(3, [*came(0, (50, 80)), *came(0, (50, 80), name="total")])
    assert scrape.women("favorable_outcome_ratio") == 0.5
    assert scrape.value("decisions_without_outcome_ratio", group="female") == 0.75


def test_the_number_of_series_is_within_the_declared_limit() -> None:
    scrape = Scrape()
    scrape.judge([result for name in ("1m", "5m", "1h", "total") for result in came(0, (50, 80), name=name)])
    names = {fact.name for fact in list_metrics(load_policy("credit"))}
    about = {name for name in names if not name.startswith(("fairstream_flush", "fairstream_event_latency"))}
    made = [s for f in scrape.registry.collect() for s in f.samples if s.name in about and "attribute" in s.labels]
    assert {s.labels["window"] for s in made if "window" in s.labels} == {"1m", "5m", "1h"}
    assert len(made) <= count_series(load_policy("credit"))
