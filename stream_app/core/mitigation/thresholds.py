"""A cut of the score for each group, so that all groups have one rate, at the greatest accuracy.

For each group the pairs of rate and accuracy that its cuts can have are known, and so are those of a lottery between
two cuts: the upper convex hull. A common rate is chosen from a grid so that the accuracy over all groups is greatest.
Equal rates by different cuts mean that the decision about a person depends on the group.

Source: Hardt, Price and Srebro 2016, "Equality of opportunity in supervised learning", section 4; Agarwal et al. 2018;
the grid and the treatment of ties are those of Fairlearn's ``ThresholdOptimizer``.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Floats, Ints, Rows

N_GRID = 1000


class Goal(enum.StrEnum):
    """The rate that all groups shall have."""

    PARITY = "parity"  # favorable decisions among all
    OPPORTUNITY = "opportunity"  # favorable decisions among those with a good outcome


class GroupCut(NamedTuple):
    """How a group is decided: one of two cuts, by lot.

    Attributes:
        share: Share of the people to whom the first cut applies, in [0, 1].
        cut: First cut: favorable above it; infinite for nobody.
        other_cut: Second cut, for the rest; minus infinite for everybody.
    """

    share: float
    cut: float
    other_cut: float


class GroupCuts(NamedTuple):
    """The chosen cuts.

    Attributes:
        rate: The rate of every group.
        accuracy: Share of decisions that agree with the outcome.
        groups: Cuts of each group.
        curve: Accuracy at each rate of the grid, shape (N_GRID + 1,).
    """

    rate: float
    accuracy: float
    groups: tuple[GroupCut, ...]
    curve: Floats


def choose_cuts(
    groups: Sequence[tuple[Floats, Ints]], goal: Goal, permitted: Sequence[Floats] | None = None
) -> GroupCuts | None:
    """Return the cuts of each group; None where a group has only good or only bad outcomes.

    Args:
        groups: Scores and outcomes (1 for a good one) of each group, of shape (n,) each.
        goal: The rate that all groups shall have.
        permitted: The cuts of each group that may be chosen, beside nobody and everybody; None for every cut between
            two scores.

    >>> scores, good = np.array([0.2, 0.4, 0.6, 0.8]), np.array([0, 0, 1, 1])
    >>> chosen = choose_cuts([(scores, good), (scores - 0.1, good)], Goal.PARITY)
    >>> chosen.rate, chosen.accuracy, [round(cut.other_cut, 6) for cut in chosen.groups]
    (0.5, 1.0, [0.5, 0.4])
    """
    grid = np.linspace(0, 1, N_GRID + 1)
    n = sum(len(scores) for scores, _ in groups)
    curve, hulls = np.zeros(len(grid)), []
    for number, (scores, good) in enumerate(groups):
        if not 0 < int(good.sum()) < len(good):
            return None
        rates, accuracies, cuts = _points(scores, good, goal, None if permitted is None else permitted[number])
        kept = upper_hull(rates, accuracies)
        rates, accuracies, cuts = rates[kept], accuracies[kept], cuts[kept]
        left = _left_of(grid, rates)
        share = (rates[left + 1] - grid) / (rates[left + 1] - rates[left])
        curve += len(scores) / n * (share * accuracies[left] + (1 - share) * accuracies[left + 1])
        hulls.append((share, cuts[left], cuts[left + 1]))
    best = int(np.argmax(curve))
    chosen = tuple(GroupCut(float(p[best]), float(low[best]), float(high[best])) for p, low, high in hulls)
    return GroupCuts(float(grid[best]), float(curve[best]), chosen, curve)


def upper_hull(rates: Floats, accuracies: Floats) -> Rows:
    """Return the places of the points of the upper convex hull (Andrew's monotone chain).

    Args:
        rates: Rate of each point, rising.
        accuracies: Its accuracy, rising where rates are equal.

    >>> upper_hull(np.array([0.0, 0.5, 0.5, 0.7, 1.0]), np.array([0.4, 0.3, 0.9, 0.6, 0.5])).tolist()
    [0, 2, 4]
    """
    kept: list[int] = []
    x, y = rates.tolist(), accuracies.tolist()
    for place in range(len(x)):
        while len(kept) > 1:
            first, middle = kept[-2], kept[-1]
            if (y[middle] - y[first]) * (x[place] - x[first]) > (y[place] - y[first]) * (x[middle] - x[first]):
                break
            kept.pop()
        kept.append(place)
    return np.array(kept, np.intp)


def _points(scores: Floats, good: Ints, goal: Goal, permitted: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Return rate, accuracy and cut for every cut that may be chosen, sorted by rate, then by accuracy."""
    order = np.argsort(-scores, kind="stable")
    falling, good = scores[order], good[order]
    if permitted is None:
        ends = np.append(np.flatnonzero(falling[1:] < falling[:-1]), len(falling) - 1)  # last place of each score
        lower = np.append(falling[ends[:-1] + 1], -np.inf)
        cuts = np.concatenate([[np.inf], (falling[ends] + lower) / 2])
        n_favorable = np.concatenate([[0], ends + 1])
    else:
        cuts = np.concatenate([[np.inf], np.sort(permitted)[::-1], [-np.inf]])
        n_favorable = np.searchsorted(-falling, -cuts, side="left")
    n_good = np.concatenate([[0], np.cumsum(good)])[n_favorable]
    total = int(good.sum())
    rates = n_favorable / len(good) if goal is Goal.PARITY else n_good / total
    accuracies = (n_good + (len(good) - total) - (n_favorable - n_good)) / len(good)
    places = np.lexsort([accuracies, rates])
    return rates[places], accuracies[places], cuts[places]


def _left_of(grid: Floats, rates: Floats) -> Rows:
    """Return the place of the point at the left of each value of the grid: below it, but for the first value."""
    left = np.searchsorted(rates, grid, side="right") - 1
    left[1:] -= grid[1:] == rates[left[1:]]
    return left
