"""Rows of a closed window: reference values, hidden groups, undefined values, revisions."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from stream_app.core.groups.counts import GroupCount
from tests.support.scrapes import BLACK, HISPAN, WHITE, Scrape, result


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
