"""Fairness metrics of decisions, from counts by group.

All functions are pure and exact: they work on whole numbers and round once. Sign convention: group minus reference,
so a negative difference is harm to the group. ``fairstream.conventions`` converts to the conventions of other tools.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from fractions import Fraction
from typing import TypeVar

import numpy as np

from stream_app.core.detection.score_drift import population_stability_index
from stream_app.core.fairness import disparity
from stream_app.core.fairness.consistency import Consistency, consistency, to_unit_range
from stream_app.core.fairness.disparity import Disparity
from stream_app.core.groups import comparison, counts, highest_group, subgroups
from stream_app.core.groups.counts import GroupCount
from stream_app.core.groups.highest_group import ImpactRatios

__all__ = [
    "Consistency",
    "Disparity",
    "GroupCount",
    "ImpactRatios",
    "approval_rate",
    "conditional_demographic_disparity",
    "consistency",
    "disparate_impact_ratio",
    "impact_ratios",
    "population_stability_index",
    "shortfall",
    "statistical_parity_difference",
    "to_unit_range",
    "worst_hit",
]

Group = TypeVar("Group", bound=Hashable)


def approval_rate(count: GroupCount) -> float | None:
    """Return the share of favorable decisions, ``favorable / n``.

    Args:
        count: Decisions about one group.

    Returns:
        Rate in [0, 1]; None without decisions, because a rate of nothing is not 0.

    Raises:
        ValueError: ``favorable`` is not between 0 and ``n``.

    >>> approval_rate(GroupCount(n=200, favorable=150)), approval_rate(GroupCount(n=0, favorable=0))
    (0.75, None)
    """
    return counts.approval_rate(_checked(count))


def disparate_impact_ratio(group: GroupCount, reference: GroupCount) -> float | None:
    """Return the disparate impact ratio, ``(favorable/n of the group) / (favorable/n of the reference)``.

    The four-fifths rule calls a ratio below 0.8 adverse impact.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.

    Returns:
        Ratio >= 0, below 1 when the group is approved less often. None when a group has no decisions or the reference
        rate is 0; never infinity.

    Raises:
        ValueError: A count is not between 0 and its ``n``.

    Source: 29 CFR 1607.4(D); Feldman et al. 2015, "Certifying and removing disparate impact".

    >>> disparate_impact_ratio(GroupCount(n=100, favorable=45), GroupCount(n=100, favorable=60))
    0.75
    >>> disparate_impact_ratio(GroupCount(n=100, favorable=45), GroupCount(n=100, favorable=0)) is None
    True
    """
    return comparison.disparate_impact_ratio(_checked(group), _checked(reference))


def statistical_parity_difference(group: GroupCount, reference: GroupCount) -> float | None:
    """Return the statistical parity difference, rate of the group minus rate of the reference.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.

    Returns:
        Difference in [-1, 1]; negative is harm to the group. None when a group has no decisions.

    Raises:
        ValueError: A count is not between 0 and its ``n``.

    Source: Dwork et al. 2012, "Fairness through awareness" (statistical parity).

    >>> statistical_parity_difference(GroupCount(n=100, favorable=45), GroupCount(n=100, favorable=60))
    -0.15
    """
    return comparison.statistical_parity_difference(_checked(group), _checked(reference))


def conditional_demographic_disparity(
    group: Mapping[str, GroupCount], reference: Mapping[str, GroupCount]
) -> Disparity:
    """Return the demographic disparity between people of the same segment.

    In each segment, the group's share of the approved minus its share of the denied; the mean of that over segments,
    weighted by their decisions. With one segment it is the demographic disparity.

    Args:
        group: Decisions about the group, by segment; segments may be missing.
        reference: Decisions about the reference group, by segment.

    Returns:
        Disparity in [-1, 1]; negative is harm to the group (SageMaker Clarify has the other sign). Segments where all
        were approved or all denied say nothing: ``compared_share`` is the share of decisions in the others. The value
        is None with a ``reason`` when a group has no decisions or no segment is left.

    Raises:
        ValueError: A count is not between 0 and its ``n``.

    Source: Wachter, Mittelstadt and Russell 2021, "Why fairness cannot be automated".

    >>> women = {"auto": GroupCount(n=100, favorable=20), "home": GroupCount(n=100, favorable=60)}
    >>> men = {"auto": GroupCount(n=100, favorable=60), "home": GroupCount(n=100, favorable=70)}
    >>> round(conditional_demographic_disparity(women, men).value, 6)
    -0.263278
    """
    return disparity.conditional_demographic_disparity(
        {segment: _checked(count) for segment, count in group.items()},
        {segment: _checked(count) for segment, count in reference.items()},
    )


def shortfall(group: GroupCount, reference: GroupCount, min_ratio: float | Fraction = 0.8) -> int | None:
    """Return how many more favorable decisions the group needed to meet the ratio rule.

    The smallest ``m >= 0`` with ``(favorable + m) / n >= min_ratio * rate of the reference``.

    Args:
        group: Decisions about the group that may be harmed.
        reference: Decisions about the reference group.
        min_ratio: Lowest ratio that the rule permits, in (0, 1]. A float means the decimal number as written: 0.8 is
            4/5.

    Returns:
        Decisions >= 0; 0 for an empty group. None when the reference has no decisions.

    Raises:
        ValueError: A count is not between 0 and its ``n``, or ``min_ratio`` is outside its range.

    >>> shortfall(GroupCount(n=100, favorable=45), GroupCount(n=100, favorable=60))
    3
    """
    ratio = _exact(min_ratio)
    if not 0 < ratio <= 1:
        raise ValueError(f"min_ratio must be above 0 and at most 1, got {min_ratio}")
    return comparison.shortfall(_checked(group), _checked(reference), ratio)


def impact_ratios(counts: Mapping[str, GroupCount], min_share: float | Fraction = 0) -> ImpactRatios:
    """Return the rate of each group divided by the highest rate of any group.

    This is the impact ratio of selection audits. Do not monitor it over time: which group has the highest rate is
    determined from the same counts, so false alarms are not bounded. Detectors compare with a fixed reference group.

    Args:
        counts: Decisions by group; groups may be empty.
        min_share: Groups with a smaller share of all decisions, in [0, 1], cannot be the highest group, and their ratio
            may exceed 1. New York City permits 0.02.

    Returns:
        The highest group, the ratio of each group in [0, 1] and the reason for each missing ratio.

    Raises:
        ValueError: A count is not between 0 and its ``n``, or ``min_share`` is outside its range.

    Source: 29 CFR 1607.4(D); 6 RCNY 5-300 and 5-301 (New York City, Local Law 144).

    >>> audit = impact_ratios({"a": GroupCount(n=100, favorable=45), "b": GroupCount(n=100, favorable=60)})
    >>> audit.highest, audit.ratios
    ('b', {'a': 0.75, 'b': 1.0})
    """
    share = _exact(min_share)
    if not 0 <= share <= 1:
        raise ValueError(f"min_share must be from 0 to 1, got {min_share}")
    return highest_group.impact_ratios({group: _checked(count) for group, count in counts.items()}, share)


def worst_hit(counts: Mapping[Group, GroupCount], reference: Group, *, min_n: int = 30) -> Group | None:
    """Return the group with the most negative statistical parity difference, compared exactly.

    Args:
        counts: Decisions by group; the reference is among the keys. Keys may be tuples of labels, for intersections.
        reference: The group that all others are compared with.
        min_n: Fewest decisions of a group and of the reference, >= 1.

    Returns:
        The group, the first of equal ones; None when no group has enough decisions or none is below the reference.

    Raises:
        KeyError: The reference is not among the groups.
        ValueError: A count is not between 0 and its ``n``, or ``min_n`` is below 1.

    >>> counts = {"men": GroupCount(100, 60), "women": GroupCount(100, 45), "other": GroupCount(5, 0)}
    >>> worst_hit(counts, "men")
    'women'
    """
    if min_n < 1:
        raise ValueError(f"min_n must be at least 1, got {min_n}")
    of_reference = _checked(counts[reference])
    groups = [group for group in counts if group != reference]
    pairs = [(_checked(counts[group]), of_reference) for group in groups]
    table = np.array(
        [[(group.favorable, group.n, other.favorable, other.n)] for group, other in pairs], dtype=np.int64
    ).reshape(-1, 1, 4)
    place = subgroups.worst_hit(table, min_n=min_n)
    return None if place is None else groups[place]


def _checked(count: GroupCount) -> GroupCount:
    n, favorable = count
    if not 0 <= favorable <= n:
        raise ValueError(f"favorable must be from 0 to n, got {favorable} of {n}")
    return GroupCount(n, favorable)


def _exact(number: float | Fraction) -> Fraction:
    """Return a number as a person wrote it: 0.8 means 4/5, not the nearest binary number."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)
