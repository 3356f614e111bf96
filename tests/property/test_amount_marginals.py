"""The fast count of amounts of subgroups against one that reads every cell for every subgroup."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.amounts.counts import Favorable, unpaired
from stream_app.core.amounts.scale import FULL
from stream_app.core.groups.amount_marginals import AmountMarginalizer
from stream_app.core.groups.subgroups import subgroups
from stream_app.core.windows.cells import CellLayout, Cells

BINS = tuple("01234567")
SEXES, PARTS = ("female", "male", "unknown"), ("north", "south")
LAYOUT = CellLayout((("sex", SEXES), ("part", PARTS), ("price", BINS)), 1)
PAIRS = subgroups([("sex", ("female", "male"), "male")], 1)


@st.composite
def cells_with_amounts(draw: st.DrawFn) -> Cells:
    """Draw cells whose sums are possible in their bins; the sum is the third entry of a vector."""
    cells: Cells = {}
    for code in draw(st.lists(st.integers(0, LAYOUT.size - 1), unique=True, max_size=30)):
        number = LAYOUT.indices_of(code)[2]
        fixed = draw(st.lists(st.integers(number * FULL // 8, (number + 1) * FULL // 8), min_size=1, max_size=5))
        cells[code] = [len(fixed), len(fixed), sum(fixed), sum(one * one for one in fixed)]
    return cells


@pytest.mark.parametrize("favorable", ["low", "high"])
@pytest.mark.parametrize("segment", [None, "part"])
@given(cells=cells_with_amounts())
def test_the_fast_count_equals_the_naive_one(cells: Cells, segment: str | None, favorable: Favorable) -> None:
    marginalizer = AmountMarginalizer(
        LAYOUT, PAIRS, dimension="price", sum_place=2, favorable=favorable, segment=segment
    )
    columns = marginalizer.counts(cells)
    n_strata = 1 if segment is None else 2
    expected = np.zeros((2, 2, n_strata, 8), np.int64)  # n and sums, by group
    for code, vector in cells.items():
        sex, part, number = LAYOUT.indices_of(code)
        if sex < 2:
            expected[0, sex, part if segment else 0, number] += vector[0]
            expected[1, sex, part if segment else 0, number] += vector[2]

    assert columns.shape == (1, n_strata, 32)
    for side, counts in enumerate(unpaired(columns, favorable=favorable)):
        assert (counts.n[0] == expected[0, side]).all()
        assert (counts.sums[0] == expected[1, side]).all()


def test_a_dimension_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="'rate' is not one of sex, part, price"):
        AmountMarginalizer(LAYOUT, PAIRS, dimension="rate", sum_place=2, favorable="low", segment=None)
