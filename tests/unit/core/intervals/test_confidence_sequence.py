"""Confidence sequences against reference values, brute force, their edges, and the promise they make."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from stream_app.core.detection.betting.sub_bernoulli import above, below
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
from stream_app.core.intervals.intervals import Interval, koopman, newcombe, wilson
from tests.support.count_tables import EDGE_TABLES, INTERIOR_TABLES
from tests.support.paths import ROOT

GOLDEN: list[dict[str, Any]] = json.loads((ROOT / "tests/data/interval_golden.json").read_text())
TABLES = np.array([*EDGE_TABLES, *INTERIOR_TABLES])


def ends(interval: Interval | list[float | None]) -> list[float]:
    lower, upper = interval[:2]
    assert lower is not None
    return [lower, math.inf if upper is None else upper]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: str(golden["table"]))
def test_sequences_equal_the_reference_values(golden: dict[str, Any]) -> None:
    k_a, n_a, k_b, n_b = golden["table"]
    assert ends(rate_sequence(k_a, n_a)) == pytest.approx(ends(golden["rate_cs_a"]), abs=1e-6)
    assert ends(rate_sequence(k_b, n_b)) == pytest.approx(ends(golden["rate_cs_b"]), abs=1e-6)
    assert ends(gap_sequence(k_a, n_a, k_b, n_b)) == pytest.approx(ends(golden["spd_cs"]), abs=1e-6)
    assert ends(ratio_sequence(k_a, n_a, k_b, n_b)) == pytest.approx(ends(golden["dir_cs"]), abs=1e-6)


def test_the_gap_of_true_positive_rates_equals_the_reference_value() -> None:
    assert ends(gap_sequence(127, 144, 1496, 1577)) == pytest.approx([-0.188905, 0.015185], abs=1e-6)


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
        values = below(k_a, n_a, np.clip(ratio * u + gap, 0, 1)) + above(k_b, n_b, u)
        best = int(np.argmin(values))
        low, high = u[max(best - 1, 0)], u[min(best + 1, 100)]
    return float(values[best])


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
    n = np.arange(1, 2001)
    k = (draw.random((200, n.size)) < 0.3).cumsum(axis=1)
    limit = math.log(2 / 0.05)
    is_missed = ((above(k, n, 0.3) >= limit) | (below(k, n, 0.3) >= limit)).any(axis=1)
    assert is_missed.sum() <= 24
    lower, upper = rate_sequence_many(k[:3, ::50], n[::50])
    expected = (above(k[:3, ::50], n[::50], 0.3) < limit) & (below(k[:3, ::50], n[::50], 0.3) < limit)
    assert (((lower < 0.3) & (upper > 0.3)) == expected).all()
