"""The split of a gap against published cases and at the edges."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stream_app.core.cause.certainty import is_simpson
from stream_app.core.cause.decomposition import Counts, Driver, decompose

# Admissions to Berkeley 1973 by department (Bickel, Hammel and O'Connell 1975): applicants, admitted.
WOMEN = {"A": (108, 89), "B": (25, 17), "C": (593, 202), "D": (375, 131), "E": (393, 94), "F": (341, 24)}
MEN = {"A": (825, 512), "B": (560, 353), "C": (325, 120), "D": (417, 138), "E": (191, 53), "F": (373, 22)}

# Boston mortgage decisions by credit history (Munnell et al. 1996): applications, approved.
WHITE = {"clean": (1446, 1343), "not clean": (235, 184)}
BLACK = {"clean": (128, 99), "not clean": (69, 34)}
HISPAN = {"clean": (92, 76), "not clean": (19, 9)}


def test_berkeley_is_mix_and_not_rate() -> None:
    split = decompose(WOMEN, MEN)
    assert split is not None
    assert float(split.gap) == pytest.approx(-0.141645, abs=5e-7)
    assert float(split.mix) == pytest.approx(-0.177674, abs=5e-7)
    assert float(split.rate) == pytest.approx(0.036028, abs=5e-7)
    assert split.driver is Driver.MIX_NOT_RATE


def test_berkeley_is_a_case_of_simpson_in_four_of_six_departments() -> None:
    split = decompose(WOMEN, MEN)
    assert split is not None
    assert {part.segment for part in split.parts if part.rate > 0} == {"A", "B", "D", "F"}
    assert is_simpson(split)
    assert split.opposite_share is not None
    assert float(split.opposite_share) == pytest.approx(0.635460, abs=5e-7)


def test_at_berkeley_the_department_that_women_avoid_explains_most() -> None:
    split = decompose(WOMEN, MEN)
    assert split is not None
    assert split.leader is not None
    assert split.leader.segment == "A"
    assert float(split.share_explained(split.leader)) == pytest.approx(0.6086, abs=5e-5)


@pytest.mark.parametrize(
    ("group", "gap", "mix", "rate"),
    [(BLACK, -0.233261, -0.044877, -0.188384), (HISPAN, -0.142622, -0.007815, -0.134807)],
)
def test_loan_decisions_are_mostly_rate(group: Counts, gap: float, mix: float, rate: float) -> None:
    split = decompose(group, WHITE)
    assert split is not None
    assert (float(split.gap), float(split.mix), float(split.rate)) == pytest.approx((gap, mix, rate), abs=5e-7)
    assert split.driver is Driver.RATE
    assert not is_simpson(split)
    assert split.opposite_share == 0


def test_every_segment_against_the_total_is_simpson_in_all_of_them() -> None:
    split = decompose({"easy": (100, 90), "hard": (900, 300)}, {"easy": (900, 720), "hard": (100, 20)})
    assert split is not None
    assert (split.driver, is_simpson(split), split.opposite_share) == (Driver.MIX_NOT_RATE, True, Fraction(1))


@pytest.mark.parametrize(
    ("group", "reference"),
    [
        ({"x": (80, 24), "y": (20, 14)}, {"x": (40, 8), "y": (60, 51)}),  # the other way in 60 %, rate exactly 0
        ({"x": (80, 24), "y": (20, 14)}, {"x": (20, 2), "y": (80, 64)}),  # the other way at equal mix, in exactly half
    ],
)
def test_what_is_not_turned_round_in_most_and_at_equal_mix_is_mix_but_not_simpson(
    group: Counts, reference: Counts
) -> None:
    split = decompose(group, reference)
    assert split is not None
    assert split.driver is Driver.MIX_NOT_RATE
    assert split.opposite_share in (Fraction(3, 5), Fraction(1, 2))
    assert not is_simpson(split)


def test_a_segment_with_average_rates_explains_nothing_however_many_decisions_it_has() -> None:
    split = decompose({"x": (90, 45), "y": (10, 5)}, {"x": (10, 5), "y": (90, 45), "z": (0, 0)})
    assert split is not None
    assert [part.segment for part in split.parts] == ["x", "y"]
    assert all(part.mix == part.rate == 0 for part in split.parts)
    assert split.driver is Driver.NO_GAP
    assert (split.leader, is_simpson(split), split.opposite_share) == (None, False, None)


@pytest.mark.parametrize(
    ("group", "reference"),
    [
        ({"x": (10, 5), "y": (10, 2)}, {"x": (10, 5)}),
        ({"x": (10, 5)}, {"x": (10, 5), "y": (10, 2)}),
        ({"x": (10, 5), "y": (0, 0)}, {"x": (10, 5), "y": (10, 2)}),
    ],
)
def test_a_segment_where_one_group_is_empty_is_all_mix(group: Counts, reference: Counts) -> None:
    split = decompose(group, reference)
    assert split is not None
    assert split.rate == 0
    assert split.mix == split.gap != 0
    assert split.driver is Driver.MIX_NOT_RATE
    assert split.opposite_share == 0
    assert not is_simpson(split)


def test_groups_that_share_no_segment_leave_nothing_to_compare() -> None:
    split = decompose({"x": (10, 5)}, {"y": (10, 9)})
    assert split is not None
    assert (split.mix, split.rate, split.opposite_share) == (Fraction(-2, 5), Fraction(), None)


@pytest.mark.parametrize(
    ("group", "reference"), [({}, {}), ({}, WHITE), (BLACK, {}), ({"clean": (0, 0)}, WHITE), (BLACK, {"clean": (0, 0)})]
)
def test_an_empty_group_has_no_gap_to_split(group: Counts, reference: Counts) -> None:
    assert decompose(group, reference) is None


def test_one_segment_is_not_split() -> None:
    split = decompose({"": (10, 5)}, {"": (10, 9), "other": (0, 0)})
    assert split is not None
    assert (split.driver, split.leader, split.mix, split.rate) == (Driver.NOT_SPLIT, None, Fraction(), split.gap)


@pytest.mark.parametrize(
    ("group", "reference", "driver"),
    [
        ({"x": (50, 20), "y": (50, 10)}, {"x": (50, 30), "y": (50, 20)}, Driver.RATE_NOT_MIX),
        ({"x": (60, 30), "y": (40, 4)}, {"x": (40, 32), "y": (60, 24)}, Driver.RATE_NOT_MIX),
        ({"x": (40, 16), "y": (60, 6)}, {"x": (60, 36), "y": (40, 12)}, Driver.RATE),
        ({"x": (10, 7), "y": (90, 9)}, {"x": (90, 72), "y": (10, 2)}, Driver.MIX),
        ({"x": (75, 15), "y": (25, 15)}, {"x": (25, 10), "y": (75, 60)}, Driver.RATE),  # equal halves
    ],
)
def test_the_driver_is_the_greater_part_that_points_with_the_gap(
    group: Counts, reference: Counts, driver: Driver
) -> None:
    split = decompose(group, reference)
    assert split is not None
    assert split.driver is driver


def test_segments_come_in_order_of_what_they_add_and_equal_ones_by_name() -> None:
    group = {"d": (10, 4), "b": (10, 1), "c": (10, 4), "a": (10, 5)}
    split = decompose(group, dict.fromkeys("abcd", (10, 5)))
    assert split is not None
    assert [part.segment for part in split.parts] == ["b", "c", "d", "a"]


def test_of_segments_that_explain_the_same_the_first_by_name_leads() -> None:
    split = decompose({"z": (10, 4), "a": (10, 4)}, {"z": (10, 5), "a": (10, 5)})
    assert split is not None
    assert split.leader is not None
    assert split.leader.segment == "a"
