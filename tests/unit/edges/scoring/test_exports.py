"""Exported models are loaded again, and score and decide as what they were made from."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from stream_app.core.mitigation.logistic import LinearModel
from stream_app.edges.scoring.exports import write_cuts, write_onnx, write_skops
from stream_app.edges.scoring.onnx_writing import column, node, numbers, write_model
from stream_app.pipeline.replay.mitigation.results import FittedModel, GroupThreshold, Thresholds
from tests.support.tiers import skip_or_fail
from tests.unit.edges.scoring.test_model_file import ROWS, scores_of

FITTED = FittedModel(n=40, features=("years", "debt"), coefficients=(0.3, -2.0), intercept=-0.5)
EXPECTED = LinearModel(np.array(FITTED.coefficients), FITTED.intercept).score(ROWS)
CUTS = Thresholds(
    goal="parity",
    rate=0.5,
    accuracy=0.7,
    logged_accuracy=0.6,
    groups=(
        GroupThreshold(group="f", share=0.25, cut=None, other_cut=0.4),
        GroupThreshold(group="naïve", share=1.0, cut=0.5, other_cut=None),
        GroupThreshold(group="x", share=0.0, cut=0.9, other_cut=None),
    ),
)


@pytest.fixture
def runtime() -> Any:
    if importlib.util.find_spec("onnxruntime") is None:
        skip_or_fail("onnxruntime is not installed")
    return importlib.import_module("onnxruntime")


@pytest.mark.usefixtures("runtime")
def test_a_model_in_onnx_scores_as_the_fitted_one(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(write_onnx(FITTED, {}))
    np.testing.assert_allclose(scores_of(tmp_path / "model.onnx"), EXPECTED, rtol=1e-12)


def test_a_model_of_skops_scores_as_the_fitted_one_and_needs_no_trust(tmp_path: Path) -> None:
    content = write_skops(FITTED)
    assert skops.io.get_untrusted_types(data=content) == []
    (tmp_path / "model.skops").write_bytes(content)
    np.testing.assert_allclose(scores_of(tmp_path / "model.skops"), EXPECTED, rtol=1e-12)


def decided(runtime: Any, scores: list[float], groups: list[str], lots: list[float]) -> tuple[list[bool], list[bool]]:
    session = runtime.InferenceSession(write_cuts(CUTS, {"notes": "Ask counsel."}), providers=["CPUExecutionProvider"])
    favorable, known = session.run(
        ["is_favorable", "has_group"],
        {
            "score": np.array(scores)[:, np.newaxis],
            "group": np.array(groups, object)[:, np.newaxis],
            "lot": np.array(lots)[:, np.newaxis],
        },
    )
    return favorable[:, 0].tolist(), known[:, 0].tolist()


def test_cuts_in_onnx_decide_by_score_group_and_lot(runtime: Any) -> None:
    rng = np.random.default_rng(2)
    scores = rng.choice([0.0, 0.4, 0.41, 0.5, 0.51, 0.9, 1.0], 200).tolist()
    lots = rng.choice([0.0, 0.2499, 0.25, 0.9], 200).tolist()
    chosen = rng.choice(3, 200)
    expected = []
    for score, lot, number in zip(scores, lots, chosen, strict=True):
        group = CUTS.groups[number]
        is_first = lot < group.share
        cut = group.cut if is_first else group.other_cut
        expected.append(not is_first if cut is None else score > cut)
    groups = [CUTS.groups[number].group for number in chosen]
    assert decided(runtime, scores, groups, lots) == (expected, [True] * 200)


def test_a_group_without_cuts_and_a_missing_score_are_not_favorable(runtime: Any) -> None:
    assert decided(runtime, [1.0, float("nan")], ["other", "naïve"], [0.5, 0.5]) == ([False, False], [False, True])


def test_an_exported_file_says_what_it_is(runtime: Any) -> None:
    session = runtime.InferenceSession(write_cuts(CUTS, {"notes": "Ask counsel."}), providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == {"notes": "Ask counsel."}


@pytest.mark.parametrize("n", [1, 127, 128, 20_000])
def test_lengths_of_any_number_of_bytes_are_written(runtime: Any, n: int) -> None:
    values = np.arange(float(n))
    content = write_model(
        [node("Add", ["x", "values"], "sum")],
        [numbers("values", values)],
        [column("x", "double", 1)],
        [column("sum", "double", n)],
        {},
    )
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    [table] = session.run(None, {"x": np.array([[2.0]])})
    assert table.tolist() == [(values + 2).tolist()]
