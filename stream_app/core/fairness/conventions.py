"""The same facts in the signs and names of other tools, to compare two reports side by side.

Ours: group minus reference, negative is harm, as AIF360 and TrustyAI. Fairlearn: the range over *all* groups, without
sign. SageMaker Clarify: advantaged minus disadvantaged, positive is harm. Aequitas' ``pprev_disparity`` is our
disparate impact ratio; its ``ppr_disparity`` is not (share of all approvals).

Values that cannot be formed are None here; Fairlearn gives 0 for a true positive rate of nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stream_app.core.fairness.outcome_rates import ConfusionCount, false_positive_rate, true_positive_rate
from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate


class FairlearnParity(NamedTuple):
    """Fairlearn's group metrics of decisions; groups without decisions do not take part.

    Attributes:
        difference: ``demographic_parity_difference``, in [0, 1]; None without decisions.
        ratio: ``demographic_parity_ratio``, in [0, 1]; None when no group has a favorable decision.
        difference_to_overall: The same with ``method="to_overall"``: greatest distance from the rate of all together.
        ratio_to_overall: The least ratio to it, either way up.
    """

    difference: float | None
    ratio: float | None
    difference_to_overall: float | None
    ratio_to_overall: float | None


class FairlearnOdds(NamedTuple):
    """Fairlearn's group metrics of decisions with outcomes; None when a group lacks positives or negatives.

    Attributes:
        equal_opportunity_difference: Range of true positive rates, in [0, 1].
        equalized_odds_difference: Greater of the ranges of true and of false positive rates, in [0, 1].
        equalized_odds_ratio: Lesser of the two ratios lowest / highest, in [0, 1]; None when a highest rate is 0.
    """

    equal_opportunity_difference: float | None
    equalized_odds_difference: float | None
    equalized_odds_ratio: float | None


class ClarifyBias(NamedTuple):
    """Clarify's metrics of one facet; the reference is its advantaged facet.

    Attributes:
        difference_in_proportions: DPL of labels, DPPL of predictions: the negated statistical parity difference.
        disparate_impact: DI: our disparate impact ratio.
        class_imbalance: CI: ``(n_reference - n) / (n_reference + n)``, in [-1, 1]; None without decisions.
    """

    difference_in_proportions: float | None
    disparate_impact: float | None
    class_imbalance: float | None


def to_fairlearn_parity(counts: Sequence[GroupCount]) -> FairlearnParity:
    """Return what Fairlearn's ``demographic_parity_*`` return for these groups.

    >>> parity = to_fairlearn_parity([GroupCount(1681, 1527), GroupCount(197, 133), GroupCount(111, 85)])
    >>> [round(value, 6) for value in parity]
    [0.233261, 0.743214, 0.202198, 0.769529]
    """
    rates = [rate for count in counts if (rate := approval_rate(count)) is not None]
    overall = approval_rate(GroupCount(sum(count.n for count in counts), sum(count.favorable for count in counts)))
    if overall is None:
        return FairlearnParity(None, None, None, None)
    distance = max(abs(rate - overall) for rate in rates)
    if not overall:
        return FairlearnParity(0.0, None, distance, None)
    to_overall = min(min(rate, overall) / max(rate, overall) for rate in rates)
    return FairlearnParity(_range(rates), min(rates) / max(rates), distance, to_overall)


def to_fairlearn_odds(counts: Sequence[ConfusionCount]) -> FairlearnOdds:
    """Return what Fairlearn's ``equal_opportunity_difference`` and ``equalized_odds_*`` return for these groups.

    >>> white, black, hispan = (1496, 29, 81, 73), (127, 6, 17, 47), (82, 3, 13, 13)
    >>> odds = to_fairlearn_odds([ConfusionCount(*count) for count in (white, black, hispan)])
    >>> [round(value, 6) for value in odds]
    [0.085479, 0.171106, 0.398178]
    """
    seen = [count for count in counts if sum(count)]
    right = _all_or_none(true_positive_rate(count).value for count in seen)
    wrong = _all_or_none(false_positive_rate(count).value for count in seen)
    if not right or not wrong:
        return FairlearnOdds(_range(right) if right else None, None, None)
    ratio = min(min(right) / max(right), min(wrong) / max(wrong)) if max(right) and max(wrong) else None
    return FairlearnOdds(_range(right), max(_range(right), _range(wrong)), ratio)


def to_clarify(group: GroupCount, reference: GroupCount) -> ClarifyBias:
    """Return what Clarify reports for this group as the disadvantaged facet.

    >>> [round(value, 6) for value in to_clarify(GroupCount(197, 133), GroupCount(1681, 1527))]
    [0.233261, 0.743214, 0.790202]
    """
    gap, n = statistical_parity_difference(group, reference), group.n + reference.n
    return ClarifyBias(
        difference_in_proportions=None if gap is None else 0.0 - gap,
        disparate_impact=disparate_impact_ratio(group, reference),
        class_imbalance=(reference.n - group.n) / n if n else None,
    )


def _range(rates: Sequence[float]) -> float:
    return max(rates) - min(rates)


def _all_or_none(values: Iterable[float | None]) -> list[float]:
    values = list(values)
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []
