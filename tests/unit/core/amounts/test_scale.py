"""Amounts in fixed point and in bins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.amounts.scale import FULL, AmountScale

ENDS = st.floats(-1e12, 1e12).filter(lambda end: end == 0 or abs(end) > 1e-6)


@st.composite
def scales(draw: st.DrawFn) -> AmountScale:
    low, high = sorted([draw(ENDS), draw(ENDS)])
    if not high - low > 1e-6 * max(1.0, abs(low), abs(high)):
        high = low + max(1.0, abs(low))
    return AmountScale(low, high, draw(st.sampled_from((4, 32, 256))))


@given(scales(), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_an_amount_is_kept_to_half_a_step_in_the_bin_it_is_in(scale: AmountScale, shares: list[float]) -> None:
    assert scale.amounts_of(np.array(shares)).tolist() == [scale.amount_of(share) for share in shares]
    amounts = [min(max(scale.amount_of(share), scale.minimum), scale.maximum) for share in shares]
    fixed = [scale.to_fixed(amount) for amount in amounts]

    assert scale.to_fixed_many(np.array(amounts)).tolist() == fixed
    assert scale.bins_of(np.array(fixed)).tolist() == [scale.bin_of(one) for one in fixed]
    for amount, one in zip(amounts, fixed, strict=True):
        assert 0 <= one <= FULL
        assert 0 <= scale.bin_of(one) < scale.n_bins
        assert scale.bin_of(one) * scale.step <= one <= (scale.bin_of(one) + 1) * scale.step
        rounding = 1e-9 * max(abs(scale.minimum), abs(scale.maximum))
        assert abs(scale.amount_of(one / FULL) - amount) <= 0.5 * scale.range / FULL + rounding


@given(scales())
def test_the_ends_of_the_range_are_exact(scale: AmountScale) -> None:
    assert (scale.to_fixed(scale.minimum), scale.to_fixed(scale.maximum)) == (0, FULL)
    assert (scale.amount_of(0.0), scale.amount_of(1.0)) == (scale.minimum, scale.maximum)
    assert scale.bin_of(FULL) == scale.n_bins - 1
    assert scale.share_of_width(scale.range) == 1


def test_labels_of_bins_sort_as_the_bins_do() -> None:
    labels = AmountScale(0.0, 1.0, 128).bin_labels

    assert len(labels) == 128
    assert list(labels) == sorted(set(labels))


@pytest.mark.parametrize("amount", [-0.001, 10.001, math.nan, math.inf, -math.inf])
def test_an_amount_outside_the_range_is_refused(amount: float) -> None:
    scale = AmountScale(0.0, 10.0)

    assert not scale.contains(amount)
    with pytest.raises(ValueError, match="outside"):
        scale.to_fixed(amount)
    with pytest.raises(ValueError, match="outside"):
        scale.to_fixed_many(np.array([5.0, amount]))


@pytest.mark.parametrize(
    ("low", "high", "n_bins"),
    [(1.0, 1.0, 32), (2.0, 1.0, 32), (0.0, math.inf, 32), (math.nan, 1.0, 32), (-1e308, 1e308, 32), (0.0, 5e-324, 32)],
)
def test_a_range_that_is_none_is_refused(low: float, high: float, n_bins: int) -> None:
    with pytest.raises(ValueError, match=r"range|minimum"):
        AmountScale(low, high, n_bins)


@pytest.mark.parametrize("n_bins", [0, 1, 2, 3, 31, 33, 512, -4])
def test_bins_must_be_a_power_of_two(n_bins: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        AmountScale(0.0, 1.0, n_bins)
