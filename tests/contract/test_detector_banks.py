"""What every bank of sequential tests promises, once for both banks."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.contracts.bank_cases import BANKS, BankCase, Counts, draw_panes

all_banks = pytest.mark.parametrize("case", BANKS, ids=[case.name for case in BANKS])
few_examples = settings(max_examples=25)
seeds = st.integers(0, 2**32 - 1)

N_ROWS = 4
N_PANES = 60
THRESHOLDS = [math.log(1e4)] * N_ROWS
EMPTY: Counts = np.zeros((N_ROWS, 4), np.int64)


@all_banks
def test_the_panes_of_the_suite_raise_alarms_in_every_row(case: BankCase) -> None:
    alarms = case.run(case.new_bank(THRESHOLDS), draw_panes(1, N_PANES, N_ROWS))
    assert {alarm.row for alarm in alarms} == set(range(N_ROWS))


@all_banks
@few_examples
@given(seed=seeds, cuts=st.sets(st.integers(0, N_PANES - 1), max_size=8))
def test_a_restored_bank_raises_the_same_alarms(case: BankCase, seed: int, cuts: set[int]) -> None:
    steady, restored = case.new_bank(THRESHOLDS), case.new_bank(THRESHOLDS)
    for number, pane in enumerate(draw_panes(seed, N_PANES, N_ROWS)):
        if number in cuts:
            data = restored.snapshot()
            restored = case.new_bank(THRESHOLDS)
            restored.restore(data)
        assert case.update(restored, 60 * number, pane) == case.update(steady, 60 * number, pane)
        assert restored.snapshot() == steady.snapshot()


@all_banks
@few_examples
@given(seed=seeds)
def test_the_order_of_rows_does_not_matter(case: BankCase, seed: int) -> None:
    panes = draw_panes(seed, N_PANES, N_ROWS)
    order = random.Random(seed).sample(range(N_ROWS), N_ROWS)
    alarms = case.run(case.new_bank(THRESHOLDS), panes)
    reordered = case.run(case.new_bank(THRESHOLDS), [pane[order] for pane in panes])
    assert sorted(alarm._replace(row=order[alarm.row]) for alarm in reordered) == sorted(alarms)


@all_banks
@few_examples
@given(seed=seeds)
def test_a_row_does_not_depend_on_the_other_rows(case: BankCase, seed: int) -> None:
    panes = draw_panes(seed, N_PANES, N_ROWS)
    alone = case.run(case.new_bank(THRESHOLDS[:1]), [pane[2:3] for pane in panes])
    together = case.run(case.new_bank(THRESHOLDS), panes)
    assert [alarm._replace(row=2) for alarm in alone] == [alarm for alarm in together if alarm.row == 2]


@all_banks
@few_examples
@given(seed=seeds, empty_after=st.sets(st.integers(0, N_PANES - 2)))
def test_zero_counts_change_nothing(case: BankCase, seed: int, empty_after: set[int]) -> None:
    panes = draw_panes(seed, N_PANES, N_ROWS)
    plain, with_empty = case.new_bank(THRESHOLDS), case.new_bank(THRESHOLDS)
    for number, pane in enumerate(panes):
        assert case.update(with_empty, 60 * number, pane) == case.update(plain, 60 * number, pane)
        if number in empty_after:
            assert case.update(with_empty, 60 * number + 30, EMPTY) == []
    assert with_empty.snapshot() == plain.snapshot()


@all_banks
def test_a_bank_without_any_decision_stays_without_evidence(case: BankCase) -> None:
    bank = case.new_bank(THRESHOLDS)
    assert case.run(bank, [EMPTY] * 5) == []
    assert bank.log_sr.tolist() == case.new_bank(THRESHOLDS).log_sr.tolist()
    assert bank.onset_s.tolist() == [-1] * N_ROWS


@all_banks
@few_examples
@given(seed=seeds)
def test_a_row_raises_an_alarm_exactly_when_its_statistic_reaches_the_threshold(case: BankCase, seed: int) -> None:
    bank = case.new_bank(THRESHOLDS)
    for number, pane in enumerate(draw_panes(seed, N_PANES, N_ROWS)):
        alarms = case.update(bank, 60 * number, pane)
        statistic = case.statistic(bank)
        assert [alarm.row for alarm in alarms] == np.flatnonzero(statistic >= THRESHOLDS[0]).tolist()
        assert [alarm.log_evidence for alarm in alarms] == [statistic[alarm.row] for alarm in alarms]
        assert all(0 <= alarm.onset_s <= alarm.period_start_s == 60 * number for alarm in alarms)


@all_banks
@few_examples
@given(seed=seeds)
def test_a_higher_threshold_raises_no_earlier_first_alarm(case: BankCase, seed: int) -> None:
    panes = draw_panes(seed, N_PANES, N_ROWS)
    low = case.run(case.new_bank(THRESHOLDS), panes)
    high = case.run(case.new_bank([2 * threshold for threshold in THRESHOLDS]), panes)
    for row in {alarm.row for alarm in high}:
        first = [next(alarm for alarm in alarms if alarm.row == row) for alarms in (low, high)]
        assert first[0].period_start_s <= first[1].period_start_s


@all_banks
@pytest.mark.parametrize("change", ["cut", "longer", "empty", "other format", "other configuration"])
def test_a_damaged_or_foreign_snapshot_is_rejected_and_changes_nothing(case: BankCase, change: str) -> None:
    bank = case.new_bank(THRESHOLDS)
    case.run(bank, draw_panes(1, 10, N_ROWS))
    before = bank.snapshot()
    damaged = {
        "cut": before[:-1],
        "longer": before + b"\0",
        "empty": b"",
        "other format": b"x" + before[1:],
        "other configuration": case.new_bank([5.0] * N_ROWS).snapshot(),
    }[change]
    with pytest.raises(ValueError, match="snapshot"):
        bank.restore(damaged)
    assert bank.snapshot() == before


@all_banks
def test_the_length_of_a_snapshot_depends_on_the_configuration_only(case: BankCase) -> None:
    bank = case.new_bank(THRESHOLDS)
    case.run(bank, draw_panes(1, N_PANES, N_ROWS))
    assert len(bank.snapshot()) == len(case.new_bank(THRESHOLDS).snapshot())


@all_banks
@pytest.mark.parametrize("period_start_s", [60, 0])
def test_a_pane_that_is_not_later_is_rejected_and_changes_nothing(case: BankCase, period_start_s: int) -> None:
    bank = case.new_bank(THRESHOLDS)
    pane = draw_panes(1, 1, N_ROWS)[0]
    case.update(bank, 60, pane)
    before = bank.snapshot()
    with pytest.raises(ValueError, match="later"):
        case.update(bank, period_start_s, pane)
    assert bank.snapshot() == before


@all_banks
@pytest.mark.parametrize("counts", [(6, 5, 1, 2), (-1, 5, 1, 2)])
def test_impossible_counts_are_rejected_and_change_nothing(case: BankCase, counts: tuple[int, ...]) -> None:
    bank = case.new_bank(THRESHOLDS)
    case.update(bank, 0, draw_panes(1, 1, N_ROWS)[0])
    before = bank.snapshot()
    with pytest.raises(ValueError, match="favorable decisions"):
        case.update(bank, 60, np.array([counts] * N_ROWS))
    assert bank.snapshot() == before


@all_banks
@pytest.mark.parametrize("log_threshold", [0.0, -1.0, math.inf, math.nan])
def test_an_invalid_threshold_is_rejected(case: BankCase, log_threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        case.new_bank([log_threshold] * N_ROWS)
