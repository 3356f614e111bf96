"""A breach in one short sentence, whatever the test, and its cause."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.core.cause.cause import explain_pair
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.verdict import MAX_LENGTH, describe_breach, describe_cause
from stream_app.pipeline.records.amounts.values import AlertAmounts, Measured
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import ProxyValues
from tests.support.sample_alert import ALERT

HOME = {"home": (500, 100), "auto": (500, 284)}
ESTIMATED = ProxyValues(n_effective=400.0, rate_bounds=None)
REFERENCE = {"home": (500, 350), "auto": (500, 350)}


def shown(**fields: object) -> DisclosedAlert:
    return disclose_alert(msgspec.structs.replace(ALERT, **fields), k=10)


@pytest.mark.parametrize(
    ("fields", "limit", "sentence"),
    [
        ({}, 0.8, "female approved 55% as often as male; limit 80%"),
        ({"disparate_impact_ratio": 0.7996, "gap": -0.14}, 0.8, "female approved 79.96% as often as male; limit 80%"),
        ({"disparate_impact_ratio": 2.0, "gap": 0.3}, 0.8, "male approved 50% as often as female; limit 80%"),
        ({"disparate_impact_ratio": 0.0}, 0.8, "female approved 0% as often as male; limit 80%"),
        ({"disparate_impact_ratio": None, "gap": 0.3}, 0.8, "approval rate of male 30 percentage points below female"),
        ({"test": PairTest.GAP_LOW}, 0.2, "approval rate of female 32 percentage points below male; limit 20"),
        ({"test": PairTest.TPR_LOW}, 0.1, "approval rate of good outcomes of female 32 percentage points below male"),
        ({"test": PairTest.FPR_HIGH, "gap": 0.25}, 0.1, "approval rate of bad outcomes of male 25 percentage points"),
        ({"test": PairTest.OUTCOME_LOW}, 0.125, "share of good outcomes among the approved of female 32"),
        ({"test": PairTest.SCORE_LOW}, 0.2, "share of high scores of female 32 percentage points below male; limit 20"),
        ({"test": PairTest.SCORE_DRIFT}, 0.2, "scores of female have drifted from their own past"),
        ({"proxy": ESTIMATED}, 0.8, "female approved 55% as often as male; limit 80% (estimated)"),
        ({"n": 9}, 0.8, "female and male are treated differently; too few cases to show numbers"),
    ],
)
def test_the_sentence_says_who_is_worse_off_by_how_much_and_the_limit(
    fields: dict[str, object], limit: float, sentence: str
) -> None:
    assert describe_breach(shown(**fields), limit).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "test", "difference", "limit", "sentence"),
    [
        ("rate", PairTest.MEAN_LOW, 0.7031, 0.25, "female worse off: mean rate 0.703 higher than male; limit 0.25"),
        ("rate", PairTest.MEAN_HIGH, -0.7031, 0.25, "male worse off: mean rate 0.703 higher than female; limit 0.25"),
        ("limit", PairTest.MEAN_LOW, -1234.5, 500.0, "female worse off: mean limit 1,234 lower than male; limit 500"),
        ("limit", PairTest.MEAN_HIGH, 1234.5, 500.0, "male worse off: mean limit 1,234 lower than female; limit 500"),
        ("rate", PairTest.MEAN_LOW, 0.0, 0.25, "female worse off than male: mean rate; limit 0.25"),
    ],
)
def test_of_amounts_too_it_says_who_is_worse_off_whichever_amounts_are_good(
    name: str, test: PairTest, difference: float, limit: float, sentence: str
) -> None:
    amounts = AlertAmounts(name=name, mean=9.0, mean_reference=8.0, difference=Measured(difference), limit=limit)
    none = {"rate": None, "disparate_impact_ratio": None, "gap": None, "cause": None, "favorable": 0}
    assert describe_breach(shown(test=test, amounts=amounts, **none), limit) == sentence


def test_the_cause_is_the_greater_part_and_its_greatest_segment() -> None:
    text = describe_cause(shown(cause=explain_pair(HOME, REFERENCE)))
    assert text == (
        "mainly different decisions within the same segment (-31.6 percentage points), most in home (-25.0)"
    )
    mixed = explain_pair({"home": (900, 90), "auto": (100, 90)}, {"home": (100, 10), "auto": (900, 810)})
    assert describe_cause(shown(cause=mixed)).startswith("mainly a different mix of segments (-64.0 percentage points)")


def test_a_cause_that_chance_may_have_decided_names_both_parts() -> None:
    unclear = explain_pair({"home": (12, 5), "auto": (9, 4)}, {"home": (10, 5), "auto": (12, 8)})
    text = describe_cause(shown(cause=unclear))
    assert "different decisions within the same segment" in text
    assert "neither clearly the greater" in text


def test_where_nothing_was_split_there_is_no_cause() -> None:
    assert describe_cause(shown()) == ""
    assert describe_cause(shown(cause=explain_pair({"all": (100, 20)}, {"all": (100, 60)}))) == ""
    assert describe_cause(shown(n=9, cause=explain_pair(HOME, REFERENCE))) == ""


def test_long_names_are_cut_to_the_length_of_a_label() -> None:
    text = describe_breach(shown(group="ü" * 400), 0.8)
    assert len(text.encode()) <= MAX_LENGTH
    assert text.endswith("...")
