"""The limits that an allocation must keep: for each area a least and a most, in full units, and what sets them."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from fractions import Fraction
from math import inf
from typing import NamedTuple

from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.rules import AllocationRequest


class LimitKind(enum.StrEnum):
    """A limit."""

    TOTAL = "total"
    FLOOR = "floor"  # hours of all underserved areas together
    MINIMUM = "minimum"  # hours of each area
    CHANGE = "change"  # hours that an area gains or loses
    CAP = "cap"  # hours of an area per resident


class Limits(NamedTuple):
    """What further limits an allocation must keep; None for no limit.

    Attributes:
        minimum: Least hours of each area.
        change: Most hours that an area may gain or lose.
        cap: Most hours per resident; an area without residents has none.
    """

    minimum: Fraction | None = None
    change: Fraction | None = None
    cap: Fraction | None = None

    @property
    def kinds(self) -> tuple[LimitKind, ...]:
        """The limits that are given."""
        given = {LimitKind.MINIMUM: self.minimum, LimitKind.CHANGE: self.change, LimitKind.CAP: self.cap}
        return tuple(kind for kind, value in given.items() if value is not None)


class Bound(NamedTuple):
    """One end of what an area may get.

    Attributes:
        units: The end; infinite for none.
        kind: The limit that sets it; None where none does.
    """

    units: float
    kind: LimitKind | None


class AreaBounds(NamedTuple):
    """The least and the most that an area may get."""

    least: Bound
    most: Bound


def bounds_of(
    areas: Sequence[Area], request: AllocationRequest, limits: Limits, kinds: Collection[LimitKind]
) -> list[AreaBounds]:
    """Return what each area may get under some of the limits.

    Ends are rounded inwards to full units, so that whatever is between them keeps the limits exactly.

    >>> area = Area("a", "Low", Fraction(1000), Fraction(10))
    >>> request = AllocationRequest(Fraction(50), Fraction(0), frozenset(), Fraction(1))
    >>> limits = Limits(minimum=Fraction(5), change=Fraction(4), cap=Fraction("0.0125"))
    >>> [bounds] = bounds_of([area], request, limits, limits.kinds)
    >>> bounds.least.units, bounds.least.kind.value, bounds.most.units, bounds.most.kind.value
    (6, 'change', 12, 'cap')
    """
    return [_bounds(area, request, limits, kinds) for area in areas]


def _bounds(area: Area, request: AllocationRequest, limits: Limits, kinds: Collection[LimitKind]) -> AreaBounds:
    least, most = Bound(0, None), Bound(inf, None)
    if LimitKind.MINIMUM in kinds and limits.minimum is not None:
        least = _higher(least, _up(limits.minimum / request.unit), LimitKind.MINIMUM)
    if LimitKind.CHANGE in kinds and limits.change is not None:
        least = _higher(least, _up((area.hours - limits.change) / request.unit), LimitKind.CHANGE)
        most = Bound(int((area.hours + limits.change) // request.unit), LimitKind.CHANGE)
    if LimitKind.CAP in kinds and limits.cap is not None and area.population:
        cap = int(limits.cap * area.population // request.unit)
        most = Bound(cap, LimitKind.CAP) if cap < most.units else most
    return AreaBounds(least, most)


def _higher(least: Bound, units: int, kind: LimitKind) -> Bound:
    return Bound(units, kind) if units > least.units else least


def _up(number: Fraction) -> int:
    return -int(-number // 1)
