"""Conditional demographic disparity: the definition of Wachter et al., Clarify's sign, and every reason."""

from __future__ import annotations

import pytest

from stream_app.core.fairness.disparity import DisparityReason, conditional_demographic_disparity

# Admissions to Berkeley 1973 by department (Bickel, Hammel and O'Connell 1975): applicants, admitted.
WOMEN = {"A": (108, 89), "B": (25, 17), "C": (593, 202), "D": (375, 131), "E": (393, 94), "F": (341, 24)}
MEN = {"A": (825, 512), "B": (560, 353), "C": (325, 120), "D": (417, 138), "E": (191, 53), "F": (373, 22)}


def test_the_disparity_at_berkeley_goes_away_inside_departments() -> None:
    """Over all: 557 of 1,755 admitted and 1,278 of 2,771 rejected are women; Clarify's DDPL is +0.1438."""
    total = conditional_demographic_disparity({"": (1835, 557)}, {"": (2691, 1198)})
    assert total.value == pytest.approx(557 / 1755 - 1278 / 2771, abs=1e-12)
    inside = conditional_demographic_disparity(WOMEN, MEN)
    expected = 0.0
    for department, (n_a, k_a) in WOMEN.items():
        n_b, k_b = MEN[department]
        expected += (n_a + n_b) / 4526 * (k_a / (k_a + k_b) - (n_a - k_a) / (n_a + n_b - k_a - k_b))
    assert inside.value == pytest.approx(expected, abs=1e-12)
    assert inside.value is not None
    assert abs(inside.value) < 0.03
    assert inside.compared_share == 1.0


def test_equal_rates_in_every_segment_have_no_disparity() -> None:
    group, reference = {"x": (100, 80), "y": (900, 270)}, {"x": (900, 720), "y": (100, 30)}
    assert conditional_demographic_disparity(group, reference).value == 0.0


def test_a_segment_where_all_were_decided_alike_is_left_out() -> None:
    group, reference = {"x": (10, 2), "y": (30, 30)}, {"x": (10, 8), "y": (10, 10), "z": (40, 0)}
    disparity = conditional_demographic_disparity(group, reference)
    assert disparity.value == pytest.approx(2 / 10 - 8 / 10)
    assert disparity.compared_share == 0.2


@pytest.mark.parametrize(
    ("group", "reference", "reason"),
    [
        ({}, {"x": (4, 2)}, DisparityReason.NO_DECISIONS),
        ({"x": (0, 0)}, {"x": (4, 2)}, DisparityReason.NO_DECISIONS),
        ({"x": (4, 2)}, {}, DisparityReason.REFERENCE_EMPTY),
        ({"x": (4, 4)}, {"x": (4, 4), "y": (3, 0)}, DisparityReason.SAME_DECISION),
    ],
)
def test_what_cannot_be_formed_has_a_reason(
    group: dict[str, tuple[int, int]], reference: dict[str, tuple[int, int]], reason: DisparityReason
) -> None:
    disparity = conditional_demographic_disparity(group, reference)
    assert (disparity.value, disparity.reason) == (None, reason)
