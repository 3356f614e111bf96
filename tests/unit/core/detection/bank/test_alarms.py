"""From bets to an alarm and its recovery; the same panes give the same bits in any order."""

from __future__ import annotations

import numpy as np

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.alternatives import place_bets
from stream_app.core.detection.rules import RuleKind
from stream_app.core.detection.shiryaev_roberts import NO_EVIDENCE
from tests.support.bank_panes import FOUR_FIFTHS, GAP, LOG_C, READINGS, RULES, drawn_panes, pane


def test_a_gap_that_cannot_be_exceeded_is_no_bet() -> None:
    rates = np.array([[0.1, 0.1], [0.15, 0.9]])
    _, is_bet = place_bets(RuleKind.GAP, np.array([0.2, 0.2]), np.array([False, False]), rates, np.full((2, 2), 20.0))
    assert is_bet.tolist() == [[False, True]] * 5


def test_where_there_is_no_bet_the_statistic_does_not_grow() -> None:
    bank = DetectorBank([GAP], [LOG_C])
    bank.update(0, pane(2, 40, 3, 4000))  # from now on the usual rate of b is far below 0.2
    after_one_bet = bank.log_sr.item()
    bank.update(60, pane(2, 40, 3, 4000))
    assert bank.log_sr.item() == after_one_bet


def test_a_pane_of_an_alarm_has_the_evidence_and_the_next_restarts() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C], has_lifecycle=False)
    alarm = next(change for at in range(40) for change in bank.update(at, pane(10, 50, 45, 50)))
    assert bank.log_sr.item() == alarm.log_evidence >= LOG_C
    assert not bank.is_breach[0]
    bank.update(alarm.period_start_s + 1, pane(0, 0, 0, 0))
    assert bank.log_sr.item() == NO_EVIDENCE


def test_in_breach_only_the_recovery_is_tested() -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    alarm = next(change for at in range(40) for change in bank.update(at, pane(10, 50, 45, 50)))
    bank.update(100, pane(10, 50, 45, 50))
    assert bank.is_breach[0]
    assert bank.breach_onset_s[0] == alarm.onset_s
    assert (bank.log_sr.item(), bank.log_eproc.item()) == (NO_EVIDENCE, 0.0)
    assert bank.log_recovery.item() > NO_EVIDENCE


def test_order_of_detectors_does_not_matter() -> None:
    panes = drawn_panes(3, 60, 12, 3)
    order = np.random.default_rng(4).permutation(12)
    rules = RULES * 3
    one = DetectorBank(rules, [9.0] * 12, n_strata=3)
    other = DetectorBank([rules[at] for at in order], [9.0] * 12, n_strata=3)
    n_changes = 0
    for at, counts in enumerate(panes):
        changes = {change.detector: change for change in one.update(at, counts)}
        permuted = {int(order[change.detector]): change for change in other.update(at, counts[order])}
        assert {who: change.log_evidence for who, change in changes.items()} == {
            who: change.log_evidence for who, change in permuted.items()
        }
        n_changes += len(changes)
        for name in READINGS:
            assert np.array_equal(getattr(one, name)[order], getattr(other, name))
    assert n_changes >= 12


def test_the_same_panes_give_the_same_bits() -> None:
    panes = drawn_panes(5, 60, 8, 2)
    snapshots = []
    for _ in range(2):
        bank = DetectorBank(RULES * 2, [9.0] * 8, n_strata=2)
        for at, counts in enumerate(panes):
            bank.update(at, counts)
        snapshots.append(bank.snapshot())
    assert snapshots[0] == snapshots[1]
