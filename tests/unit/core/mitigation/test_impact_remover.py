"""Repaired features equal those of AIF360 and of the paper's own program, keep the order, and hide the group.

``tests/data/impact_remover.json`` has values of ``aif360.algorithms.preprocessing.DisparateImpactRemover`` 0.6.1 for
random data with ties: ``DisparateImpactRemover(level, "g").fit_transform(data)``. Cases of three groups are of
``BlackBoxAuditing.repairers.GeneralRepairer.Repairer(rows, 0, level, False).repair(rows)`` 0.1.54, which AIF360 calls,
with groups by name: given as numbers, it would join them in bins.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.mitigation.impact_remover import largest_difference, repair
from tests.support.paths import ROOT

CASES = json.loads((ROOT / "tests" / "data" / "impact_remover.json").read_text("utf-8"))["cases"]
LEVELS = ("0.0", "0.3", "0.5", "0.8", "1.0")
SAMPLES = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("level", LEVELS)
def test_repaired_values_are_those_of_aif360(case: dict[str, Any], level: str) -> None:
    values, groups = np.array(case["values"]), np.array(case["groups"])
    assert repair(values, groups, float(level)).apply(values, groups).tolist() == case["repaired"][level]


@given(SAMPLES, SAMPLES, st.floats(0, 1))
def test_the_order_in_a_group_is_kept_and_repaired_values_occur(
    first: list[float], second: list[float], level: float
) -> None:
    values, groups = np.array(first + second), np.repeat([0, 1], [len(first), len(second)])
    after = repair(values, groups, level).apply(values, groups)
    for group in (0, 1):
        order = np.argsort(values[groups == group], kind="stable")
        assert (np.diff(after[groups == group][order]) >= 0).all()
    assert set(after.tolist()) <= set(values.tolist())


@given(st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=30, unique=True), st.integers(-20, 20))
def test_fully_repaired_groups_of_one_shape_have_one_distribution(values: list[float], shift: int) -> None:
    both, groups = np.array(values + [value + shift for value in values]), np.repeat([0, 1], len(values))
    after = repair(both, groups, 1.0).apply(both, groups)
    assert sorted(after[groups == 0]) == sorted(after[groups == 1])
    assert largest_difference(after, groups) == 0


def test_nothing_changes_without_repair_or_with_one_group() -> None:
    rng = np.random.default_rng(1)
    values, groups = rng.normal(size=50), rng.integers(0, 3, 50)
    assert repair(values, groups, 0.0).apply(values, groups).tolist() == values.tolist()
    alone = np.zeros(50, np.int64)
    assert repair(values, alone, 1.0).apply(values, alone).tolist() == values.tolist()
    assert repair(values[:0], alone[:0], 1.0).apply(values[:0], alone[:0]).tolist() == []
    assert largest_difference(values[:0], alone[:0]) == 0


def test_new_values_are_repaired_between_their_neighbors() -> None:
    values, groups = np.array([0.0, 10.0, 100.0, 110.0]), np.array([0, 0, 1, 1])
    found = repair(values, groups, 1.0)
    assert found.apply(np.array([105.0, 50.0, 500.0]), np.array([1, 1, 1])).tolist() == [5.0, 0.0, 10.0]
