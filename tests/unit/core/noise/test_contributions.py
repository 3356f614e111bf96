"""The bound of contributions: the first cells of a track count, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.noise.contributions import Contributions
from stream_app.core.noise.track_counts import DAY_S


@pytest.mark.parametrize("most_cells", [1, 3])
def test_one_track_changes_the_counts_of_a_day_by_the_bound_at_most(most_cells: int) -> None:
    bound = Contributions(most_cells)
    times_s = np.arange(0, DAY_S + 3000, 60)
    is_within = bound.admit(times_s, np.full(len(times_s), 5, np.uint64))
    assert is_within.sum() == most_cells + min(most_cells, 50)
    assert np.flatnonzero(is_within)[:most_cells].tolist() == list(range(most_cells))
    assert bound.admit(np.array([7]), np.array([6], np.uint64)).tolist() == [True]


def test_tracks_of_days_that_are_over_are_forgotten() -> None:
    bound = Contributions(1)
    for day in range(10):
        assert bound.admit(np.array([day * DAY_S]), np.array([5], np.uint64)).tolist() == [True]
    assert bound.live_blocks(9) == range(7, 10)
    assert bound.admit(np.array([7 * DAY_S]), np.array([5], np.uint64)).tolist() == [False]
