"""Counts by bin: exact sums, and what the edges of the bins say about amounts inside them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.amounts.counts import AmountCounts, edge_weights, edges, paired_columns, unpaired
from stream_app.core.amounts.scale import FULL
from tests.support.amounts import counts_of

SHARES = st.lists(st.integers(0, FULL) | st.sampled_from((0, FULL, FULL // 2, FULL // 32 - 1)), max_size=30)
BINS = st.sampled_from((4, 32, 256))


def as_shares(fixed: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(fixed, np.float64) / FULL


@given(SHARES, SHARES, BINS)
def test_counts_add_up_in_any_order_and_total_and_mean_are_exact(one: list[int], other: list[int], n_bins: int) -> None:
    a, b, both = (counts_of(as_shares(fixed), n_bins) for fixed in (one, other, one + other))

    assert ((a + b).n == both.n).all()
    assert ((b + a).sums == both.sums).all()
    assert (int(both.total_n), int(both.total)) == (len(one + other), sum(one + other))
    if one + other:
        assert both.means() == pytest.approx(np.mean(as_shares(one + other)))
    else:
        assert np.isnan(both.means())


@given(SHARES, BINS, st.floats(-0.99, 0.99), st.floats(0, 1))
def test_edges_keep_number_and_sum_and_bound_every_log_of_a_bet(
    fixed: list[int], n_bins: int, bet: float, center: float
) -> None:
    shares, counts = as_shares(fixed), counts_of(as_shares(fixed), n_bins)
    weights, at = edge_weights(counts.n, counts.sums), edges(n_bins)

    assert (weights >= 0).all()
    assert weights.sum() == len(fixed)
    assert weights @ at == pytest.approx(shares.sum(), abs=1e-9)
    assert weights @ np.log1p(bet * (at - center)) <= np.log1p(bet * (shares - center)).sum() + 1e-9
    excess = weights @ (at - center) ** 2 - ((shares - center) ** 2).sum()
    assert -1e-9 <= excess <= len(fixed) / (4 * n_bins**2) + 1e-9


@given(SHARES, SHARES, BINS)
def test_columns_have_more_for_what_is_better_and_return(one: list[int], other: list[int], n_bins: int) -> None:
    a, b = counts_of(as_shares(one), n_bins), counts_of(as_shares(other), n_bins)
    turned = counts_of(1 - as_shares(one), n_bins)

    for favorable in ("low", "high"):
        columns = paired_columns(a, b, favorable=favorable)
        assert columns.shape == (4 * n_bins,)
        back = unpaired(columns, favorable=favorable)
        assert all(
            (mine.n == own.n).all() and (mine.sums == own.sums).all() for mine, own in zip(back, (a, b), strict=True)
        )
    low = paired_columns(a, b, favorable="low")
    assert low[0::4].sum() == len(one) * FULL - sum(one)
    assert low[1::4].sum() == turned.total_n
    assert turned.total == low[0::4].sum()


@pytest.mark.parametrize(
    ("n", "sums"),
    [([-1, 0, 0, 0], [0, 0, 0, 0]), ([1, 0, 0, 0], [FULL, 0, 0, 0]), ([0, 1, 0, 0], [0, 1, 0, 0]), ([0, 0], [0, 0, 0])],
)
def test_counts_that_no_amounts_have_are_refused(n: list[int], sums: list[int]) -> None:
    with pytest.raises(ValueError, match=r"shape|amounts"):
        AmountCounts(np.array(n), np.array(sums))
