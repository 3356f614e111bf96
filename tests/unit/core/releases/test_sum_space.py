"""What sums leave open, also after some of them were taken away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.arrays import Bools, Floats
from stream_app.core.releases.sum_space import SumSpace

N_CELLS, N_SUMS, N_KNOWN = 6, 6, 3
SETS = np.array([[column >> place & 1 for place in range(N_CELLS)] for column in range(1, 2**N_CELLS)], np.bool_)


def left_by(rows: Bools) -> Floats:
    """Squared length of what rows leave of each set, the slow way."""
    columns, matrix = SETS.astype(float), rows.astype(float)
    left = columns - columns @ np.linalg.pinv(matrix, rcond=1e-10) @ matrix
    return np.asarray((left**2).sum(axis=1))


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 2))
def test_sums_that_are_taken_away_one_after_the_other_leave_what_the_others_leave(seed: int, n_parts: int) -> None:
    chance = np.random.default_rng(seed)
    parts = np.arange(N_CELLS) % n_parts
    sums = chance.random((N_SUMS, N_CELLS)) < 0.5
    known = (chance.random((N_KNOWN, N_CELLS)) < 0.5) & (parts == np.arange(N_KNOWN)[:, None] % n_parts)
    space, is_released = SumSpace(sums, known, parts), np.ones(N_SUMS, np.bool_)
    for place in chance.permutation(N_SUMS).tolist():
        rows = np.vstack([sums[is_released], known])
        space.release(is_released)
        moves = space.moves_of(SETS)
        lengths = space.lengths(moves)
        assert lengths == pytest.approx(left_by(rows), abs=1e-9)
        follows = lengths < 1e-7
        shares = SETS[follows].astype(float) @ np.linalg.pinv(rows.astype(float), rcond=1e-10)
        own = space.shares(moves.those(follows))
        assert own[:, is_released] == pytest.approx(shares[:, : is_released.sum()], abs=1e-7)
        assert not own[:, ~is_released].any()
        is_released = is_released.copy()
        is_released[place] = False


def test_of_a_vector_is_left_what_no_sum_sees() -> None:
    sums = np.array([[True, True, False], [False, True, True]])
    space = SumSpace(sums, np.zeros((0, 3), np.bool_), np.zeros(3, np.int64))
    space.release(np.array([True, True]))
    left = space.left_of(np.array([3.0, 0.0, 0.0]))
    assert left == pytest.approx([1.0, -1.0, 1.0])
