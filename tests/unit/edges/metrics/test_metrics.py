"""What Prometheus scrapes, value by value."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.groups.counts import GroupCount
from stream_app.edges.metrics.instruments import Histogram
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.errors import ConfigError
from stream_app.pipeline.ingest.report import IngestCounts
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.results import Result, Span
from stream_app.policy import Anomalies, Feature, load_policy
from tests.support.lanes.judging import judge_plainly

POLICY = load_policy("loanapp")
MODEL = POLICY.models[0]
LAYOUT = layout_of(MODEL)
PARTIALS = "fairness-partials"


class Scrape:
    """Metrics of the loanapp policy with the judge's lane open, and their rows."""

    def __init__(self, policy_name: str = "loanapp") -> None:
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, load_policy(policy_name), max_series=5000)
        self.metrics.lane_opened(PARTIALS, 3)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"fairstream_{name}", labels)

    def group(self, name: str, group: str, window: str = "100s") -> float | None:
        return self.value(name, model="loanapp", attribute="race", window=window, group=group)

    def judge(self, *results: Result, **facts: object) -> None:
        report = ModelReport(results=list(results))
        for name, value in facts.items():
            setattr(report, name, value)
        self.metrics.judged(3, JudgeReport({"loanapp": report}))


def test_tagged_events_are_shown_k_at_a_time() -> None:
    feature = Feature(name="x", path="x", minimum=0, maximum=1)
    anomalies = Anomalies(features=("x",), reference="x", digest="0" * 64)
    model = msgspec.structs.replace(MODEL, features=(feature,), anomalies=anomalies)
    registry = CollectorRegistry()
    metrics = Metrics(registry, msgspec.structs.replace(POLICY, models=(model,)), max_series=5000)

    def shown() -> list[float | None]:
        outcomes = ({"model": model.name, "outcome": outcome} for outcome in ("favorable", "unfavorable"))
        return [registry.get_sample_value("fairstream_anomalies_total", labels) for labels in outcomes]

    for favorable, unfavorable, expected in ((8, 1, [0, 0]), (0, 1, [8, 2]), (0, 9, [8, 2]), (3, 0, [11, 11])):
        metrics.ingested(model.name, IngestCounts(anomalies=Counter(favorable=favorable, unfavorable=unfavorable)))
        assert shown() == expected


def result(end_s: int = 100, window: str = "100s", **counts: GroupCount) -> Result:
    labels = LAYOUT.dimensions[0][1]
    cells = {}
    for group, (n, favorable) in counts.items():
        for decision, count in enumerate((favorable, n - favorable)):
            cells[LAYOUT.code_of((labels.index(group), 1, 0, decision))] = [count]
    span = Span(window, end_s - 100, end_s)
    return judge_plainly(MODEL, LAYOUT, cells, span)[0]


WHITE, BLACK, HISPAN = GroupCount(1681, 1527), GroupCount(197, 133), GroupCount(111, 85)


def test_an_insecure_connection_is_shown() -> None:
    scrape = Scrape()
    assert scrape.value("kafka_insecure") == 0
    scrape.metrics.connected(is_insecure=True)
    assert scrape.value("kafka_insecure") == 1


def test_a_rejected_connection_is_shown() -> None:
    scrape = Scrape()
    values = [scrape.value("kafka_rejected")]
    for is_rejected in (True, False):
        scrape.metrics.rejected(is_rejected)
        values.append(scrape.value("kafka_rejected"))
    assert values == [0, 1, 0]


def test_the_values_of_a_closed_window_are_the_reference_values() -> None:
    scrape = Scrape()
    scrape.judge(result(white=WHITE, black=BLACK, hispan=HISPAN))
    assert scrape.group("approval_ratio", "white") == pytest.approx(0.908388, abs=5e-7)
    assert scrape.group("disparate_impact_ratio", "black") == pytest.approx(0.743214, abs=5e-7)
    assert scrape.group("approval_gap_ratio", "black") == pytest.approx(-0.233261, abs=5e-7)
    assert scrape.group("window_decisions", "hispan") == 111
    assert scrape.group("disparate_impact_ratio", "white") is None
    labels = {"model": "loanapp", "attribute": "race", "window": "100s"}
    assert scrape.value("window_end_timestamp_seconds", **labels) == 100
    assert scrape.value("alert_level", model="loanapp", attribute="race", kind="disparate_impact_ratio") == 3


def test_a_group_below_k_and_the_next_smallest_are_not_exported() -> None:
    scrape = Scrape()
    scrape.judge(result(white=WHITE, black=GroupCount(40, 20), hispan=GroupCount(3, 1)))
    assert scrape.group("window_decisions", "white") == 1681
    assert scrape.group("window_decisions", "black") is None
    assert scrape.group("approval_ratio", "hispan") is None
    assert scrape.value("cells_suppressed_total", model="loanapp", attribute="race", reason="small_cell") == 1
    assert scrape.value("cells_suppressed_total", model="loanapp", attribute="race", reason="complementary") == 1


def test_nothing_is_compared_with_a_hidden_reference() -> None:
    scrape = Scrape()
    scrape.judge(result(white=GroupCount(4, 1), black=GroupCount(60, 20), hispan=GroupCount(90, 30)))
    assert scrape.group("approval_ratio", "hispan") == pytest.approx(1 / 3)
    assert scrape.group("disparate_impact_ratio", "hispan") is None
    assert scrape.group("approval_gap_ratio", "hispan") is None


def test_an_undefined_value_is_missing_and_never_zero() -> None:
    scrape = Scrape()
    scrape.judge(result(white=GroupCount(50, 0), black=GroupCount(50, 10)))
    assert scrape.group("disparate_impact_ratio", "black") is None
    assert scrape.group("approval_gap_ratio", "black") == 0.2
    assert b"nan" not in generate_latest(scrape.registry).lower()


def test_rows_of_a_group_that_is_missing_from_the_next_window_disappear() -> None:
    scrape = Scrape()
    scrape.judge(result(white=WHITE, unknown=GroupCount(20, 20)))
    assert scrape.group("window_decisions", "unknown") == 20
    scrape.judge(result(200, white=WHITE))
    assert scrape.group("window_decisions", "unknown") is None


def test_a_revision_of_the_shown_window_replaces_it_and_one_of_an_older_window_does_not() -> None:
    scrape = Scrape()
    scrape.judge(result(200, white=WHITE))
    scrape.judge(result(200, white=GroupCount(1700, 1600)))
    assert scrape.group("window_decisions", "white") == 1700
    scrape.judge(result(100, white=GroupCount(50, 50)))
    assert scrape.group("window_decisions", "white") == 1700


def test_running_totals_are_not_exported() -> None:
    scrape = Scrape()
    scrape.judge(result(window="total", white=WHITE))
    assert scrape.group("window_decisions", "white", "total") is None


def test_rows_disappear_when_the_lane_moves_away_and_come_back_with_it() -> None:
    scrape = Scrape()
    shown = result(white=WHITE, black=BLACK)
    scrape.judge(shown, closed_before_s=100, lag_s=7)
    scrape.metrics.lag_measured(PARTIALS, 3, 7)
    assert scrape.value("watermark_timestamp_seconds", model="loanapp") == 100
    scrape.metrics.lane_closed(PARTIALS, 3)
    scrape.judge(shown)  # a report that was in progress
    scrape.metrics.lag_measured(PARTIALS, 3, 7)
    assert scrape.group("approval_ratio", "white") is None
    assert scrape.value("watermark_timestamp_seconds", model="loanapp") is None
    assert scrape.value("test_lag_seconds", model="loanapp") is None
    assert scrape.value("consumer_lag_messages", topic=PARTIALS, partition="3") is None
    assert scrape.value("partitions_assigned", topic=PARTIALS) == 0
    scrape.metrics.lane_opened(PARTIALS, 3)
    scrape.metrics.judge_restored(3, [shown])
    assert scrape.group("approval_ratio", "white") is not None


def test_transitions_are_counted_once_and_not_when_a_new_owner_shows_old_results() -> None:
    scrape = Scrape()
    fair, unfair = result(white=WHITE, black=GroupCount(100, 90)), result(200, white=WHITE, black=BLACK)
    labels = {"model": "loanapp", "attribute": "race", "kind": "gap", "to": "breach"}
    assert scrape.value("alert_transitions_total", **labels) == 0
    scrape.judge(msgspec.structs.replace(fair, groups=fair.groups[:1] + fair.groups[2:]))  # without hispan: all ok
    scrape.judge(unfair)
    scrape.judge(msgspec.structs.replace(unfair, end_s=300))
    assert scrape.value("alert_transitions_total", **labels) == 1
    scrape.metrics.lane_closed(PARTIALS, 3)
    scrape.metrics.lane_opened(PARTIALS, 3)
    scrape.metrics.judge_restored(3, [unfair])
    assert scrape.value("alert_transitions_total", **labels) == 1


def test_a_rule_that_holds_is_ok_while_another_is_broken() -> None:
    scrape = Scrape()
    only_ratio = result(white=GroupCount(100, 30), black=GroupCount(100, 20), hispan=GroupCount(100, 30))
    scrape.judge(only_ratio)
    labels = {"model": "loanapp", "attribute": "race"}
    assert scrape.value("alert_level", kind="disparate_impact_ratio", **labels) == 3
    assert scrape.value("alert_level", kind="gap", **labels) == 0


def test_known_label_sets_start_at_zero() -> None:
    scrape = Scrape()
    assert scrape.value("dead_letters_total", topic="loanapp-decisions-raw", reason="ts_future") == 0
    assert scrape.value("decisions_total", model="loanapp", outcome="favorable") == 0
    assert scrape.value("windows_closed_total", model="loanapp", window="1h", result="empty") == 0
    assert scrape.value("transactions_total", role="judge", result="failed") == 0
    assert scrape.value("event_latency_seconds_count", stage="close") == 0
    assert scrape.value("label_overflow_total", model="loanapp", label="credit_history") == 0
    assert scrape.value("threshold_ratio", model="loanapp", attribute="race", kind="disparate_impact_ratio") == 0.8
    assert scrape.value("reference_info", model="loanapp", attribute="sex", reference="male") == 1
    assert scrape.value("policy_info", policy_hash=POLICY.hash(), policy="") == 1


def test_each_declared_group_has_a_position_and_reference_groups_have_0() -> None:
    scrape = Scrape()
    attributes = POLICY.models[0].attributes
    compared = [(one.name, group) for one in attributes for group in one.groups if group != one.reference]
    positions = {pair: str(place) for place, pair in enumerate(compared, start=1)}
    assert len(compared) >= 3
    for attribute in attributes:
        for group in attribute.groups:
            position = positions.get((attribute.name, group), "0")
            labels = {"model": "loanapp", "attribute": attribute.name, "group": group}
            assert scrape.value("group_info", **labels, position=position) == 1


def test_a_person_of_an_unlisted_race_is_not_seen_between_two_scrapes() -> None:
    """One of the attacks that worked: the counter of unlisted races moved with the decision of each applicant."""
    scrape, seen = Scrape(), [0.0]
    for number in range(400):
        overflow = Counter(race=1) if number % 9 == 0 else Counter()
        scrape.metrics.ingested("loanapp", IngestCounts(decisions=Counter(favorable=1), overflow=overflow))
        seen.append(scrape.value("label_overflow_total", model="loanapp", label="race") or 0.0)
    steps = [after - before for before, after in pairwise(seen) if after != before]
    assert min(steps) >= MODEL.privacy.k
    assert seen[-1] > 0


def test_what_a_lane_counted_is_added_up() -> None:
    scrape = Scrape()
    counts = IngestCounts(
        decisions=Counter(favorable=7, unfavorable=2),
        dead_letters=Counter({DeadLetterReason.JSON: 3}),
        overflow=Counter(race=1, credit_history=3),
        dropped=Counter(undeclared=4),
        n_late=5,
        n_duplicates=6,
    )
    for _ in range(2):
        scrape.metrics.ingested("loanapp", counts)
    scrape.judge(
        n_closed=Counter({("100s", "empty"): 9}),
        n_late=2,
        n_revised=Counter({"100s": 1}),
        n_tested=80,
        n_untested=20,
        n_periods=Counter({True: 3, False: 1}),
        lag_s=40,
    )
    assert scrape.value("decisions_total", model="loanapp", outcome="favorable") == 14
    assert scrape.value("dead_letters_total", topic="loanapp-decisions-raw", reason="json") == 6
    assert scrape.value("label_overflow_total", model="loanapp", label="credit_history") == 6
    assert scrape.value("fields_dropped_total", topic="loanapp-decisions-raw", path="undeclared") == 8
    assert scrape.value("late_events_total", model="loanapp") == 10
    assert scrape.value("duplicates_total", model="loanapp") == 12
    assert scrape.value("windows_closed_total", model="loanapp", window="100s", result="empty") == 9
    assert scrape.value("windows_revised_total", model="loanapp", window="100s") == 1
    assert scrape.value("late_corrections_total", model="loanapp") == 2
    assert scrape.value("tested_decisions_total", model="loanapp") == 80
    assert scrape.value("untested_decisions_total", model="loanapp") == 20
    assert scrape.value("tested_periods_total", model="loanapp", comparable="true") == 3
    assert scrape.value("tested_periods_total", model="loanapp", comparable="false") == 1
    assert scrape.value("test_lag_seconds", model="loanapp") == 40


def test_lanes_report_their_transactions_lag_and_failures() -> None:
    scrape = Scrape()
    scrape.metrics.transaction_ended("ingest", 0.02, is_committed=True)
    scrape.metrics.transaction_ended("ingest", 3.0, is_committed=False)
    scrape.metrics.lane_reloaded("ingest")
    scrape.metrics.rebalanced()
    scrape.metrics.records_lost("loanapp-decisions-raw", 12)
    scrape.metrics.lag_measured(PARTIALS, 3, 7)
    scrape.metrics.latency_measured("ingest", 1.0, 3)
    assert scrape.value("transactions_total", role="ingest", result="committed") == 1
    assert scrape.value("transactions_total", role="ingest", result="failed") == 1
    assert scrape.value("flush_seconds_bucket", role="ingest", le="0.025") == 1
    assert scrape.value("flush_seconds_bucket", role="ingest", le="+Inf") == 2
    assert scrape.value("lane_reloads_total", role="ingest") == 1
    assert scrape.value("rebalances_total") == 1
    assert scrape.value("lost_records_total", topic="loanapp-decisions-raw") == 12
    assert scrape.value("consumer_lag_messages", topic=PARTIALS, partition="3") == 7
    assert scrape.value("event_latency_seconds_bucket", stage="ingest", le="1.0") == 3
    assert scrape.value("event_latency_seconds_bucket", stage="ingest", le="0.5") == 0


def test_counts_of_cells_are_not_exported_but_what_was_hidden_is() -> None:
    scrape = Scrape("camera")
    scrape.metrics.judged(3, JudgeReport({"camera": ModelReport(n_small=4, n_complementary=1)}))
    assert scrape.value("cells_suppressed_total", model="camera", attribute="cell", reason="small_cell") == 4
    assert scrape.value("windows_closed_total", model="camera", window="1m", result="published") == 0
    assert scrape.value("windows_closed_total", model="camera", window="1h", result="published") is None


def test_a_policy_with_too_many_series_is_rejected_at_the_start() -> None:
    with pytest.raises(ConfigError, match="max_series allows 100"):
        Metrics(CollectorRegistry(), POLICY, max_series=100)


def test_a_histogram_counts_a_value_on_the_bound_in_its_bucket() -> None:
    histogram = Histogram("fairstream_x_seconds", "X.", (), (0.5, 1))
    for value in (0.5, 0.6, 2):
        histogram.observe((), value)
    buckets = {s.labels["le"]: s.value for s in histogram.family().samples if s.name.endswith("_bucket")}
    assert buckets == {"0.5": 1, "1.0": 2, "+Inf": 3}


def test_promtool_reports_no_problem() -> None:
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    scrape = Scrape()
    scrape.judge(result(white=WHITE, black=BLACK, hispan=HISPAN), closed_before_s=100)
    scrape.metrics.lag_measured(PARTIALS, 3, 7)
    text = generate_latest(scrape.registry)
    assert b"_created" not in text
    linted = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=30, check=False)
    assert (linted.returncode, linted.stderr) == (0, b"")
