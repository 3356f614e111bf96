"""Demographic disparity, also conditional on a segment: is a group's share of approvals below its share of denials?

Of a group and its reference together, let A be the group's share of the approved and D its share of the denied. The
demographic disparity is ``A - D``, in [-1, 1]; negative is harm: the group is overrepresented among the denied. The
*conditional* one is the mean over segments, weighted by their decisions, of the disparity in each. It asks whether the
disparity remains between people of the same segment; where it does not, it is all mix.

A segment in which nobody was denied, or nobody approved, has no such share; it is left out, and ``compared_share`` says
how many decisions that leaves.

Source: Wachter, Mittelstadt and Russell 2021, "Why fairness cannot be automated", Computer Law & Security Review 41.
SageMaker Clarify has it as CDDPL with the other sign: positive is harm.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

Count = tuple[int, int]  # decisions, favorable ones among them


class DisparityReason(enum.StrEnum):
    """Why there is no disparity."""

    NO_DECISIONS = "no_decisions"
    REFERENCE_EMPTY = "reference_empty"
    SAME_DECISION = "same_decision"  # in every segment, all were approved or all were denied


class Disparity(NamedTuple):
    """A conditional demographic disparity.

    Attributes:
        value: In [-1, 1], negative is harm to the group; None when it cannot be formed.
        compared_share: Share of the decisions in segments with approvals and denials, in [0, 1].
        reason: Why there is no value.
    """

    value: float | None
    compared_share: float
    reason: DisparityReason | None = None


def conditional_demographic_disparity(group: Mapping[str, Count], reference: Mapping[str, Count]) -> Disparity:
    """Return the conditional demographic disparity of a group and its reference.

    Args:
        group: Decisions and favorable ones by segment, ``0 <= favorable <= n``; segments may be missing.
        reference: The same for the reference group.

    >>> women, men = {"A": (108, 89), "F": (341, 24)}, {"A": (825, 512), "F": (373, 22)}
    >>> in_departments = conditional_demographic_disparity(women, men)
    >>> at_berkeley = conditional_demographic_disparity({"": (449, 113)}, {"": (1198, 534)})
    >>> round(in_departments.value, 4), round(at_berkeley.value, 4)
    (0.0719, -0.1613)
    """
    if not _n(group.values()):
        return Disparity(None, 0.0, DisparityReason.NO_DECISIONS)
    if not _n(reference.values()):
        return Disparity(None, 0.0, DisparityReason.REFERENCE_EMPTY)
    total, compared = Fraction(), 0
    for segment in {**group, **reference}:
        (n_a, k_a), (n_b, k_b) = group.get(segment, (0, 0)), reference.get(segment, (0, 0))
        n, approved = n_a + n_b, k_a + k_b
        if 0 < approved < n:
            compared += n
            total += n * (Fraction(k_a, approved) - Fraction(n_a - k_a, n - approved))
    share = compared / (_n(group.values()) + _n(reference.values()))
    if not compared:
        return Disparity(None, share, DisparityReason.SAME_DECISION)
    return Disparity(float(total / compared), share)


def _n(counts: Iterable[Count]) -> int:
    return sum(n for n, _ in counts)
