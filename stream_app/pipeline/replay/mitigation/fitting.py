"""Models fitted to every second case: with the weights, without them, and to repaired features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.mitigation.impact_remover import Repair, repair
from stream_app.core.mitigation.logistic import LinearModel, fit
from stream_app.core.mitigation.reweighing import reweigh
from stream_app.pipeline.replay.mitigation.results import RuleKind

REPAIR_LEVELS = (0.25, 0.5, 0.75, 1.0)


class ModelScores(NamedTuple):
    """Scores of cases to which a model was not fitted.

    Attributes:
        rule: How it was fitted.
        setting: The repair level.
        scores: Score of each case, shape (n,).
    """

    rule: RuleKind
    setting: float | None
    scores: Floats


def fit_weighted(features: Floats, groups: Ints, labels: Ints, n_groups: int) -> LinearModel | None:
    """Return a model that was fitted with the weights; None where a group or a label has no case.

    Args:
        features: Complete features, shape (n, features).
        groups: Place of the group of each case, shape (n,).
        labels: Its label, 0 or 1, shape (n,).
        n_groups: Number of groups.
    """
    counts = np.bincount(groups * 2 + labels, minlength=n_groups * 2).reshape(n_groups, 2)
    if not counts.sum(axis=0).all() or not counts.sum(axis=1).all():
        return None
    return fit(features, labels, reweigh(counts)[groups, labels])


def score_models(
    model: LinearModel, fitted_to: tuple[Floats, Ints, Ints], others: tuple[Floats, Ints]
) -> list[ModelScores]:
    """Return scores of other cases by models that are fitted with and without the weights, and to repaired features.

    Args:
        model: The model that was fitted with the weights.
        fitted_to: Features, groups and labels of the cases that models are fitted to.
        others: Features and groups of the cases that are scored.
    """
    features, groups, labels = fitted_to
    others_features, others_groups = others
    ones = np.ones(len(labels))
    scores = [
        ModelScores("fitted", None, fit(features, labels, ones).score(others_features)),
        ModelScores("weighted", None, model.score(others_features)),
    ]
    for level in REPAIR_LEVELS:
        repairs = [repair(column, groups, level) for column in features.T]
        repaired = fit(_apply(repairs, features, groups), labels, ones)
        scores.append(ModelScores("repaired", level, repaired.score(_apply(repairs, others_features, others_groups))))
    return scores


def approve_as_many(scores: Floats, n: int) -> Bools:
    """Return whom a model approves that approves as many as were approved: the highest scores, with those equal to it.

    >>> approve_as_many(np.array([0.2, 0.9, 0.5, 0.5]), 2).tolist()
    [False, True, True, True]
    """
    if not n:
        return np.zeros(len(scores), np.bool_)
    approved: Bools = scores >= np.partition(scores, len(scores) - n)[len(scores) - n]
    return approved


def _apply(repairs: list[Repair], features: Floats, groups: Ints) -> Floats:
    return np.column_stack([each.apply(column, groups) for each, column in zip(repairs, features.T, strict=True)])
