"""The cause of a gap as it is in a record."""

from __future__ import annotations

import math

import msgspec
import pytest

from stream_app.core.cause.cause import OTHER_SEGMENTS, Cause, explain_pair
from stream_app.core.cause.decomposition import Driver
from stream_app.core.cause.features import FeatureMoments, Moments

GROUP = {f"s{place}": (10 + place, 3 + place // 2) for place in range(9)}
REFERENCE = {f"s{place}": (20 - place, 15 - place) for place in range(9)}


def test_the_five_greatest_segments_and_the_rest_sum_to_the_gap() -> None:
    cause = explain_pair(GROUP, REFERENCE)
    assert cause.other_segments is not None
    parts = [*cause.segments, cause.other_segments]
    assert len(cause.segments) == 5
    assert cause.other_segments.segment == OTHER_SEGMENTS
    assert math.fsum(part.mix + part.rate for part in parts) == pytest.approx(cause.gap, abs=1e-15)
    assert math.fsum(part.mix for part in parts) == pytest.approx(cause.mix, abs=1e-15)
    assert sum(part.n for part in parts) == sum(n for n, _ in GROUP.values())
    assert sum(part.favorable for part in parts) == sum(k for _, k in GROUP.values())
    assert sum(part.n_reference for part in parts) == sum(n for n, _ in REFERENCE.values())
    assert sum(part.favorable_reference for part in parts) == sum(k for _, k in REFERENCE.values())
    sizes = [abs(part.mix + part.rate) for part in cause.segments]
    assert sizes == sorted(sizes, reverse=True)


def test_five_segments_leave_no_rest() -> None:
    segments = dict.fromkeys("abcde", (10, 4))
    cause = explain_pair(segments, dict.fromkeys("abcde", (10, 6)))
    assert [part.segment for part in cause.segments] == list("abcde")
    assert cause.other_segments is None


def test_the_segment_that_leads_is_kept_though_its_mix_hides_its_size() -> None:
    # Only "lead" fares worse, but the group is there more often and its rates are high: its two parts nearly cancel.
    group = {"m1": (10, 0), "m2": (10, 2), "m3": (40, 40), "m4": (10, 9), "m5": (90, 0), "lead": (90, 54)}
    reference = {"m1": (10, 0), "m2": (90, 18), "m3": (40, 40), "m4": (90, 81), "m5": (90, 0), "lead": (40, 36)}
    cause = explain_pair(group, reference)
    assert [part.segment for part in cause.segments] == ["m4", "m2", "m5", "m3", "lead"]
    assert cause.other_segments is not None
    assert cause.other_segments.n == 10
    assert (cause.driver, cause.leading_segment) == (Driver.RATE_NOT_MIX, "lead")


def test_the_order_in_which_segments_are_given_does_not_matter() -> None:
    turned = explain_pair(dict(reversed(GROUP.items())), dict(reversed(REFERENCE.items())))
    assert turned == explain_pair(GROUP, REFERENCE)


def test_an_empty_group_gives_a_cause_without_values_but_with_its_features() -> None:
    income = FeatureMoments("income", 1, Moments(0, 0, 0), Moments(2, 3, 5))
    cause = explain_pair({"auto": (0, 0)}, REFERENCE, [income], shortfall=0)
    assert (cause.driver, cause.gap, cause.mix, cause.rate) == (Driver.NO_DECISIONS, None, None, None)
    assert (cause.segments, cause.other_segments, cause.leading_segment) == ((), None, None)
    assert [feature.feature for feature in cause.features] == ["income"]
    assert cause.shortfall == 0


def test_a_model_without_segments_has_a_gap_and_no_leader() -> None:
    cause = explain_pair({"": (10, 4)}, {"": (10, 8)}, shortfall=3)
    assert (cause.driver, cause.gap, cause.leading_segment, cause.shortfall) == (Driver.NOT_SPLIT, -0.4, None, 3)


def test_the_three_features_that_differ_most_are_kept() -> None:
    reference = Moments(100, 0, 100)
    features = [FeatureMoments(f"f{mean}", 1, Moments(100, mean * 10, 1000), reference) for mean in range(5)]
    cause = explain_pair(GROUP, REFERENCE, features)
    assert [feature.feature for feature in cause.features] == ["f4", "f3", "f2"]


def test_a_cause_survives_json_without_nan_or_infinity() -> None:
    features = [FeatureMoments("proxy", 1, Moments(3, 0, 0), Moments(3, 3, 3))]
    for cause in (explain_pair(GROUP, REFERENCE, features, shortfall=11), explain_pair({}, {}, features)):
        assert msgspec.json.decode(msgspec.json.encode(cause), type=Cause) == cause
