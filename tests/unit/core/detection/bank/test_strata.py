"""Strata of a detector: evidence is added up, and snapshots, empty strata and copies change nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.block import block_evidence
from stream_app.core.detection.rules import RuleKind
from stream_app.core.detection.shiryaev_roberts import log_mean
from tests.support.bank_panes import FOUR_FIFTHS, GAP, LOG_C, READINGS, RULES, drawn_panes, readings


def test_a_bank_with_strata_restored_at_every_pane_goes_on_bit_for_bit() -> None:
    panes = drawn_panes(6, 60, 4, 3)

    def new_bank() -> DetectorBank:
        return DetectorBank(RULES, [9.0] * 4, n_strata=3, design_effect=1.3)

    straight, hopping = new_bank(), new_bank()
    for at, counts in enumerate(panes):
        changes = straight.update(at, counts)
        follower = new_bank()
        follower.restore(hopping.snapshot())
        hopping = follower
        assert hopping.update(at, counts) == changes
        assert hopping.snapshot() == straight.snapshot()
        assert readings(hopping) == readings(straight)


def test_evidence_of_strata_is_added_up() -> None:
    one, other = [6, 20, 17, 22], [9, 30, 25, 28]
    bank = DetectorBank([GAP], [LOG_C], n_strata=2)
    bank.update(0, np.array([[one, other]]))
    rates = np.full((2, 2), 0.5)
    log_e, _ = block_evidence(
        RuleKind.GAP, np.full(2, 0.2), np.zeros(2, dtype=np.bool_), rates, np.array([one, other], dtype=np.float64).T
    )
    assert bank.log_eproc.item() == pytest.approx(log_mean(log_e.sum(axis=1), math.log(5)), abs=1e-12)
    assert bank.log_sr.item() == pytest.approx(bank.log_eproc.item() + math.log(100), abs=1e-12)


def test_a_stratum_without_one_of_the_groups_leaves_the_others_their_bet() -> None:
    both, one = DetectorBank([FOUR_FIFTHS], [LOG_C], n_strata=2), DetectorBank([FOUR_FIFTHS], [LOG_C])
    both.update(60, np.array([[[3, 8, 7, 9], [0, 2, 0, 0]]]), 19)
    one.update(60, np.array([[[3, 8, 7, 9]]]), 19)
    assert both.log_sr.item() == one.log_sr.item()


def test_a_stratum_without_a_bet_leaves_the_others_their_bet() -> None:
    bank = DetectorBank([GAP], [LOG_C], n_strata=2)
    quiet = [2, 40, 3, 4000]  # from the second pane on the usual rate of b is far below 0.2: no bet
    bank.update(0, np.array([[[14, 20, 14, 20], quiet]]))
    before = bank.log_eproc.item()
    bank.update(60, np.array([[[0, 0, 0, 0], quiet]]))
    assert bank.log_eproc.item() == before
    bank.update(120, np.array([[[20, 20, 10, 20], quiet]]))
    assert bank.log_eproc.item() < before - 0.5


def test_strata_that_stay_empty_and_their_order_change_nothing() -> None:
    panes = drawn_panes(7, 60, 4, 2)
    plain, padded, swapped = (DetectorBank(RULES, [9.0] * 4, n_strata=size) for size in (2, 5, 2))
    for at, counts in enumerate(panes):
        plain.update(at, counts)
        padded.update(at, np.concatenate([counts, np.zeros((4, 3, 4), dtype=np.int64)], axis=1))
        swapped.update(at, counts[:, ::-1])
        for name in READINGS:
            assert np.array_equal(getattr(plain, name), getattr(padded, name))
            assert getattr(plain, name).tolist() == pytest.approx(getattr(swapped, name).tolist(), rel=1e-12, abs=1e-12)


def test_a_swing_of_rate_and_mix_that_is_fair_in_every_stratum_raises_no_alarm() -> None:
    fair = np.array([[[80, 100, 8, 10], [2, 10, 20, 100]], [[80, 100, 8, 10], [2, 10, 20, 100]]])
    pooled = fair[:, :, [2, 3, 0, 1]].sum(axis=1, keepdims=True)  # a: 28 of 110, b: 82 of 110
    in_strata, together = (
        DetectorBank([FOUR_FIFTHS, GAP], [LOG_C] * 2, n_strata=2),
        DetectorBank([GAP] * 2, [LOG_C] * 2),
    )
    alarms = [change for at in range(50) for change in in_strata.update(at, fair[:, :, [2, 3, 0, 1]])]
    assert alarms == []
    assert any(together.update(at, pooled) for at in range(50))


def test_copies_of_every_decision_are_undone_by_the_design_effect() -> None:
    panes = drawn_panes(8, 60, 4, 1) + np.array([5, 5, 5, 5])
    single, doubled = DetectorBank(RULES, [9.0] * 4), DetectorBank(RULES, [9.0] * 4, design_effect=2)
    for at, counts in enumerate(panes):
        single.update(at, counts)
        doubled.update(at, 2 * counts)
        assert readings(single) == readings(doubled)
