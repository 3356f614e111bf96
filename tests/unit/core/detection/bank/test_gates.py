"""A gated detector waits for the alarm of its gate, and alarms beside open ones need less evidence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.procedures import Procedure, select_alarms
from tests.support.bank_panes import FOUR_FIFTHS, GAP, LOG_C, pane2


def gated_bank(procedure: Procedure = Procedure.PER_MILLION) -> DetectorBank:
    """Return a bank in which the gap waits for the ratio."""
    return DetectorBank([FOUR_FIFTHS, GAP], [LOG_C, math.log(1e4)], gates=[0, 0], procedure=procedure)


def test_a_gated_detector_waits_for_the_alarm_of_its_gate() -> None:
    free, gated = DetectorBank([FOUR_FIFTHS, GAP], [LOG_C, math.log(1e4)]), gated_bank()
    at_free = {c.detector: c.period_start_s for at in range(40) for c in free.update(at, pane2(15, 50, 35, 50))}
    at_gated = {c.detector: c.period_start_s for at in range(40) for c in gated.update(at, pane2(15, 50, 35, 50))}
    assert at_free[1] < at_free[0]
    assert at_gated == {0: at_free[0], 1: at_free[0]}


def test_a_gated_detector_has_a_recovery_of_its_own() -> None:
    bank = gated_bank()
    for at in range(40):
        bank.update(at, pane2(15, 50, 35, 50))
    assert bank.is_breach.tolist() == [True, True]
    changes = [change for at in range(40, 90) for change in bank.update(at, pane2(36, 50, 35, 50))]
    assert sorted((change.detector, change.to_breach) for change in changes) == [(0, False), (1, False)]


def test_an_alarm_beside_open_ones_needs_less_evidence_and_says_how_much() -> None:
    rules, log_thresholds = [FOUR_FIFTHS] * 4, [LOG_C] * 4
    bank = DetectorBank(rules, log_thresholds, procedure=Procedure.FDR)
    assert bank.log_needed.tolist() == pytest.approx([LOG_C] * 4)
    quiet, loud = [35, 50, 35, 50], [5, 50, 35, 50]
    first = [change for at in range(9) for change in bank.update(at, np.array([[loud], [quiet], [quiet], [quiet]]))]
    assert [(change.detector, change.log_threshold) for change in first] == [(0, LOG_C)]
    assert bank.log_needed[1:].tolist() == pytest.approx([LOG_C - math.log(2)] * 3)
    both = np.array([[loud], [loud], [loud], [quiet]])
    later = next(changes for at in range(9, 99) if (changes := bank.update(at, both)))
    assert [change.detector for change in later] == [1, 2]
    assert [change.log_threshold for change in later] == pytest.approx([LOG_C - math.log(3)] * 2)
    assert bank.log_needed[3] == pytest.approx(LOG_C - math.log(4))


def test_a_closed_gate_lends_no_weight_to_other_alarms() -> None:
    strong, weak = 0.0 - math.log(1.5), -5.0
    excess = np.array([weak, strong, strong])  # the second is far enough for two, but waits for the first
    alarms, k = select_alarms(excess, np.zeros(3, np.bool_), np.array([0, 0, 2]), Procedure.FDR)
    assert (alarms.tolist(), k) == ([False, False, False], 1)
