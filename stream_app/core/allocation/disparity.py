"""How unequally hours are divided between levels of areas: hours per capita, and the ratio to a reference level.

Two ratios answer two questions. That of the *means* compares areas: the mean of the hours per capita of each area, so a
small area weighs as much as a large one. That of the *totals* compares residents: all hours of a level divided by all
its residents. Both are exact fractions of the numbers, rounded once.

Their intervals (Fieller, 95 %) treat the areas of a level as the sample: they say how much the ratio depends on which
areas there are. For the totals the variance is that of the ratio estimator (Cochran 1977, Sampling Techniques, 3rd ed.,
equation 6.9, without the correction for finite populations)::

    var(R) = n / (n - 1) * sum((hours_i - R population_i)^2) / (sum(population_i))^2

With two areas in a level, the interval is very wide or open: two areas say little about any others.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from stream_app.core.allocation.areas import Area
from stream_app.core.intervals.ratio_of_means import Estimate, RatioInterval, fieller_interval

MAX_RATIO = 1.5  # of the original specification: above it, or below its inverse, a level is over- or underserved
_LEAST_AREAS = 2  # of an interval: one area shows no spread


class DisparityReason(enum.StrEnum):
    """Why there is no ratio, or why it has no inverse."""

    NO_AREAS = "no_areas"  # of the level
    NO_REFERENCE_AREAS = "no_reference_areas"
    NO_POPULATION = "no_population"  # none of the areas of the level has residents
    NO_REFERENCE_POPULATION = "no_reference_population"
    NO_HOURS = "no_hours"  # neither side has any
    REFERENCE_ZERO = "reference_zero"  # only the level has hours: the ratio is beyond every limit
    LEVEL_ZERO = "level_zero"  # only the reference has hours: the ratio is 0, and its inverse beyond every limit


class IntervalReason(enum.StrEnum):
    """Why a ratio has no interval, or one without an upper end."""

    FEW_AREAS = "few_areas"  # a side has a single area with residents
    OPEN = "open"  # the reference could have 0 hours per capita, by this few areas


class LevelHours(NamedTuple):
    """The hours of one level.

    Attributes:
        level: Its name.
        n_areas: Its areas.
        n_unpopulated: Areas without residents, which have no hours per capita and count for no ratio.
        population: Residents.
        hours: Hours of the areas with residents.
        mean: Mean of the hours per capita of its areas; None without residents.
        total: All hours / all residents; None without residents.
    """

    level: str
    n_areas: int
    n_unpopulated: int
    population: Fraction
    hours: Fraction
    mean: Fraction | None
    total: Fraction | None


class DisparityRatio(NamedTuple):
    """Hours per capita of a level / those of the reference.

    Attributes:
        value: >= 0; None with a reason.
        reason: Why there is no ratio, or no inverse.
        interval: 95 % interval; None with a reason.
        interval_reason: Why there is no interval, or no upper end.
        is_over: Whether the ratio or its inverse is above the limit; True where only one side has hours.
        is_certain: Whether the entire interval is beyond the limit.
    """

    value: float | None
    reason: DisparityReason | None
    interval: RatioInterval | None
    interval_reason: IntervalReason | None
    is_over: bool
    is_certain: bool


class Disparity(NamedTuple):
    """One level against the reference.

    Attributes:
        hours: Of the level.
        of_means: Ratio of the means of areas.
        of_totals: Ratio of all hours to all residents.
    """

    hours: LevelHours
    of_means: DisparityRatio
    of_totals: DisparityRatio

    @property
    def is_over(self) -> bool:
        """Whether either ratio, or its inverse, is above the limit."""
        return self.of_means.is_over or self.of_totals.is_over


class Comparison(NamedTuple):
    """All levels against the reference.

    Attributes:
        reference: Hours of the reference level.
        disparities: Of each other level, in the order in which levels were given.
    """

    reference: LevelHours
    disparities: tuple[Disparity, ...]

    @property
    def is_over(self) -> bool:
        """Whether any level is over- or underserved."""
        return any(disparity.is_over for disparity in self.disparities)


def compare_levels(
    areas: Sequence[Area], reference: str, levels: Iterable[str] | None = None, *, limit: float = MAX_RATIO
) -> Comparison:
    """Compare the hours per capita of every level with those of the reference level.

    Args:
        areas: All areas.
        reference: Level that the others are compared with.
        levels: All levels in order, also those without areas; None for those of the areas, in order of appearance.
        limit: Greatest ratio, > 1; its inverse is the smallest.

    >>> high = [Area("a", "High", Fraction(10000), Fraction(350)), Area("b", "High", Fraction(5000), Fraction(200))]
    >>> low = [Area("c", "Low", Fraction(15000), Fraction(150)), Area("d", "Low", Fraction(12000), Fraction(100))]
    >>> [disparity] = compare_levels(high + low, "Low").disparities
    >>> disparity.of_means.value, disparity.of_totals.value, disparity.is_over
    (4.090909090909091, 3.96, True)
    >>> disparity.of_means.interval
    RatioInterval(lower=0.5647193702594946, upper=None)
    """
    named = dict.fromkeys(levels if levels is not None else (area.level for area in areas))
    by_level: dict[str, list[Area]] = {level: [] for level in named}
    for area in areas:
        by_level.setdefault(area.level, []).append(area)
    of_reference = by_level.pop(reference, [])
    return Comparison(
        hours_of(reference, of_reference),
        tuple(_compare(level, members, of_reference, limit) for level, members in by_level.items()),
    )


def hours_of(level: str, areas: Sequence[Area]) -> LevelHours:
    """Return the hours of one level."""
    populated = [area for area in areas if area.population]
    population, hours = (
        sum((a.population for a in populated), Fraction(0)),
        sum((a.hours for a in populated), Fraction(0)),
    )
    mean = (
        sum((area.hours / area.population for area in populated), Fraction(0)) / len(populated) if populated else None
    )
    total = hours / population if populated else None
    return LevelHours(level, len(areas), len(areas) - len(populated), population, hours, mean, total)


def _compare(level: str, areas: Sequence[Area], of_reference: Sequence[Area], limit: float) -> Disparity:
    hours, reference = hours_of(level, areas), hours_of("", of_reference)
    missing = _missing(hours, reference)
    if missing is not None:
        no_ratio = DisparityRatio(None, missing, None, None, is_over=False, is_certain=False)
        return Disparity(hours, no_ratio, no_ratio)
    return Disparity(
        hours,
        _ratio(hours.mean, reference.mean, _of_means(areas), _of_means(of_reference), limit),
        _ratio(hours.total, reference.total, _of_totals(areas), _of_totals(of_reference), limit),
    )


def _missing(hours: LevelHours, reference: LevelHours) -> DisparityReason | None:
    if not hours.n_areas:
        return DisparityReason.NO_AREAS
    if not reference.n_areas:
        return DisparityReason.NO_REFERENCE_AREAS
    if hours.mean is None:
        return DisparityReason.NO_POPULATION
    if reference.mean is None:
        return DisparityReason.NO_REFERENCE_POPULATION
    return None if hours.hours or reference.hours else DisparityReason.NO_HOURS


def _ratio(
    value: Fraction | None,
    reference: Fraction | None,
    estimate: Estimate | None,
    of_reference: Estimate | None,
    limit: float,
) -> DisparityRatio:
    assert value is not None
    assert reference is not None
    if not reference:
        return DisparityRatio(None, DisparityReason.REFERENCE_ZERO, None, None, is_over=True, is_certain=False)
    ratio = value / reference
    bound = Fraction(limit)
    is_over = ratio > bound or ratio * bound < 1
    interval = why = None
    if estimate is None or of_reference is None:
        why = IntervalReason.FEW_AREAS
    else:
        interval = fieller_interval(estimate, of_reference)
        why = IntervalReason.OPEN if interval.upper is None else None
    is_certain = interval is not None and (
        interval.lower > limit or (interval.upper is not None and interval.upper * limit < 1)
    )
    reason = None if ratio else DisparityReason.LEVEL_ZERO
    return DisparityRatio(float(ratio), reason, interval, why, is_over, is_certain)


def _of_means(areas: Sequence[Area]) -> Estimate | None:
    """Return the mean of the hours per capita and its variance; None with fewer than two areas with residents."""
    values = [area.hours / area.population for area in areas if area.population]
    n = len(values)
    if n < _LEAST_AREAS:
        return None
    mean = sum(values, Fraction(0)) / n
    squares = math.fsum(float(value - mean) ** 2 for value in values)
    return Estimate(float(mean), squares / (n - 1) / n, n)


def _of_totals(areas: Sequence[Area]) -> Estimate | None:
    """Return all hours / all residents and the variance of this ratio; None as for the means."""
    populated = [area for area in areas if area.population]
    n, population = len(populated), sum((area.population for area in populated), Fraction(0))
    if n < _LEAST_AREAS:
        return None
    rate = sum((area.hours for area in populated), Fraction(0)) / population
    squares = math.fsum(float(area.hours - rate * area.population) ** 2 for area in populated)
    return Estimate(float(rate), n / (n - 1) * squares / float(population) ** 2, n)
