"""The false-alarm budget of all detectors, and which results to report."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stream_app.core.detection.ebh import report_by_ebh
from stream_app.core.detection.thresholds import Family, log_thresholds, share_weights


def test_one_detector_alone_has_all_of_the_budget() -> None:
    assert log_thresholds(0.01, [1.0]) == pytest.approx([math.log(1e8)])


def test_ten_equal_detectors_share_the_budget() -> None:
    assert log_thresholds(0.1, [0.1] * 10) == pytest.approx([math.log(1e8)] * 10)


def test_expected_false_alarms_add_up_to_the_budget() -> None:
    weights = share_weights({"attributes": Family(0.5, 3), "intersections": Family(0.3, 40), "scores": Family(0.2, 7)})
    each = [weights["attributes"]] * 3 + [weights["intersections"]] * 40 + [weights["scores"]] * 7
    assert math.fsum(1e6 / math.exp(log_c) for log_c in log_thresholds(0.1, each)) == pytest.approx(0.1)


def test_the_share_of_a_family_without_detectors_goes_to_the_others() -> None:
    weights = share_weights({"attributes": Family(1, 4), "intersections": Family(1, 0), "labels": Family(2, 1)})
    assert weights == pytest.approx({"attributes": 1 / 12, "intersections": 0.0, "labels": 2 / 3})


@pytest.mark.parametrize("families", [{}, {"a": Family(1, 0)}, {"a": Family(0, 1)}, {"a": Family(1, -1)}])
def test_a_budget_that_nobody_can_share_is_rejected(families: dict[str, Family]) -> None:
    with pytest.raises(ValueError, match="detectors"):
        share_weights(families)


@pytest.mark.parametrize("budget", [0.0, -1.0, 1e6, math.nan])
def test_an_impossible_number_of_false_alarms_is_rejected(budget: float) -> None:
    with pytest.raises(ValueError, match="false alarms"):
        log_thresholds(budget, [1.0])


@pytest.mark.parametrize("weights", [[], [0.5, 0.4], [1.5, -0.5], [1.0, 0.0]])
def test_weights_that_do_not_sum_to_one_are_rejected(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        log_thresholds(0.1, weights)


def reported_by_definition(log_e: list[float], alpha: float) -> list[bool]:
    size = len(log_e)
    downwards = sorted(log_e, reverse=True)
    k_star = max((k for k in range(1, size + 1) if math.exp(downwards[k - 1]) >= size / (alpha * k)), default=0)
    return [bool(k_star) and value >= downwards[k_star - 1] for value in log_e]


@pytest.mark.parametrize("seed", range(20))
def test_reports_follow_the_definition_of_e_bh(seed: int) -> None:
    log_e = np.random.default_rng(seed).normal(3, 3, 30)
    assert report_by_ebh(log_e, 0.1).tolist() == reported_by_definition(log_e.tolist(), 0.1)


def test_a_result_is_reported_with_the_help_of_stronger_ones() -> None:
    assert report_by_ebh(np.log([30.0, 1.0]), 0.05).tolist() == [False, False]
    assert report_by_ebh(np.log([30.0, 30.0]), 0.05).tolist() == [True, True]


def test_no_results_are_no_report() -> None:
    assert report_by_ebh([], 0.05).tolist() == []


@pytest.mark.parametrize("alpha", [0.0, 1.0, math.nan])
def test_a_share_of_false_reports_outside_0_to_1_is_rejected(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        report_by_ebh([1.0], alpha)
