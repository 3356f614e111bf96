"""Weights equal those of AIF360, and make group and label independent.

``tests/data/reweighing.json`` has the weights of ``aif360.algorithms.preprocessing.Reweighing`` 0.6.1 for random data:
``Reweighing([{"g": 0}], [{"g": 1}]).fit(data)``, rows by group, columns by label.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.mitigation.reweighing import reweigh
from tests.support.paths import ROOT

CASES = json.loads((ROOT / "tests" / "data" / "reweighing.json").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES)
def test_the_weights_are_those_of_aif360(case: dict[str, list[list[float]]]) -> None:
    np.testing.assert_allclose(reweigh(np.array(case["counts"])), case["weights"], rtol=1e-12)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=6))
def test_with_the_weights_every_group_has_the_same_rate_and_nothing_is_lost(counts: list[tuple[int, int]]) -> None:
    table = np.array(counts)
    weighted = table * reweigh(table)
    np.testing.assert_allclose(weighted[:, 1] / weighted.sum(axis=1), table[:, 1].sum() / table.sum())
    np.testing.assert_allclose(weighted.sum(axis=1), table.sum(axis=1))
    np.testing.assert_allclose(weighted.sum(axis=0), table.sum(axis=0))


def test_a_group_and_label_without_a_case_has_no_weight() -> None:
    assert np.isnan(reweigh(np.array([[0, 4], [3, 3]]))).tolist() == [[True, False], [False, False]]
