"""The fitted model equals that of scikit-learn, with weights and without."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stream_app.core.mitigation.logistic import fit


@pytest.mark.parametrize("seed", range(4))
def test_the_model_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(300, 3)) * [1, 1000, 0.01] + [0, 5000, 1]
    labels = (rng.random(300) < 1 / (1 + np.exp(-features[:, 0]))).astype(np.int64)
    weights = np.ones(300) if seed == 0 else rng.uniform(0.2, 3, 300)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=10_000))
    theirs.fit(features, labels, logisticregression__sample_weight=weights)
    ours = fit(features, labels, weights)
    np.testing.assert_allclose(ours.score(features), theirs.predict_proba(features)[:, 1], atol=1e-6)


def test_separated_labels_and_constant_features_have_a_finite_model() -> None:
    features = np.column_stack([np.arange(20.0), np.full(20, 7.0)])
    model = fit(features, (np.arange(20) > 9).astype(np.int64), np.full(20, 1e6))
    assert np.isfinite([*model.coefficients, model.intercept]).all()
    assert model.coefficients[1] == 0
    assert (model.score(features) > 0.5).tolist() == (np.arange(20) > 9).tolist()
