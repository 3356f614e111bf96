"""Dashboards, scenario and exporter use the same metrics with the same labels."""

from __future__ import annotations

import re

import pytest

from stream_app.edges.metrics.catalog import MetricFact, list_metrics
from stream_app.pipeline.records.evidence import KIND_OF_TEST, MEAN_KINDS, OUTCOME_KINDS, PAIR_KINDS, PairTest
from stream_app.policy import load_policy
from tests.support.boards.board_queries import asked, expressions, metric_names
from tests.support.boards.metric_scenario import NOT_EXPORTED_YET, scenario

FACTS = list_metrics(load_policy("loans"))
EXPORTED = {name for fact in FACTS for name in fact.series_names}
SHOWN = {name for expr in expressions() for name in metric_names(expr)}
# Counts and sums of a histogram are there with its buckets, and a panel shows the buckets.
SUMS = {name for fact in FACTS for name in fact.series_names if name.endswith(("_seconds_count", "_seconds_sum"))}
# Tests that each panel over time queries; the explanation dashboard lists the latest evidence of all of them.
ASKED_TESTS = {
    (asks.board, asks.panel, found[1])
    for asks in asked()
    for found in re.finditer(r'fairstream_evidence_log10{[^}]*test=~?"([^"]+)"', asks.expr)
}


def test_dashboards_show_only_metrics_that_are_exported_or_agreed() -> None:
    print("not exported yet:", *sorted(NOT_EXPORTED_YET))  # noqa: T201  # read with pytest -rP
    assert set() == SHOWN - EXPORTED - NOT_EXPORTED_YET


def test_a_metric_that_is_exported_has_left_the_list_of_those_that_are_not() -> None:
    assert set() == NOT_EXPORTED_YET & EXPORTED, "take these from NOT_EXPORTED_YET"


def test_every_metric_is_on_a_panel() -> None:
    assert set() == EXPORTED - SUMS - SHOWN
    assert set() == NOT_EXPORTED_YET - SHOWN


def test_evidence_against_a_group_is_drawn_over_time_whatever_the_test() -> None:
    drawn = {test for _, _, asks in ASKED_TESTS for test in PairTest if re.fullmatch(asks, test)}
    assert {test for test in PairTest if not test.endswith("_high")} == drawn


def test_the_tests_of_one_panel_have_one_threshold() -> None:
    for board, panel, asks in ASKED_TESTS:
        tests = [test for test in PairTest if re.fullmatch(asks, test) or re.fullmatch(asks, f"{test}_recovery")]
        assert len({family(test) for test in tests}) == 1, (board, panel, tests)


def family(test: PairTest) -> str:
    """Return the family of a test: all tests of a family that a model has have the same threshold.

    A model decides either by rates or by amounts, so that tests of both are never on a panel at once.
    """
    families = {(*PAIR_KINDS, *MEAN_KINDS): "decisions", OUTCOME_KINDS: "outcomes"}
    names = [name for kinds, name in families.items() if KIND_OF_TEST[test] in kinds]
    return names[0] if names else "score drift" if test is PairTest.SCORE_DRIFT else "scores"


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_the_scenario_has_each_metric_with_its_labels(fact: MetricFact) -> None:
    matches = [series for series in scenario(0) if series.name in fact.series_names]
    assert matches
    for series in matches:
        assert set(series.labels) - {"job", "instance", "run", "le"} == set(fact.labels), series.labels


def test_the_scenario_has_nothing_that_is_neither_exported_nor_agreed() -> None:
    names = {series.name for series in scenario(0)} - {"up", "ALERTS", "ALERTS_FOR_STATE"}
    assert names == EXPORTED | NOT_EXPORTED_YET
