"""Who judges the detectors: marks that are just kept, marks that are missed, and dummies that must not pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.detect.delays import DETECTOR, JUDGED_CHANGES, ORACLE, ChangeResult, Delay
from benchmarks.detect.false_alarms import RATIO_DETECTOR, Alarms, NullResult
from benchmarks.detect.feeds import FEEDS, Feed, FeedResult
from benchmarks.detect.judgment import (
    judge_delays,
    judge_fair_streams,
    judge_feeds,
    judge_intervals,
    judge_on_the_limit,
    judge_onsets,
    judge_pairs,
    judge_recoveries,
    judge_unknowns,
)
from benchmarks.detect.onsets import OnsetResult
from benchmarks.detect.pairs import PairsResult
from benchmarks.detect.recovery import RecoveryResult
from benchmarks.detect.unknowns import HiddenResult

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


def feed_result(n_with_any: int, n_added_up: int) -> FeedResult:
    return FeedResult("batches", 1, 100, 1e6, n_with_any, n_added_up, permitted=0.01)


@pytest.mark.parametrize(("n_with_any", "n_added_up", "reached"), [(0, 90, 2), (5, 90, 2), (6, 90, 1), (0, 5, 1)])
def test_feeds_stay_within_their_bound_and_gathered_decisions_do_not(
    n_with_any: int, n_added_up: int, reached: int
) -> None:
    assert sum(verdict.is_reached for verdict in judge_feeds([feed_result(n_with_any, n_added_up)])) == reached


@pytest.mark.parametrize(("n_worst_case", "n_excluded", "reached"), [(8, 200, 2), (9, 200, 1), (8, 8, 1), (9, 8, 0)])
def test_hidden_groups_stay_within_the_bound_at_their_worst_and_not_left_out(
    n_worst_case: int, n_excluded: int, reached: int
) -> None:
    hidden = HiddenResult("q 0.5, 10% hidden", 1, N_RUNS, 0.66, n_excluded, n_worst_case, permitted=0.01)
    assert sum(verdict.is_reached for verdict in judge_unknowns([hidden])) == reached


def onset_result(n_covered: int, error: float) -> OnsetResult:
    errors = np.full(N_RUNS, error)
    return OnsetResult("change", 1, errors, np.full(N_RUNS, 5.0), np.full(N_RUNS, 3.0), n_covered)


@pytest.mark.parametrize(("n_covered", "error", "reached"), [(195, 1, 2), (194, 1, 1), (200, 5, 1), (194, 6, 0)])
def test_intervals_cover_975_of_1000_onsets_and_the_search_beats_the_test(
    n_covered: int, error: float, reached: int
) -> None:
    assert sum(v.is_reached for v in judge_intervals([onset_result(n_covered, error)], is_quick=False)) == reached


def pairs_result(method: str, delay_n: float, *, false_per_million: float = 1.0) -> PairsResult:
    return PairsResult(method, 2, np.full((2, 3), delay_n), false_per_million, bound=2.0)


@pytest.mark.parametrize(
    ("delays", "false", "reached"), [((95, 92, 85), 2, 4), ((96, 93, 86), 2, 1), ((95, 92, 85), 3, 3)]
)
def test_each_step_must_be_worth_its_share_and_keep_its_promise(
    delays: tuple[float, ...], false: float, reached: int
) -> None:
    names = ("decisions of the model", "per_million", "fdr")
    power = [pairs_result("version 0.2", 100), *map(pairs_result, names, delays)]
    promises = [pairs_result("fdr", 100, false_per_million=false)]
    assert sum(verdict.is_reached for verdict in judge_pairs(power, promises, is_quick=False)) == reached


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_a_feed_keeps_the_rule_in_every_period_and_breaks_it_over_time(feed: Feed) -> None:
    counts = feed.draw(np.random.default_rng(3), (4000, 5)).reshape(-1, 4)
    k_a, n_a, k_b, n_b = counts.T.astype(np.float64)
    both = (n_a > 0) & (n_b > 0)
    n = n_a + n_b
    by_period = (k_a * n_b / n)[both].sum() / max((k_b * n_a / n)[both].sum(), 1)
    over_time = (k_a.sum() / n_a.sum()) / (k_b.sum() / n_b.sum())
    limit = float(feed.name.split("DIR ")[1])
    assert over_time < limit - 0.1
    assert not both.any() or by_period == pytest.approx(limit, abs=0.03)
