"""Groups and decisions of real records in other spellings and types; a spelling means one thing."""

from __future__ import annotations

import pytest

from stream_app.errors import PolicyError
from stream_app.policy import parse_policy
from tests.support.lending_records import LENDING, fed, labels, record


@pytest.mark.parametrize(
    ("raw", "label"),
    [(True, "true"), (False, "false"), ("true", "true"), ("TRUE ", "true"), (None, "unknown"), ("na", "unknown")],
)
def test_a_boolean_is_a_group(raw: object, label: str) -> None:
    assert labels(minority=raw)[0] == label


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        *((value, "2") for value in (2, 2.0, "2", "F", "f", "KADIN", "Kadın", "ka\u200bdın", "\u202ff")),
        *((value, "1") for value in (1, 1.0, "M", "ERKEK", "er\u00adkek")),
        *((value, "unknown") for value in (None, "NA", " n\u200ba ", "exempt", "", "  ")),
        *((value, "__other__") for value in (1.5, 3, "2.0", "м")),
    ],
)
def test_a_group_has_numbers_and_aliases_as_spellings(raw: object, label: str) -> None:
    expected = {"KADIN": "__other__"}.get(str(raw), label)  # i without a dot has another capital: it needs an alias
    assert labels(sex=raw)[1] == expected


def test_blanks_and_unseen_characters_make_no_segment_of_their_own_and_an_absent_one_is_unknown() -> None:
    for spelling in ("north west", "North  West", "NORTH\u00a0WEST", "\ufeffNorth\u2060 West\ufe0f"):
        assert labels(region=spelling)[2] == "North West"
    assert labels(region=...)[2] == "unknown"


def test_several_values_are_favorable_and_one_point_zero_is_one() -> None:
    assert labels(result="approved_with_conditions")[3] == "favorable"
    assert labels(result="denied")[3] == "unfavorable"
    assert fed(record(result="withdrawn")).reasons == ["value"]
    numeric = parse_policy(
        LENDING.replace('["approved", "approved_with_conditions"]', "[1, 2]").replace('["denied"]', "[0]")
    ).models[0]
    for value, disposition in ((1.0, "favorable"), (2, "favorable"), (0.0, "unfavorable")):
        assert [found[3] for found in fed(record(result=value), model=numeric).labels()] == [disposition]
    assert fed(record(result=1.5), record(1, result=3), record(2, result=True), model=numeric).reasons == [
        "value",
        "value",
        "type",
    ]


MISTAKES = {
    "an alias of two groups": ('2 = ["F"', '2 = ["m"', r"'m' is a spelling of '2' and of '1'"),
    "an alias of no group": ("{ 1 = [", "{ 7 = [", r"'7' is not one of the labels \(1, 2\)"),
    "a missing value that is a group": ('missing = ["NA"', "missing = [1", "'1' is in missing too"),
    "groups that look alike": ("groups = [1, 2]", 'groups = ["a  b", "A b"]', "'A b' occurs twice"),
    "a group that joins groups": (
        "groups = [1, 2]",
        'groups = ["1 & 2", "1"]',
        "'1 & 2' has ' & ', which joins groups",
    ),
    "bands that do not rise": ("groups = [1, 2]", "edges = [2, 1]", "edges: must be rising"),
    "an age beyond everyone": ("groups = [1, 2]", 'edges = [25, 131], derive = "age"', "edges: must be rising"),
    "neither groups nor bands": ("groups = [1, 2],", "", "needs groups, or the edges of bands"),
    "bounds without bands": ("groups = [1, 2]", "groups = [1, 2], minimum = 1", "are for bands: give edges"),
    "a decision that is both": ('unfavorable = ["denied"]', 'unfavorable = ["approved"]', "occurs twice"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_spelling_means_one_thing(name: str) -> None:
    old, new, message = MISTAKES[name]
    assert old in LENDING
    with pytest.raises(PolicyError, match=message):
        parse_policy(LENDING.replace(old, new))
