"""Confidence sequences against reference values, brute force, their edges, and the promise they make."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from stream_app.core.arrays import Floats
from stream_app.core.groups.comparison import Reason
from stream_app.core.intervals.confidence_sequence import (
    evidence_gap_below,
    evidence_ratio_below,
    gap_sequence,
    gap_sequence_many,
    rate_sequence,
    rate_sequence_many,
    ratio_sequence,
    ratio_sequence_many,
)
from stream_app.core.intervals.interval_ends import koopman_many, newcombe_many, wilson_many
from stream_app.core.intervals.intervals import Interval, koopman, newcombe, wilson
from stream_app.core.intervals.mixture import ONE_RATE, TWO_RATES, Mixture
from tests.support.count_tables import EDGE_TABLES, INTERIOR_TABLES
from tests.support.interval_ends import ends
from tests.support.paths import ROOT

GOLDEN: list[dict[str, Any]] = json.loads((ROOT / "tests/data/interval_golden.json").read_text())
TABLES = np.array([*EDGE_TABLES, *INTERIOR_TABLES])


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: str(golden["table"]))
def test_sequences_equal_the_reference_values(golden: dict[str, Any]) -> None:
    k_a, n_a, k_b, n_b = golden["table"]
    assert ends(rate_sequence(k_a, n_a)) == pytest.approx(ends(golden["rate_cs_a"]), abs=1e-6)
    assert ends(rate_sequence(k_b, n_b)) == pytest.approx(ends(golden["rate_cs_b"]), abs=1e-6)
    # The reference values of gap and ratio are those without the bet 0, which keeps sequences of large counts short.
    for sequence, former in (
        (gap_sequence(k_a, n_a, k_b, n_b), golden["spd_cs"]),
        (ratio_sequence(k_a, n_a, k_b, n_b), golden["dir_cs"]),
    ):
        (lower, upper), (former_lower, former_upper) = ends(sequence), ends(former)
        assert lower <= former_lower + 1e-6
        assert upper >= former_upper - 1e-6
        if min(n_a, n_b) >= 100:
            assert upper - lower <= 1.01 * (former_upper - former_lower)


@pytest.mark.parametrize(
    ("table", "gap", "ratio"),
    [
        ((133, 197, 1527, 1681), (-0.366749, -0.112857), (0.599359, 0.874240)),
        ((85, 111, 1527, 1681), (-0.311914, -0.011762), (0.658843, 0.986865)),
    ],
)
def test_gap_and_ratio_equal_an_independent_inversion(
    table: tuple[int, int, int, int], gap: tuple[float, float], ratio: tuple[float, float]
) -> None:
    limit = math.log(2 / 0.05)
    k_a, n_a, k_b, n_b = table
    swapped, step = (k_b, n_b, k_a, n_a), 2e-5
    for pair, gap_end, ratio_end in ((table, gap[1], ratio[1]), (swapped, -gap[0], 1 / ratio[0])):
        assert least_along_line(pair, 1, gap_end - step) < limit < least_along_line(pair, 1, gap_end + step)
        assert least_along_line(pair, ratio_end - step, 0) < limit < least_along_line(pair, ratio_end + step, 0)
    assert ends(gap_sequence(*table)) == pytest.approx(gap, abs=1e-6)
    assert ends(ratio_sequence(*table)) == pytest.approx(ratio, abs=1e-6)


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.7, 0.9])
def test_sequences_shrink_with_the_counts_at_any_size(rate: float) -> None:
    """Once a sequence stopped shrinking at 1e6 decisions (gap, ratio) or 1e8 (rate): up to 170 times the interval."""
    n_a = np.array([1e3, 1e4, 1e6, 1e7, 1e8, 1e9, 1e9, 1e10, 1e12])
    n_b = np.array([9e3, 9e4, 9e6, 9e7, 9e8, 9e9, 1e6, 1e10, 1e12])
    pair = (np.round(rate * n_a), n_a, np.round(rate * n_b), n_b)
    for sequence, interval in (
        (gap_sequence_many(*pair), newcombe_many(*pair)),
        (ratio_sequence_many(*pair), koopman_many(*pair)),
        (rate_sequence_many(*pair[:2]), wilson_many(*pair[:2])),
    ):
        assert ((sequence[1] - sequence[0]) / (interval[1] - interval[0]) < 4).all()
    gap = gap_sequence_many(*pair)
    times_interval = (gap[1] - gap[0]) / (newcombe_many(*pair)[1] - newcombe_many(*pair)[0])
    assert (times_interval[2:5] < (2.13, 2.44, 2.6)).all()
    assert times_interval[6] < 2.29


def test_two_groups_together_are_narrower_than_the_difference_of_two_sequences() -> None:
    for factor in (1, 9, 30):
        n_a = np.array([100.0, 1e4, 1e6, 1e8, 1e10])
        pair = (np.round(0.7 * n_a), n_a, np.round(0.7 * n_a * factor), n_a * factor)
        joint = np.subtract(*reversed(gap_sequence_many(*pair)))
        apart = sum(np.subtract(*reversed(rate_sequence_many(*counts, alpha=0.025))) for counts in (pair[:2], pair[2:]))
        assert (joint < apart).all()


def test_the_gap_of_true_positive_rates_equals_the_reference_value() -> None:
    assert ends(gap_sequence(127, 144, 1496, 1577)) == pytest.approx([-0.189442, 0.015710], abs=1e-6)


@pytest.mark.parametrize("table", [*EDGE_TABLES, *INTERIOR_TABLES[:60]], ids=str)
def test_evidence_is_the_least_along_the_line(table: tuple[int, int, int, int]) -> None:
    for gap in (-0.9, -0.2, 0.0, 0.5):
        assert float(evidence_gap_below(*table, gap)) == pytest.approx(least_along_line(table, 1.0, gap), abs=1e-9)
    for ratio in (0.01, 0.8, 1.25, 30.0):
        assert float(evidence_ratio_below(*table, ratio)) == pytest.approx(least_along_line(table, ratio, 0), abs=1e-9)


def least_along_line(table: tuple[int, int, int, int], ratio: float, gap: float) -> float:
    """Return the least evidence against any ``p_a = ratio * p_b + gap``, from a grid that is refined."""
    k_a, n_a, k_b, n_b = table
    low, high = max(0.0, -gap), min(1.0, (1 - gap) / ratio)
    for _ in range(9):
        u = np.linspace(low, high, 101)
        values = _evidence_above(n_a - k_a, n_a, 1 - np.clip(ratio * u + gap, 0, 1)) + _evidence_above(k_b, n_b, u)
        best = int(np.argmin(values))
        low, high = u[max(best - 1, 0)], u[min(best + 1, 100)]
    return float(values[best])


def _evidence_above(k: int, n: int, rate: Floats) -> Floats:
    """Return the log of the mixture, bet by bet: 14 main bets, 5 small ones together worth 0.05 of one, and 0."""
    bets = [(8 * 2.0**-j, 1.0) for j in range(14)] + [(8 * 2.0**-13 / 4**j, 0.01) for j in range(1, 6)] + [(0.0, 1.0)]
    logs = [math.log(w / 15.05) + bet * k - n * np.log1p(rate * math.expm1(bet)) for bet, w in bets]
    best = np.maximum.reduce(logs)
    evidence: Floats = best + np.log(sum(np.exp(log - best) for log in logs))
    return evidence


def test_many_pairs_have_the_sequences_of_each_pair_alone() -> None:
    gap_ends, ratio_ends = gap_sequence_many(*TABLES.T), ratio_sequence_many(*TABLES.T)
    for place in range(0, len(TABLES), 9):
        table = tuple(int(count) for count in TABLES[place])
        assert [end[place] for end in gap_ends] == pytest.approx(ends(gap_sequence(*table)), abs=1e-9)
        assert [end[place] for end in ratio_ends] == pytest.approx(ends(ratio_sequence(*table)), rel=1e-9)


def test_a_sequence_contains_the_interval_of_one_look() -> None:
    for k_a, n_a, k_b, n_b in [*EDGE_TABLES, *INTERIOR_TABLES[:25]]:
        pair = (k_a, n_a, k_b, n_b)
        for wide, narrow in (
            (rate_sequence(k_a, n_a), wilson(k_a, n_a)),
            (gap_sequence(*pair), newcombe(*pair)),
            (ratio_sequence(*pair), koopman(*pair)),
        ):
            assert ends(wide)[0] <= ends(narrow)[0] + 1e-12
            assert ends(wide)[1] >= ends(narrow)[1] - 1e-12


def test_swapping_the_groups_mirrors_the_gap_and_inverts_the_ratio() -> None:
    k_a, n_a, k_b, n_b = TABLES.T
    (gap_low, gap_high), (mirrored_low, mirrored_high) = (
        gap_sequence_many(*TABLES.T),
        gap_sequence_many(k_b, n_b, k_a, n_a),
    )
    (ratio_low, ratio_high), (_, inverted_high) = (
        ratio_sequence_many(*TABLES.T),
        ratio_sequence_many(k_b, n_b, k_a, n_a),
    )
    assert np.allclose(gap_low, -mirrored_high, atol=1e-12)
    assert np.allclose(gap_high, -mirrored_low, atol=1e-12)
    assert np.allclose(ratio_low, 1 / inverted_high, rtol=1e-9)
    assert (ratio_low <= ratio_high).all()


def test_without_decisions_everything_is_possible() -> None:
    assert rate_sequence(0, 0) == Interval(0.0, 1.0, Reason.NO_DECISIONS)
    assert gap_sequence(0, 0, 5, 10)[2] is Reason.NO_DECISIONS
    assert gap_sequence(5, 10, 0, 0)[2] is Reason.REFERENCE_EMPTY
    assert ratio_sequence(0, 0, 0, 0) == Interval(0.0, None, Reason.NO_DECISIONS)
    assert gap_sequence(0, 0, 0, 0)[:2] == (-1.0, 1.0)


def test_a_ratio_has_no_upper_end_while_a_reference_rate_of_zero_is_not_excluded() -> None:
    assert ratio_sequence(5, 10, 0, 10).reason is Reason.REFERENCE_RATE_ZERO
    assert ratio_sequence(2000, 4000, 1, 5000)[1:] == (None, Reason.REFERENCE_RATE_NEAR_ZERO)


def test_a_smaller_alpha_gives_a_wider_sequence() -> None:
    usual, wide = gap_sequence(30, 50, 35, 50), gap_sequence(30, 50, 35, 50, alpha=0.001)
    assert ends(wide)[0] < ends(usual)[0] < ends(usual)[1] < ends(wide)[1]


def test_looking_after_every_decision_the_true_rate_is_missed_seldom() -> None:
    """200 streams of 2000 decisions, looked at 2000 times each, alpha 0.05.

    The promise is at most 5 %. If the chance of a miss were just that, more than 24 would be missed with p = 0.0003.
    """
    draw = np.random.default_rng(20260101)
    n = np.arange(1.0, 2001.0)
    k = (draw.random((200, n.size)) < 0.3).cumsum(axis=1).astype(float)
    limit = math.log(2 / 0.05)
    is_missed = (
        (ONE_RATE.above(k, n, np.full((1, 1), 0.3)) >= limit) | (ONE_RATE.below(k, n, np.full((1, 1), 0.3)) >= limit)
    ).any(axis=1)
    assert is_missed.sum() <= 24
    lower, upper = rate_sequence_many(k[:3, ::50], n[::50])
    expected = (ONE_RATE.above(k[:3, ::50], n[::50], np.full((1, 1), 0.3)) < limit) & (
        ONE_RATE.below(k[:3, ::50], n[::50], np.full((1, 1), 0.3)) < limit
    )
    assert (((lower < 0.3) & (upper > 0.3)) == expected).all()


@pytest.mark.parametrize("mixture", [ONE_RATE, TWO_RATES], ids=["one rate", "two rates"])
@pytest.mark.parametrize("rate", [0.0, 1e-4, 0.05, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("n", [1, 7, 60])
def test_the_evidence_has_mean_one_at_most_under_the_null(mixture: Mixture, n: int, rate: float) -> None:
    k = np.arange(n + 1.0)
    chance = np.array([math.comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(n + 1)])
    rates, n_each = np.full(n + 1, rate), np.full(n + 1, float(n))
    assert chance @ np.exp(mixture.above(k, n_each, rates)) <= 1 + 1e-12
    assert chance @ np.exp(mixture.below(k, n_each, rates)) <= 1 + 1e-12


def test_lost_bets_never_outweigh_the_bet_that_is_kept_back() -> None:
    n = np.array([1e3, 1e6, 1e9, 1e12])
    assert (TWO_RATES.above(0 * n, n, np.full(4, 0.5)) > math.log(1 / 15.06)).all()
    assert (ONE_RATE.above(0 * n, n, np.full(4, 0.5)) < math.log(1 / 15.06)).any()
