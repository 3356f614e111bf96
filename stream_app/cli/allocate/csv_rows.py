"""An allocation as rows of a CSV file, one for each area."""

from __future__ import annotations

from typing import Any

from stream_app.offline.allocation.facts import AllocationFacts


def rows_of(facts: AllocationFacts) -> list[dict[str, Any]]:
    """Return a row for each area: what it is, and its hours under every rule; ``allocated`` is the answer."""
    hours = {rule.rule: rule.hours or {} for rule in facts.rules}
    rows = []
    for area in facts.areas:
        row: dict[str, Any] = {
            "area": area.area,
            "income_level": area.level,
            "population": area.population,
            "risk": area.risk,
            "allocated": hours[facts.allocation].get(area.area),
        }
        row |= {rule: by_area.get(area.area) for rule, by_area in hours.items()}
        rows.append(row)
    return rows
