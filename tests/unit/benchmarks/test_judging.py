"""The benchmark of the judge measures what it says, and its peers form the same ratios."""

from __future__ import annotations

import pytest

from benchmarks.judging.judge_cost import measure_judge
from benchmarks.judging.panes import N_CELLS, draw_panes
from benchmarks.judging.peers import check, measure_peers, to_ratios


def test_every_cell_of_a_full_pane_is_there() -> None:
    [pane] = draw_panes(1, 50.0)
    assert len(pane) == 2 * N_CELLS
    assert sum(row.n for row in pane) == pytest.approx(50 * N_CELLS, rel=0.05)


@pytest.mark.parametrize("is_stratified", [False, True])
def test_all_pairs_of_three_attributes_are_tested_four_times(*, is_stratified: bool) -> None:
    cost = measure_judge(0.1, is_stratified=is_stratified, n_panes=6)
    assert cost.n_tests == 4 * (2 + 5 + 5 + 17 + 17 + 35 + 107)
    assert min(cost.feed_ms, cost.window_ms, cost.encode_ms, cost.state_ms) > 0


def test_pandas_and_fairlearn_form_the_same_ratios_of_sparse_panes() -> None:
    assert measure_peers(0.1, n_panes=1).keys() == {"ours", "pandas", "fairlearn"}


def test_a_peer_with_a_different_ratio_is_rejected() -> None:
    right = to_ratios(["a"], {0: 0.5, 1: 0.25})
    assert right == {(("a",), (1,)): 0.5}
    with pytest.raises(AssertionError, match="different ratios"):
        check("peer", to_ratios(["a"], {0: 0.5, 1: 0.26}), right)
