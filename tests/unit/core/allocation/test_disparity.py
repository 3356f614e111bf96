"""Hours per capita between levels: the numbers of the original, and a reason wherever there is no number."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.disparity import Disparity, compare_levels
from tests.support.area_tables import ORIGINAL, area


def compare(*areas: Area, limit: float = 1.5) -> Disparity:
    [disparity] = compare_levels(areas, "Low", ["High", "Low"], limit=limit).disparities
    return disparity


def test_the_example_of_the_original() -> None:
    comparison = compare_levels(ORIGINAL, "Low")
    [high] = comparison.disparities
    assert high.hours.mean == Fraction(3, 80)  # 0.0375
    assert comparison.reference.mean == Fraction(11, 1200)  # 0.00916...
    assert high.of_means.value == pytest.approx(4.0909, abs=1e-4)
    assert high.of_totals.value == pytest.approx(3.96)
    assert high.is_over
    assert comparison.is_over
    assert not high.of_means.is_certain  # two areas on each side say little about others
    assert high.of_means.interval_reason == "open"


def test_both_directions_are_over() -> None:
    [low] = compare_levels(ORIGINAL, "High").disparities
    assert low.of_means.value == pytest.approx(1 / 4.090909)
    assert low.is_over


@pytest.mark.parametrize(("hours", "is_over"), [(150, False), (151, True), (67, False), (66, True), (100, False)])
def test_a_ratio_at_the_limit_is_within_it(hours: int, *, is_over: bool) -> None:
    disparity = compare(area("a", "High", 1000, hours), area("b", "Low", 1000, 100))
    assert disparity.of_means.is_over == disparity.of_totals.is_over == is_over


@pytest.mark.parametrize(
    ("areas", "reason", "is_over"),
    [
        ([area("b", "Low", 10, 5)], "no_areas", False),
        ([area("a", "High", 10, 5)], "no_reference_areas", False),
        ([area("a", "High", 0, 5), area("b", "Low", 10, 5)], "no_population", False),
        ([area("a", "High", 10, 5), area("b", "Low", 0, 5)], "no_reference_population", False),
        ([area("a", "High", 10, 0), area("b", "Low", 10, 0)], "no_hours", False),
        ([area("a", "High", 10, 5), area("b", "Low", 10, 0)], "reference_zero", True),
    ],
)
def test_where_there_is_no_ratio_there_is_a_reason(areas: list[Area], reason: str, *, is_over: bool) -> None:
    disparity = compare(*areas)
    for ratio in (disparity.of_means, disparity.of_totals):
        assert (ratio.value, ratio.interval, ratio.reason, ratio.is_over) == (None, None, reason, is_over)
    assert disparity.is_over == is_over


def test_a_level_without_hours_has_the_ratio_zero_and_is_over() -> None:
    ratio = compare(area("a", "High", 10, 0), area("b", "Low", 10, 5)).of_means
    assert (ratio.value, ratio.reason, ratio.is_over) == (0.0, "level_zero", True)


def test_areas_without_residents_count_for_no_ratio() -> None:
    disparity = compare(area("a", "High", 10, 5), area("port", "High", 0, 999), area("b", "Low", 10, 5))
    assert disparity.of_totals.value == disparity.of_means.value == 1.0
    assert (disparity.hours.n_areas, disparity.hours.n_unpopulated, float(disparity.hours.hours)) == (2, 1, 5.0)


def test_one_area_has_no_interval() -> None:
    ratio = compare(area("a", "High", 10, 5), area("b", "Low", 10, 5), area("c", "Low", 20, 9)).of_means
    assert (ratio.interval, ratio.interval_reason) == (None, "few_areas")


def test_many_like_areas_are_certain() -> None:
    high = [area(f"h{i}", "High", 1000 + i, 30 + i % 3) for i in range(12)]
    low = [area(f"l{i}", "Low", 1000 + i, 10 + i % 2) for i in range(12)]
    for areas, reference in ((high + low, "Low"), (low + high, "High")):
        [disparity] = compare_levels(areas, reference).disparities
        for ratio in (disparity.of_means, disparity.of_totals):
            assert ratio.interval is not None
            assert ratio.interval.upper is not None
            assert ratio.value is not None
            assert ratio.interval.lower < ratio.value < ratio.interval.upper
            assert ratio.is_over
            assert ratio.is_certain
            assert ratio.interval_reason is None


def test_the_ratio_of_totals_weighs_residents_and_that_of_means_areas() -> None:
    disparity = compare(
        area("a", "High", 1000, 10), area("b", "High", 10, 1), area("c", "Low", 1000, 10), area("d", "Low", 10, 0)
    )
    assert disparity.of_means.value == pytest.approx(11.0)
    assert disparity.of_totals.value == pytest.approx(1.1)
    assert disparity.is_over


def test_every_level_is_compared_in_order() -> None:
    areas = [area("a", "Low", 10, 1), area("b", "Middle", 10, 1), area("c", "High", 10, 4)]
    assert [each.hours.level for each in compare_levels(areas, "Low").disparities] == ["Middle", "High"]
    named = compare_levels(areas, "Low", ["High", "Middle", "Low"]).disparities
    assert [each.hours.level for each in named] == ["High", "Middle"]
