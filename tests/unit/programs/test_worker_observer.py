"""What the metrics show of a lane, and when: after its commit, and right after its state is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from stream_app.edges.lanes.lane import Lane
from stream_app.edges.lanes.lane_contract import LaneConfig
from stream_app.edges.lanes.log_position import LogChange
from stream_app.edges.metrics.health import Health
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.pipeline.contract import Batch, RecordRange
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.lane_step import LaneStep
from stream_app.pipeline.topology import Topology
from stream_app.policy import load_policy
from stream_app.programs.worker.lane_builder import roles_by_topic
from stream_app.programs.worker.observer import MetricsObserver
from stream_app.topics import FAIRNESS_PARTIALS
from tests.support.lanes.ingest_lane import KEYS, LOANS, NOW_S, encode, loan
from tests.support.lanes.judge_lane import JudgeLane

POLICY = load_policy("loans")


@dataclass
class StillLane:
    """The part of a lane that its observer reads."""

    config: LaneConfig
    step: LaneStep
    next_offset: int = 0


class Scrape:
    """An observer, and what a scrape shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, POLICY, max_series=10_000)
        self.observer = MetricsObserver(self.metrics, Health(), roles_by_topic(POLICY, "fairstream"))

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"fairstream_{name}", labels)


def lane_of(topic: str, step: LaneStep) -> Lane:
    config = LaneConfig("nowhere:1", topic, 0, "changelog", "transactions", 1.0)
    return cast(Lane, StillLane(config, step))


def batch_of(*values: bytes) -> Batch:
    n = len(values)
    return Batch(LOANS.topic, 0, 0, n, np.arange(n), list(values), np.full(n, NOW_S * 1000, np.int64))


def test_counts_are_shown_once_and_only_after_their_commit() -> None:
    scrape, step = Scrape(), IngestStep(LOANS, KEYS, 0, Topology())
    step.restore({}, 0)
    lane = lane_of(LOANS.topic, step)
    scrape.observer.lane_loaded(lane)
    list(step.step(batch_of(encode(loan()), b"{")))
    scrape.observer.lane_stepped(lane, n_records=2, newest_ms=NOW_S * 1000, seconds=0.0)
    assert scrape.value("decisions_total", model="loans", outcome="favorable") == 0
    for _ in range(2):
        scrape.observer.lane_committed(lane, seconds=0.1)
        assert scrape.value("decisions_total", model="loans", outcome="favorable") == 1
        assert scrape.value("dead_letters_total", topic=LOANS.topic, reason="json") == 1
        assert scrape.value("event_latency_seconds_count", stage="ingest") == 2
    assert scrape.value("transactions_total", role="ingest", result="committed") == 2


def test_a_judge_lane_that_is_loaded_shows_its_newest_results_and_counts_nothing() -> None:
    former = JudgeLane(POLICY)
    labels = former.layout.dimensions
    cells = {
        former.layout.code_of((gender, 0, 0, 0, decision)): [200, 0, 0, 0] for gender in (0, 1) for decision in (0, 1)
    }
    assert labels[0][1][:2] == ("female", "male")
    former.close_pane(6, cells, name="loans", topic=LOANS.topic)
    former.close_pane(600, {}, name="loans", topic=LOANS.topic)
    step = JudgeStep(POLICY, 0, Topology())
    step.restore(former.state, 0)
    scrape = Scrape()
    scrape.metrics.lane_opened(FAIRNESS_PARTIALS, 0)
    scrape.observer.lane_loaded(lane_of(FAIRNESS_PARTIALS, step))
    where = {"model": "loans", "attribute": "gender", "window": "1m", "group": "female"}
    assert scrape.value("window_decisions", **where) == 400
    assert scrape.value("event_latency_seconds_count", stage="close") == 0


def test_a_topic_with_impossible_broker_timestamps_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    scrape, lane = Scrape(), lane_of(LOANS.topic, IngestStep(LOANS, KEYS, 0, Topology()))
    for newest_ms in (NOW_S * 1000, NOW_S, NOW_S):
        scrape.observer.lane_stepped(lane, n_records=1, newest_ms=newest_ms, seconds=0.0)
    (warning,) = [record.getMessage() for record in caplog.records if "Impossible broker timestamps" in record.message]
    assert f"topic={LOANS.topic}" in warning
    assert "message.timestamp.type=LogAppendTime" in warning


def test_a_log_that_changed_is_logged_and_counted_with_what_is_known_to_be_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scrape, lane = Scrape(), lane_of(LOANS.topic, IngestStep(LOANS, KEYS, 0, Topology()))
    assert scrape.value("log_changes_total", topic=LOANS.topic, kind="cut") == 0
    scrape.observer.lane_log_changed(lane.config, LogChange("re-created", 3, 1000, 17), to_offset=0)
    assert scrape.value("log_changes_total", topic=LOANS.topic, kind="re-created") == 1
    assert scrape.value("lost_records_total", topic=LOANS.topic) == 17
    (line,) = [record.getMessage() for record in caplog.records]
    assert "kind=re-created log_number=3 former_offset=1000 next_offset=0 known_lost=17" in line


def test_the_log_says_from_where_records_were_counted_again_and_what_was_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scrape, judge = Scrape(), JudgeStep(POLICY, 0, Topology())
    scrape.observer.lane_recounted(lane_of(LOANS.topic, judge).config, RecordRange(5, 405, 9000))
    judge._report.models["loans"] = ModelReport(n_not_recounted=3)
    scrape.observer.lane_committed(lane_of(FAIRNESS_PARTIALS, judge), seconds=0.1)
    again, left_out = [record.getMessage() for record in caplog.records]
    assert again.endswith("partition=0 first=405 next_offset=9000")
    assert left_out.endswith("model=loans panes=3")


def test_a_worker_that_waits_for_topics_is_not_ready() -> None:
    health = Health()
    observer = MetricsObserver(Scrape().metrics, health, {})
    observer.rebalanced()
    observer.topics_awaited(True)
    assert health.reasons == ["topics"]
    observer.topics_awaited(False)
    assert health.reasons == []
