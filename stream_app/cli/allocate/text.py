"""An allocation for people: hours of each area under each rule, then hours per capita by level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stream_app.cli.allocate.levels import level_captions, level_cells, level_columns
from stream_app.cli.layout.listing import Cell, Column, Listing, Section
from stream_app.cli.output import facts, print_listing
from stream_app.offline.allocation.facts import AllocationFacts, BindingFacts, LevelFacts

_RULES = {
    "current": "now",
    "risk_only": "risk only",
    "floor_only": "original",
    "floor_and_risk": "floor + risk",
    "limited": "with limits",
}
_LIMITS = {
    "minimum": "the minimum",
    "change": "the largest change",
    "cap": "the cap per resident",
    "floor": "the floor",
}
_DIGITS = 2  # of hours that are not whole
_SHOWN_BINDING = 10


def print_allocation(allocation: AllocationFacts) -> None:
    """Print what was shared, and the two tables."""
    underserved = ", ".join(allocation.underserved)
    share = f"{100 * allocation.floor:.4g} %"
    reserved = f"{_number(allocation.reserved)} of them ({share}) reserved for areas of level {underserved}"
    facts.print(f"{_number(allocation.total)} hours, {reserved}.", markup=False)
    facts.print()
    print_listing(_area_table(allocation))
    print_listing(_level_table(allocation))
    for line in _binding_lines(allocation.binding):
        facts.print(line, markup=False)


def _area_table(allocation: AllocationFacts) -> Listing:
    rules = [rule for rule in allocation.rules if rule.hours is not None]
    current = next(rule.hours or {} for rule in rules if rule.rule == "current")
    answer = next(rule.hours or {} for rule in rules if rule.rule == allocation.allocation)
    is_whole = all(value.is_integer() for rule in rules for value in (rule.hours or {}).values())
    digits = 0 if is_whole else _DIGITS
    rows: list[Sequence[Cell]] = []
    for area in allocation.areas:
        hours = [f"{(rule.hours or {})[area.area]:,.{digits}f}" for rule in rules]
        change = answer[area.area] - current[area.area]
        rows.append((area.area, area.level, *hours, f"{change:+,.{digits}f}"))
    names = [_RULES[rule.rule] for rule in rules]
    columns = [Column("area", is_head=True), Column("level"), *(Column(name, is_number=True) for name in names)]
    captions = [f"change: from now to {_RULES[allocation.allocation]}."]
    if missing := [_RULES[rule.rule] for rule in allocation.rules if rule.hours is None]:
        captions.append(f"Not possible: {', '.join(missing)}, since no area that it serves has a risk above 0.")
    return Listing("Hours by area", [*columns, Column("change", is_number=True)], [Section(rows)], captions)


def _level_table(allocation: AllocationFacts) -> Listing:
    sections = [
        Section([list(_level_cells(level)) for level in rule.levels], _RULES[rule.rule])
        for rule in allocation.rules
        if rule.levels
    ]
    levels = [level for rule in allocation.rules for level in rule.levels]
    ratios = [ratio for level in levels for ratio in (level.of_means, level.of_totals)]
    title = f"Hours per capita, compared with {allocation.reference}"
    return Listing(title, level_columns(allocation.limit), sections, level_captions(allocation.reference, ratios))


def _level_cells(level: LevelFacts) -> Iterator[Cell]:
    return level_cells(level.level, level.total_per_capita, level.of_means, level.of_totals)


def _binding_lines(binding: Sequence[BindingFacts]) -> Iterator[str]:
    if not binding:
        return
    yield "Limits that were reached:"
    for limit in binding[:_SHOWN_BINDING]:
        of = "of the underserved areas together" if limit.area is None else f"of {limit.area}"
        end = "at least" if limit.is_least else "at most"
        yield f"  {_LIMITS[limit.limit]} {of}: {end} {_number(limit.hours)} hours"
    if len(binding) > _SHOWN_BINDING:
        yield f"  and {len(binding) - _SHOWN_BINDING:,} more (--json lists all)"


def _number(value: float) -> str:
    """Write hours without needless decimals.

    >>> _number(600.0), _number(45.5), _number(1234.25)
    ('600', '45.5', '1,234.25')
    """
    return f"{value:,.2f}".rstrip("0").rstrip(".")
