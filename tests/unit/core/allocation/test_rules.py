"""The three rules on the areas of the original, and what is rejected."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.rules import (
    AllocationRequest,
    check_request,
    floor_and_risk,
    floor_only,
    risk_only,
    text_of,
)
from stream_app.errors import ConfigError
from tests.support.area_tables import LOW, ORIGINAL, area, request


def test_the_original_rule_gives_underserved_areas_the_floor_and_nothing_of_the_rest() -> None:
    # 600 x 0.15 = 90 for two areas; 510 by risk 8 and 6 among the other two.
    assert floor_only(ORIGINAL, request(600)) == [29_143, 21_857, 4_500, 4_500]


def test_the_rule_gives_them_the_floor_and_their_share_of_the_rest() -> None:
    # 45 + 510 x 3/19 and 45 + 510 x 2/19.
    assert floor_and_risk(ORIGINAL, request(600)) == [21_474, 16_105, 12_553, 9_868]


def test_by_risk_alone() -> None:
    assert risk_only(ORIGINAL, request(600)) == [25_263, 18_947, 9_474, 6_316]


def test_an_underserved_area_of_high_risk_gets_less_by_the_original_rule_than_without_a_floor() -> None:
    areas = [area("a", "High", 1, 0, 1), area("b", "Low", 1, 0, 9)]
    own = request(100, "0.15", "1")
    assert (floor_only(areas, own), risk_only(areas, own), floor_and_risk(areas, own)) == ([85, 15], [10, 90], [8, 92])


def test_a_floor_of_everything_needs_no_risk() -> None:
    areas = [area("a", "High", 1, 0), area("b", "Low", 1, 0), area("c", "Low", 1, 0)]
    own = request(11, "1", "1")
    check_request(areas, own)
    assert floor_and_risk(areas, own) == [0, 6, 5]
    assert risk_only(areas, own) is None


def test_the_original_rule_has_nobody_for_the_rest_where_no_other_area_has_a_risk() -> None:
    areas = [area("a", "High", 1, 0), area("b", "Low", 1, 0, 3)]
    assert floor_only(areas, request(10, "0.2", "1")) is None


def test_the_floor_is_rounded_up_to_units() -> None:
    own = request(10, "0.15", "1")
    assert own.n_reserved == 2
    assert request(600).n_reserved == 9000
    assert request(10, "0", "1").n_reserved == 0


@pytest.mark.parametrize(
    ("own", "areas", "words"),
    [
        (request(600), [], "no areas"),
        (request(0), ORIGINAL, "above 0"),
        (request(600, unit="0"), ORIGINAL, "above 0"),
        (request("600.005"), ORIGINAL, "not a multiple of the unit of 0.01"),
        (request(600, "1.2"), ORIGINAL, "from 0 to 1, not 1.2"),
        (request(600, "-0.1"), ORIGINAL, "from 0 to 1, not -0.1"),
        (request(600), ORIGINAL[:2], "No area has the level Low.*the areas have: High"),
        (request(600), [one._replace(risk=Fraction(0)) for one in ORIGINAL], "risk of every area is 0"),
        (request(10**12), ORIGINAL, "Give a larger --unit"),
    ],
)
def test_an_impossible_request_is_rejected(own: AllocationRequest, areas: list[Area], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_request(areas, own)


def test_several_levels_can_be_underserved() -> None:
    areas = [area("a", "High", 1, 0, 1), area("b", "Low", 1, 0, 1), area("c", "Middle", 1, 0, 1)]
    own = request(90, "0.5", "1")._replace(underserved=LOW | {"Middle"})
    assert floor_and_risk(areas, own) == [15, 38, 37]


def test_numbers_are_written_exactly() -> None:
    assert [text_of(Fraction(text)) for text in ("1234567.25", "600", "0.001", "2/3")] == [
        "1234567.25",
        "600",
        "0.001",
        "2/3",
    ]
