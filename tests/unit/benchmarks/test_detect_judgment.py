"""Who judges the detectors: marks that are just kept, marks that are missed, and dummies that must not pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.detect.delays import DETECTOR, JUDGED_CHANGES, ORACLE, ChangeResult, Delay
from benchmarks.detect.false_alarms import RATIO_DETECTOR, Alarms, NullResult
from benchmarks.detect.judgment import (
    judge_delays,
    judge_fair_streams,
    judge_on_the_limit,
    judge_onsets,
    judge_recoveries,
)
from benchmarks.detect.recovery import RecoveryResult

N_RUNS = 200


def null_result(
    *, n_with_any: int, n_near: int = 0, is_boundary: bool = True, name: str = RATIO_DETECTOR
) -> NullResult:
    return NullResult(
        stream="boundary" if is_boundary else "fair",
        seed=1,
        is_fair=not is_boundary,
        is_judged_boundary=is_boundary,
        n_decisions=1_000_000,
        c=1e8,
        alarms={name: Alarms(N_RUNS, n_with_any, 0.0)},
        n_runs_near={RATIO_DETECTOR: n_near},
    )


def change_result(delay_n: float, *, onset_error: float = 0.0, n_before: int = 0) -> ChangeResult:
    return ChangeResult(
        change=JUDGED_CHANGES[0],
        stream="change",
        seed=1,
        is_judged=True,
        n_runs=N_RUNS,
        n_observed=20_000,
        bound=1000.0,
        delays={
            ORACLE: Delay(np.full(N_RUNS, 1000.0), 0),
            DETECTOR: Delay(np.full(N_RUNS, delay_n), n_before),
        },
        onset_errors=np.full(N_RUNS, onset_error),
    )


@pytest.mark.parametrize(("n_with_any", "n_near", "reached"), [(6, 34, 2), (7, 34, 1), (6, 35, 1), (7, 35, 0)])
def test_six_alarms_and_34_close_calls_are_the_most_that_200_runs_on_the_limit_may_show(
    n_with_any: int, n_near: int, reached: int
) -> None:
    verdicts = judge_on_the_limit([null_result(n_with_any=n_with_any, n_near=n_near)], RATIO_DETECTOR)

    assert sum(verdict.is_reached for verdict in verdicts) == reached


@pytest.mark.parametrize(("n_with_any", "is_reached"), [(0, True), (1, False)])
def test_one_alarm_on_a_fair_stream_is_one_too_many(n_with_any: int, *, is_reached: bool) -> None:
    result = null_result(n_with_any=n_with_any, is_boundary=False)

    assert judge_fair_streams([result], RATIO_DETECTOR).is_reached is is_reached


def test_a_method_without_a_statistic_is_judged_by_its_alarms() -> None:
    verdicts = judge_on_the_limit([null_result(n_with_any=N_RUNS, name="always")], "always")

    assert [verdict.is_reached for verdict in verdicts] == [False, False]


@pytest.mark.parametrize("is_quick", [False, True])
@pytest.mark.parametrize(
    ("delay_n", "n_before", "reached"),
    [
        (1300.0, 0, [True, True, True, True, True]),
        (1301.0, 0, [True, False, True, True, True]),
        (1351.0, 0, [False, False, True, True, True]),
        (2501.0, 0, [False, False, False, True, True]),
        (np.inf, 0, [False, False, False, False, True]),
        (100.0, N_RUNS, [True, True, True, True, False]),
    ],
)
def test_delays_are_judged_by_oracle_bound_misses_and_alarms_before_the_change(
    delay_n: float, n_before: int, reached: list[bool], *, is_quick: bool
) -> None:
    verdicts = judge_delays([change_result(delay_n, n_before=n_before)], DETECTOR, is_quick=is_quick)

    assert [verdict.is_reached for verdict in verdicts] == reached


def test_the_quick_form_lets_chance_put_a_few_more_than_half_beyond_the_median() -> None:
    slow = change_result(1000.0)
    slow.delays[DETECTOR].after[:105] = 1400.0  # 52 %: nothing unusual where half is true

    _, full, *_ = judge_delays([slow], DETECTOR, is_quick=False)
    _, quick, *_ = judge_delays([slow], DETECTOR, is_quick=True)

    assert (full.is_reached, quick.is_reached) == (False, True)
    assert "beyond: change" in full.measured


@pytest.mark.parametrize("error_share", [-0.2, 0.2])
def test_an_onset_that_is_much_too_early_or_too_late_is_missed(error_share: float) -> None:
    far, near = (change_result(1000.0, onset_error=share * 1000) for share in (error_share, error_share / 2))

    assert not judge_onsets([far], is_quick=False).is_reached
    assert judge_onsets([near], is_quick=False).is_reached


def test_a_late_recovery_and_a_false_one_are_missed() -> None:
    good = RecoveryResult("back", 1, 0.1, N_RUNS, N_RUNS, 0, np.full(N_RUNS, 2000.0))

    def judged(result: RecoveryResult) -> list[bool]:
        return [verdict.is_reached for verdict in judge_recoveries([result], is_quick=False)]

    assert judged(good) == [True, True]
    assert judged(replace(good, after=np.full(N_RUNS, 3100.0))) == [False, True]
    assert judged(replace(good, n_false=1)) == [True, False]
