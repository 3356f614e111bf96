"""Dashboards, scenario and exporter speak of the same metrics, with the same labels."""

from __future__ import annotations

import re

import pytest

from stream_app.edges.metrics.catalog import MetricFact, list_metrics
from stream_app.pipeline.records.evidence import KIND_OF_TEST, OUTCOME_KINDS, PAIR_KINDS, PairTest
from stream_app.policy import load_policy
from tests.support.boards.board_queries import asked, expressions, metric_names
from tests.support.boards.metric_scenario import NOT_EXPORTED_YET, scenario

FACTS = list_metrics(load_policy("loans"))
EXPORTED = {name for fact in FACTS for name in fact.series_names}
SHOWN = {name for expr in expressions() for name in metric_names(expr)}
# Counts and sums of a histogram are there with its buckets, and a panel shows the buckets.
SUMS = {name for fact in FACTS for name in fact.series_names if name.endswith(("_seconds_count", "_seconds_sum"))}
# What each panel over time asks about the tests; the explanation lists all of them, as they stand now.
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
    """Return what shares its part of the false alarms: of each family every test has the same threshold."""
    families = {PAIR_KINDS: "decisions", OUTCOME_KINDS: "outcomes"}
    own = [name for kinds, name in families.items() if KIND_OF_TEST[test] in kinds]
    return own[0] if own else "score drift" if test is PairTest.SCORE_DRIFT else "scores"


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
