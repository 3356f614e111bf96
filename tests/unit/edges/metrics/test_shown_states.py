"""States of rows that Prometheus scrapes: transitions, moves of a lane, rules that hold."""

from __future__ import annotations

import msgspec

from stream_app.core.groups.counts import GroupCount
from tests.support.scrapes import BLACK, PARTIALS, WHITE, Scrape, result


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
