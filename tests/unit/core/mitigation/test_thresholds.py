"""Cuts by group equal those of Fairlearn, point by point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator

from stream_app.core.mitigation.thresholds import Goal, choose_cuts

CONSTRAINTS = {Goal.PARITY: "demographic_parity", Goal.OPPORTUNITY: "true_positive_rate_parity"}


class ScoreItself(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    def fit(self, *_: Any) -> ScoreItself:
        self.fitted_ = True
        return self

    def predict(self, rows: Any) -> np.ndarray:
        return np.asarray(rows)[:, 0]


@pytest.mark.parametrize("goal", Goal)
@pytest.mark.parametrize("seed", range(8))
def test_the_cuts_are_those_of_fairlearn(goal: Goal, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 400))
    group, scores = rng.integers(0, 3, n), np.round(rng.random(n), int(rng.integers(1, 5)))  # with ties
    good = (rng.random(n) < 0.8 * scores + 0.1 * (group == 1)).astype(np.int64)
    theirs = ThresholdOptimizer(
        estimator=ScoreItself(),
        constraints=CONSTRAINTS[goal],
        objective="accuracy_score",
        predict_method="predict",
        grid_size=1000,
    )
    theirs.fit(scores[:, np.newaxis], good, sensitive_features=group)
    ours = choose_cuts([(scores[group == number], good[group == number]) for number in range(3)], goal)
    assert ours is not None
    expected = [theirs.interpolated_thresholder_.interpolation_dict[number] for number in range(3)]
    assert [(cut.cut, cut.other_cut) for cut in ours.groups] == [
        (each["operation0"].threshold, each["operation1"].threshold) for each in expected
    ]
    assert [cut.share for cut in ours.groups] == pytest.approx([each["p0"] for each in expected], abs=1e-12)
    assert (ours.rate, ours.accuracy) == pytest.approx((theirs._x_best, theirs._y_best), abs=1e-12)


@pytest.mark.parametrize("goal", Goal)
def test_every_group_has_the_chosen_rate(goal: Goal) -> None:
    rng = np.random.default_rng(3)
    groups = [(rng.random(n), rng.integers(0, 2, n)) for n in (50, 500)]
    chosen = choose_cuts(groups, goal)
    assert chosen is not None
    for (scores, good), cut in zip(groups, chosen.groups, strict=True):
        favorable = cut.share * (scores > cut.cut) + (1 - cut.share) * (scores > cut.other_cut)
        counted = favorable if goal is Goal.PARITY else favorable[good == 1]
        assert counted.mean() == pytest.approx(chosen.rate)


def test_a_group_with_one_kind_of_outcome_has_no_cuts() -> None:
    scores = np.array([0.1, 0.9])
    assert choose_cuts([(scores, np.array([0, 1])), (scores, np.array([1, 1]))], Goal.PARITY) is None
    assert choose_cuts([(np.zeros(0), np.zeros(0, np.int64))], Goal.PARITY) is None
