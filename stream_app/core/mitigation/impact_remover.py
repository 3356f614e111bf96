"""Values of a feature with the same distribution in every group: the disparate impact remover.

Full repair gives each value the quantile of a common distribution: at each quantile the (lower) median of those of the
groups. So the order within a group is kept, and a value says little about the group of a person. Partial repair moves a
value by a share of the way, counted in distinct values of all groups, so that every repaired value is one that occurs.

Source: Feldman, Friedler, Moeller, Scheidegger and Venkatasubramanian 2015, "Certifying and removing disparate impact",
KDD, section 5 (combinatorial repair). Quantiles are of distinct values, as in AIF360's ``DisparateImpactRemover``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints


class Repair(NamedTuple):
    """What each value of a feature becomes, by group.

    Attributes:
        known: The distinct values of each group, rising.
        repaired: What they become, never falling; of the same shapes.
    """

    known: tuple[Floats, ...]
    repaired: tuple[Floats, ...]

    def apply(self, values: Floats, groups: Ints) -> Floats:
        """Return repaired values: between two known ones by linear interpolation, beyond the ends as at the end.

        Args:
            values: Values, shape (n,).
            groups: Place of the group of each, shape (n,).
        """
        after = np.empty(len(values))
        for number, (known, repaired) in enumerate(zip(self.known, self.repaired, strict=True)):
            own: Bools = groups == number
            after[own] = np.interp(values[own], known, repaired)
        return after


def repair(values: Floats, groups: Ints, level: float) -> Repair:
    """Return the repair of a feature.

    Args:
        values: Values, shape (n,), all finite.
        groups: Place of the group of each value, shape (n,): 0, 1 and so on, each at least once.
        level: How much is repaired: 0 for nothing, 1 for everything.

    >>> scores, groups = np.array([1.0, 2.0, 3.0, 3.0, 4.0, 5.0]), np.array([0, 0, 0, 1, 1, 1])
    >>> repair(scores, groups, 1.0).apply(scores, groups).tolist()
    [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
    >>> repair(scores, groups, 0.5).apply(scores, groups).tolist()
    [1.0, 2.0, 3.0, 2.0, 3.0, 4.0]
    """
    pooled = np.unique(values)
    known = tuple(np.unique(values[groups == number]) for number in range(int(groups.max(initial=-1)) + 1))
    if not known:
        return Repair((), ())
    n_quantiles = min(len(each) for each in known)
    ends = np.concatenate([[0.0], np.cumsum(np.full(n_quantiles, 1 / n_quantiles))])
    bounds = [np.rint(ends * len(each)).astype(np.int64) for each in known]
    medians = [each[(bound[:-1] + bound[1:] - 1) // 2] for each, bound in zip(known, bounds, strict=True)]
    goals = np.searchsorted(pooled, np.sort(medians, axis=0)[(len(known) - 1) // 2])
    repaired = []
    for each, bound in zip(known, bounds, strict=True):
        places = np.searchsorted(pooled, each)
        way = goals[np.searchsorted(bound[1:], np.arange(len(each)), side="right")] - places
        repaired.append(pooled[places + np.rint(way * level).astype(np.int64)])
    return Repair(known, tuple(repaired))


def largest_difference(values: Floats, groups: Ints) -> float:
    """Return how far the distributions of a feature in two groups differ at most.

    Kolmogorov-Smirnov distance: the largest difference between the shares of two groups at or below a value, over all
    values and all pairs of groups; 0 for equal distributions, 1 where the groups do not overlap.

    Args:
        values: Values, shape (n,).
        groups: Place of the group of each, shape (n,), each at least once.

    >>> largest_difference(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0, 0, 1, 1]))
    0.5
    """
    grid = np.unique(values)
    shares = [
        np.searchsorted(np.sort(own), grid, side="right") / len(own)
        for own in (values[groups == number] for number in range(int(groups.max(initial=-1)) + 1))
    ]
    return float(np.ptp(shares, axis=0).max()) if shares else 0.0
