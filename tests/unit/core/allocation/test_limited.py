"""Allocations with limits: which limits bind, which conflict, and what the areas beside them get."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from stream_app.core.allocation.limited import Conflict, LimitedAllocation, allocate_limited
from stream_app.core.allocation.limits import Limits, bounds_of
from stream_app.core.allocation.program import LinearProgram
from stream_app.core.allocation.rules import floor_and_risk
from stream_app.core.arrays import Floats
from stream_app.edges.remedies.linear_programs import solve_program
from stream_app.errors import ConfigError
from tests.support.area_tables import ORIGINAL, area, request


def limits(minimum: str | None = None, change: str | None = None, cap: str | None = None) -> Limits:
    return Limits(*(None if text is None else Fraction(text) for text in (minimum, change, cap)))


def share(own: Limits, floor: str = "0.15") -> LimitedAllocation | Conflict:
    return allocate_limited(ORIGINAL, request(600, floor), own, solve_program)


def test_limits_that_the_rule_keeps_change_nothing() -> None:
    allocation = share(limits(minimum="90", change="200", cap="1"))
    assert allocation == LimitedAllocation(floor_and_risk(ORIGINAL, request(600)), [])


@pytest.mark.parametrize(
    ("own", "place", "units", "kind", "is_least"),
    [
        (limits(minimum="120"), 3, 12_000, "minimum", True),
        (limits(cap="0.03"), 1, 15_000, "cap", False),
        (limits(change="100"), 0, 25_000, "change", True),
    ],
)
def test_a_limit_binds_one_area_and_the_others_share_the_rest_by_the_rule(
    own: Limits, place: int, units: int, kind: str, *, is_least: bool
) -> None:
    allocation, ruled = share(own), floor_and_risk(ORIGINAL, request(600))
    assert isinstance(allocation, LimitedAllocation)
    assert sum(allocation.units) == 60_000
    assert allocation.units[place] == units
    [binding] = allocation.binding
    assert binding == (kind, ORIGINAL[place].name, is_least, units)
    ratios = [
        given / before for n, (given, before) in enumerate(zip(allocation.units, ruled, strict=True)) if n != place
    ]
    assert max(ratios) - min(ratios) < 2e-4


def test_the_floor_can_bind() -> None:
    # Low areas would keep 40 % by change alone, but may not fall below their floor of half the hours.
    own = limits(minimum="150")
    areas = [area("a", "High", 10, 0, 20), area("b", "High", 10, 0, 0), area("c", "Low", 10, 0, 1)]
    allocation = allocate_limited(areas, request(600, "0.5", "1"), own, solve_program)
    assert isinstance(allocation, LimitedAllocation)
    assert allocation.units == [150, 150, 300]
    assert ("floor", None, True, 300) in allocation.binding


@pytest.mark.parametrize(
    ("own", "floor", "kinds", "place"),
    [
        (limits(minimum="151"), "0.15", ("total", "minimum"), None),
        (limits(minimum="120", cap="0.02"), "0.15", ("minimum", "cap"), "market"),
        (limits(cap="0.01"), "0.15", ("total", "cap"), None),
        (limits(change="49"), "0.15", ("total", "change"), None),
        (limits(change="60"), "0.9", ("total", "change", "floor"), None),
        (limits(minimum="100", change="500", cap="1"), "0.9", ("total", "minimum", "floor"), None),
    ],
)
def test_limits_that_conflict_are_named_and_no_others(
    own: Limits, floor: str, kinds: tuple[str, ...], place: str | None
) -> None:
    assert share(own, floor) == (kinds, place)


def test_an_area_without_residents_has_no_cap() -> None:
    [bounds] = bounds_of([area("port", "High", 0, 5)], request(10), limits(cap="0"), limits(cap="0").kinds)
    assert bounds.most.kind is None


def test_limits_are_rounded_inwards() -> None:
    own = limits(minimum="0.011", change="0.019", cap="0.0000119")
    [bounds] = bounds_of([area("a", "High", 10_000, 0)], request(10), own, own.kinds)
    assert (bounds.least.units, bounds.most.units) == (2, 1)


def test_a_solution_that_cannot_be_rounded_is_an_error() -> None:
    def bad_solver(program: LinearProgram) -> Floats:
        return np.zeros(len(program.cost))

    with pytest.raises(ConfigError, match="larger --unit"):
        allocate_limited(ORIGINAL, request(600), limits(cap="0.001"), bad_solver)
