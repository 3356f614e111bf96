"""The streams keep what their names say, the rivals alarm where their formulas do, the yardsticks fit known values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportions_ztest

from benchmarks.detect.methods.detector import FOUR_FIFTHS, GAP
from benchmarks.detect.methods.oracle import new_oracle
from benchmarks.detect.methods.rivals import RULES
from benchmarks.detect.streams import NULLS, PANE_N, Stream, between, is_fair
from stream_app.offline.planning.violation import Violation, delay_bound


@pytest.mark.parametrize("stream", NULLS, ids=lambda stream: stream.name)
def test_no_null_stream_violates_four_fifths_or_the_gap_at_any_moment(stream: Stream) -> None:
    p_a, p_b, q = np.broadcast_arrays(*stream.shape(1000, 3, np.random.default_rng(1)))

    assert (p_a >= 0.8 * p_b - 1e-12).all()
    assert (p_a >= p_b - 0.2 - 1e-12).all()
    assert ((p_a > 0) & (p_b < 1) & (q > 0) & (q < 1)).all()
    assert is_fair(stream) == bool(np.allclose(p_a, p_b))


def test_a_stream_is_reproduced_from_its_name_alone() -> None:
    first, again, other = (Stream(name, between(0.7, 0.5, 0.1, 50)).draw(100, 40) for name in ("one", "one", "another"))

    assert (first == again).all()
    assert (first != other).any()
    assert (first[..., 1] + first[..., 3] == PANE_N).all()
    k_a, n_a = first[50:, :, 0].sum(), first[50:, :, 1].sum()
    assert k_a / n_a == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / n_a))  # fails by chance in 1 of 15,000 seeds


def test_a_window_of_500_alarms_in_its_last_pane_when_its_ratio_is_below_four_fifths() -> None:
    counts = np.tile([[[7, 10, 63, 90]]], (10, 1, 1))
    counts[7, 0] = [0, 10, 90, 90]

    low = RULES["DIR < .8"](counts)

    assert np.flatnonzero(low[:, 0]).tolist() == [9]  # 28/50 against 342/450: 0.737; before it 35/50: 1


@pytest.mark.parametrize("cell", [(60, 100, 300, 400), (160, 250, 190, 250), (0, 20, 5, 480), (20, 20, 480, 480)])
def test_the_z_test_of_equality_agrees_with_statsmodels(cell: tuple[int, int, int, int]) -> None:
    k_a, n_a, k_b, n_b = cell
    counts = np.zeros((5, 1, 4), dtype=np.int64)
    counts[0, 0] = cell
    has_outcomes = 0 < k_a + k_b < n_a + n_b
    expected = has_outcomes and proportions_ztest([k_a, k_b], [n_a, n_b])[1] <= 0.05

    assert RULES["z equal 5 %"](counts)[-1, 0] == expected


def test_windows_without_decisions_of_a_group_or_without_any_approval_raise_no_alarm() -> None:
    for cell in ([0, 0, 100, 500], [100, 500, 0, 0], [0, 250, 0, 250]):
        counts = np.zeros((5, 1, 4), dtype=np.int64)
        counts[0, 0] = cell

        assert not any(rule(counts).any() for name, rule in RULES.items() if name != "always"), cell


@pytest.mark.parametrize(
    ("violation", "bound"),
    [
        (Violation(FOUR_FIFTHS, 0.5, 0.7, 0.5), 4895),
        (Violation(FOUR_FIFTHS, 0.5, 0.7, 0.1), 14827),
        (Violation(FOUR_FIFTHS, 0.01, 0.05, 0.1), 7010),
        (Violation(GAP, 0.45, 0.7, 0.5), 8039),
    ],
)
def test_the_bound_needs_fewer_decisions_the_worse_the_violation_and_the_larger_the_group(
    violation: Violation, bound: int
) -> None:
    assert delay_bound(1e8, violation.divergence()) == pytest.approx(bound, abs=1)


def test_the_nearest_fair_rates_are_on_the_limit_and_no_others_on_it_are_nearer() -> None:
    violation = Violation(FOUR_FIFTHS, 0.5, 0.7, 0.1)
    x, u = violation.nearest_fair_rates()

    def divergence(rate_b: float) -> float:
        pairs = ((0.1, 0.5, 0.8 * rate_b), (0.9, 0.7, rate_b))
        return sum(w * (p * math.log(p / r) + (1 - p) * math.log((1 - p) / (1 - r))) for w, p, r in pairs)

    assert x == pytest.approx(0.8 * u)
    assert violation.divergence() == pytest.approx(divergence(u))
    assert min(divergence(u - 1e-3), divergence(u + 1e-3)) > divergence(u)


def test_the_oracle_raises_few_false_alarms_and_soon_detects_its_violation() -> None:
    violation = Violation(FOUR_FIFTHS, 0.3, 0.7, 0.5)
    oracle = new_oracle(violation, n_panes=500, n_runs=50)
    x, u = violation.nearest_fair_rates()

    on_the_limit = oracle.alarms(Stream("oracle, fair", between(u, x, 0.5, 0)).draw(1000, 50))
    broken = oracle.alarms(Stream("oracle, broken", between(0.7, 0.3, 0.5, 0)).draw(50, 50))

    assert on_the_limit.any(axis=0).sum() <= 2  # 0.05 expected; 3 or more in 1 of 50,000 seeds
    assert broken.any(axis=0).all()
