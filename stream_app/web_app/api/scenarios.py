"""A scenario of the FairLens specification: two groups, their rates and ratio, and what explains them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from producers.simulated.applications import Applications, simulate_applications
from stream_app.core.cause.features import FeatureMoments, Moments, rank_features
from stream_app.core.groups.comparison import PlainRule, RuleLimits, compare
from stream_app.core.groups.counts import GroupCount

LIMITS = RuleLimits(min_n=1)  # a scenario has no chance in it that more decisions could rule out
_NOTHING = GroupCount(1, 0)  # in place of a group without decisions: its rate counts as 0
_DIR_RULES = frozenset({PlainRule.DISPARATE_IMPACT_RATIO, PlainRule.DISPARATE_IMPACT_UNDEFINED})

Reason = Literal["male_rate_zero", "suppressed"]


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Rates of women and men.

    Attributes:
        female_rate: Share of women who were approved; 0 without a decision, None where it is suppressed.
        male_rate: The same of men.
        dir: Disparate impact ratio, rate of women / rate of men; None when it cannot be formed.
        dir_alert: Whether the ratio is below 0.8 or cannot be formed.
        gap: Distance of the two rates.
        gap_alert: Whether the gap is above 0.2.
        reason: Why there is no ratio; absent where there is one.
    """

    female_rate: float | None
    male_rate: float | None
    dir: float | None
    dir_alert: bool | None
    gap: float | None
    gap_alert: bool | None
    reason: Reason | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_alert(self) -> bool:
        """Whether either limit is broken."""
        return bool(self.dir_alert or self.gap_alert)


class Simulated(NamedTuple):
    """A simulated scenario with its explanation."""

    scenario: Scenario
    explanation: str


def compare_rates(female: GroupCount | None, male: GroupCount | None) -> Scenario:
    """Compare women with men.

    Args:
        female: Decisions about women; None where they are suppressed.
        male: The same about men.

    >>> compare_rates(GroupCount(500, 250), GroupCount(500, 350)).dir_alert
    True
    >>> compare_rates(GroupCount(10, 5), GroupCount(10, 0)).reason
    'male_rate_zero'
    """
    if female is None or male is None:
        return Scenario(
            female_rate=None if female is None else _rate(female),
            male_rate=None if male is None else _rate(male),
            dir=None,
            dir_alert=None,
            gap=None,
            gap_alert=None,
            reason="suppressed",
        )
    pair = compare(female if female.n else _NOTHING, male if male.n else _NOTHING, LIMITS)
    return Scenario(
        female_rate=_rate(female),
        male_rate=_rate(male),
        dir=pair.disparate_impact_ratio,
        dir_alert=bool(_DIR_RULES.intersection(pair.rules)),
        gap=None if pair.gap is None else abs(pair.gap),
        gap_alert=PlainRule.GAP in pair.rules,
        reason="male_rate_zero" if pair.disparate_impact_ratio is None else msgspec.UNSET,
    )


def simulate(n_samples: int, drift_level: float) -> Simulated:
    """Simulate a table of applications, and explain it.

    >>> simulate(1000, 0.5).scenario.dir
    0.7142857142857143
    """
    table = simulate_applications(n_samples, drift_level)
    female, male = _count(table, is_female=True), _count(table, is_female=False)
    scenario = compare_rates(female, male)
    missing = [name for name, count in (("women", female), ("men", male)) if not count.n]
    sentences = [
        describe(scenario),
        *(f"No decisions about {name}: their rate is given as 0." for name in missing),
        *_groups(table),
        *([] if missing else [_differences(table)]),
        "This is statistical, not causal.",
    ]
    return Simulated(scenario, " ".join(sentences))


def describe(scenario: Scenario) -> str:
    """Return the verdict on a scenario in one sentence.

    >>> describe(compare_rates(GroupCount(100, 45), GroupCount(100, 70)))
    'DIR = 0.64 (<0.8): women are approved less often than the four-fifths rule permits.'
    """
    if scenario.dir is None:
        if scenario.reason == "suppressed":
            return "DIR not shown: too few decisions."
        return "DIR not computable: the reference rate is zero."
    if scenario.dir_alert:
        return f"DIR = {scenario.dir:.2f} (<0.8): women are approved less often than the four-fifths rule permits."
    return f"DIR = {scenario.dir:.2f}: the system is considered fair; what differs are minor factors."


def _rate(count: GroupCount) -> float:
    return count.favorable / count.n if count.n else 0.0


def _count(table: Applications, *, is_female: bool) -> GroupCount:
    decisions = table.approved[table.is_female == is_female]
    return GroupCount(len(decisions), int(decisions.sum()))


def _groups(table: Applications) -> Iterator[str]:
    """Yield approval rate, mean and median of each group."""
    for name, is_female in (("Women", True), ("Men", False)):
        rows = table.is_female == is_female
        if rows.any():
            rate, scores = table.approved[rows].mean(), table.credit_score[rows]
            yield (
                f"{name}: approval rate {rate:.1%}, credit score {scores.mean():.1f} on average, "
                f"median {np.median(scores):g}."
            )


def _differences(table: Applications) -> str:
    """Return what differs between men and women, the greatest standardized difference first."""
    columns = {"approved": table.approved.astype(int), "credit_score": table.credit_score}
    features = []
    for name, values in columns.items():
        male, female = (values[table.is_female == is_female] for is_female in (False, True))
        moments = [Moments(len(part), int(part.sum()), int((part * part).sum())) for part in (male, female)]
        features.append(FeatureMoments(name, 1, *moments))
    texts = [
        f"{each.feature} {'not computable' if each.standardized is None else f'{each.standardized:+.2f}'}"
        for each in rank_features(features)
    ]
    return f"Likely causes, men minus women in standard deviations: {', '.join(texts)}."
