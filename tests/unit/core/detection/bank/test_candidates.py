"""Candidates of a period lower the evidence; those that cannot be are rejected."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.betting.bettor import Bettor
from tests.support.bank_panes import FOUR_FIFTHS, LOG_C, pane


@pytest.mark.parametrize(
    ("candidates", "n_model", "message"),
    [
        (pane(6, 5, 5, 5), 100, "between"),
        (np.zeros((1, 2, 4), dtype=np.int64), 100, "shape"),
        (pane(2, 5, 2, 5), None, "n_model"),
        (pane(2, 5, 2, 5), 14, "n_model"),
    ],
)
def test_candidates_that_cannot_be_are_rejected(
    candidates: NDArray[np.int64], n_model: int | None, message: str
) -> None:
    bank = DetectorBank([FOUR_FIFTHS], [LOG_C])
    before = bank.snapshot()
    with pytest.raises(ValueError, match=message):
        bank.update(0, pane(5, 5, 5, 5), n_model, candidates)
    assert bank.snapshot() == before


def test_candidates_alone_lower_the_evidence() -> None:
    bank, known = DetectorBank([FOUR_FIFTHS], [LOG_C]), DetectorBank([FOUR_FIFTHS], [LOG_C])
    for each in (bank, known):
        each.update(0, pane(10, 20, 15, 20), 40)
    bank.update(1, pane(0, 0, 0, 0), 40, pane(10, 40, 10, 40))
    assert bank.log_eproc[0] < known.log_eproc[0]
    fresh = DetectorBank([FOUR_FIFTHS], [LOG_C])
    fresh.update(0, pane(0, 0, 0, 0), 40, pane(10, 40, 10, 40))
    assert not fresh.has_block[0]


def test_rates_are_learned_from_known_decisions_only() -> None:
    seen, with_candidates = (Bettor([FOUR_FIFTHS], n_strata=1, design_effect=1.0) for _ in range(2))
    is_breach = np.zeros(1, np.bool_)
    seen.bet(pane(10, 20, 15, 20), is_breach)
    with_candidates.bet_at_worst(pane(10, 20, 15, 20), pane(3, 9, 3, 9), is_breach)
    with_candidates.bet_at_worst(pane(0, 0, 15, 20), pane(3, 9, 3, 9), is_breach)
    assert np.array_equal(seen.state()[0], with_candidates.state()[0])


def test_candidates_of_strata_lower_the_evidence_of_each() -> None:
    rows = [[20, 50, 40, 50], [10, 30, 20, 30]]
    few, none = [[1, 4, 1, 4], [2, 3, 2, 3]], [[0] * 4] * 2
    banks = [DetectorBank([FOUR_FIFTHS], [LOG_C], n_strata=2) for _ in range(3)]
    for bank, candidates in zip(banks, (few, [few[0], none[1]], none), strict=True):
        bank.update(0, np.array([rows]), 300, np.array([candidates]))
    both, first, neither = (float(bank.log_eproc[0]) for bank in banks)
    assert both < first < neither
