"""Each group against the highest: reference values, ties, exclusions, empty cases."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stream_app.core.groups.comparison import Reason
from stream_app.core.groups.counts import GroupCount
from stream_app.core.groups.highest_group import impact_ratios

RACE_BY_SEX = {
    "black-female": GroupCount(51, 31),
    "black-male": GroupCount(144, 100),
    "hispan-female": GroupCount(22, 17),
    "hispan-male": GroupCount(87, 66),
    "white-female": GroupCount(296, 271),
    "white-male": GroupCount(1374, 1245),
}
SEX = {"female": GroupCount(369, 319), "male": GroupCount(1605, 1411), "unknown": GroupCount(15, 15)}


def test_ratios_to_the_highest_equal_the_reference_values() -> None:
    impact = impact_ratios(RACE_BY_SEX)
    assert impact.highest == "white-female"
    expected = [0.663917, 0.758508, 0.844012, 0.828604, 1.0, 0.989703]
    assert list(impact.ratios.values()) == pytest.approx(expected, abs=5e-7)
    assert impact.reasons == {}


def test_a_group_with_a_tiny_share_is_not_the_highest_when_it_is_left_out() -> None:
    assert impact_ratios(SEX).highest == "unknown"
    impact = impact_ratios(SEX, min_share=Fraction(1, 50))
    assert (impact.highest, impact.left_out) == ("male", ("unknown",))
    assert impact.ratios["unknown"] == pytest.approx(1.137491, abs=5e-7)


def test_a_share_of_exactly_the_least_takes_part() -> None:
    counts = {"a": GroupCount(98, 49), "b": GroupCount(2, 2)}
    assert impact_ratios(counts, min_share=Fraction(1, 50)).highest == "b"


def test_of_equal_rates_the_first_is_the_highest_whatever_floating_point_says() -> None:
    counts = {"low": GroupCount(3, 0), "third": GroupCount(3, 1), "same": GroupCount(3 * 10**17, 10**17)}
    impact = impact_ratios(counts)
    assert impact.highest == "third"
    assert impact.ratios == {"low": 0.0, "third": 1.0, "same": 1.0}


def test_what_cannot_be_formed_has_a_reason() -> None:
    nobody = impact_ratios({"a": GroupCount(0, 0)})
    assert (nobody.highest, nobody.ratios, nobody.reasons) == (None, {"a": None}, {"a": Reason.NO_DECISIONS})
    denied = impact_ratios({"a": GroupCount(4, 0), "b": GroupCount(0, 0)})
    assert denied.ratios == {"a": None, "b": None}
    assert denied.reasons == {"a": Reason.REFERENCE_RATE_ZERO, "b": Reason.NO_DECISIONS}
    assert impact_ratios({}).highest is None
