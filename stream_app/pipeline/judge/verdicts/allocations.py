"""From the cells of one window of allocations to one result for each attribute: hours per capita between levels.

The sums of a cell are exact, and so is every area: its hours are the sum of its records, its residents and its risk
their means. A record whose area or level the policy does not list is counted and is in no ratio.

Source: ``stream_app.core.allocation.disparity``, which compares the levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

from stream_app import __version__
from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.disparity import Disparity, DisparityRatio, LevelHours, compare_levels
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.records.hours.allocation_results import (
    SCHEMA,
    AllocationResult,
    AreaResult,
    HoursRatio,
    LevelResult,
)
from stream_app.policy import HOURS, POPULATION, RISK, Attribute, ModelPolicy

_WIDTH = 3  # entries of a feature in a vector: n, sum, sum of squares


def judge_allocations(
    model: ModelPolicy, layout: CellLayout, cells: Mapping[int, list[int]], context: WindowContext
) -> list[AllocationResult]:
    """Turn the cells of one window into one result for each attribute.

    Args:
        model: Its policy, of kind ``allocations``.
        layout: ``layout_of(model)``.
        cells: Vectors by code.
        context: What is known of the window beside its cells.
    """
    return [_judge(model, attribute, layout, cells, context) for attribute in model.attributes]


def ratio_of(ratio: DisparityRatio) -> HoursRatio:
    """Return a ratio as records have it."""
    return HoursRatio(
        value=ratio.value,
        reason=ratio.reason,
        lower=ratio.interval and ratio.interval.lower,
        upper=ratio.interval and ratio.interval.upper,
        interval_reason=ratio.interval_reason,
        is_over=ratio.is_over,
        is_certain=ratio.is_certain,
    )


def _judge(
    model: ModelPolicy,
    attribute: Attribute,
    layout: CellLayout,
    cells: Mapping[int, list[int]],
    context: WindowContext,
) -> AllocationResult:
    sums = _sums_by_area(model, attribute, layout, cells)
    areas = {place: _area(model, place, vector) for place, vector in sums.items()}
    reference, span = attribute.reference or "", context.span
    comparison = compare_levels(
        [area for area, _ in areas.values()], reference, attribute.groups, limit=model.rules.max_hours_ratio
    )
    n_by_level = {level: sum(v[0] for (own, _), v in sums.items() if own == level) for level in attribute.groups}
    levels = {reference: _level(comparison.reference, n_by_level[reference], None)}
    for disparity in comparison.disparities:
        level = disparity.hours.level
        levels[level] = _level(disparity.hours, n_by_level[level], disparity)
    n = sum(vector[0] for vector in cells.values())
    return AllocationResult(
        schema=SCHEMA,
        model=model.name,
        attribute=attribute.name,
        window=span.window,
        size_s=span.end_s - span.start_s,
        start_s=span.start_s,
        end_s=span.end_s,
        revision=context.revision,
        reference=reference,
        n=n,
        n_unlisted=n - sum(n_by_level.values()),
        max_ratio=model.rules.max_hours_ratio,
        is_over=comparison.is_over,
        groups=tuple(levels[level] for level in attribute.groups),
        areas=tuple(
            AreaResult(area=name, group=level, population=float(a.population), hours=float(a.hours), risk=risk)
            for (level, name), (a, risk) in areas.items()
        ),
        offsets=context.offsets,
        policy_hash=context.policy_hash,
        code_version=__version__,
    )


def _sums_by_area(
    model: ModelPolicy, attribute: Attribute, layout: CellLayout, cells: Mapping[int, list[int]]
) -> dict[tuple[str, str], list[int]]:
    """Add up the vectors of each listed level and area; those with records, in the order of the policy."""
    assert model.segment is not None
    level_at, area_at = layout.position_of(attribute.name), layout.position_of(model.segment.name)
    sums = {place: [0] * layout.width for place in product(attribute.groups, model.segment.values)}
    for code, vector in cells.items():
        labels = layout.labels_of(code)
        if (known := sums.get((labels[level_at], labels[area_at]))) is not None:
            for entry, value in enumerate(vector):
                known[entry] += value
    return {place: vector for place, vector in sums.items() if vector[0]}


def _area(model: ModelPolicy, place: tuple[str, str], vector: Sequence[int]) -> tuple[Area, float | None]:
    """Return an area, and its risk where that is known."""
    numbers: dict[str, tuple[int, Fraction]] = {}
    for position, feature in enumerate(model.features):
        n, total = vector[1 + _WIDTH * position], vector[2 + _WIDTH * position]
        numbers[feature.name] = n, Fraction(total, feature.scale)
    means = {name: total / n for name, (n, total) in numbers.items() if n}
    level, name = place
    area = Area(name, level, means.get(POPULATION, Fraction(0)), numbers[HOURS][1], means.get(RISK, Fraction(0)))
    return area, float(means[RISK]) if RISK in means else None


def _level(hours: LevelHours, n: int, disparity: Disparity | None) -> LevelResult:
    return LevelResult(
        group=hours.level,
        n=n,
        n_areas=hours.n_areas,
        n_unpopulated=hours.n_unpopulated,
        population=float(hours.population),
        hours=float(hours.hours),
        mean_per_capita=None if hours.mean is None else float(hours.mean),
        total_per_capita=None if hours.total is None else float(hours.total),
        of_means=None if disparity is None else ratio_of(disparity.of_means),
        of_totals=None if disparity is None else ratio_of(disparity.of_totals),
    )
