"""Shares hours under several limits, in full units; names the limits that bind, or those that conflict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.limits import AreaBounds, LimitKind, Limits, bounds_of
from stream_app.core.allocation.program import Solver, Targets, solve_limited
from stream_app.core.allocation.rules import AllocationRequest, floor_and_risk
from stream_app.core.arrays import Floats
from stream_app.errors import ConfigError

_NEARLY_WHOLE = 1e-4  # units: a solver is not exact


class BindingLimit(NamedTuple):
    """A limit that an area, or the underserved areas together, reached, and that changed the result.

    Attributes:
        kind: The limit.
        area: Name of the area; None for the floor of all underserved areas.
        is_least: Whether it is the least that they may get, and not the most.
        units: The limit, in units.
    """

    kind: LimitKind
    area: str | None
    is_least: bool
    units: int


class LimitedAllocation(NamedTuple):
    """An allocation that keeps every limit.

    Attributes:
        units: Units of each area; they add up to the total.
        binding: Limits that the result has reached, and that keep it from the rule.
    """

    units: list[int]
    binding: list[BindingLimit]


class Conflict(NamedTuple):
    """Why no allocation keeps the limits: without any one of these the others could be kept.

    Attributes:
        kinds: The limits that conflict.
        area: Where they conflict in one area alone, its name.
    """

    kinds: tuple[LimitKind, ...]
    area: str | None


def allocate_limited(
    areas: Sequence[Area], request: AllocationRequest, limits: Limits, solve: Solver
) -> LimitedAllocation | Conflict:
    """Share hours as near to the rule as the limits allow, or say which limits conflict.

    Args:
        areas: All areas.
        request: What is shared; see ``rules.check_request``.
        limits: What must be kept beside the total and the floor.
        solve: Solver of linear programs.

    Raises:
        ConfigError: the numbers are too large for the solver.
    """
    targets = _targets(areas, request, floor_and_risk(areas, request))
    bounds = bounds_of(areas, request, limits, limits.kinds)
    solution = solve_limited(targets, bounds, solve)
    if solution is None:
        return _conflict(areas, request, limits, targets, solve)
    units = _in_units(areas, targets, bounds, solution)
    return LimitedAllocation(units, _binding(areas, targets, bounds, units))


def _targets(areas: Sequence[Area], request: AllocationRequest, units: list[int]) -> Targets:
    is_underserved = [request.is_underserved(area) for area in areas]
    return Targets(units, request.n_units, is_underserved, request.n_reserved)


def _in_units(areas: Sequence[Area], targets: Targets, bounds: Sequence[AreaBounds], solution: Floats) -> list[int]:
    """Round a solution to integers by largest remainder, within the limits, the floor and the total."""
    members = [place for place, is_member in enumerate(targets.is_underserved) if is_member]
    others = [place for place, is_member in enumerate(targets.is_underserved) if not is_member]
    n_members = max(round(float(sum(solution[place] for place in members))), targets.n_reserved if members else 0)
    n_members = min(n_members, targets.n_units)
    if not others:
        n_members = targets.n_units
    units = [0] * len(areas)
    for places, n_units in ((members, n_members), (others, targets.n_units - n_members)):
        _round_group(units, places, n_units, areas, bounds, solution)
    return units


def _round_group(
    units: list[int],
    places: Sequence[int],
    n_units: int,
    areas: Sequence[Area],
    bounds: Sequence[AreaBounds],
    solution: Floats,
) -> None:
    for place in places:
        units[place] = int(solution[place] + _NEARLY_WHOLE)
    while (left := n_units - sum(units[place] for place in places)) != 0:
        step = 1 if left > 0 else -1
        free = [place for place in places if _may_move(units[place], step, bounds[place])]
        if not free:
            raise ConfigError("The solution cannot be rounded within the limits", action="Give a larger --unit")
        free.sort(key=lambda place: (step * (units[place] - solution[place]), -areas[place].risk, areas[place].name))
        for place in free[: abs(left)]:
            units[place] += step


def _may_move(units: int, step: int, bounds: AreaBounds) -> bool:
    return units < bounds.most.units if step > 0 else units > bounds.least.units


def _binding(
    areas: Sequence[Area], targets: Targets, bounds: Sequence[AreaBounds], units: Sequence[int]
) -> list[BindingLimit]:
    binding = []
    for area, target, bound, given in zip(areas, targets.units, bounds, units, strict=True):
        if given == target:
            continue
        for end, is_least in ((bound.least, True), (bound.most, False)):
            if end.kind is not None and given == end.units:
                binding.append(BindingLimit(end.kind, area.name, is_least, given))
    n_members = sum(given for given, is_member in zip(units, targets.is_underserved, strict=True) if is_member)
    if targets.n_reserved and n_members == targets.n_reserved and list(units) != list(targets.units):
        binding.append(BindingLimit(LimitKind.FLOOR, None, is_least=True, units=n_members))
    return binding


def _conflict(
    areas: Sequence[Area], request: AllocationRequest, limits: Limits, targets: Targets, solve: Solver
) -> Conflict:
    """Return a smallest set of limits that conflict: leave out one after another that is not needed for it."""

    def can_meet(kinds: Collection[LimitKind]) -> bool:
        bounds = bounds_of(areas, request, limits, kinds)
        floor = targets.n_reserved if LimitKind.FLOOR in kinds else 0
        return solve_limited(targets._replace(n_reserved=floor), bounds, solve) is not None

    kinds = [*limits.kinds, *([LimitKind.FLOOR] if targets.n_reserved else [])]
    for kind in list(kinds):
        fewer = [other for other in kinds if other is not kind]
        if not can_meet(fewer):
            kinds = fewer
    for area, bound in zip(areas, bounds_of(areas, request, limits, kinds), strict=True):
        if bound.least.units > bound.most.units:
            return Conflict(tuple(kinds), area.name)
    return Conflict((LimitKind.TOTAL, *kinds), None)
