"""Feature differences against hand-made cases and at the edges."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stream_app.core.cause.features import (
    FeatureMoments,
    Imbalance,
    Moments,
    NoDifference,
    compare_feature,
    rank_features,
)


def moments(values: Sequence[int]) -> Moments:
    return Moments(len(values), sum(values), sum(value * value for value in values))


def feature(name: str, group: Sequence[int], reference: Sequence[int], scale: int = 1) -> FeatureMoments:
    return FeatureMoments(name, scale, moments(group), moments(reference))


def test_means_spreads_and_standardized_difference_are_in_the_unit_of_the_feature() -> None:
    compared = compare_feature(feature("income", [10, 20, 30], [30, 40, 50, 60], scale=10))
    assert (compared.n, compared.n_reference) == (3, 4)
    assert (compared.mean, compared.mean_reference, compared.difference) == (2.0, 4.5, -2.5)
    assert (compared.sd, compared.sd_reference) == pytest.approx((1.0, 1.2909944487358056))
    assert compared.standardized == pytest.approx(-2.5 / ((2 * 1.0 + 3 * 5 / 3) / 5) ** 0.5)
    assert (compared.imbalance, compared.reason) == (Imbalance.LARGE, None)


def test_the_scale_changes_units_but_not_the_standardized_difference() -> None:
    plain, fine = (compare_feature(feature("x", [1, 2, 4], [3, 5, 9], scale)) for scale in (1, 100))
    assert plain.standardized == fine.standardized
    assert plain.difference == pytest.approx(100 * (fine.difference or 0))


@pytest.mark.parametrize(
    ("group", "reference", "reason", "imbalance"),
    [
        ([], [1, 2], NoDifference.NO_VALUES, None),
        ([1, 2], [], NoDifference.NO_VALUES, None),
        ([], [], NoDifference.NO_VALUES, None),
        ([1], [2], NoDifference.TOO_FEW_VALUES, None),
        ([7], [7, 7], NoDifference.CONSTANT, None),
        ([7, 7], [7, 7], NoDifference.CONSTANT, None),
        ([7, 7], [8, 8], NoDifference.SEPARATES, Imbalance.LARGE),
    ],
)
def test_what_cannot_be_standardized_has_a_reason(
    group: list[int], reference: list[int], reason: NoDifference, imbalance: Imbalance | None
) -> None:
    compared = compare_feature(feature("x", group, reference))
    assert (compared.standardized, compared.reason, compared.imbalance) == (None, reason, imbalance)
    assert (compared.mean is None, compared.mean_reference is None) == (not group, not reference)
    assert (compared.difference is None) == (not group or not reference)
    assert (compared.sd is None, compared.sd_reference is None) == (len(group) < 2, len(reference) < 2)


def test_one_value_beside_several_can_be_standardized() -> None:
    compared = compare_feature(feature("x", [9], [4, 6]))
    assert (compared.sd, compared.reason) == (None, None)
    assert compared.standardized == pytest.approx(4 / 2**0.5)


@pytest.mark.parametrize(
    ("reference", "imbalance"),
    [
        ([-2, 0, 2] * 100, Imbalance.BALANCED),
        ([-1, 1, 3] * 100, Imbalance.LARGE),
        ([-2, 0, 2] * 60 + [-1, 1, 3] * 15, Imbalance.NOTICEABLE),
    ],
)
def test_imbalance_goes_by_the_usual_limits(reference: list[int], imbalance: Imbalance) -> None:
    assert compare_feature(feature("x", [-2, 0, 2] * 100, reference)).imbalance is imbalance


def test_a_difference_of_exactly_a_tenth_is_not_balanced() -> None:
    # Means 0 and 1, both variances (n ΣX² - (ΣX)²) / (n (n-1)) = 100.
    group, reference = Moments(101, 0, 10_000), Moments(101, 101, 10_101)
    compared = compare_feature(FeatureMoments("x", 1, group, reference))
    assert (compared.standardized, compared.imbalance) == (-0.1, Imbalance.NOTICEABLE)


def test_a_small_spread_around_a_great_mean_is_not_lost_in_rounding() -> None:
    far = 2**80
    compared = compare_feature(feature("x", [far, far + 1, far + 2], [far + 2, far + 3, far + 4]))
    assert (compared.sd, compared.sd_reference, compared.difference, compared.standardized) == (1.0, 1.0, -2.0, -2.0)


def test_features_come_in_order_of_difference_and_equal_ones_by_name() -> None:
    ranked = rank_features(
        [
            feature("missing", [], [1, 2]),
            feature("b", [0, 2], [1, 3]),
            feature("constant", [5, 5], [5, 5]),
            feature("great", [0, 2], [8, 10]),
            feature("a", [1, 3], [0, 2]),
            feature("proxy", [0, 0], [1, 1]),
        ]
    )
    assert [compared.feature for compared in ranked] == ["proxy", "great", "a", "b", "constant", "missing"]
