"""Individual consistency: its definition, ties, and the empty cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stream_app.core.fairness import consistency as module
from stream_app.core.fairness.consistency import ConsistencyReason, consistency, to_unit_range


def brute_force(features: Any, favorable: Any, n_neighbors: int) -> float:
    """Sort all others by distance, earlier records first among equals."""
    total = 0.0
    for place, record in enumerate(features):
        by_distance = sorted(
            (float(((other - record) ** 2).sum()), at) for at, other in enumerate(features) if at != place
        )
        nearest = [at for _, at in by_distance[:n_neighbors]]
        total += abs(float(favorable[place]) - float(np.mean(favorable[nearest])))
    return 1 - total / len(features)


@pytest.mark.parametrize("n_neighbors", [1, 3, 5])
@pytest.mark.parametrize("n_levels", [2, 5, 1000])
def test_the_value_is_what_the_definition_says_also_with_many_ties(n_neighbors: int, n_levels: int) -> None:
    draw = np.random.default_rng(n_levels)
    features = draw.integers(0, n_levels, size=(120, 3)).astype(np.float64)
    favorable = draw.random(120) < 0.6
    measured = consistency(features, favorable, n_neighbors)
    assert measured.value == pytest.approx(brute_force(features, favorable, n_neighbors), abs=1e-12)
    assert measured.value == pytest.approx(1 - measured.distances.mean())


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(12)
    features, favorable = draw.integers(0, 4, size=(100, 2)).astype(np.float64), draw.random(100) < 0.5
    whole = consistency(features, favorable)
    monkeypatch.setattr(module, "_CELLS_AT_ONCE", 700)
    in_blocks = consistency(features, favorable)
    assert whole.value == in_blocks.value
    assert (whole.distances == in_blocks.distances).all()


def test_decisions_that_follow_the_features_are_consistent_and_alternating_ones_are_not() -> None:
    line = np.arange(40.0)[:, np.newaxis]
    assert consistency(line, np.arange(40) >= 0).value == 1.0
    alternating = consistency(line, np.arange(40) % 2 == 0, n_neighbors=1)
    assert alternating.value == 0.0


def test_records_without_features_are_all_alike() -> None:
    favorable = np.array([True, True, True, False])
    assert consistency(np.zeros((4, 0)), favorable, 3).value == pytest.approx(
        brute_force(np.zeros((4, 1)), favorable, 3)
    )


@pytest.mark.parametrize("n", [0, 1, 5])
def test_too_few_records_have_a_reason(n: int) -> None:
    measured = consistency(np.zeros((n, 2)), np.zeros(n, dtype=np.bool_), 5)
    assert (measured.value, measured.n, measured.reason) == (None, n, ConsistencyReason.TOO_FEW_RECORDS)
    assert measured.distances.shape == (0,)


def test_a_feature_that_never_changes_weighs_nothing() -> None:
    features = np.array([[1.0, 5.0], [3.0, 5.0]])
    assert to_unit_range(features).tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert to_unit_range(np.zeros((0, 2))).shape == (0, 2)
