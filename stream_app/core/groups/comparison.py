"""One group against the reference group in one window: values, reasons, state.

These are the plain rules of the original specifications (four-fifths rule and gap), decided on exact integers: a
ratio of exactly 0.8 is not below 0.8, whatever floating point makes of it. They describe a window and do not
account for chance. Sign: group minus reference, negative is harm to the group.

Source: 29 CFR 1607.4(D) (four-fifths rule); Feldman et al. 2015 (disparate impact ratio).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from stream_app.core.groups.counts import GroupCount, approval_rate


class State(enum.StrEnum):
    """What is known about a pair, from good to bad; ``worst_of`` goes by this order."""

    OK = "ok"
    INSUFFICIENT = "insufficient"  # too few decisions for a verdict
    WARNING = (
        "warning"  # a sequential test may be about to detect a breach, or the interval of a window is beyond the limit
    )
    BREACH = "breach"


class Reason(enum.StrEnum):
    """Why a value cannot be formed, or a pair is not judged."""

    REFERENCE = "reference"  # the reference group itself: there is nothing to compare it with
    NOT_DECLARED = "not_declared"  # unknown or unlisted values are not a protected group: shown, not judged
    NO_DECISIONS = "no_decisions"
    REFERENCE_EMPTY = "reference_empty"
    REFERENCE_RATE_ZERO = "reference_rate_zero"
    REFERENCE_RATE_NEAR_ZERO = "reference_rate_near_zero"  # so few favorable decisions that 0 is not excluded
    BELOW_MIN_N = "below_min_n"


class PlainRule(enum.StrEnum):
    """A rule that the point values of a window can break, whatever chance allows.

    Two of them are about the ratio; the limits of a policy, with the tests that monitor them, are
    ``pipeline.records.evidence.LimitKind``.
    """

    DISPARATE_IMPACT_RATIO = "disparate_impact_ratio"  # ratio below the minimum
    DISPARATE_IMPACT_UNDEFINED = "disparate_impact_undefined"  # "DIR not computable": the reference rate is zero
    GAP = "gap"  # gap beyond the maximum, in either direction


@dataclass(frozen=True)
class RuleLimits:
    """The rules of a policy, as exact numbers.

    Attributes:
        min_disparate_impact_ratio: Breach below, in (0, 1].
        max_gap: Breach when the gap is further than this from 0, in (0, 1).
        min_n: A pair with fewer decisions in either group is insufficient, >= 1.
    """

    min_disparate_impact_ratio: Fraction = Fraction(4, 5)
    max_gap: Fraction = Fraction(1, 5)
    min_n: int = 30

    @classmethod
    def from_decimals(cls, min_disparate_impact_ratio: float, max_gap: float, min_n: int) -> RuleLimits:
        """Take thresholds as a person wrote them: 0.8 means 4/5, not the nearest binary number.

        >>> RuleLimits.from_decimals(0.8, 0.2, 30) == RuleLimits()
        True
        """
        return cls(Fraction(repr(min_disparate_impact_ratio)), Fraction(repr(max_gap)), min_n)


@dataclass(frozen=True)
class PairComparison:
    """One group against the reference.

    Attributes:
        rate: Approval rate of the group; None without decisions.
        disparate_impact_ratio: Rate of the group / rate of the reference; None when it cannot be formed.
        gap: Statistical parity difference, rate of the group - rate of the reference, in [-1, 1].
        reason: Why a value is missing or the pair is not judged; None when all is there.
        state: None for a group that is not judged.
        rules: The rules that are broken, in the order of ``PlainRule``.
        shortfall: Favorable decisions that the group lacks to meet the ratio rule; None when there is no reference.
    """

    rate: float | None
    disparate_impact_ratio: float | None
    gap: float | None
    reason: Reason | None
    state: State | None
    rules: tuple[PlainRule, ...]
    shortfall: int | None


def disparate_impact_ratio(group: GroupCount, reference: GroupCount) -> float | None:
    """Return ``(k/n) / (k_ref/n_ref)``, correctly rounded from the integers; in [0, n_ref].

    None when a group is empty or the reference rate is zero, never infinity.

    >>> round(disparate_impact_ratio(GroupCount(197, 133), GroupCount(1681, 1527)), 6)
    0.743214
    """
    below = group.n * reference.favorable
    return group.favorable * reference.n / below if below else None


def statistical_parity_difference(group: GroupCount, reference: GroupCount) -> float | None:
    """Return ``k/n - k_ref/n_ref``, correctly rounded from the integers; in [-1, 1], None when a group is empty.

    >>> round(statistical_parity_difference(GroupCount(197, 133), GroupCount(1681, 1527)), 6)
    -0.233261
    """
    below = group.n * reference.n
    return (group.favorable * reference.n - reference.favorable * group.n) / below if below else None


def shortfall(group: GroupCount, reference: GroupCount, minimum: Fraction) -> int | None:
    """Return how many more favorable decisions the group would have needed to meet the ratio rule.

    The smallest ``m >= 0`` with ``(k + m)/n >= minimum * k_ref/n_ref``, that is
    ``ceil(minimum * k_ref * n / n_ref) - k``. 0 for an empty group, None when the reference is empty.

    >>> shortfall(GroupCount(197, 133), GroupCount(1681, 1527), Fraction(4, 5))
    11
    """
    if not reference.n:
        return None
    above = minimum.numerator * reference.favorable * group.n
    needed = -(-above // (minimum.denominator * reference.n))
    return max(0, needed - group.favorable)


def broken_rules(group: GroupCount, reference: GroupCount, limits: RuleLimits) -> tuple[PlainRule, ...]:
    """Return the rules that a pair breaks, decided exactly; none when a group is empty.

    A reference rate of zero makes the ratio undefined, which the original specification counts as an alert.

    >>> broken_rules(GroupCount(10, 8), GroupCount(10, 10), RuleLimits())
    ()
    >>> [rule.value for rule in broken_rules(GroupCount(10, 7), GroupCount(10, 10), RuleLimits())]
    ['disparate_impact_ratio', 'gap']
    """
    if not group.n or not reference.n:
        return ()
    # Both rates over the common denominator group.n * reference.n, in whole numbers.
    rate, reference_rate = group.favorable * reference.n, reference.favorable * group.n
    ratio, gap = limits.min_disparate_impact_ratio, limits.max_gap
    broken = []
    if not reference_rate:
        broken.append(PlainRule.DISPARATE_IMPACT_UNDEFINED)
    elif rate * ratio.denominator < ratio.numerator * reference_rate:
        broken.append(PlainRule.DISPARATE_IMPACT_RATIO)
    if abs(rate - reference_rate) * gap.denominator > gap.numerator * group.n * reference.n:
        broken.append(PlainRule.GAP)
    return tuple(broken)


def compare(group: GroupCount, reference: GroupCount, limits: RuleLimits) -> PairComparison:
    """Judge one declared group against the reference."""
    reason = _reason(group, reference, limits)
    is_judged = min(group.n, reference.n) >= limits.min_n
    rules = broken_rules(group, reference, limits) if is_judged else ()
    verdict = State.BREACH if rules else State.OK
    return PairComparison(
        rate=approval_rate(group),
        disparate_impact_ratio=disparate_impact_ratio(group, reference),
        gap=statistical_parity_difference(group, reference),
        reason=reason,
        state=verdict if is_judged else State.INSUFFICIENT,
        rules=rules,
        shortfall=shortfall(group, reference, limits.min_disparate_impact_ratio),
    )


def describe_reference(reference: GroupCount) -> PairComparison:
    """Return the row of the reference group: a rate, and nothing that compares it with itself."""
    return PairComparison(approval_rate(reference), None, None, Reason.REFERENCE, None, (), None)


def describe_undeclared(group: GroupCount, reference: GroupCount) -> PairComparison:
    """Return the row of unknown or unlisted values: values, but no verdict."""
    return PairComparison(
        approval_rate(group),
        disparate_impact_ratio(group, reference),
        statistical_parity_difference(group, reference),
        Reason.NOT_DECLARED,
        None,
        (),
        None,
    )


def worst_of(states: Iterable[State | None]) -> State:
    """Return the worst state: breach, warning, insufficient, ok; ``insufficient`` when nothing was judged.

    >>> worst_of([State.OK, None, State.BREACH, State.INSUFFICIENT]).value, worst_of([]).value
    ('breach', 'insufficient')
    """
    order = list(State)
    known = [state for state in states if state is not None]
    return max(known, key=order.index) if known else State.INSUFFICIENT


def _reason(group: GroupCount, reference: GroupCount, limits: RuleLimits) -> Reason | None:
    if not group.n:
        return Reason.NO_DECISIONS
    if not reference.n:
        return Reason.REFERENCE_EMPTY
    if not reference.favorable:
        return Reason.REFERENCE_RATE_ZERO
    if min(group.n, reference.n) < limits.min_n:
        return Reason.BELOW_MIN_N
    return None
