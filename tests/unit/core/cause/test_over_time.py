"""A gap split over the periods of a time range: what is mix over time, and what is within periods."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Counts
from stream_app.core.cause.over_time import Period, split_over_time


def period(k_a: int, n_a: int, k_b: int, n_b: int) -> Period:
    return Period({"": (n_a, k_a)}, {"": (n_b, k_b)})


def test_rows_of_ratio_one_each_have_a_gap_together_that_is_all_mix_over_time() -> None:
    rows = [period(3, 4, 225, 300), period(15, 60, 1, 4)] * 20
    parts = split_over_time(rows)
    assert parts is not None
    assert parts.n_periods == 40
    assert parts.mix_over_time == pytest.approx(18 / 64 - 226 / 304, abs=1e-15)
    assert (parts.mix, parts.rate) == (0.0, 0.0)
    assert parts.certainty is Certainty.EXPLAINS


def test_a_gap_in_every_period_is_none_of_time() -> None:
    parts = split_over_time([period(20, 40, 80, 100), period(30, 60, 120, 150)])
    assert parts is not None
    assert parts.mix_over_time == 0.0
    assert parts.rate == pytest.approx(-0.3)
    assert parts.certainty is Certainty.UNCLEAR


def test_within_periods_segments_split_what_is_left() -> None:
    first = Period({"x": (30, 27), "y": (70, 21)}, {"x": (70, 63), "y": (30, 9)})  # all mix
    second = Period({"x": (50, 20), "y": (50, 10)}, {"x": (50, 30), "y": (50, 20)})  # all rate
    parts = split_over_time([first, second])
    assert parts is not None
    assert parts.mix_over_time == 0
    assert parts.mix == pytest.approx(-0.12)
    assert parts.rate == pytest.approx(-0.1)


@pytest.mark.parametrize(
    "periods",
    [
        [],
        [period(1, 2, 3, 4)],
        [period(0, 0, 3, 4), period(1, 2, 0, 0)],  # never both at once
        [period(1, 2, 3, 4), Period({}, {})],
        [period(2, 4, 2, 4), period(3, 6, 3, 6)],  # no gap
        [period(2, 4, 30, 40), period(0, 0, 10, 20)],  # a third of the reference at times without the group
    ],
)
def test_what_cannot_be_compared_over_time_is_not_split(periods: list[Period]) -> None:
    assert split_over_time(periods) is None


def test_sparse_periods_do_not_make_a_constant_gap_look_like_time() -> None:
    """An eighth of the periods, drawn by size alone, has decisions of one group only; rates are constant."""
    draw = np.random.default_rng(20260301)
    for _ in range(50):
        n_a, n_b = draw.poisson(2.1, 400), draw.poisson(8, 400)
        k_a, k_b = draw.binomial(n_a, 0.5), draw.binomial(n_b, 0.8)
        rows = zip(k_a.tolist(), n_a.tolist(), k_b.tolist(), n_b.tolist(), strict=True)
        parts = split_over_time(period(*row) for row in rows)
        assert parts is not None
        assert parts.certainty is Certainty.UNCLEAR
        assert abs(parts.mix_over_time) < 0.25 * abs(parts.mix_over_time + parts.rate)


def test_counts_by_segment_need_not_name_the_same_segments() -> None:
    first: Counts = {"x": (10, 5)}
    parts = split_over_time([Period(first, {"y": (10, 8)}), Period({"z": (10, 5)}, {"z": (10, 9)})])
    assert parts is not None
    assert parts.mix_over_time + parts.mix + parts.rate == pytest.approx(-0.35)
