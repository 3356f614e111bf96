"""Shares hours by the rule, beside what it is compared with, and compares levels under each."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.disparity import MAX_RATIO, compare_levels
from stream_app.core.allocation.limited import Conflict, LimitedAllocation, allocate_limited
from stream_app.core.allocation.limits import LimitKind, Limits
from stream_app.core.allocation.program import Solver
from stream_app.core.allocation.rules import (
    AllocationRequest,
    check_request,
    floor_and_risk,
    floor_only,
    risk_only,
    text_of,
)
from stream_app.offline.allocation.facts import (
    AllocationFacts,
    AreaFacts,
    BindingFacts,
    ConflictFacts,
    RuleFacts,
    level_facts,
)

CURRENT, RISK_ONLY, FLOOR_ONLY, FLOOR_AND_RISK, LIMITED = (
    "current", "risk_only", "floor_only", "floor_and_risk", "limited",
)  # fmt: skip


class AllocationPlan(NamedTuple):
    """What is to be shared, and how it is judged.

    Attributes:
        request: Total, floor, underserved levels and unit.
        limits: Further limits.
        reference: Level that others are compared with.
        max_ratio: Greatest ratio of hours per capita.
    """

    request: AllocationRequest
    limits: Limits
    reference: str
    max_ratio: float = MAX_RATIO


def allocate(areas: Sequence[Area], plan: AllocationPlan, solve: Solver) -> AllocationFacts | ConflictFacts:
    """Share hours among areas.

    Args:
        areas: All areas.
        plan: What is shared.
        solve: Solves the linear program of further limits; not called without them.

    Raises:
        ConfigError: the request cannot be met, whatever the limits.
    """
    request = plan.request
    check_request(areas, request)
    shares = {
        RISK_ONLY: risk_only(areas, request),
        FLOOR_ONLY: floor_only(areas, request),
        FLOOR_AND_RISK: floor_and_risk(areas, request),
    }
    limited: LimitedAllocation | Conflict | None = None
    if plan.limits.kinds:
        limited = allocate_limited(areas, request, plan.limits, solve)
        if isinstance(limited, Conflict):
            return ConflictFacts(limited.kinds, limited.area, sentence_of(limited, areas, plan))
        shares[LIMITED] = limited.units
    hours = {rule: _hours(units, request.unit) for rule, units in shares.items()}
    hours = {CURRENT: [area.hours for area in areas], **hours}
    return AllocationFacts(
        total=float(request.total),
        floor=float(request.floor),
        reserved=float(request.n_reserved * request.unit),
        unit=float(request.unit),
        underserved=tuple(sorted(request.underserved)),
        reference=plan.reference,
        limit=plan.max_ratio,
        allocation=LIMITED if limited is not None else FLOOR_AND_RISK,
        areas=tuple(_area_facts(area, request) for area in areas),
        rules=tuple(_rule_facts(rule, areas, given, plan) for rule, given in hours.items()),
        binding=_binding_facts(limited, request.unit),
    )


def sentence_of(conflict: Conflict, areas: Sequence[Area], plan: AllocationPlan) -> str:
    """Return a conflict in one sentence that names every limit that is part of it."""
    request, limits = plan.request, plan.limits
    underserved = sum(map(request.is_underserved, areas))
    n, area = len(areas), next((area for area in areas if area.name == conflict.area), None)
    texts = {LimitKind.TOTAL: f"the total of {text_of(request.total)} hours"}
    reserved = text_of(request.n_reserved * request.unit)
    texts[LimitKind.FLOOR] = f"at least {reserved} hours for the {underserved} underserved areas"
    if limits.minimum is not None:
        texts[LimitKind.MINIMUM] = f"at least {text_of(limits.minimum)} hours in each area"
        texts[LimitKind.MINIMUM] += "" if area else f" ({text_of(limits.minimum * n)} in all {n})"
    if limits.change is not None:
        texts[LimitKind.CHANGE] = f"a change of at most {text_of(limits.change)} hours in each area"
        texts[LimitKind.CHANGE] += (
            "" if area else f" (now {text_of(sum((a.hours for a in areas), Fraction(0)))} in all)"
        )
    if limits.cap is not None:
        cap = f"at most {text_of(limits.cap * 1000)} hours per 1,000 residents"
        capped = sum((a.population for a in areas), Fraction(0)) * limits.cap
        texts[LimitKind.CAP] = cap + ("" if area else f" ({text_of(capped)} in all areas with residents)")
    where = f" in area {conflict.area}" if area else ""
    return f"No allocation keeps all of these{where}: {'; '.join(texts[kind] for kind in conflict.kinds)}"


def _hours(units: Sequence[int] | None, unit: Fraction) -> list[Fraction] | None:
    return None if units is None else [n * unit for n in units]


def _rule_facts(rule: str, areas: Sequence[Area], hours: Sequence[Fraction] | None, plan: AllocationPlan) -> RuleFacts:
    if hours is None:
        return RuleFacts(rule, None, (), is_over=False)
    given = [area._replace(hours=own) for area, own in zip(areas, hours, strict=True)]
    comparison = compare_levels(given, plan.reference, limit=plan.max_ratio)
    levels = (level_facts(comparison.reference), *(level_facts(each.hours, each) for each in comparison.disparities))
    return RuleFacts(rule, {area.name: float(area.hours) for area in given}, levels, comparison.is_over)


def _area_facts(area: Area, request: AllocationRequest) -> AreaFacts:
    return AreaFacts(area.name, area.level, float(area.population), float(area.risk), request.is_underserved(area))


def _binding_facts(limited: LimitedAllocation | Conflict | None, unit: Fraction) -> tuple[BindingFacts, ...]:
    if not isinstance(limited, LimitedAllocation):
        return ()
    return tuple(
        BindingFacts(limit.kind, limit.area, limit.is_least, float(limit.units * unit)) for limit in limited.binding
    )
