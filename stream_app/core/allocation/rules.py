"""Shares hours among areas: a floor for the underserved, and the rest by risk over all areas.

Predicted risk follows where hours were spent before, so an area that was neglected looks safe. The floor is a part of
the hours that no prediction touches: it is divided equally among the underserved areas, and *then* they get their share
of the rest like all others. Beside it are two other rules, to compare: ``risk_only`` has no floor, and ``floor_only``
is the rule of the original code, which gives underserved areas their floor and nothing of the rest. There an
underserved area with the highest risk can get less than it would without any floor.

Hours are divided in full units, such as quarters of an hour, and every sum is exact.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.shares import divide
from stream_app.errors import ConfigError

MAX_UNITS = 1_000_000_000  # of an allocation: a solver still knows each of them


class AllocationRequest(NamedTuple):
    """What is shared, and how.

    Attributes:
        total: Hours in all, a multiple of the unit, > 0.
        floor: Part of them that is reserved for the underserved areas, in [0, 1].
        underserved: Levels of the underserved areas.
        unit: Smallest part of an hour that is given, in hours, > 0.
    """

    total: Fraction
    floor: Fraction
    underserved: frozenset[str]
    unit: Fraction

    @property
    def n_units(self) -> int:
        """Hours in all, in units."""
        return int(self.total / self.unit)

    @property
    def n_reserved(self) -> int:
        """The floor in units, rounded up: what is reserved is never less than that part of the total."""
        return -int(-self.total * self.floor // self.unit)

    def is_underserved(self, area: Area) -> bool:
        """Return whether an area is one of the underserved."""
        return area.level in self.underserved

    def reserves(self, areas: Sequence[Area]) -> list[int]:
        """Return the part of the floor that each area gets, in units; equal but for one unit, where risk decides."""
        members = [place for place, area in enumerate(areas) if self.is_underserved(area)]
        parts = [0] * len(areas)
        if members and self.n_reserved:
            each, left = divmod(self.n_reserved, len(members))
            by_risk = sorted(members, key=lambda place: (-areas[place].risk, areas[place].name))
            for rank, place in enumerate(by_risk):
                parts[place] = each + (rank < left)
        return parts


def check_request(areas: Sequence[Area], request: AllocationRequest) -> None:
    """Reject a request that cannot be met.

    Raises:
        ConfigError: what is wrong, and what to do.
    """
    if not areas:
        raise ConfigError("There are no areas", action="Give at least one")
    if request.unit <= 0 or request.total <= 0:
        raise ConfigError("Total and unit must be above 0")
    if request.total % request.unit:
        raise ConfigError(
            f"The total of {text_of(request.total)} hours is not a multiple of the unit of {text_of(request.unit)}",
            action="Give another --total or --unit",
        )
    if request.n_units > MAX_UNITS:
        raise ConfigError(f"The total has more than {MAX_UNITS:,} units", action="Give a larger --unit")
    if not 0 <= request.floor <= 1:
        raise ConfigError(f"The floor is a share from 0 to 1, not {text_of(request.floor)}")
    if request.floor and not any(map(request.is_underserved, areas)):
        raise ConfigError(
            f"No area has the level {' or '.join(sorted(request.underserved))}, for which the floor is reserved",
            action=f"Name one with --underserved; the areas have: {', '.join(sorted({area.level for area in areas}))}",
        )
    if request.n_units > request.n_reserved and not any(area.risk for area in areas):
        raise ConfigError(
            "The risk of every area is 0, so the rest cannot be shared by it", action="Give one a risk above 0"
        )


def floor_and_risk(areas: Sequence[Area], request: AllocationRequest) -> list[int]:
    """Share hours by the rule: the floor, and the rest by risk over all areas.

    Args:
        areas: All areas.
        request: What is shared; see ``check_request``.

    Returns:
        Units of each area; they add up to the total.

    >>> areas = [Area("north", "High", Fraction(1), Fraction(0), Fraction(3)),
    ...          Area("south", "Low", Fraction(1), Fraction(0), Fraction(1))]
    >>> request = AllocationRequest(Fraction(100), Fraction("0.2"), frozenset({"Low"}), Fraction(1))
    >>> floor_and_risk(areas, request), risk_only(areas, request), floor_only(areas, request)
    ([60, 40], [75, 25], [80, 20])
    """
    reserves = request.reserves(areas)
    shares = _by_risk(areas, request.n_units - sum(reserves), range(len(areas)))
    return [reserve + share for reserve, share in zip(reserves, shares, strict=True)]


def risk_only(areas: Sequence[Area], request: AllocationRequest) -> list[int] | None:
    """Share all hours by risk, without a floor; None where every risk is 0."""
    return _by_risk(areas, request.n_units, range(len(areas))) if any(area.risk for area in areas) else None


def floor_only(areas: Sequence[Area], request: AllocationRequest) -> list[int] | None:
    """Share hours as the original code does: underserved areas get only the floor, the others the rest by risk.

    Returns:
        Units of each area; None where no other area has a risk, so that nobody would get the rest.
    """
    reserves = request.reserves(areas)
    others = {place for place, area in enumerate(areas) if not request.is_underserved(area)}
    rest = request.n_units - sum(reserves)
    if rest and not any(areas[place].risk for place in others):
        return None
    shares = _by_risk(areas, rest, others)
    return [reserve + share for reserve, share in zip(reserves, shares, strict=True)]


def text_of(number: Fraction) -> str:
    """Write a number as a decimal, or as a fraction where it has none.

    >>> text_of(Fraction(600)), text_of(Fraction("0.15")), text_of(Fraction(1, 3))
    ('600', '0.15', '1/3')
    """
    denominator = number.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return str(number) if denominator != 1 else f"{Decimal(number.numerator) / Decimal(number.denominator):f}"


def _by_risk(areas: Sequence[Area], n_units: int, places: Collection[int]) -> list[int]:
    weights = [area.risk if place in places else Fraction(0) for place, area in enumerate(areas)]
    return divide(n_units, weights, [area.name for area in areas])
