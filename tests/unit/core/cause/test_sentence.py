"""The sentence of a verdict, word by word."""

from __future__ import annotations

import re

import msgspec
import pytest

from stream_app.core.cause.cause import Cause, explain_pair
from stream_app.core.cause.decomposition import Counts, Driver
from stream_app.core.cause.features import FeatureMoments, Moments
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
    k: int = K,
) -> str:
    n, favorable = (sum(column) for column in zip((0, 0), *group.values(), strict=True))
    n_reference, favorable_reference = (sum(column) for column in zip((0, 0), *reference.values(), strict=True))
    below = n * favorable_reference
    finding = VerdictFacts(
        group="female",
        reference="male",
        n=n,
        n_reference=n_reference,
        disparate_impact_ratio=favorable * n_reference / below if below else None,
        is_judged=is_judged,
        onset_s=onset_s,
    )
    return describe_verdict(finding, explain_pair(group, reference, features, shortfall=shortfall), k=k)


def test_the_classic_case_in_full() -> None:
    group = {"auto": (500, 110), "home": (500, 340)}
    assert verdict(group, MEN, INCOME, shortfall=110, onset_s=1767225600) == (
        "DIR = 0.64 (< 0.8), female against male: gap -0.25 (beyond 0.2), n = 1000 and 1000, "
        "likely since 2026-01-01T00:00:00Z; "
        "rate, not mix: segment auto explains 88 % of the gap, income differs most (d = -0.50); "
        "110 more favorable decisions were needed; statistical, not causal."
    )


def test_a_fair_window_names_minor_factors() -> None:
    assert verdict(FAIR, MEN, INCOME) == (
        "DIR = 0.97 (not < 0.8), system considered fair, female against male: gap -0.02, n = 1000 and 1000; "
        "minor factors: rate, not mix: segment auto explains 50 % of the gap, income differs most (d = -0.50); "
        "statistical, not causal."
    )


def test_equal_rates_need_no_cause() -> None:
    assert verdict(MEN, MEN) == (
        "DIR = 1.00 (not < 0.8), system considered fair, female against male: gap 0.00, n = 1000 and 1000."
    )


def test_a_reference_rate_of_zero_is_not_computable() -> None:
    assert verdict({"": (40, 12)}, {"": (50, 0)}) == (
        "DIR not computable (reference rate zero), female against male: gap +0.30 (beyond 0.2), n = 40 and 50; "
        "statistical, not causal."
    )


def test_an_empty_group_is_named_only_where_nothing_needs_hiding() -> None:
    assert verdict({}, MEN, k=0) == (
        "DIR not computable (no decisions about female), female against male: n = 0 and 1000."
    )
    assert verdict(MEN, {}, k=0) == (
        "DIR not computable (no decisions about male), female against male: n = 1000 and 0."
    )


@pytest.mark.parametrize(("group", "reference"), [({"": (9, 3)}, MEN), (MEN, {"": (9, 3)}), ({}, MEN), ({}, {})])
def test_a_group_below_k_is_named_without_numbers(group: Counts, reference: Counts) -> None:
    text = verdict(group, reference, INCOME, shortfall=7, onset_s=1767225600)
    assert text == "DIR not shown: fewer than 10 decisions about female or about male."


def test_the_main_cause_is_told_in_these_words() -> None:
    group, reference = {"x": (40, 16), "y": (60, 6)}, {"x": (60, 36), "y": (40, 12)}
    assert "; mostly rate: segment x explains 38 % of the gap" in verdict(group, reference)
    group, reference = {"x": (10, 7), "y": (90, 9)}, {"x": (90, 72), "y": (10, 2)}
    assert "; mostly mix: segment x explains 41 % of the gap" in verdict(group, reference)


def test_others_that_narrow_the_gap_are_mentioned() -> None:
    text = verdict({"x": (50, 10), "y": (50, 40)}, {"x": (50, 40), "y": (50, 30)})
    assert "; rate, not mix: segment x explains 150 % of the gap, others narrow it;" in text


@pytest.mark.parametrize(
    ("group", "reference", "where"),
    [
        ({"x": (10, 9), "y": (90, 30)}, {"x": (90, 72), "y": (10, 2)}, "in all segments"),
        (
            {"x": (100, 90), "y": (900, 300), "z": (50, 20)},
            {"x": (900, 720), "y": (100, 20), "z": (50, 25)},
            "in nearly all segments",
        ),
        (
            {"x": (100, 90), "y": (900, 300), "z": (300, 120)},
            {"x": (900, 720), "y": (100, 20), "z": (300, 123)},
            "in segments with 77 % of the decisions",
        ),
    ],
)
def test_simpsons_paradox_is_called_by_its_name(group: Counts, reference: Counts, where: str) -> None:
    text = verdict(group, reference)
    assert "; mix, not rate: segment " in text
    assert f", {where} it points the other way (Simpson's paradox);" in text


def test_a_segment_with_fewer_than_k_decisions_is_not_named() -> None:
    text = verdict({"tiny": (9, 0), "home": (91, 64)}, {"tiny": (100, 70), "home": (900, 630)})
    assert "tiny" not in text
    assert "the segment that explains most has too few decisions to be named" in text
    assert "tiny" in verdict({"tiny": (10, 0), "home": (91, 64)}, {"tiny": (100, 70), "home": (900, 630)})


def test_a_feature_with_fewer_than_k_values_or_a_negligible_difference_is_left_out() -> None:
    rare = FeatureMoments("rare", 1, Moments(9, 0, 0), Moments(100, 100, 100))
    alike = FeatureMoments("alike", 1, Moments(100, 0, 400), Moments(100, 1, 400))
    assert verdict(FAIR, MEN, rare, alike) == verdict(FAIR, MEN)
    assert "income differs most (d = -0.50)" in verdict(FAIR, MEN, rare, INCOME)


def test_a_feature_that_stands_for_the_group_is_told() -> None:
    assert ", proxy separates the groups;" in verdict(FAIR, MEN, INCOME, PROXY)


@pytest.mark.parametrize(
    ("shortfall", "clause"),
    [
        (None, None),
        (0, None),
        (1, "1 more favorable decision was needed"),
        (2, "2 more favorable decisions were needed"),
    ],
)
def test_a_shortfall_is_told_when_there_is_one(shortfall: int | None, clause: str | None) -> None:
    text = verdict(FAIR, MEN, shortfall=shortfall)
    assert ("needed" in text) == (clause is not None)
    assert clause is None or f"; {clause};" in text


@pytest.mark.parametrize(
    ("group", "reference", "shown"),
    [
        ({"": (10_000, 7996)}, {"": (10_000, 10_000)}, "DIR = 0.7996 (< 0.8)"),
        ({"": (10, 8)}, {"": (10, 10)}, "DIR = 0.80 (not < 0.8)"),
        ({"": (100_000, 50_009)}, {"": (100_000, 50_000)}, "gap +0.0001,"),
        ({"": (100_000, 29_999)}, {"": (100_000, 50_000)}, "gap -0.20001 (beyond 0.2)"),
        ({"": (10, 8)}, {"": (10, 10)}, "gap -0.20,"),
        ({"": (10, 0)}, {"": (10, 5)}, "DIR = 0.00 (< 0.8)"),
    ],
)
def test_rounding_never_puts_a_number_on_the_wrong_side_of_its_limit(
    group: Counts, reference: Counts, shown: str
) -> None:
    assert shown in verdict(group, reference)


def test_a_ratio_that_no_nine_digits_tell_from_its_limit_is_written_in_full() -> None:
    just_below = 0.8 - 2**-52
    finding = VerdictFacts(group="a", reference="b", n=50, n_reference=50, disparate_impact_ratio=just_below)
    assert f"DIR = {just_below!r} (< 0.8)" in describe_verdict(finding, Cause(driver=Driver.NO_GAP, gap=0.0), k=K)


def test_the_limits_are_those_of_the_policy() -> None:
    finding = VerdictFacts(
        group="a",
        reference="b",
        n=50,
        n_reference=50,
        disparate_impact_ratio=0.85,
        min_disparate_impact_ratio=0.9,
        max_gap=0.05,
    )
    text = describe_verdict(finding, explain_pair({"": (50, 34)}, {"": (50, 40)}), k=K)
    assert text.startswith("DIR = 0.85 (< 0.9), a against b: gap -0.12 (beyond 0.05)")


def test_a_breach_that_lasts_or_a_pair_that_is_too_small_is_not_called_fair() -> None:
    assert "fair" not in verdict(FAIR, MEN, onset_s=0)
    assert "likely since 1970-01-01T00:00:00Z" in verdict(FAIR, MEN, onset_s=0)
    assert verdict({"": (12, 6)}, MEN, is_judged=False).startswith("DIR = 0.71 (< 0.8), too few decisions to judge, ")
    assert "fair" not in verdict({"": (12, 9)}, MEN, is_judged=False)
    assert "fair" not in verdict({"": (100, 95)}, MEN)


def test_a_verdict_is_one_sentence() -> None:
    texts = [verdict(FAIR, MEN, INCOME), verdict({"": (9, 1)}, MEN), verdict({"": (40, 4)}, MEN, shortfall=3)]
    for text in texts:
        assert re.search(r"\.(?=\s|$)", text) is not None
        assert re.search(r"\.\s", text) is None


def test_a_gap_is_told_beside_features_when_there_is_no_segment() -> None:
    cause = explain_pair({"": (50, 25)}, {"": (50, 45)}, [INCOME])
    finding = VerdictFacts(group="a", reference="b", n=50, n_reference=50, disparate_impact_ratio=25 / 45)
    assert "; income differs most (d = -0.50);" in describe_verdict(finding, cause, k=K)
    assert "differs" not in describe_verdict(finding, msgspec.structs.replace(cause, features=()), k=K)
