"""When a difference changed: estimates and intervals on counts whose change is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.change_point import find_onset, standardized_changes
from stream_app.core.detection.rules import RateRule, RuleKind

FOUR_FIFTHS, GAP = RateRule(RuleKind.RATIO, 0.8), RateRule(RuleKind.GAP, 0.2)
FAIR, UNFAIR, ONE_GROUP = [70, 100, 70, 100], [40, 100, 70, 100], [0, 0, 70, 100]


def spans(*parts: tuple[int, list[int]]) -> NDArray[np.int64]:
    return np.array([row for n, row in parts for _ in range(n)])


@pytest.mark.parametrize("rule", [FOUR_FIFTHS, GAP])
def test_a_clear_change_is_dated_exactly(rule: RateRule) -> None:
    onset = find_onset(spans((20, FAIR), (8, UNFAIR)), rule, 23)
    assert onset == (20, 20, 20)


@pytest.mark.parametrize("rule", [FOUR_FIFTHS, GAP])
def test_the_end_of_a_breach_is_dated_the_same_way(rule: RateRule) -> None:
    onset = find_onset(spans((20, UNFAIR), (8, FAIR)), rule, 22, is_recovery=True)
    assert onset.best == 20
    assert onset.earliest <= 20 <= onset.latest


def test_a_rule_that_was_always_broken_dates_back_to_the_first_span_with_both_groups() -> None:
    onset = find_onset(spans((6, ONE_GROUP), (10, UNFAIR)), FOUR_FIFTHS, 6)
    assert (onset.best, onset.earliest) == (6, 6)
    assert onset.latest <= 8


def test_one_span_is_its_own_interval() -> None:
    assert find_onset(spans((3, ONE_GROUP), (1, UNFAIR)), FOUR_FIFTHS, 3) == (3, 3, 3)


def test_a_change_for_the_better_is_no_onset_of_a_breach() -> None:
    onset = find_onset(spans((10, [20, 100, 70, 100]), (10, UNFAIR)), FOUR_FIFTHS, 0)
    assert onset.best == 0


def test_a_base_rate_and_a_mix_that_move_together_are_no_change() -> None:
    quiet, busy = [80, 100, 8, 10], [2, 10, 20, 100]  # equal rates in both; added up 0.75 and 0.25
    z, _ = standardized_changes(spans((10, quiet), (10, busy)), RuleKind.GAP)
    assert np.abs(z).max() < 1e-6


def test_changes_long_before_the_evidence_are_left_out() -> None:
    almost_fair = [60, 100, 70, 100]
    counts = spans((300, FAIR), (300, almost_fair), (12, UNFAIR))
    assert find_onset(counts, FOUR_FIFTHS, 602).best == 600


def test_strata_are_compared_each_with_itself() -> None:
    quiet, busy, harmed = [80, 100, 8, 10], [2, 10, 20, 100], [1, 10, 40, 100]
    before, after = np.array([quiet, busy]), np.array([quiet, harmed])
    counts = np.array([before] * 30 + [after] * 30)
    assert find_onset(counts, FOUR_FIFTHS, 35).best == 30


@pytest.mark.parametrize("k_after", [0, 100])
def test_rates_of_zero_and_one_are_no_special_case(k_after: int) -> None:
    counts = spans((10, [50, 100, 50, 100]), (3, [k_after, 100, 50, 100]))
    z, n_boundaries = standardized_changes(counts, RuleKind.RATIO)
    assert np.isfinite(z).all()
    assert int(np.argmax(np.abs(z))) == 9
    assert n_boundaries == 12
    assert (z[9] < 0) == (k_after == 0)


def test_boundaries_with_too_few_decisions_count_for_nothing() -> None:
    z, n_boundaries = standardized_changes(spans((10, FAIR)), RuleKind.GAP, 200)
    assert (z[0], z[-1], n_boundaries) == (0.0, 0.0, 7)
    assert standardized_changes(spans((1, FAIR)), RuleKind.GAP)[1] == 0
