"""Dashboards, scenario and exporter speak of the same metrics, with the same labels."""

from __future__ import annotations

import pytest

from stream_app.edges.metrics.catalogue import MetricFact, list_metrics
from stream_app.policy import load_policy
from tests.board_queries import expressions, metric_names
from tests.metric_scenario import NOT_EXPORTED_YET, scenario

FACTS = list_metrics(load_policy("loans"))
EXPORTED = {name for fact in FACTS for name in fact.series_names}
SHOWN = {name for expr in expressions() for name in metric_names(expr)}
# Counts and sums of a histogram are there with its buckets, and a panel shows the buckets.
SUMS = {name for fact in FACTS for name in fact.series_names if name.endswith(("_seconds_count", "_seconds_sum"))}


def test_dashboards_show_only_metrics_that_are_exported_or_agreed() -> None:
    print("not exported yet:", *sorted(NOT_EXPORTED_YET))  # noqa: T201  # read with pytest -rP
    assert set() == SHOWN - EXPORTED - NOT_EXPORTED_YET


def test_a_metric_that_is_exported_has_left_the_list_of_those_that_are_not() -> None:
    assert set() == NOT_EXPORTED_YET & EXPORTED, "take these from NOT_EXPORTED_YET"


def test_every_metric_is_on_a_panel() -> None:
    assert set() == EXPORTED - SUMS - SHOWN
    assert set() == NOT_EXPORTED_YET - SHOWN


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_the_scenario_has_each_metric_with_its_labels(fact: MetricFact) -> None:
    found = [one for one in scenario(0) if one.name in fact.series_names]
    assert found
    for one in found:
        own = set(one.labels) - {"job", "instance", "run", "le"}
        assert own == set(fact.labels), one.labels


def test_the_scenario_has_nothing_that_is_neither_exported_nor_agreed() -> None:
    there = {one.name for one in scenario(0)} - {"up", "ALERTS"}
    assert there == EXPORTED | NOT_EXPORTED_YET
