"""What the decisions of unknown groups could change: bounds over every allocation of them to the groups.

A decision whose label is ``unknown``, or not listed by the policy (``__other__``: often another spelling of a listed
group), is about a person of some group all the same. It is a *candidate* of a group if each of its labels is that of
the group or undeclared, with at least one undeclared: of (female, black) are (female, unknown), (``__other__``, black)
and (unknown, unknown) candidates. An *allocation* gives every candidate to one of its groups, or to none.

The lowest rate of a group has all its unfavorable candidates and none of the favorable ones, the highest the reverse.
So the lowest ratio and gap have the unfavorable candidates in the group and the favorable ones in the reference, the
highest the reverse: no decision is needed in both places, so the bounds are reached, and none is tighter.

Source: Manski 1989, "Anatomy of the selection problem" (worst-case bounds); Horowitz and Manski 1995, "Identification
and robustness with contaminated and corrupted data".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from stream_app.core.arrays import Ints
from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.groups.marginals import Layout, Marginalizer
from stream_app.core.groups.subgroups import Subgroup
from stream_app.policy.labels import DECISION, OTHER, UNKNOWN

NOBODY = GroupCount(0, 0)


class Range(NamedTuple):
    """The lowest and the highest value over every allocation."""

    lower: float
    upper: float


class AllocationBounds(NamedTuple):
    """What a group can be if every candidate is allocated, compared with its reference.

    Attributes:
        rate: Of the approval rate; None without known decisions.
        ratio: Of the disparate impact ratio; None where the ratio of the known decisions cannot be formed.
        gap: Of the gap; None likewise.
    """

    rate: Range | None
    ratio: Range | None
    gap: Range | None


def allocation_bounds(
    group: GroupCount, reference: GroupCount, candidates: GroupCount, reference_candidates: GroupCount
) -> AllocationBounds:
    """Return the bounds of rate, ratio and gap over every allocation, correctly rounded from the integers.

    Args:
        group: Known decisions about the group.
        reference: Known decisions about its reference.
        candidates: Candidates of the group.
        reference_candidates: Candidates of the reference; many of them are candidates of both.

    >>> women, men, unknown = GroupCount(100, 40), GroupCount(100, 60), GroupCount(25, 20)
    >>> bounds = allocation_bounds(women, men, unknown, unknown)
    >>> bounds.rate, bounds.gap
    (Range(lower=0.38095238095238093, upper=0.5), Range(lower=-0.2857142857142857, upper=-0.07142857142857142))
    >>> allocation_bounds(women, GroupCount(0, 0), unknown, unknown)[1:]
    (None, None)
    """
    if not group.n:
        return AllocationBounds(None, None, None)
    low, high = _lowest(group, candidates), _highest(group, candidates)
    rate = _range(approval_rate(low), approval_rate(high))
    if not reference.n:
        return AllocationBounds(rate, None, None)
    low_reference = _lowest(reference, reference_candidates)
    high_reference = _highest(reference, reference_candidates)
    gap = _range(statistical_parity_difference(low, high_reference), statistical_parity_difference(high, low_reference))
    if not reference.favorable:
        return AllocationBounds(rate, None, gap)
    ratio = _range(disparate_impact_ratio(low, high_reference), disparate_impact_ratio(high, low_reference))
    return AllocationBounds(rate, ratio, gap)


class CandidateCounter:
    """Counts the candidates of all subgroups and of their references in the cells of one pane or window.

    Every undeclared label counts as ``unknown``; the candidates of a subgroup are then the sum of the crosses in which
    some of its labels are ``unknown``, which a ``Marginalizer`` counts. Exact (int64). Cost: one look at each cell,
    and what a ``Marginalizer`` takes for the undeclared cells alone.

    Args:
        layout: How the cells are coded.
        subgroups: The pairs, in the order of the result.
        favorable: The label, or labels, of the dimension that count as favorable.
        dimension: Name of that dimension.
        segment: The dimension that makes strata; None for one stratum. A decision whose segment is not known is no
            candidate of another stratum.

    Raises:
        ValueError: the layout lacks a dimension or a label that is needed.

    >>> from collections import namedtuple
    >>> from stream_app.core.groups.subgroups import subgroups
    >>> sexes = ("female", "male", "unknown", "__other__")
    >>> layout = namedtuple("Layout", "dimensions width")((("sex", sexes), ("decision", ("yes", "no"))), 1)
    >>> counter = CandidateCounter(layout, subgroups([("sex", sexes[:2], "male")]), favorable="yes")
    >>> counter.counts({0: [3], 1: [7], 4: [2], 5: [1], 7: [4]}).tolist()
    [[[2, 7, 2, 7]]]
    """

    def __init__(
        self,
        layout: Layout,
        subgroups: Sequence[Subgroup],
        *,
        favorable: str | tuple[str, ...],
        dimension: str = DECISION,
        segment: str | None = None,
    ) -> None:
        crosses = [list(_unknown_crosses(subgroup)) for subgroup in subgroups]
        self._starts = np.cumsum([0, *map(len, crosses[:-1])]) if crosses else np.zeros(0, np.int64)
        self._marginalizer = Marginalizer(
            layout,
            [cross for of_subgroup in crosses for cross in of_subgroup],
            favorable=favorable,
            dimension=dimension,
            segment=segment,
        )
        attributes = {name for subgroup in subgroups for name in subgroup.attributes}
        self._undeclared = [
            (prod(len(later) for _, later in layout.dimensions[place + 1 :]), labels)
            for place, (name, labels) in enumerate(layout.dimensions)
            if name in attributes
        ]
        self._shape = (len(subgroups), len(self._marginalizer.strata), 4)

    def counts(self, cells: Mapping[int, Sequence[int]]) -> Ints:
        """Count the candidates of every subgroup and of its reference.

        Args:
            cells: Vectors by code, n first; missing cells are empty.

        Returns:
            int64, shape (subgroups, strata, 4): favorable and all candidates of the group, then of the reference.
        """
        undeclared = self._undeclared_cells(cells)
        if not undeclared or not self._shape[0]:
            return np.zeros(self._shape, np.int64)
        counts: Ints = np.add.reduceat(self._marginalizer.counts(undeclared), self._starts, axis=0)
        return counts

    def _undeclared_cells(self, cells: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
        """Return the cells with an undeclared label, all of these as ``unknown``."""
        codes = np.fromiter(cells, np.int64, len(cells))
        folded, is_undeclared = codes.copy(), np.zeros(len(codes), np.bool_)
        for stride, labels in self._undeclared:
            label = codes // stride % len(labels)
            unknown, other = labels.index(UNKNOWN), labels.index(OTHER)
            is_other = label == other
            folded += is_other * (stride * (unknown - other))
            is_undeclared |= is_other | (label == unknown)
        undeclared: dict[int, list[int]] = {}
        places = np.flatnonzero(is_undeclared)
        for code, former in zip(folded[places].tolist(), codes[places].tolist(), strict=True):
            undeclared.setdefault(code, [0])[0] += cells[former][0]
        return undeclared


def _unknown_crosses(subgroup: Subgroup) -> Iterator[Subgroup]:
    """Yield the pair with ``unknown`` instead of some of its labels, for every choice of them."""
    for is_unknown in product((True, False), repeat=len(subgroup.attributes)):
        if any(is_unknown):
            labels, reference = (
                tuple(UNKNOWN if hidden else label for hidden, label in zip(is_unknown, known, strict=True))
                for known in (subgroup.labels, subgroup.reference)
            )
            yield Subgroup(subgroup.attributes, labels, reference)


def _lowest(count: GroupCount, candidates: GroupCount) -> GroupCount:
    return GroupCount(count.n + candidates.n - candidates.favorable, count.favorable)


def _highest(count: GroupCount, candidates: GroupCount) -> GroupCount:
    return GroupCount(count.n + candidates.favorable, count.favorable + candidates.favorable)


def _range(lower: float | None, upper: float | None) -> Range | None:
    return None if lower is None or upper is None else Range(lower, upper)
