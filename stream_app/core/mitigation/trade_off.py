"""What less disparity costs: rules by their ratio, their accuracy and their repayment, and which of them are best.

A rule enters by the people whom it approves, by group and outcome. An outcome that nobody knows could be good or bad,
so accuracy and repayment have a lower and an upper bound; they are one number only where every outcome that matters is
known. All arrays of outcomes have the order: not known, bad, good.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats
from stream_app.core.mitigation.thresholds import upper_hull

N_RATES = 1000


class RuleValues(NamedTuple):
    """Values of some rules, each of shape (rules,).

    Attributes:
        approved: Share of the people who are approved.
        ratio: Lowest rate of a group / highest; NaN where nobody is approved.
        accuracy: Lower and upper bound of the share of decisions that agree with the outcome.
        repayment: Those of the share of good outcomes among the approved; NaN where nobody is approved.
    """

    approved: Floats
    ratio: Floats
    accuracy: tuple[Floats, Floats]
    repayment: tuple[Floats, Floats]


def values_of(approved: Floats, everyone: Floats) -> RuleValues:
    """Return the values of some rules.

    Args:
        approved: People whom each rule approves, by group and outcome, shape (rules, groups, 3); a lottery approves
            parts of people.
        everyone: All people, by group and outcome, shape (groups, 3), with somebody in every group.

    >>> values = values_of(np.array([[[2.0, 0, 2], [0, 1, 1]]]), np.array([[2.0, 2, 4], [0, 2, 2]]))
    >>> values.ratio.tolist(), values.accuracy[0].round(3).tolist(), values.accuracy[1].round(3).tolist()
    ([1.0], [0.5], [0.667])
    >>> values.repayment[0].tolist(), values.repayment[1].round(3).tolist()
    ([0.5], [0.833])
    """
    n = everyone.sum()
    not_known, bad, good = np.moveaxis(approved.sum(axis=1), -1, 0)
    n_not_known, n_bad, _ = everyone.sum(axis=0)
    agreeing = good + n_bad - bad
    with np.errstate(invalid="ignore"):
        rates = approved.sum(axis=2) / everyone.sum(axis=1)
        n_approved = not_known + bad + good
        ratio: Floats = rates.min(axis=1) / rates.max(axis=1)
        repayment = good / n_approved, (good + not_known) / n_approved
    return RuleValues(n_approved / n, ratio, (agreeing / n, (agreeing + n_not_known) / n), repayment)


def pareto_front(ratio: Floats, lower: Floats, upper: Floats) -> Bools:
    """Return which rules no other rule is better than: none has a higher ratio and a higher value.

    With bounds, a rule leaves the front only if another is better whatever the unknown outcomes are: its lower bound is
    at least the upper bound of the rule. Rules with NaN are never on the front.

    Args:
        ratio: Ratio of each rule, shape (rules,).
        lower: Lower bound of its value.
        upper: Upper bound.

    >>> ratio, accuracy = np.array([0.5, 0.8, 0.7, 1.0]), np.array([0.9, 0.85, 0.8, 0.7])
    >>> pareto_front(ratio, accuracy, accuracy).tolist()
    [True, True, False, True]
    """
    is_fair, is_good = ratio[:, np.newaxis] >= ratio, lower[:, np.newaxis] >= upper
    is_better = (ratio[:, np.newaxis] > ratio) | (lower[:, np.newaxis] > upper)
    front: Bools = ~np.any(is_fair & is_good & is_better, axis=0) & ~np.isnan(ratio) & ~np.isnan(lower)
    return front


def most_accurate(by_cut: Floats, everyone: Floats, ratio: float) -> Floats:
    """Return whom the most accurate cuts by group approve, among those with at least a ratio.

    Each group has the rates and accuracies of its cuts, and of lotteries between two of them: the upper convex hull,
    which is concave. So for a given highest rate the best rate of a group is its own best one, moved into the range
    that the ratio permits; the highest rate is searched on a grid.

    Args:
        by_cut: People whom each cut approves, by group and outcome, shape (cuts, groups, 3), with a cut that approves
            nobody and one that approves everybody. No outcome is unknown.
        everyone: All people, by group and outcome, shape (groups, 3), with somebody in every group.
        ratio: Lowest rate / highest, at least, in [0, 1].

    Returns:
        Approved people by group and outcome, shape (groups, 3).

    >>> by_cut = np.array([[[0.0, 0, 0], [0, 0, 0]], [[0, 0, 2], [0, 0, 1]], [[0, 2, 2], [0, 3, 1]]])
    >>> most_accurate(by_cut, by_cut[-1], 0.0).tolist()
    [[0.0, 0.0, 2.0], [0.0, 0.0, 1.0]]
    >>> most_accurate(by_cut, by_cut[-1], 1.0).sum(axis=1).round(2).tolist()
    [1.0, 1.0]
    """
    hulls = []
    for number, own in enumerate(everyone):
        approved = by_cut[:, number]
        rates, right = approved.sum(axis=1) / own.sum(), approved[:, 2] - approved[:, 1]
        order = np.lexsort([right, rates])
        kept = order[upper_hull(rates[order], right[order])]
        hulls.append((rates[kept], right[kept], approved[kept]))
    best = [rates[np.argmax(right)] for rates, right, _ in hulls]
    highest = np.unique(np.concatenate([np.linspace(0, 1, N_RATES + 1), best]))
    chosen = [np.clip(rate, ratio * highest, highest) for rate in best]
    total = sum(np.interp(own, rates, right) for own, (rates, right, _) in zip(chosen, hulls, strict=True))
    place = int(np.argmax(total))
    return np.array(
        [
            [np.interp(own[place], rates, approved[:, outcome]) for outcome in range(approved.shape[1])]
            for own, (rates, _, approved) in zip(chosen, hulls, strict=True)
        ]
    )
