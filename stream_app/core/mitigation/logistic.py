"""Logistic regression with weighted cases: the model that weights are tried with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Floats, Ints

MAX_STEPS = 100
TOLERANCE = 1e-10


class LinearModel(NamedTuple):
    """A chance of a favorable label: ``1 / (1 + exp(-(features @ coefficients + intercept)))``.

    Attributes:
        coefficients: Of each feature as it is logged, shape (features,).
        intercept: Log odds where every feature is 0.
    """

    coefficients: Floats
    intercept: float

    def score(self, features: Floats) -> Floats:
        """Return the chance of each case, shape (n, features) to (n,)."""
        return _chance(features @ self.coefficients + self.intercept)


def fit(features: Floats, labels: Ints, weights: Floats) -> LinearModel:
    """Return the model with the least weighted log loss, plus half the sum of squares of its coefficients.

    Coefficients are those of standardized features there, and the intercept is free: as scikit-learn's
    ``LogisticRegression`` behind a ``StandardScaler``, with its default penalty. Solved by Newton steps, each halved
    until the loss falls.

    Args:
        features: Shape (n, features), all finite.
        labels: 0 or 1, shape (n,), with both among them.
        weights: Weight of each case, > 0, shape (n,).

    >>> model = fit(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1]), np.ones(4))
    >>> model.score(np.array([[0.0], [3.0]])).round(3).tolist()
    [0.352, 0.648]
    """
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    table = np.column_stack([(features - mean) / scale, np.ones(len(features))])
    penalty = np.append(np.ones(features.shape[1]), 0.0)

    def loss(beta: Floats) -> float:
        logit = table @ beta
        return float(weights @ (np.logaddexp(0, logit) - labels * logit) + penalty @ beta**2 / 2)

    beta = np.zeros(table.shape[1])
    for _ in range(MAX_STEPS):
        chance = _chance(table @ beta)
        slope = table.T @ (weights * (chance - labels)) + penalty * beta
        curvature = (table * (weights * chance * (1 - chance))[:, np.newaxis]).T @ table + np.diag(penalty)
        step, before = np.linalg.solve(curvature, slope), loss(beta)
        while np.abs(step).max() > TOLERANCE and loss(beta - step) > before:
            step = step / 2
        beta = beta - step
        if np.abs(step).max() <= TOLERANCE:
            break
    coefficients = beta[:-1] / scale
    return LinearModel(coefficients, float(beta[-1] - mean @ coefficients))


def _chance(logit: Floats) -> Floats:
    chance: Floats = 0.5 * (1 + np.tanh(logit / 2))  # overflows nowhere
    return chance
