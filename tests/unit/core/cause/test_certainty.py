"""The share of cases in which a statement about a gap is made though it is not true, and in which true ones are made.

Each case draws 1,000 pairs from a truth in which a statement is false; it may be made in 5 % of them. If its chance
were just that, more than 76 of 1,000 would come up with p = 0.0002.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from stream_app.core.cause.certainty import (
    Cell,
    Certainty,
    Weights,
    claim_z,
    driver_certainty,
    is_leader_clear,
    is_simpson,
)
from stream_app.core.cause.decomposition import Counts, Decomposition, Driver, decompose
from stream_app.core.cause.features import FeatureMoments, Moments, rank_features

N_PAIRS = 1_000
MOST_BY_CHANCE = 76
SIZES = (30, 300, 1_000, 5_000, 50_000)
_MIX = (Driver.MIX, Driver.MIX_NOT_RATE)


class Group:
    """A group of which decisions are drawn: its shares of the segments, and its rates in them."""

    def __init__(self, shares: Sequence[float], rates: Sequence[float]) -> None:
        self._shares, self._rates = shares, rates

    def draw(self, n: int, random: np.random.Generator) -> Counts:
        sizes = random.multinomial(n, self._shares)
        favorable = random.binomial(sizes, self._rates)
        return {f"s{place}": (int(n), int(k)) for place, (n, k) in enumerate(zip(sizes, favorable, strict=True))}


def said(group: Group, reference: Group, n: int, n_reference: int | None = None) -> Counter[str]:
    """Count the statements about N_PAIRS pairs."""
    random, statements = np.random.default_rng(n), Counter[str]()
    for _ in range(N_PAIRS):
        split = decompose(group.draw(n, random), reference.draw(n_reference or n, random))
        if split is None or split.leader is None:
            continue
        certainty = driver_certainty(split)
        part = "mix" if split.driver in _MIX else "rate"
        statements.update(statements_of(split, certainty, part))
    return statements


def statements_of(split: Decomposition, certainty: Certainty | None, part: str) -> list[str]:
    statements = ["simpson"] if is_simpson(split) else []
    if certainty in (Certainty.EXPLAINS, Certainty.MAIN):
        statements += [f"mainly {part}"]
        statements += [f"explained by {part}"] if certainty is Certainty.EXPLAINS else []
        statements += ["leader"] if is_leader_clear(split) else []
    return statements


@pytest.mark.parametrize("n", SIZES)
def test_a_gap_that_is_all_mix_is_seldom_called_simpsons_paradox_or_rate(n: int) -> None:
    rates = (0.9, 0.7, 0.5, 0.4, 0.3)
    for shares, shares_reference, chances in (
        ((0.3, 0.7), (0.6, 0.4), (0.8, 0.3)),
        ((0.1, 0.1, 0.2, 0.3, 0.3), (0.3, 0.3, 0.2, 0.1, 0.1), rates),
    ):
        statements = said(Group(shares, chances), Group(shares_reference, chances), n, 2 * n)
        assert statements["simpson"] <= MOST_BY_CHANCE
        assert statements["mainly rate"] <= MOST_BY_CHANCE


@pytest.mark.parametrize("n", SIZES)
def test_where_mix_and_rate_are_equal_neither_is_called_the_main_part(n: int) -> None:
    statements = said(Group((0.3, 0.7), (0.72, 0.32)), Group((0.5, 0.5), (0.8, 0.4)), n)
    assert statements["mainly mix"] + statements["mainly rate"] <= MOST_BY_CHANCE


@pytest.mark.parametrize("n", SIZES)
def test_a_part_of_just_four_fifths_does_not_explain_the_gap(n: int) -> None:
    statements = said(Group((0.3, 0.7), (0.78, 0.38)), Group((0.5, 0.5), (0.8, 0.4)), n)
    assert statements["explained by mix"] <= MOST_BY_CHANCE


@pytest.mark.parametrize("n", SIZES)
def test_between_equal_groups_nothing_is_named(n: int) -> None:
    same = Group((0.3, 0.7), (0.8, 0.3))
    statements = said(same, same, n)
    assert statements["mainly mix"] + statements["mainly rate"] <= MOST_BY_CHANCE
    assert statements["simpson"] + statements["leader"] <= MOST_BY_CHANCE


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("n_segments", [2, 3, 5])
def test_of_segments_that_contribute_alike_none_is_said_to_contribute_most(n: int, n_segments: int) -> None:
    shares = [1 / n_segments] * n_segments
    statements = said(Group(shares, [0.5] * n_segments), Group(shares, [0.7] * n_segments), n)
    assert statements["leader"] <= MOST_BY_CHANCE


def test_what_is_true_is_said_when_there_are_enough_decisions() -> None:
    paradox = Group((0.2, 0.8), (0.85, 0.35)), Group((0.8, 0.2), (0.8, 0.3))
    assert said(*paradox, 5_000)["simpson"] >= 0.98 * N_PAIRS
    assert said(*paradox, 1_000)["simpson"] >= 0.5 * N_PAIRS
    assert said(*paradox, 1_000)["explained by mix"] >= 0.95 * N_PAIRS
    in_one_segment = Group((0.5, 0.5), (0.4, 0.7)), Group((0.5, 0.5), (0.7, 0.7))
    statements = said(*in_one_segment, 1_000)
    assert statements["explained by rate"] >= 0.95 * N_PAIRS
    assert statements["leader"] >= 0.99 * N_PAIRS


@pytest.mark.parametrize("n", [30, 100, 300, 1_000])
@pytest.mark.parametrize("n_features", [1, 3, 8])
def test_of_features_that_are_alike_any_is_called_different_in_five_percent_at_most(n: int, n_features: int) -> None:
    random = np.random.default_rng(n)
    n_named = sum(
        any(feature.is_clear for feature in rank_features(drawn_features(random, n, n_features, 0.0)))
        for _ in range(N_PAIRS)
    )
    assert n_named <= MOST_BY_CHANCE


def test_a_feature_that_differs_is_still_named() -> None:
    random = np.random.default_rng(3)
    named = {
        n: sum(rank_features(drawn_features(random, n, 3, -0.5))[0].is_clear for _ in range(N_PAIRS))
        for n in (100, 300)
    }
    assert named[100] >= 0.84 * N_PAIRS
    assert named[300] >= 0.995 * N_PAIRS


def drawn_features(random: np.random.Generator, n: int, n_features: int, shift: float) -> list[FeatureMoments]:
    """Draw features of which the first differs by ``shift`` standard deviations."""
    values = np.round(1000 * random.normal(0, 1, (2, n_features, n))).astype(np.int64)
    values[0, 0] += round(1000 * shift)
    return [
        FeatureMoments(f"f{place}", 1000, moments(values[0, place]), moments(values[1, place]))
        for place in range(n_features)
    ]


def moments(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Moments:
    return Moments(len(values), int(values.sum()), int((values**2).sum()))


@pytest.mark.parametrize(("n", "is_clear"), [(2, False), (3, True), (8, True)])
def test_two_constant_values_differ_by_more_than_chance_from_a_few_values_on(n: int, *, is_clear: bool) -> None:
    """Of a value that half of all have, 2 and 2 separate by chance in one of eight pairs."""
    [feature] = rank_features([FeatureMoments("proxy", 1, Moments(n, 0, 0), Moments(n, n, n))])
    assert feature.is_clear is is_clear


def test_the_standard_error_of_a_claim_is_that_of_repeated_draws() -> None:
    random = np.random.default_rng(4)
    group, reference = Group((0.2, 0.3, 0.5), (0.4, 0.6, 0.7)), Group((0.4, 0.4, 0.2), (0.5, 0.8, 0.6))
    weights = [Weights(1.0, -0.5), Weights(0.0, 2.0), Weights(-1.0, 0.3)]
    totals, errors = [], []
    for _ in range(2_000):
        cells = [
            Cell(a, b)
            for a, b in zip(group.draw(800, random).values(), reference.draw(1_200, random).values(), strict=True)
        ]
        split = decompose(*({str(i): cell[side] for i, cell in enumerate(cells)} for side in (0, 1)))
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
