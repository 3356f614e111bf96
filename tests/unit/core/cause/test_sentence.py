"""The sentence of a verdict, word by word."""

from __future__ import annotations

import re

import msgspec
import pytest

from stream_app.core.cause.cause import Cause, explain_pair
from stream_app.core.cause.decomposition import Counts, Driver
from stream_app.core.cause.features import FeatureMoments, Moments
from stream_app.core.cause.over_time import Period
from stream_app.core.cause.sentence import VerdictFacts, describe_verdict

K = 10
MEN: Counts = {"auto": (500, 330), "home": (500, 370)}  # 0.70
FAIR: Counts = {"auto": (500, 320), "home": (500, 360)}
INCOME = FeatureMoments("income", 1, Moments(100, 0, 400), Moments(100, 100, 500))
PROXY = FeatureMoments("proxy", 1, Moments(100, 0, 0), Moments(100, 100, 100))


def verdict(
    group: Counts,
    reference: Counts,
    *features: FeatureMoments,
    shortfall: int | None = None,
    onset_s: float | None = None,
    is_judged: bool = True,
    is_over: bool = False,
    k: int = K,
) -> str:
    n, favorable = (sum(column) for column in zip((0, 0), *group.values(), strict=True))
    n_reference, favorable_reference = (sum(column) for column in zip((0, 0), *reference.values(), strict=True))
    below = n * favorable_reference
    facts = VerdictFacts(
        group="female",
        reference="male",
        n=n,
        n_reference=n_reference,
        disparate_impact_ratio=favorable * n_reference / below if below else None,
        is_judged=is_judged,
        is_over=is_over,
        segment_name="product",
        onset_s=onset_s,
    )
    return describe_verdict(facts, explain_pair(group, reference, features, shortfall=shortfall), k=k)


def test_the_classic_case_in_full() -> None:
    group = {"auto": (500, 110), "home": (500, 340)}
    assert verdict(group, MEN, INCOME, shortfall=110, onset_s=1767225600) == (
        "DIR 0.64 (limit 0.80), female vs. male: rate difference -25 percentage points (limit ±20), n = 1000 and 1000, "
        "estimated onset 2026-01-01T00:00:00Z; explained by within-segment differences (rate effect); "
        "segment product=auto contributes 88% of the gap; "
        "feature difference: income (standardized mean difference -0.50); "
        "shortfall: 110 approvals to reach DIR 0.80; statistical, not causal."
    )


def test_a_window_within_its_limits_names_factors_too() -> None:
    assert verdict(FAIR, MEN, INCOME) == (
        "DIR 0.97 (limit 0.80), female vs. male: rate difference -2 percentage points (limit ±20), n = 1000 and 1000; "
        "within-segment differences (rate effect) -2.0 percentage points and composition (mix effect) +0.0 percentage "
        "points, neither clearly the greater; "
        "feature difference: income (standardized mean difference -0.50); statistical, not causal."
    )


def test_equal_rates_need_no_cause() -> None:
    assert verdict(MEN, MEN) == (
        "DIR 1.00 (limit 0.80), female vs. male: rate difference 0 percentage points (limit ±20), n = 1000 and 1000."
    )


def test_a_reference_rate_of_zero_is_not_computable() -> None:
    assert verdict({"": (40, 12)}, {"": (50, 0)}) == (
        "DIR not computable (reference rate zero), female vs. male: "
        "rate difference +30 percentage points (limit ±20), n = 40 and 50; statistical, not causal."
    )


def test_an_empty_group_is_named_only_where_nothing_needs_hiding() -> None:
    assert verdict({}, MEN, k=0) == ("DIR not computable (no decisions about female), female vs. male: n = 0 and 1000.")
    assert verdict(MEN, {}, k=0) == ("DIR not computable (no decisions about male), female vs. male: n = 1000 and 0.")


@pytest.mark.parametrize(("group", "reference"), [({"": (9, 3)}, MEN), (MEN, {"": (9, 3)}), ({}, MEN), ({}, {})])
def test_a_group_below_k_is_named_without_numbers(group: Counts, reference: Counts) -> None:
    text = verdict(group, reference, INCOME, shortfall=7, onset_s=1767225600)
    assert text == "DIR not shown: fewer than 10 decisions about female or about male."


def test_the_main_cause_is_named_in_these_words() -> None:
    group, reference = {"x": (4000, 1600), "y": (6000, 600)}, {"x": (6000, 3600), "y": (4000, 1200)}
    text = "; mainly within-segment differences (rate effect); no segment clearly contributes most;"
    assert text in verdict(group, reference)
    group, reference = {"x": (4000, 1400), "y": (6000, 700)}, {"x": (6000, 3600), "y": (4000, 1200)}
    text = "; mainly within-segment differences (rate effect); segment product=x contributes 46% of the gap;"
    assert text in verdict(group, reference)
    group, reference = {"x": (1000, 500), "y": (9000, 900)}, {"x": (9000, 7200), "y": (1000, 200)}
    text = "; mainly composition (mix effect); segment product="
    assert text in verdict(group, reference)


def test_what_chance_may_have_made_the_greater_part_is_given_in_numbers() -> None:
    group, reference = {"x": (40, 16), "y": (60, 6)}, {"x": (60, 36), "y": (40, 12)}
    assert (
        "; within-segment differences (rate effect) -20.0 percentage points and composition (mix effect) -6.0 "
        "percentage points, neither clearly the greater;"
    ) in verdict(group, reference)


def test_a_gap_that_is_mix_over_time_is_explained_by_when_the_groups_applied() -> None:
    morning, evening = ({"": (400, 300)}, {"": (3600, 2700)}), ({"": (1600, 400)}, {"": (400, 100)})
    cause = explain_pair({"": (2000, 700)}, {"": (4000, 2800)}, periods=[Period(*morning), Period(*evening)])
    facts = VerdictFacts(group="a", reference="b", n=2000, n_reference=4000, disparate_impact_ratio=0.5)
    assert (
        "; explained by when the groups applied (mix over time), at equal times +0.0 percentage points;"
    ) in describe_verdict(facts, cause, k=K)


def test_a_segment_that_contributes_more_than_the_gap_is_given_in_points() -> None:
    text = verdict({"x": (500, 100), "y": (500, 400)}, {"x": (500, 400), "y": (500, 300)})
    assert "; segment product=x contributes -30.0 percentage points, other segments narrow the gap;" in text
    assert "rate difference -20 percentage points" in text


@pytest.mark.parametrize(
    ("group", "reference", "where"),
    [
        ({"x": (400, 360), "y": (3600, 1200)}, {"x": (3600, 2880), "y": (400, 80)}, "in all segments"),
        (
            {"x": (400, 360), "y": (3600, 1200), "z": (200, 80)},
            {"x": (3600, 2880), "y": (400, 80), "z": (200, 100)},
            "in nearly all segments",
        ),
        (
            {"x": (400, 360), "y": (3600, 1200), "z": (1200, 480)},
            {"x": (3600, 2880), "y": (400, 80), "z": (1200, 492)},
            "in segments with 77% of the decisions",
        ),
    ],
)
def test_simpsons_paradox_is_called_by_its_name(group: Counts, reference: Counts, where: str) -> None:
    text = verdict(group, reference)
    assert "; explained by composition (mix effect); " in text
    assert f"; {where} the gap points the other way (Simpson's paradox);" in text


def test_a_segment_with_fewer_than_k_decisions_is_not_named() -> None:
    text = verdict({"tiny": (49, 0), "home": (451, 316)}, {"tiny": (100, 70), "home": (900, 630)}, k=50)
    assert "tiny" not in text
    assert "the segment that contributes most has too few decisions to be named" in text
    assert "tiny" in verdict({"tiny": (50, 0), "home": (451, 316)}, {"tiny": (100, 70), "home": (900, 630)}, k=50)


def test_a_feature_with_fewer_than_k_values_or_a_negligible_difference_is_left_out() -> None:
    rare = FeatureMoments("rare", 1, Moments(9, 0, 0), Moments(100, 100, 100))
    alike = FeatureMoments("alike", 1, Moments(100, 0, 400), Moments(100, 1, 400))
    assert verdict(FAIR, MEN, rare, alike) == verdict(FAIR, MEN)
    assert "feature difference: income (standardized mean difference -0.50)" in verdict(FAIR, MEN, rare, INCOME)


def test_a_feature_that_is_constant_in_each_group_is_named() -> None:
    assert (
        "; feature differences: proxy (one constant value in each group), income (standardized mean difference -0.50);"
    ) in verdict(FAIR, MEN, INCOME, PROXY)


def test_a_feature_that_differs_by_no_more_than_chance_is_left_out() -> None:
    few = FeatureMoments("few", 1, Moments(12, 0, 44), Moments(12, 12, 56))  # d = -0.5
    assert verdict(FAIR, MEN, few) == verdict(FAIR, MEN)


@pytest.mark.parametrize(
    ("shortfall", "clause"),
    [
        (None, None),
        (0, None),
        (1, "shortfall: 1 approval to reach DIR 0.80"),
        (2, "shortfall: 2 approvals to reach DIR 0.80"),
    ],
)
def test_a_shortfall_is_given_when_there_is_one(shortfall: int | None, clause: str | None) -> None:
    text = verdict(FAIR, MEN, shortfall=shortfall)
    assert ("shortfall" in text) == (clause is not None)
    assert clause is None or f"; {clause};" in text


@pytest.mark.parametrize(
    ("group", "reference", "shown"),
    [
        ({"": (10_000, 7996)}, {"": (10_000, 10_000)}, "DIR 0.7996 (limit 0.80)"),
        ({"": (10, 8)}, {"": (10, 10)}, "DIR 0.80 (limit 0.80)"),
        ({"": (100_000, 50_009)}, {"": (100_000, 50_000)}, "rate difference +0.01 percentage points"),
        ({"": (100_000, 29_999)}, {"": (100_000, 50_000)}, "rate difference -20.001 percentage points (limit ±20)"),
        ({"": (10, 8)}, {"": (10, 10)}, "rate difference -20 percentage points (limit ±20)"),
        ({"": (10, 0)}, {"": (10, 5)}, "DIR 0.00 (limit 0.80)"),
    ],
)
def test_rounding_never_puts_a_number_on_the_wrong_side_of_its_limit(
    group: Counts, reference: Counts, shown: str
) -> None:
    assert shown in verdict(group, reference)


def test_a_ratio_that_nine_digits_do_not_distinguish_from_its_limit_is_written_in_full() -> None:
    just_below = 0.8 - 2**-52
    facts = VerdictFacts(group="a", reference="b", n=50, n_reference=50, disparate_impact_ratio=just_below)
    assert f"DIR {just_below!r} (limit 0.80)" in describe_verdict(facts, Cause(driver=Driver.NO_GAP, gap=0.0), k=K)


def verdict_of_limits(min_ratio: float, max_gap: float) -> str:
    """Return the sentence about one gap under limits of a policy."""
    facts = VerdictFacts(
        group="a",
        reference="b",
        n=50,
        n_reference=50,
        disparate_impact_ratio=0.85,
        min_disparate_impact_ratio=min_ratio,
        max_gap=max_gap,
    )
    return describe_verdict(facts, explain_pair({"": (50, 34)}, {"": (50, 40)}), k=K)


def test_the_limits_are_those_of_the_policy() -> None:
    text = verdict_of_limits(0.9, 0.05)
    assert text.startswith("DIR 0.85 (limit 0.90), a vs. b: rate difference -12 percentage points (limit ±5)")


def test_only_a_breach_that_is_over_and_within_its_limits_is_called_closed() -> None:
    closed = verdict(FAIR, MEN, onset_s=0, is_over=True)
    assert closed.startswith("DIR 0.97, no longer below 0.80: breach closed, female vs. male: ")
    assert "probably ended at 1970-01-01T00:00:00Z" in closed
    assert "closed" not in verdict(FAIR, MEN, onset_s=0)
    assert "estimated onset 1970-01-01T00:00:00Z" in verdict(FAIR, MEN, onset_s=0)
    assert "closed" not in verdict({"": (100, 95)}, MEN, onset_s=0, is_over=True)
    few = verdict({"": (12, 6)}, MEN, is_judged=False, is_over=True)
    assert few.startswith("DIR 0.71 (limit 0.80), too few decisions to judge, ")


def test_a_limit_with_more_digits_is_written_in_full() -> None:
    text = verdict_of_limits(0.875, 0.125)
    assert text.startswith("DIR 0.85 (limit 0.875), a vs. b: rate difference -12 percentage points (limit ±12.5)")


def test_a_verdict_is_one_sentence() -> None:
    texts = [verdict(FAIR, MEN, INCOME), verdict({"": (9, 1)}, MEN), verdict({"": (40, 4)}, MEN, shortfall=3)]
    for text in texts:
        assert text.endswith(".")
        assert re.search(r"\.\s", text.replace(" vs. ", " ")) is None


def test_a_gap_is_described_by_features_when_there_is_no_segment() -> None:
    cause = explain_pair({"": (50, 25)}, {"": (50, 45)}, [INCOME])
    facts = VerdictFacts(group="a", reference="b", n=50, n_reference=50, disparate_impact_ratio=25 / 45)
    assert "; feature difference: income (standardized mean difference -0.50);" in describe_verdict(facts, cause, k=K)
    assert "largest" not in describe_verdict(facts, msgspec.structs.replace(cause, features=()), k=K)
