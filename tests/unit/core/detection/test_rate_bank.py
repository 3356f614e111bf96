"""Rates against known bounds: calibration and score drift."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.detection.betting.sub_bernoulli import above, below
from stream_app.core.detection.rate_bank import RateAlarm, RateBank
from stream_app.core.detection.score_drift import population_stability_index

LOG_C = math.log(1e6)


def fed(bank: RateBank, at: int, k: int, n: int, low: float, high: float) -> list[RateAlarm]:
    return bank.update(at, np.array([k]), np.array([n]), np.array([low]), np.array([high]))


def outcome_chances(rates: list[float]) -> NDArray[np.float64]:
    """Return the chance of each number of successes of trials whose rates differ."""
    chances = np.array([1.0])
    for rate in rates:
        chances = np.convolve(chances, [1 - rate, rate])
    return chances


@pytest.mark.parametrize(("k", "is_above"), [(70, True), (30, False)])
def test_a_rate_outside_its_bounds_is_detected_with_direction_and_onset(k: int, *, is_above: bool) -> None:
    bank = RateBank([LOG_C])
    quiet = [alarm for at in range(20) for alarm in fed(bank, at, 50, 100, 0.45, 0.55)]
    alarms = [alarm for at in range(20, 60) for alarm in fed(bank, at, k, 100, 0.45, 0.55)]
    assert quiet == []
    assert alarms[0].is_above is is_above
    assert alarms[0].onset_s == 20
    assert alarms[0].log_evidence >= LOG_C


def test_after_an_alarm_the_test_restarts() -> None:
    bank = RateBank([LOG_C])
    alarm = next(alarm for at in range(60) for alarm in fed(bank, at, 90, 100, 0.4, 0.5))
    assert bank.log_sr.item() == alarm.log_evidence
    assert bank.log_eproc.item() == 0.0
    fed(bank, 100, 0, 0, 0.0, 1.0)
    assert bank.log_sr.item() == -1e300
    assert bank.onset_s.item() == -1


def test_panes_without_decisions_change_nothing() -> None:
    bank = RateBank([LOG_C])
    fed(bank, 0, 3, 10, 0.2, 0.3)
    before = (bank.log_sr.tolist(), bank.log_eproc.tolist(), bank.onset_s.tolist())
    fed(bank, 60, 0, 0, math.nan, math.nan)
    assert (bank.log_sr.tolist(), bank.log_eproc.tolist(), bank.onset_s.tolist()) == before


def test_scores_that_mean_what_they_say_give_evidence_with_mean_one_at_most() -> None:
    rng = np.random.default_rng(11)
    for _ in range(300):
        scores = rng.uniform(0, 1, rng.integers(1, 30)).tolist()
        n, mean = len(scores), math.fsum(scores) / len(scores)
        k = np.arange(n + 1)
        chances = outcome_chances(scores)
        assert chances @ (np.exp(above(k, n, mean)) + np.exp(below(k, n, mean))) <= 2 + 1e-9
        bank = RateBank([LOG_C] * (n + 1))
        bounds = np.full(n + 1, mean)
        bank.update(0, k, np.full(n + 1, n), bounds, bounds)
        assert chances @ np.exp(bank.log_eproc) <= 1 + 1e-9


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.2), (0.5, 0.5), (0.0, 0.01), (0.97, 1.0)])
def test_after_two_blocks_within_bounds_the_mean_statistic_is_the_number_of_decisions_at_most(
    low: float, high: float
) -> None:
    n, m = 9, 14
    k_unmatched, k_late = (grid.ravel() for grid in np.meshgrid(np.arange(n + 1), np.arange(m + 1), indexing="ij"))
    never = [1e6] * k_unmatched.size
    bank, bounds = RateBank(never), (np.full(k_unmatched.size, low), np.full(k_unmatched.size, high))
    bank.update(0, k_unmatched, np.full(k_unmatched.size, n), *bounds)
    bank.update(1, k_late, np.full(k_unmatched.size, m), *bounds)
    for early in np.linspace(low, high, 5):
        for late in np.linspace(low, high, 5):
            chances = np.outer(outcome_chances([early] * n), outcome_chances([late] * m)).ravel()
            assert chances @ np.exp(bank.log_sr) <= (n + m) * (1 + 1e-9)


def test_evidence_stays_finite_at_bounds_of_0_and_1() -> None:
    bank = RateBank([LOG_C])
    for at, (k, n) in enumerate([(1000, 1000), (0, 1000), (500, 1000)]):
        fed(bank, at, k, n, 0.0, 1.0)
        assert np.isfinite([bank.log_sr, bank.log_eproc]).all()


def test_a_bank_restored_at_every_pane_goes_on_bit_for_bit() -> None:
    rng = np.random.default_rng(12)
    bank, low, high = RateBank([5.0] * 4), np.full(4, 0.3), np.full(4, 0.4)
    n_alarms = 0
    for at in range(80):
        follower = RateBank([5.0] * 4)
        follower.restore(bank.snapshot())
        n = rng.poisson(20, 4)
        k = rng.binomial(n, 0.35 if at < 40 else 0.6)
        alarms = bank.update(at, k, n, low, high)
        assert follower.update(at, k, n, low, high) == alarms
        assert follower.snapshot() == bank.snapshot()
        n_alarms += len(alarms)
    assert n_alarms >= 4


def test_a_snapshot_of_other_thresholds_is_rejected() -> None:
    with pytest.raises(ValueError, match="another configuration"):
        RateBank([5.0]).restore(RateBank([6.0]).snapshot())


@pytest.mark.parametrize("log_threshold", [0.0, math.inf, math.nan])
def test_a_threshold_that_makes_no_sense_is_rejected(log_threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        RateBank([log_threshold])


@pytest.mark.parametrize(
    ("at", "k", "n", "low", "high"),
    [(1, 6, 5, 0.1, 0.2), (1, -1, 5, 0.1, 0.2), (1, 2, 5, 0.3, 0.2), (1, 2, 5, -0.1, 0.2), (0, 2, 5, 0.1, 0.2)],
)
def test_a_pane_that_cannot_be_is_rejected(at: int, k: int, n: int, low: float, high: float) -> None:
    bank = RateBank([LOG_C])
    fed(bank, 0, 1, 5, 0.1, 0.2)
    before = bank.snapshot()
    with pytest.raises(ValueError, match=r"between|needed|later"):
        fed(bank, at, k, n, low, high)
    assert bank.snapshot() == before


def test_a_pane_of_another_shape_is_rejected() -> None:
    with pytest.raises(ValueError, match="shape"):
        fed(RateBank([LOG_C] * 2), 0, 1, 5, 0.1, 0.2)


def test_stability_is_zero_for_equal_shares_and_symmetric() -> None:
    assert population_stability_index([10, 20, 30], [10, 20, 30]) == 0
    one, other = [5, 80, 15], [40, 40, 20]
    assert population_stability_index(one, other) == pytest.approx(population_stability_index(other, one))


def test_an_empty_bin_counts_by_its_evidence() -> None:
    few, many = population_stability_index([1, 9], [0, 10]), population_stability_index([100, 900], [0, 1000])
    assert few is not None
    assert many is not None
    assert 0 < few < many < 1


def test_stability_of_nothing_is_none() -> None:
    assert population_stability_index([0, 0], [1, 2]) is None


def test_stability_of_negative_counts_is_rejected() -> None:
    with pytest.raises(ValueError, match=">= 0"):
        population_stability_index([1, -1], [1, 2])
