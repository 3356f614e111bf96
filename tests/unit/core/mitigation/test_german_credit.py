"""Real credits give the values of AIF360, Fairlearn and SciPy: 1,000 credits of a bank in Germany, by age.

``tests/data/german_credit.csv`` has whether the person was over 25, months, amount and whether the credit was good.
``german_aif360.json`` has values of AIF360 0.6.1 (with BlackBoxAuditing 0.1.54), as ``test_boston_loans`` describes: of
people up to 25 beside older ones, with the feature and rule ``duration``, 24 months or less.

Source of the data: Hofmann 1994, "Statlog (German Credit Data)", UCI Machine Learning Repository, CC BY 4.0,
doi:10.24432/C5NC77. Sex is left out: copies of the data differ in it (Grömping 2019, "South German Credit Data").
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_ratio
from fairlearn.postprocessing import ThresholdOptimizer
from scipy.stats import ks_2samp, ttest_ind
from scipy.stats.contingency import relative_risk

from stream_app.core.amounts.scale import AmountScale
from stream_app.core.arrays import Floats, Ints
from stream_app.core.fairness.amounts import compare_amounts
from stream_app.core.fairness.conventions import to_fairlearn_parity
from stream_app.core.fairness.inequality import generalized_entropy_index, theil_index
from stream_app.core.fairness.outcome_rates import average_odds_difference, equal_opportunity_difference
from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.mitigation.impact_remover import largest_difference, repair
from stream_app.core.mitigation.reweighing import reweigh
from stream_app.core.mitigation.thresholds import Goal, choose_cuts
from tests.support.amounts import counts_of
from tests.support.paths import ROOT
from tests.unit.core.mitigation.test_boston_loans import confusion, counts
from tests.unit.core.mitigation.test_thresholds import CONSTRAINTS, ScoreItself

DATA = ROOT / "tests" / "data"
AIF360 = json.loads((DATA / "german_aif360.json").read_text("utf-8"))
OVER_25, MONTHS, AMOUNT, IS_GOOD = np.loadtxt(DATA / "german_credit.csv", np.int64, delimiter=",", skiprows=1).T
YOUNG, OLDER = range(2)
DURATION: Floats = MONTHS.astype(np.float64)
PREDICTED: Ints = (MONTHS <= 24).astype(np.int64)


def test_ratio_gap_and_weights_are_those_of_aif360_fairlearn_and_scipy() -> None:
    young, older = counts(OVER_25, IS_GOOD)
    assert (young, older) == ((190, 110), (810, 590))
    ratio = disparate_impact_ratio(young, older)
    assert ratio == pytest.approx(AIF360["disparate_impact"], rel=1e-12)
    assert ratio == pytest.approx(relative_risk(110, 190, 590, 810).relative_risk, rel=1e-12)
    theirs = demographic_parity_ratio(IS_GOOD, IS_GOOD, sensitive_features=OVER_25)
    assert to_fairlearn_parity([young, older]).ratio == pytest.approx(theirs, rel=1e-12)
    gap = statistical_parity_difference(young, older)
    assert gap == pytest.approx(AIF360["statistical_parity_difference"], rel=1e-12)
    table = np.array([[group.n - group.favorable, group.favorable] for group in (young, older)])
    np.testing.assert_allclose(reweigh(table), AIF360["weights"], rtol=1e-12)


def test_metrics_of_a_rule_are_those_of_aif360() -> None:
    young, older = (confusion(PREDICTED[group == OVER_25], IS_GOOD[group == OVER_25]) for group in (YOUNG, OLDER))
    everyone = confusion(PREDICTED, IS_GOOD)
    values = {
        "equal_opportunity_difference": equal_opportunity_difference(young, older).value,
        "average_odds_difference": average_odds_difference(young, older).value,
        "theil_index": theil_index(everyone).value,
        "generalized_entropy_index": generalized_entropy_index(everyone).value,
        "accuracy": (everyone.tp + everyone.tn) / sum(everyone),
    }
    assert values == pytest.approx({name: AIF360[name] for name in values}, rel=1e-10)


@pytest.mark.parametrize("level", ["0.5", "1.0"])
def test_the_repaired_duration_is_that_of_aif360(level: str) -> None:
    after = repair(DURATION, OVER_25, float(level)).apply(DURATION, OVER_25)
    rows = sorted(set(zip(OVER_25.tolist(), DURATION.tolist(), after.tolist(), strict=True)))
    assert [list(row) for row in rows] == AIF360["repaired_duration"][level]


@pytest.mark.parametrize("goal", Goal)
def test_cuts_by_age_are_those_of_fairlearn(goal: Goal) -> None:
    theirs = ThresholdOptimizer(
        estimator=ScoreItself(), constraints=CONSTRAINTS[goal], objective="accuracy_score", predict_method="predict"
    )
    theirs.fit(-DURATION[:, np.newaxis], IS_GOOD, sensitive_features=OVER_25)
    ours = choose_cuts([(-DURATION[group == OVER_25], IS_GOOD[group == OVER_25]) for group in (YOUNG, OLDER)], goal)
    assert ours is not None
    expected = [theirs.interpolated_thresholder_.interpolation_dict[group] for group in (YOUNG, OLDER)]
    assert [(cut.cut, cut.other_cut) for cut in ours.groups] == [
        (each["operation0"].threshold, each["operation1"].threshold) for each in expected
    ]
    assert [cut.share for cut in ours.groups] == pytest.approx([each["p0"] for each in expected], abs=1e-12)


def test_amounts_and_distributions_are_those_of_scipy() -> None:
    distance = ks_2samp(DURATION[OVER_25 == YOUNG], DURATION[OVER_25 == OLDER]).statistic
    assert largest_difference(DURATION, OVER_25) == pytest.approx(distance, rel=1e-12)
    sides = [AMOUNT[group == OVER_25].astype(np.float64) for group in (YOUNG, OLDER)]
    young, older = (counts_of(side[np.newaxis] / 20_000, 256) for side in sides)
    [pair] = compare_amounts(AmountScale(0.0, 20_000.0, 256), young, older)
    assert pair.difference.value == pytest.approx(sides[0].mean() - sides[1].mean(), abs=0.1)  # steps of 4 cents
    assert pair.difference.upper is not None
    assert pair.difference.lower is not None
    welch = ttest_ind(*(np.append(side, [0.0, 20_000.0]) for side in sides), equal_var=False).confidence_interval()
    half = (pair.difference.upper - pair.difference.lower) / 2
    assert half == pytest.approx((welch.high - welch.low) / 2, rel=0.03)
