"""A difference of mean amounts, split by segment."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.amounts.scale import FULL, AmountScale
from stream_app.core.cause.amounts import explain_amounts
from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from tests.support.amounts import counts_of

SCALE = AmountScale(100.0, 900.0)
AMOUNTS = st.lists(st.integers(0, FULL), max_size=12)
SEGMENTS = st.dictionaries(st.sampled_from("pqrstuvw"), AMOUNTS, max_size=8)


def by_segment(amounts: dict[str, list[int]]) -> dict[str, AmountCounts]:
    return {segment: counts_of(np.array(fixed, np.float64) / FULL) for segment, fixed in amounts.items()}


@given(SEGMENTS, SEGMENTS)
def test_the_parts_sum_to_the_difference_of_the_means(
    group: dict[str, list[int]], reference: dict[str, list[int]]
) -> None:
    cause = explain_amounts(SCALE, by_segment(group), by_segment(reference))
    own, other = ([*itertools.chain(*side.values())] for side in (group, reference))
    if not own or not other:
        assert cause.driver is Driver.NO_DECISIONS
        return
    exact = Fraction(sum(own), len(own)) - Fraction(sum(other), len(other))
    parts = [*cause.segments, *([] if cause.other_segments is None else [cause.other_segments])]

    assert cause.difference == float(exact * 800 / FULL)
    assert cause.mix is not None
    assert cause.within is not None
    assert cause.mix + cause.within == pytest.approx(cause.difference, abs=1e-9)
    assert sum(part.mix + part.within for part in parts) == pytest.approx(cause.difference, abs=1e-9)
    assert sum(part.n for part in parts) == len(own)
    assert sum(part.n_reference for part in parts) == len(other)
    assert len(cause.segments) <= 5
    for part in cause.segments:
        mine = group.get(part.segment, [])
        assert part.mean == (pytest.approx(100 + 800 * sum(mine) / len(mine) / FULL) if mine else None)


def drawn(rng: np.random.Generator, n: int, mean: float) -> AmountCounts:
    return counts_of(np.clip(rng.normal((mean - 100) / 800, 0.05, n), 0, 1))


def test_women_who_pay_more_for_the_same_are_told_from_women_who_buy_what_costs_more() -> None:
    rng = np.random.default_rng(1)
    men = {"auto": drawn(rng, 500, 300), "home": drawn(rng, 500, 600)}
    dearer = explain_amounts(SCALE, {"auto": drawn(rng, 500, 400), "home": drawn(rng, 500, 605)}, men)
    elsewhere = explain_amounts(SCALE, {"auto": drawn(rng, 200, 300), "home": drawn(rng, 800, 600)}, men)

    assert dearer.driver in (Driver.RATE, Driver.RATE_NOT_MIX)
    assert (dearer.leading_segment, dearer.is_leader_clear) == ("auto", True)
    assert dearer.driver_certainty is Certainty.EXPLAINS
    assert elsewhere.driver in (Driver.MIX, Driver.MIX_NOT_RATE)
    assert elsewhere.driver_certainty is Certainty.EXPLAINS
    assert not elsewhere.simpson


def test_simpsons_paradox_of_prices_is_named() -> None:
    rng = np.random.default_rng(2)
    men = {"auto": drawn(rng, 900, 300), "home": drawn(rng, 100, 700)}
    women = {"auto": drawn(rng, 100, 270), "home": drawn(rng, 900, 670)}
    cause = explain_amounts(SCALE, women, men)

    assert cause.difference is not None
    assert cause.difference > 0
    assert cause.driver is Driver.MIX_NOT_RATE
    assert cause.simpson


@pytest.mark.parametrize("seed", range(40))
def test_amounts_that_differ_by_chance_alone_name_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sides = [{name: drawn(rng, 40, 400) for name in "pq"} for _ in range(2)]
    cause = explain_amounts(SCALE, *sides)

    assert not cause.simpson
    assert cause.driver_certainty is Certainty.UNCLEAR
