"""Metrics of decisions with outcomes: reference values, definitions on random tables, and every reason."""

from __future__ import annotations

import random

import pytest
from fairlearn.metrics import equal_opportunity_ratio as fairlearn_ratio

from stream_app.core.fairness.outcome_rates import (
    ConfusionCount,
    LabelReason,
    Measurement,
    average_odds_difference,
    equal_opportunity_difference,
    equal_opportunity_ratio,
    failure_rate,
    failure_rate_difference,
    false_positive_rate,
    false_positive_rate_difference,
    positive_predictive_value,
    predictive_parity_difference,
    true_positive_rate,
    undefined,
)
from stream_app.core.intervals.intervals import koopman, newcombe

WHITE, BLACK, HISPAN = ConfusionCount(1496, 29, 81, 73), ConfusionCount(127, 6, 17, 47), ConfusionCount(82, 3, 13, 13)
NOBODY = ConfusionCount(0, 0, 0, 0)
NO_POSITIVE, NO_NEGATIVE, ALL_DENIED = (
    ConfusionCount(0, 3, 0, 4),
    ConfusionCount(3, 0, 4, 0),
    ConfusionCount(0, 0, 3, 4),
)
DIFFERENCES = [
    equal_opportunity_difference,
    false_positive_rate_difference,
    predictive_parity_difference,
    failure_rate_difference,
    average_odds_difference,
]


def measures(measured: Measurement) -> list[float | None]:
    return [measured.value, measured.interval.lower, measured.interval.upper]


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (equal_opportunity_difference(BLACK, WHITE), [-0.066692, -0.130334, -0.022016]),
        (false_positive_rate_difference(BLACK, WHITE), [-0.171106, -0.282874, -0.033899]),
        (average_odds_difference(BLACK, WHITE), [-0.118899, -0.183208, -0.046750]),
        (equal_opportunity_difference(HISPAN, WHITE), [-0.085479, -0.169381, -0.029087]),
        (false_positive_rate_difference(HISPAN, WHITE), [-0.096814, -0.250571, 0.158149]),
        (average_odds_difference(HISPAN, WHITE), [-0.091146, -0.178726, 0.039416]),
    ],
)
def test_differences_equal_the_reference_values(measured: Measurement, expected: list[float]) -> None:
    assert measures(measured) == pytest.approx(expected, abs=1e-6)
    assert measured.reason is None


def test_rates_equal_the_reference_values() -> None:
    assert true_positive_rate(WHITE).value == pytest.approx(0.948637, abs=5e-7)
    assert false_positive_rate(WHITE).value == pytest.approx(0.284314, abs=5e-7)
    assert positive_predictive_value(BLACK).value == pytest.approx(127 / 133)
    assert failure_rate(BLACK).value == pytest.approx(6 / 133)
    assert [rate(BLACK).n for rate in (true_positive_rate, false_positive_rate, failure_rate)] == [144, 53, 133]


def test_each_metric_is_what_its_definition_says_on_random_tables() -> None:
    draw = random.Random(7)
    for _ in range(200):
        group, reference = (ConfusionCount(*(draw.choice((0, 1, 5, 60)) for _ in range(4))) for _ in range(2))
        gaps = {difference: difference(group, reference) for difference in DIFFERENCES}
        for difference, counted, other in (
            (equal_opportunity_difference, "tp", "fn"),
            (false_positive_rate_difference, "fp", "tn"),
            (predictive_parity_difference, "tp", "fp"),
            (failure_rate_difference, "fp", "tp"),
        ):
            k, k_reference = getattr(group, counted), getattr(reference, counted)
            n, n_reference = k + getattr(group, other), k_reference + getattr(reference, other)
            measured = gaps[difference]
            assert measured.value == (pytest.approx(k / n - k_reference / n_reference) if n and n_reference else None)
            assert measured.interval[:2] == newcombe(k, n, k_reference, n_reference)[:2]
            assert (measured.n, measured.n_reference) == (n, n_reference)
        assert_is_mean(
            gaps[average_odds_difference], gaps[equal_opportunity_difference], gaps[false_positive_rate_difference]
        )
        assert all((gap.value is None) == (gap.reason is not None) for gap in gaps.values())


def assert_is_mean(average: Measurement, right: Measurement, wrong: Measurement) -> None:
    if right.value is None or wrong.value is None:
        assert measures(average) == [None, -1.0, 1.0]
        return
    assert average.value is not None
    assert average.interval.upper is not None
    assert average.value == pytest.approx((right.value + wrong.value) / 2)
    assert -1 <= average.interval.lower <= average.value <= average.interval.upper <= 1


@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        (true_positive_rate(NOBODY), LabelReason.NO_OUTCOMES),
        (true_positive_rate(NO_POSITIVE), LabelReason.NO_POSITIVES),
        (false_positive_rate(NO_NEGATIVE), LabelReason.NO_NEGATIVES),
        (positive_predictive_value(ALL_DENIED), LabelReason.NO_FAVORABLE),
        (failure_rate(ALL_DENIED), LabelReason.NO_FAVORABLE),
        (equal_opportunity_difference(NOBODY, NOBODY), LabelReason.NO_OUTCOMES),
        (equal_opportunity_difference(BLACK, NOBODY), LabelReason.REFERENCE_NO_OUTCOMES),
        (equal_opportunity_difference(BLACK, NO_POSITIVE), LabelReason.REFERENCE_NO_POSITIVES),
        (false_positive_rate_difference(NO_NEGATIVE, WHITE), LabelReason.NO_NEGATIVES),
        (false_positive_rate_difference(BLACK, NO_NEGATIVE), LabelReason.REFERENCE_NO_NEGATIVES),
        (predictive_parity_difference(ALL_DENIED, WHITE), LabelReason.NO_FAVORABLE),
        (failure_rate_difference(BLACK, ALL_DENIED), LabelReason.REFERENCE_NO_FAVORABLE),
        (average_odds_difference(NO_POSITIVE, WHITE), LabelReason.NO_POSITIVES),
        (average_odds_difference(BLACK, NO_NEGATIVE), LabelReason.REFERENCE_NO_NEGATIVES),
        (undefined(LabelReason.SELECTIVE_LABELS), LabelReason.SELECTIVE_LABELS),
    ],
)
def test_what_cannot_be_formed_has_a_reason_and_the_full_range(measured: Measurement, reason: LabelReason) -> None:
    assert measured.value is None
    assert measured.reason is reason
    assert measured.interval[:2] == ((0.0, 1.0) if measured.n_reference is None else (-1.0, 1.0))


def test_the_outcome_test_needs_no_outcome_of_a_denied_case() -> None:
    seen = ConfusionCount(BLACK.tp, BLACK.fp, 0, 0)
    assert failure_rate_difference(seen, WHITE) == failure_rate_difference(BLACK, WHITE)


def test_a_stricter_bar_for_the_group_is_negative_in_the_outcome_test() -> None:
    lenient, strict = ConfusionCount(80, 20, 0, 0), ConfusionCount(48, 2, 0, 0)
    measured = failure_rate_difference(strict, lenient)
    assert measured.value == pytest.approx(-0.16)


def test_the_ratio_of_true_positive_rates_is_that_of_fairlearn() -> None:
    """``fairlearn.metrics.equal_opportunity_ratio`` gives the lowest over the highest rate of all groups."""
    truth = [1] * 1577 + [0] * 102 + [1] * 144 + [0] * 53
    decided = [1] * 1496 + [0] * 81 + [1] * 29 + [0] * 73 + [1] * 127 + [0] * 17 + [1] * 6 + [0] * 47
    groups = ["white"] * 1679 + ["black"] * 197
    measured = equal_opportunity_ratio(BLACK, WHITE)
    assert measured.value == pytest.approx(fairlearn_ratio(truth, decided, sensitive_features=groups), abs=1e-12)
    assert measured.interval == koopman(127, 144, 1496, 1577)
    assert (measured.n, measured.n_reference, measured.reason) == (144, 1577, None)


@pytest.mark.parametrize(
    ("group", "reference", "reason"),
    [
        (NOBODY, WHITE, "no_outcomes"),
        (NO_POSITIVE, WHITE, "no_positives"),
        (BLACK, NOBODY, "reference_no_outcomes"),
        (BLACK, NO_POSITIVE, "reference_no_positives"),
        (BLACK, ALL_DENIED, "reference_rate_zero"),
    ],
)
def test_a_ratio_that_cannot_be_formed_has_a_reason(
    group: ConfusionCount, reference: ConfusionCount, reason: str
) -> None:
    measured = equal_opportunity_ratio(group, reference)
    assert (measured.value, measured.interval.upper, measured.reason) == (None, None, reason)
