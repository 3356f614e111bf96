"""Periods of a bank of detectors: blocks, start weights, and what is never added up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.shiryaev_roberts import NO_EVIDENCE
from tests.support.bank_panes import FOUR_FIFTHS, GAP, LOG_C, RULES, pane


def test_a_new_bank_knows_nothing_and_says_so_in_finite_numbers() -> None:
    bank = DetectorBank(RULES, [LOG_C] * 4)
    assert bank.log_sr.tolist() == bank.log_recovery.tolist() == [NO_EVIDENCE] * 4
    assert bank.onset_s.tolist() == [-1] * 4
    assert not bank.has_block.any()


def test_a_bank_without_detectors_is_permitted() -> None:
    bank = DetectorBank([], [])
    assert bank.update(0, np.zeros((0, 1, 4), dtype=np.int64)) == []


def test_one_decision_of_each_group_makes_a_period_a_block() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    bank.update(60, pane(1, 4, 0, 0))
    assert not bank.has_block[0]
    bank.update(120, pane(0, 1, 1, 1))
    assert bank.has_block[0]
    assert bank.onset_s[0] == 120


def test_periods_without_one_of_the_groups_say_nothing_about_rates_and_are_never_added_up() -> None:
    bank, fresh = DetectorBank([FOUR_FIFTHS], [LOG_C]), DetectorBank([FOUR_FIFTHS], [LOG_C])
    for at in range(50):
        bank.update(2 * at, pane(0, 40, 0, 0), 90)
        bank.update(2 * at + 1, pane(0, 0, 40, 40), 90)
    assert not bank.has_block[0]
    bank.update(200, pane(2, 6, 4, 6), 12)
    fresh.update(200, pane(2, 6, 4, 6), 12)
    assert bank.log_eproc.item() == fresh.log_eproc.item()


def test_a_bet_starts_with_all_decisions_of_the_model_since_the_last_one() -> None:
    own, model = DetectorBank([FOUR_FIFTHS], [LOG_C]), DetectorBank([FOUR_FIFTHS], [LOG_C])
    own.update(0, pane(2, 6, 4, 6))
    model.update(0, pane(2, 6, 4, 6), 120)
    assert model.log_sr.item() - own.log_sr.item() == pytest.approx(math.log(10), abs=1e-12)
    waited = DetectorBank([FOUR_FIFTHS], [LOG_C])
    waited.update(0, pane(0, 0, 3, 4), 70)
    waited.update(60, pane(0, 0, 0, 0), 0)
    waited.update(120, pane(2, 6, 4, 6), 50)
    assert waited.log_sr.item() == model.log_sr.item()


def test_after_an_alarm_earlier_decisions_are_no_start_weight() -> None:
    bank, fresh = (DetectorBank([FOUR_FIFTHS], [LOG_C], has_lifecycle=False) for _ in range(2))
    alarm = next(change for at in range(40) for change in bank.update(at, pane(10, 50, 45, 50), 1000))
    bank.update(alarm.period_start_s + 1, pane(25, 50, 45, 50), 100)
    evidence = bank.log_sr.item() - bank.log_eproc.item()
    fresh.update(0, pane(25, 50, 45, 50), 100)
    assert (
        evidence
        == pytest.approx(fresh.log_sr.item() - fresh.log_eproc.item(), abs=1e-9)
        == pytest.approx(math.log(100), abs=1e-9)
    )


def test_a_model_with_fewer_decisions_than_a_test_is_rejected_and_changes_nothing() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    before = bank.snapshot()
    with pytest.raises(ValueError, match="at least as many"):
        bank.update(0, pane(2, 6, 4, 6), 11)
    assert bank.snapshot() == before


@pytest.mark.parametrize(
    "panes",
    [
        pytest.param([(3, 4, 225, 300), (15, 60, 1, 4)] * 200, id="mix and base rate change together"),
        pytest.param([(16, 20, 304, 380), (36, 60, 84, 140), (42, 120, 28, 80)] * 200, id="segment by segment"),
        pytest.param([(4, 5, 12, 15), (0, 0, 0, 1), (1, 4, 1, 4)] * 300, id="small batches"),
    ],
)
def test_a_feed_that_is_fair_in_every_period_raises_no_alarm(panes: list[tuple[int, int, int, int]]) -> None:
    bank = DetectorBank([FOUR_FIFTHS, GAP], [math.log(1e4)] * 2)
    for at, (k_a, n_a, k_b, n_b) in enumerate(panes):
        assert bank.update(at, np.array([[[k_a, n_a, k_b, n_b]], [[k_b, n_b, k_a, n_a]]])) == []
