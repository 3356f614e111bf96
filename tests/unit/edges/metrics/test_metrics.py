"""What Prometheus scrapes of a process, value by value."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.edges.metrics.instruments import Histogram
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.errors import ConfigError
from stream_app.pipeline.ingest.report import IngestCounts
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.policy import Anomalies, Feature
from tests.support.scrapes import BLACK, HISPAN, MODEL, PARTIALS, POLICY, WHITE, Scrape, result


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
