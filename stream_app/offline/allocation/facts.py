"""What ``fairstream allocate`` reports, as JSON has it."""

from __future__ import annotations

import msgspec

from stream_app.core.allocation.disparity import Disparity, LevelHours
from stream_app.core.allocation.limits import LimitKind
from stream_app.pipeline.judge.verdicts.allocations import ratio_of
from stream_app.pipeline.records.hours.allocation_results import HoursRatio


class LevelFacts(msgspec.Struct, frozen=True):
    """The hours of one level under one rule.

    Attributes:
        level: Its name.
        areas: Its areas.
        unpopulated: Areas without residents; their hours are in no ratio.
        population: Residents.
        hours: Hours of the areas with residents.
        mean_per_capita: Mean of the hours per capita of the areas; None without residents.
        total_per_capita: All hours / all residents; None without residents.
        of_means: Ratio of the means to that of the reference; None for the reference.
        of_totals: Ratio of the totals; None for the reference.
    """

    level: str
    areas: int
    unpopulated: int
    population: float
    hours: float
    mean_per_capita: float | None
    total_per_capita: float | None
    of_means: HoursRatio | None
    of_totals: HoursRatio | None


class RuleFacts(msgspec.Struct, frozen=True):
    """One way to share the hours.

    Attributes:
        rule: ``current`` as now, ``risk_only`` without a floor, ``floor_only`` as the original code, where underserved
            areas get no part of the rest, ``floor_and_risk``, or ``limited`` with further limits.
        hours: Hours by area; None where the rule cannot be applied.
        levels: Its hours by level, the reference first.
        is_over: Whether any ratio or its inverse is above the limit.
    """

    rule: str
    hours: dict[str, float] | None
    levels: tuple[LevelFacts, ...]
    is_over: bool


class AreaFacts(msgspec.Struct, frozen=True):
    """An area.

    Attributes:
        area: Its name.
        level: Its level.
        population: Residents.
        risk: What hours are shared by.
        is_underserved: Whether the floor is reserved for it.
    """

    area: str
    level: str
    population: float
    risk: float
    is_underserved: bool


class BindingFacts(msgspec.Struct, frozen=True):
    """A limit that was reached and keeps the result from the rule.

    Attributes:
        limit: Which one.
        area: The area; None for the floor of all underserved areas together.
        is_least: Whether it is the least that they may get, and not the most.
        hours: The limit.
    """

    limit: LimitKind
    area: str | None
    is_least: bool
    hours: float


class AllocationFacts(msgspec.Struct, frozen=True):
    """An allocation beside others.

    Attributes:
        total: Hours in all.
        floor: Part of them that is reserved.
        reserved: The same in hours, rounded up to full units.
        unit: Smallest part of an hour.
        underserved: Levels for which the floor is reserved.
        reference: Level that others are compared with.
        limit: Greatest ratio; its inverse is the smallest.
        allocation: The rule whose hours are the answer.
        areas: All areas, in the order of the file.
        rules: That rule and those beside it.
        binding: Limits that were reached.
    """

    total: float
    floor: float
    reserved: float
    unit: float
    underserved: tuple[str, ...]
    reference: str
    limit: float
    allocation: str
    areas: tuple[AreaFacts, ...]
    rules: tuple[RuleFacts, ...]
    binding: tuple[BindingFacts, ...]


class ConflictFacts(msgspec.Struct, frozen=True):
    """Why there is no allocation: any one of these limits less, and the others could be kept.

    Attributes:
        limits: The limits that conflict.
        area: The area in which they conflict; None where it takes all of them.
        sentence: The same in one sentence.
    """

    limits: tuple[LimitKind, ...]
    area: str | None
    sentence: str


def level_facts(hours: LevelHours, disparity: Disparity | None = None) -> LevelFacts:
    """Return the facts of a level, with its ratios unless it is the reference."""
    return LevelFacts(
        level=hours.level,
        areas=hours.n_areas,
        unpopulated=hours.n_unpopulated,
        population=float(hours.population),
        hours=float(hours.hours),
        mean_per_capita=None if hours.mean is None else float(hours.mean),
        total_per_capita=None if hours.total is None else float(hours.total),
        of_means=None if disparity is None else ratio_of(disparity.of_means),
        of_totals=None if disparity is None else ratio_of(disparity.of_totals),
    )
