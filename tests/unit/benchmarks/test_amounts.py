"""The test of mean amounts on simulated streams, in short; ``python -m benchmarks amounts`` is the long form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.amounts.command import judge_delays, judge_false_alarms
from benchmarks.amounts.delays import CHANGES, Change, DelayResult, delays_after
from benchmarks.amounts.false_alarms import NullResult, false_alarms
from benchmarks.amounts.oracle import new_oracle
from benchmarks.amounts.ratios import RATIO_CHANGES, RATIO_NULLS
from benchmarks.amounts.streams import NULLS, AmountStream


@pytest.mark.parametrize("stream", [*NULLS, *RATIO_NULLS], ids=lambda stream: stream.name)
def test_alarms_are_rare_where_the_rule_is_kept(stream: AmountStream) -> None:
    # 10,000 decisions with a threshold of 100,000: a tenth of the 16 tests at most, so more than 7 are not chance.
    result = false_alarms(stream, n_panes=100, n_runs=8, log_c=math.log(1e5))

    assert result.n_with_any <= binom.isf(1e-4, result.n_tests, result.permitted)
    assert result.n_near <= result.n_tests


@pytest.mark.parametrize("change", [CHANGES[2], CHANGES[4], RATIO_CHANGES[0]], ids=lambda change: change.name)
def test_a_change_is_detected_hardly_later_than_by_the_oracle(change: Change) -> None:
    result = delays_after(change, n_runs=16, n_calm_panes=30, n_oracle_panes=300, n_oracle_runs=30)

    assert np.isfinite(result.test).all()
    assert result.n_before == 0
    assert np.median(result.test) <= 1.6 * np.median(result.oracle)


def test_the_oracle_of_two_amounts_is_the_likelihood_ratio_of_rates() -> None:
    change = CHANGES[6]
    oracle = new_oracle(change.name, change.a, change.b, 0.0, 0.1, n_panes=200, n_runs=20)
    rate = 0.1 * 0.4 + 0.9 * 0.5  # the nearest equal rates
    of_a = 0.4 * math.log(0.4 / rate) + 0.6 * math.log(0.6 / (1 - rate))
    of_b = 0.5 * math.log(0.5 / rate) + 0.5 * math.log(0.5 / (1 - rate))

    assert oracle.growth == pytest.approx(0.1 * of_a + 0.9 * of_b, rel=0.05)


def test_a_test_that_alarms_always_misses_every_number() -> None:
    null = NullResult("any", 1, 50, 1e6, 1e8, 100, 100, 100, 0.0)
    late = DelayResult("any", 1, 1_000.0, np.full(9, 1_000.0), np.full(9, 2_000.0), 0)

    assert not any(verdict.is_reached for verdict in [*judge_false_alarms([null]), *judge_delays([late])])
