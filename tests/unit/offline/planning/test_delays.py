"""The simulator of delays: against the bound and the benchmark's way, its stream, its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.offline.planning.delays import Period, Traffic, draw_periods, find_delays, quantile, simulate_delays
from stream_app.offline.planning.violation import Violation, delay_bound

FOUR_FIFTHS = RateRule(RuleKind.RATIO, 0.8)
VIOLATION = Violation(FOUR_FIFTHS, 0.42, 0.7, 0.1)
LOG_C = math.log(1e8)


def test_delays_are_near_what_any_method_needs_and_grow_with_the_threshold() -> None:
    logs = [math.log(1e4), math.log(1e6), LOG_C]
    delays = simulate_delays(VIOLATION, Traffic(100, 0.1, 0.9), logs, n_runs=100, max_n=100_000, seed=1)
    medians = [quantile(row, 0.5) for row in delays.decisions]
    assert medians == sorted(medians)
    for log_c, median in zip(logs, medians, strict=True):
        assert 0.9 * delay_bound(math.exp(log_c), VIOLATION.divergence()) < median
    assert medians[-1] < 1.35 * delay_bound(1e8, VIOLATION.divergence())
    assert delays.n_runs_before == 0


def test_one_pass_serves_all_thresholds_as_a_pass_for_each_would() -> None:
    traffic, logs = Traffic(50, 0.2, 0.8), [math.log(1e3), math.log(1e5), math.log(1e7)]
    together = simulate_delays(VIOLATION, traffic, logs, n_runs=20, max_n=50_000, seed=3)
    for place, log_c in enumerate(logs):
        alone = simulate_delays(VIOLATION, traffic, [log_c], n_runs=20, max_n=50_000, seed=3)
        # A detector that was restarted by a false alarm before the violation may differ from one that was not.
        assert (together.decisions[place] == alone.decisions[0]).sum() >= 18


def test_it_is_the_detector_itself_that_raises_the_alarm() -> None:
    periods = list(draw_periods(VIOLATION, Traffic(80, 0.3, 0.6), n_runs=1, n_calm=20, max_n=20_000, seed=5))
    found = find_delays(FOUR_FIFTHS, periods, [LOG_C], n_runs=1, n_calm=20)
    bank, n_seen = DetectorBank([FOUR_FIFTHS], [LOG_C]), 0
    for number, period in enumerate(periods):
        n_seen += period.n_model if number >= 20 else 0
        if bank.update(number, period.counts[:, np.newaxis, :], period.n_model):
            break
    assert found.decisions.tolist() == [[n_seen]]


def test_the_stream_has_the_rates_the_shares_and_the_empty_periods_that_were_asked_for() -> None:
    periods = list(draw_periods(VIOLATION, Traffic(0.5, 0.3, 0.5), n_runs=50, n_calm=100, max_n=2_000, seed=2))
    later = np.sum([period.counts for period in periods[100:]], axis=(0, 1))
    n_model = 50 * sum(period.n_model for period in periods[100:])
    assert later[1] / n_model == pytest.approx(0.3, abs=0.01)
    assert later[3] / n_model == pytest.approx(0.5, abs=0.01)
    assert later[0] / later[1] == pytest.approx(0.42, abs=0.01)
    assert later[2] / later[3] == pytest.approx(0.7, abs=0.01)
    n_empty = sum(period.n_before for period in periods)
    assert n_empty / (n_empty + len(periods)) == pytest.approx(math.exp(-0.5), abs=0.03)


def test_a_run_that_ends_without_an_alarm_has_no_delay() -> None:
    fair = Violation(FOUR_FIFTHS, 0.7, 0.7, 0.5)
    delays = simulate_delays(fair, Traffic(100, 0.5, 0.5), [LOG_C], n_runs=10, max_n=2_000, seed=1)
    assert np.isinf(delays.decisions).all()
    assert delays.n_observed >= 2_000


def test_nothing_is_detected_in_no_periods_at_all() -> None:
    delays = find_delays(FOUR_FIFTHS, [], [LOG_C], n_runs=3, n_calm=0)
    assert np.isinf(delays.decisions).all()
    assert (delays.n_observed, delays.n_runs_before) == (0, 0)


def test_an_alarm_before_the_violation_is_counted_apart() -> None:
    bad = Period(np.array([[0, 200, 180, 200]]), 400, 0)
    delays = find_delays(FOUR_FIFTHS, [bad] * 10, [math.log(10)], n_runs=1, n_calm=5)
    assert delays.n_runs_before == 1
