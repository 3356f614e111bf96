"""The generalized entropy index: the definition over single cases, what AIF360 computes, and every reason."""

from __future__ import annotations

import math
from itertools import chain, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.fairness.inequality import InequalityReason, generalized_entropy_index, theil_index
from stream_app.core.fairness.outcome_rates import ConfusionCount

COUNTS = st.builds(ConfusionCount, *(st.integers(0, 60) for _ in range(4)))


def of_cases(count: ConfusionCount, alpha: float) -> float:
    """Compute the index case by case, as AIF360 0.6.1 does (``ClassificationMetric.generalized_entropy_index``)."""
    benefits = chain(repeat(1, count.tp + count.tn), repeat(2, count.fp), repeat(0, count.fn))
    b = np.array(list(benefits), dtype=np.float64)
    share = b / b.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        if alpha == 1:
            return float(np.where(b == 0, 0.0, share * np.log(share)).mean())
        if alpha == 0:
            return float(-np.log(share).mean())
        return float((share**alpha - 1).mean() / (alpha * (alpha - 1)))


@given(COUNTS, st.sampled_from([2.0, 1.0, 0.5, 3.0]))
def test_the_index_from_counts_is_that_of_single_cases(count: ConfusionCount, alpha: float) -> None:
    index = generalized_entropy_index(count, alpha)
    if index.value is None:
        assert not count.tp + count.tn + count.fp
    else:
        assert index.value == pytest.approx(of_cases(count, alpha), abs=1e-12)
        assert index.n == sum(count)


def test_weights_of_zero_and_below_need_a_benefit_for_everybody() -> None:
    count = ConfusionCount(tp=50, fp=10, fn=0, tn=30)
    for alpha in (0.0, -1.0):
        assert generalized_entropy_index(count, alpha).value == pytest.approx(of_cases(count, alpha))
        with_a_denied_good_case = generalized_entropy_index(count._replace(fn=1), alpha)
        assert (with_a_denied_good_case.value, with_a_denied_good_case.reason) == (None, InequalityReason.ZERO_BENEFIT)


def test_equal_benefits_are_no_inequality() -> None:
    for count in (ConfusionCount(5, 0, 0, 5), ConfusionCount(0, 7, 0, 0)):
        assert theil_index(count).value == 0.0
        assert generalized_entropy_index(count).value == 0.0


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (ConfusionCount(0, 0, 0, 0), InequalityReason.NO_OUTCOMES),
        (ConfusionCount(0, 0, 9, 0), InequalityReason.NO_BENEFIT),
    ],
)
def test_without_a_mean_benefit_there_is_a_reason(count: ConfusionCount, reason: InequalityReason) -> None:
    assert theil_index(count) == (None, sum(count), reason)


def test_the_theil_index_of_a_confusion_matrix_in_full() -> None:
    # 3 cases: benefits 1, 2, 0 with mean 1: (0 + 2 log 2 + 0) / 3.
    assert theil_index(ConfusionCount(tp=1, fp=1, fn=1, tn=0)).value == pytest.approx(2 * math.log(2) / 3)
