"""Laws of the cause of a gap that hold for any counts."""

from __future__ import annotations

import math
import random
import re
import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.cause.cause import explain_pair
from stream_app.core.cause.certainty import driver_certainty, is_simpson
from stream_app.core.cause.decomposition import Count, Counts, decompose
from stream_app.core.cause.features import FeatureMoments, Moments, compare_feature
from stream_app.core.cause.over_time import Period, split_over_time
from stream_app.core.cause.sentence import VerdictFacts, describe_verdict

N_MAX = 10**9


@st.composite
def counts(draw: st.DrawFn, n_max: int = N_MAX) -> Count:
    n = draw(st.one_of(st.integers(0, 12), st.integers(0, n_max)))
    return n, draw(st.integers(0, n))


def segments(n_max: int = N_MAX) -> st.SearchStrategy[dict[str, Count]]:
    return st.dictionaries(st.sampled_from("abcdefghij"), counts(n_max), max_size=10)


def rate(group: Counts) -> Fraction:
    return Fraction(sum(k for _, k in group.values()), sum(n for n, _ in group.values()))


def moments(values: list[int]) -> Moments:
    return Moments(len(values), sum(values), sum(value**2 for value in values))


@given(segments(), segments())
def test_parts_sum_to_the_gap_exactly(group: Counts, reference: Counts) -> None:
    split = decompose(group, reference)
    if split is None:
        assert not sum(n for n, _ in group.values()) or not sum(n for n, _ in reference.values())
        return
    assert split.gap == rate(group) - rate(reference)
    assert split.mix + split.rate == split.gap
    assert sum(part.total for part in split.parts) == split.gap
    assert sum(part.mix for part in split.parts) == split.mix


@given(segments(), segments())
def test_totals_are_those_of_kitagawa_wherever_the_parts_are_centered(group: Counts, reference: Counts) -> None:
    split = decompose(group, reference)
    if split is None:
        return
    n, n_reference = (sum(count[0] for count in side.values()) for side in (group, reference))
    mix = Fraction()
    for part in split.parts:
        both = [Fraction(k, m) for m, k in (part.group, part.reference) if m]
        mix += (Fraction(part.group[0], n) - Fraction(part.reference[0], n_reference)) * sum(both) / len(both)
    assert split.mix == mix


@given(segments(), segments())
def test_groups_that_change_places_change_the_sign_of_every_part(group: Counts, reference: Counts) -> None:
    split, turned = decompose(group, reference), decompose(reference, group)
    if split is None or turned is None:
        assert split is turned
        return
    assert [(part.segment, -part.mix, -part.rate) for part in turned.parts] == [
        (part.segment, part.mix, part.rate) for part in split.parts
    ]
    assert (turned.driver, turned.opposite_share) == (split.driver, split.opposite_share)
    assert (is_simpson(turned), driver_certainty(turned)) == (is_simpson(split), driver_certainty(split))


@given(segments(10**4), st.integers(1, 9))
def test_equal_mix_is_all_rate_and_equal_rates_are_all_mix(group: Counts, times: int) -> None:
    alike = {segment: (n * times, (n - k) * times) for segment, (n, k) in group.items()}
    split = decompose(group, alike)
    assert split is None or all(part.mix == 0 for part in split.parts)
    moved = {segment: (n * place, k * place) for place, (segment, (n, k)) in enumerate(group.items(), start=times)}
    split = decompose(group, moved)
    assert split is None or all(part.rate == 0 for part in split.parts)


@given(segments(), segments())
def test_the_record_sums_to_the_gap_within_rounding(group: Counts, reference: Counts) -> None:
    cause = explain_pair(group, reference)
    parts = [*cause.segments, *([cause.other_segments] if cause.other_segments else [])]
    assert math.fsum(part.mix + part.rate for part in parts) == pytest.approx(cause.gap or 0.0, abs=1e-15)
    assert len(cause.segments) <= 5
    if cause.leading_segment is not None:
        assert cause.leading_segment in {part.segment for part in cause.segments}
        assert cause.leading_share is not None
        assert cause.leading_share > 0


@given(st.lists(st.builds(Period, segments(), segments()), max_size=8), st.randoms(use_true_random=False))
def test_the_parts_over_time_sum_to_the_gap_in_whatever_order_periods_come(
    periods: list[Period], shuffled: random.Random
) -> None:
    parts = split_over_time(periods)
    in_other_order = list(periods)
    shuffled.shuffle(in_other_order)
    assert (parts is None) == (split_over_time(in_other_order) is None)
    if parts is None:
        return
    rates = [
        Fraction(sum(k for _, k in counts), sum(n for n, _ in counts))
        for counts in ([count for period in periods for count in period[side].values()] for side in (0, 1))
    ]
    assert parts.mix_over_time + parts.mix + parts.rate == pytest.approx(float(rates[0] - rates[1]), abs=1e-14)
    turned = split_over_time(Period(period.reference, period.group) for period in periods)
    assert turned is not None
    assert (turned.mix_over_time, turned.mix, turned.rate) == (-parts.mix_over_time, -parts.mix, -parts.rate)


@given(
    st.lists(st.integers(-(2**70), 2**70), min_size=2, max_size=20),
    st.lists(st.integers(-(2**70), 2**70), min_size=2, max_size=20),
    st.integers(1, 10**6),
)
def test_moments_give_what_the_values_themselves_give(group: list[int], reference: list[int], scale: int) -> None:
    compared = compare_feature(FeatureMoments("x", scale, moments(group), moments(reference)))
    values, reference_values = ([Fraction(value, scale) for value in side] for side in (group, reference))
    variances = statistics.variance(values), statistics.variance(reference_values)
    difference = statistics.mean(values) - statistics.mean(reference_values)
    assert compared.mean == float(statistics.mean(values))
    assert compared.difference == float(difference)
    assert compared.sd == pytest.approx(math.sqrt(variances[0]), rel=1e-15)
    if any(variances):
        degrees = len(group) - 1, len(reference) - 1
        pooled = (degrees[0] * variances[0] + degrees[1] * variances[1]) / sum(degrees)
        assert compared.standardized == pytest.approx(float(difference) / math.sqrt(pooled), rel=1e-12)
    else:
        assert compared.standardized is None


@given(segments(200), segments(200), st.integers(5, 50))
def test_a_sentence_gives_no_number_about_fewer_than_k(group: Counts, reference: Counts, k: int) -> None:
    (n, favorable), (n_reference, favorable_reference) = (
        (sum(count[0] for count in side.values()), sum(count[1] for count in side.values()))
        for side in (group, reference)
    )
    below = n * favorable_reference
    facts = VerdictFacts(
        group="women",
        reference="men",
        n=n,
        n_reference=n_reference,
        disparate_impact_ratio=favorable * n_reference / below if below else None,
    )
    text = describe_verdict(facts, explain_pair(group, reference, shortfall=3), k=k)
    if min(n, n_reference) < k:
        assert re.findall(r"\d+", text) == [str(k)]
    named = re.search(r"segment (\w) contributes", text)
    if named is not None:
        assert min(group[named[1]][0], reference[named[1]][0]) >= k
    shown = re.search(r"DIR ([\d.e-]+) \(limit 0\.80\)", text)
    if shown is not None:
        assert (float(shown[1]) < 0.8) == (favorable * n_reference / below < 0.8)
