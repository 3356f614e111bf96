"""Models from files score the features of a policy in its order; anything else is rejected with what to do.

The models in ``tests/data/scoring`` were made with skl2onnx 1.20 and onnx 1.23: ``classes.onnx`` and ``table.onnx`` are
``LogisticRegression().fit([[0, 0], [10, 0], [0, 1], [10, 1]], [0, 1, 0, 1])`` with and without ``zipmap``, and
``named.onnx`` adds its inputs ``years`` and ``debt``.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stream_app.core.events.schema import Field, Schema
from stream_app.edges.scoring.model_file import open_model
from stream_app.errors import ConfigError
from stream_app.policy import Feature, ModelPolicy
from tests.support.lanes.ingest_lane import LOANS
from tests.support.paths import ROOT
from tests.support.tiers import skip_or_fail

FILES = ROOT / "tests" / "data" / "scoring"
YEARS, DEBT = (Feature(name=name, path=f"p.{name}", minimum=-100, maximum=100) for name in ("years", "debt"))
MODEL = msgspec.structs.replace(LOANS, features=(YEARS, DEBT))
ROWS = np.array([[0.0, 0], [10, 0], [0, 1], [10, 1]])
LABELS = np.array([0, 1, 0, 1])


def scores_of(path: Path, model: ModelPolicy = MODEL, rows: np.ndarray = ROWS) -> np.ndarray:
    """Score events as a search does."""
    schema = Schema([Field(part.path, float, is_required=False) for part in model.features], forbid_unknown=False)
    score = open_model(path, model).reader_of(schema)
    names = [part.path.removeprefix("p.") for part in model.features]
    events = [schema.decode(msgspec.json.encode({"p": dict(zip(names, row, strict=True))})) for row in rows.tolist()]
    return score(events)


def saved(path: Path, estimator: Any) -> Path:
    skops.io.dump(estimator, path)
    return path


@pytest.fixture
def onnx() -> Path:
    if importlib.util.find_spec("onnxruntime") is None:
        skip_or_fail("onnxruntime is not installed")
    return FILES


def test_a_classifier_scores_with_the_probability_of_the_second_class(tmp_path: Path) -> None:
    for estimator in (
        make_pipeline(StandardScaler(), LogisticRegression()),
        LogisticRegression(C=0.1),
    ):
        fitted = estimator.fit(ROWS, LABELS)
        path = saved(tmp_path / f"{len(list(tmp_path.iterdir()))}.skops", fitted)
        np.testing.assert_array_equal(scores_of(path), fitted.predict_proba(ROWS)[:, 1])


def test_a_regressor_scores_with_what_it_predicts(tmp_path: Path) -> None:
    fitted = LinearRegression().fit(ROWS, LABELS)
    np.testing.assert_array_equal(scores_of(saved(tmp_path / "m.skops", fitted)), fitted.predict(ROWS))


def test_a_record_without_a_feature_has_no_score(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.skops", LogisticRegression().fit(ROWS, LABELS))
    schema = Schema([Field(part.path, float, is_required=False) for part in MODEL.features], forbid_unknown=False)
    events = [schema.decode(text) for text in (b'{"p":{"years":1.0}}', b'{"p":{"years":1.0,"debt":2.0}}', b"{}")]
    assert np.isnan(open_model(path, MODEL).reader_of(schema)(events)).tolist() == [True, False, True]


def test_the_features_must_be_those_of_the_policy_in_its_order(tmp_path: Path) -> None:
    named = LogisticRegression().fit(ROWS, LABELS)
    named.feature_names_in_ = np.array(["debt", "years"], object)
    with pytest.raises(ConfigError, match="was fitted to debt, years"):
        open_model(saved(tmp_path / "order.skops", named), MODEL)
    named.feature_names_in_ = np.array(["years", "debt"], object)
    assert scores_of(saved(tmp_path / "same.skops", named)).shape == (4,)
    wider = LogisticRegression().fit(np.hstack([ROWS, ROWS]), LABELS)
    with pytest.raises(ConfigError, match="fitted to 4 features, the policy declares 2"):
        open_model(saved(tmp_path / "wider.skops", wider), MODEL)


def test_a_model_of_three_classes_is_no_score(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.skops", LogisticRegression().fit(ROWS, [0, 1, 2, 1]))
    with pytest.raises(ConfigError, match="two classes"):
        open_model(path, MODEL)


def test_only_types_that_are_known_to_be_safe_are_read(tmp_path: Path) -> None:
    own = make_pipeline(FunctionTransformer(os.path.abspath), LogisticRegression())
    trees = RandomForestClassifier(n_estimators=2).fit(ROWS, LABELS)  # a damaged tree can read any memory
    for estimator in (own, trees):
        with pytest.raises(ConfigError, match="does not know to be safe"):
            open_model(saved(tmp_path / f"{type(estimator).__name__}.skops", estimator), MODEL)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 100])
def test_what_is_no_model_is_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.skops"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="no model of skops"):
        open_model(path, MODEL)
    skops.io.dump({"a": 1}, path)
    with pytest.raises(ConfigError, match="does not score"):
        open_model(path, MODEL)


def test_other_files_are_rejected(tmp_path: Path) -> None:
    pickled = tmp_path / "m.pkl"
    pickled.write_bytes(b"")
    with pytest.raises(ConfigError, match=r"ends in \.onnx or \.skops"):
        open_model(pickled, MODEL)
    with pytest.raises(ConfigError, match="No such file"):
        open_model(tmp_path / "absent.skops", MODEL)
    os.mkfifo(tmp_path / "pipe.skops")
    with pytest.raises(ConfigError, match="not a regular file"):
        open_model(tmp_path / "pipe.skops", MODEL)
    with pytest.raises(ConfigError, match="declares no features"):
        open_model(pickled, msgspec.structs.replace(MODEL, features=()))


@pytest.mark.parametrize("name", ["classes", "table"])
def test_an_onnx_classifier_scores_with_the_probability_of_the_second_class(onnx: Path, name: str) -> None:
    fitted = LogisticRegression().fit(ROWS, LABELS)
    np.testing.assert_allclose(scores_of(onnx / f"{name}.onnx"), fitted.predict_proba(ROWS)[:, 1], atol=1e-6)


def test_onnx_inputs_are_found_by_name(onnx: Path) -> None:
    swapped = msgspec.structs.replace(MODEL, features=(DEBT, YEARS))
    np.testing.assert_array_equal(scores_of(onnx / "named.onnx", swapped, ROWS[:, ::-1]), ROWS.sum(axis=1))
    other = msgspec.structs.replace(MODEL, features=(YEARS, msgspec.structs.replace(DEBT, name="loans")))
    with pytest.raises(ConfigError, match="has the input 'debt'"):
        open_model(onnx / "named.onnx", other)


def test_an_onnx_model_of_other_features_or_none_is_rejected(onnx: Path, tmp_path: Path) -> None:
    single = msgspec.structs.replace(MODEL, features=(YEARS,))
    with pytest.raises(ConfigError, match="does not score 1 features"):
        open_model(onnx / "table.onnx", single)
    broken = tmp_path / "m.onnx"
    broken.write_bytes((onnx / "table.onnx").read_bytes()[:150])
    with pytest.raises(ConfigError, match="no model in ONNX"):
        open_model(broken, MODEL)
