"""The share of cases in which a statement about a gap is made though it is not true, and in which true ones are made.

Each case draws 500 pairs from a truth in which a statement is false (``benchmarks.detect.statements``); it may be made
in 5 % of them. If its chance were just that, more than 43 of 500 would come up with p = 0.0003.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.detect.statements import (
    EXPLAINED_BY_MIX,
    FALSEHOODS,
    LEADER,
    SIMPSON,
    SIZES,
    Falsehood,
    Population,
    draw_features,
    pairs_with_a_feature,
    statements_about,
)
from stream_app.core.cause.certainty import Cell, Weights, claim_z
from stream_app.core.cause.decomposition import decompose
from stream_app.core.cause.features import FeatureMoments, Moments, rank_features

N_PAIRS = 500
MOST_BY_CHANCE = 43


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("case", FALSEHOODS, ids=lambda case: f"{case.name}: {case.statements[0]}")
def test_what_is_false_is_said_in_five_percent_of_pairs_at_most(case: Falsehood, n: int) -> None:
    statements = statements_about(case.group, case.reference, n, N_PAIRS)
    assert sum(statements[statement] for statement in case.statements) <= MOST_BY_CHANCE


def test_what_is_true_is_said_when_there_are_enough_decisions() -> None:
    paradox = Population((0.2, 0.8), (0.85, 0.35)), Population((0.8, 0.2), (0.8, 0.3))
    assert statements_about(*paradox, 5_000, N_PAIRS)[SIMPSON] >= 0.98 * N_PAIRS
    assert statements_about(*paradox, 1_000, N_PAIRS)[SIMPSON] >= 0.5 * N_PAIRS
    assert statements_about(*paradox, 1_000, N_PAIRS)[EXPLAINED_BY_MIX] >= 0.95 * N_PAIRS
    in_one_segment = Population((0.5, 0.5), (0.4, 0.7)), Population((0.5, 0.5), (0.7, 0.7))
    statements = statements_about(*in_one_segment, 1_000, N_PAIRS)
    assert statements["explained by rate"] >= 0.95 * N_PAIRS
    assert statements[LEADER] >= 0.99 * N_PAIRS


@pytest.mark.parametrize("n", [30, 100, 300, 1_000])
@pytest.mark.parametrize("n_features", [1, 3, 8])
def test_of_features_that_are_alike_any_is_called_different_in_five_percent_at_most(n: int, n_features: int) -> None:
    assert pairs_with_a_feature(n, n_features, N_PAIRS) <= MOST_BY_CHANCE


def test_a_feature_that_differs_is_still_named() -> None:
    random = np.random.default_rng(3)
    named = {
        n: sum(rank_features(draw_features(random, n, 3, -0.5))[0].is_clear for _ in range(N_PAIRS)) for n in (100, 300)
    }
    assert named[100] >= 0.84 * N_PAIRS
    assert named[300] >= 0.995 * N_PAIRS


@pytest.mark.parametrize(("n", "is_clear"), [(2, False), (3, True), (8, True)])
def test_two_constant_values_differ_by_more_than_chance_from_a_few_values_on(n: int, *, is_clear: bool) -> None:
    """Of a value that half of all have, 2 and 2 separate by chance in one of eight pairs."""
    [feature] = rank_features([FeatureMoments("proxy", 1, Moments(n, 0, 0), Moments(n, n, n))])
    assert feature.is_clear is is_clear


def test_the_standard_error_of_a_claim_is_that_of_repeated_draws() -> None:
    random = np.random.default_rng(4)
    group, reference = Population((0.2, 0.3, 0.5), (0.4, 0.6, 0.7)), Population((0.4, 0.4, 0.2), (0.5, 0.8, 0.6))
    weights = [Weights(1.0, -0.5), Weights(0.0, 2.0), Weights(-1.0, 0.3)]
    totals, errors = [], []
    for _ in range(2_000):
        drawn = [list(side.draw(n, random).values()) for side, n in ((group, 800), (reference, 1_200))]
        cells = [Cell(a, b) for a, b in zip(*drawn, strict=True)]
        split = decompose(*({str(i): counts for i, counts in enumerate(side)} for side in drawn))
        assert split is not None
        parts = {part.segment: part for part in split.parts}
        total = sum(
            weight.rate * float(parts[str(i)].rate) + weight.mix * float(parts[str(i)].mix)
            for i, weight in enumerate(weights)
        )
        totals.append(total)
        errors.append(total / claim_z(cells, weights))
    assert float(np.median(errors)) == pytest.approx(float(np.std(totals)), rel=0.06)


def test_a_claim_of_nothing_is_zero_and_one_without_chance_is_infinite() -> None:
    cells = [Cell((10, 5), (10, 5))]
    assert claim_z(cells, [Weights(1.0, 1.0)]) == 0.0
    assert claim_z([Cell((10, 5), (0, 0)), Cell((0, 0), (10, 9))], [Weights(1.0, 0.0)] * 2) == 0.0
    assert math.isfinite(claim_z([Cell((1, 0), (1, 1))], [Weights(1.0, 0.0)]))
