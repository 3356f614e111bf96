"""Shares of hours: sums are exact, the floor is kept, more risk never gives less; and SciPy finds nothing better."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.limited import Conflict, allocate_limited
from stream_app.core.allocation.limits import Limits, bounds_of
from stream_app.core.allocation.rules import check_request, floor_and_risk, floor_only, risk_only
from stream_app.core.allocation.shares import divide
from stream_app.edges.remedies.linear_programs import solve_program
from stream_app.errors import ConfigError
from tests.support.area_tables import area_tables, request

floors = st.integers(0, 20).map(lambda n: f"{n / 20}")
totals = st.integers(1, 400)
weights = st.lists(st.fractions(0, 50, max_denominator=60), min_size=1, max_size=4).filter(any)


@given(area_tables(), totals, floors)
def test_sums_are_exact_and_the_floor_is_kept(areas: list[Area], total: int, floor: str) -> None:
    own = request(total, floor, "1")
    check_request(areas, own)
    units, reserves = floor_and_risk(areas, own), own.reserves(areas)
    assert sum(units) == sum(risk_only(areas, own) or ()) == total
    assert all(part >= reserve >= 0 for part, reserve in zip(units, reserves, strict=True))
    underserved = [reserve for area, reserve in zip(areas, reserves, strict=True) if area.level == "Low"]
    assert sum(underserved) == sum(reserves) >= total * Fraction(floor)
    assert max(underserved) - min(underserved) <= 1
    original = floor_only(areas, own)
    assert original is None or sum(original) == total


@given(area_tables(), totals, floors)
def test_among_areas_alike_more_risk_never_gets_less(areas: list[Area], total: int, floor: str) -> None:
    own = request(total, floor, "1")
    for units in (floor_and_risk(areas, own), risk_only(areas, own) or []):
        for level in ("Low", "High"):
            ranked = sorted((area.risk, part) for area, part in zip(areas, units, strict=True) if area.level == level)
            for (risk, part), (more_risk, more) in pairwise(ranked):
                assert risk == more_risk or part <= more


@given(area_tables(), totals, floors, st.data())
def test_an_area_whose_risk_rises_never_gets_less(
    areas: list[Area], total: int, floor: str, data: st.DataObject
) -> None:
    own, place = request(total, floor, "1"), data.draw(st.integers(0, len(areas) - 1))
    riskier = list(areas)
    riskier[place] = areas[place]._replace(risk=areas[place].risk + data.draw(st.integers(1, 50)))
    assert floor_and_risk(riskier, own)[place] >= floor_and_risk(areas, own)[place]


@given(area_tables(), totals, floors, st.randoms(use_true_random=False))
def test_the_order_of_areas_and_the_scale_of_risk_do_not_matter(
    areas: list[Area], total: int, floor: str, order: Random
) -> None:
    own, shuffled = request(total, floor, "1"), list(areas)
    order.shuffle(shuffled)
    scaled = [area._replace(risk=area.risk / 7) for area in shuffled]
    assert dict(zip(shuffled, floor_and_risk(scaled, own), strict=True)) == dict(
        zip(areas, floor_and_risk(areas, own), strict=True)
    )


@given(area_tables(), totals, st.one_of(st.integers(21, 99), st.integers(-20, -1)))
def test_an_impossible_floor_is_rejected(areas: list[Area], total: int, twentieths: int) -> None:
    with pytest.raises(ConfigError, match="The floor is a share"):
        check_request(areas, request(total, f"{twentieths / 20}", "1"))


@given(weights, st.integers(0, 60))
def test_no_whole_shares_are_nearer_than_those_by_largest_remainder(parts: list[Fraction], total: int) -> None:
    shares = divide(total, parts, [str(place) for place in range(len(parts))])
    exact = [total * part / sum(parts) for part in parts]
    near = [range(max(0, int(share) - 1), int(share) + 3) for share in exact]
    nearest = min(
        sum(abs(n - share) for n, share in zip(others, exact, strict=True))
        for others in product(*near)
        if sum(others) == total
    )
    assert sum(abs(n - share) for n, share in zip(shares, exact, strict=True)) == nearest


limit_values = st.one_of(st.none(), st.integers(0, 60).map(Fraction))


@given(area_tables(most=6), st.integers(1, 200), floors, limit_values, limit_values, limit_values)
def test_with_limits_scipy_moves_no_fewer_hours(
    areas: list[Area],
    total: int,
    floor: str,
    minimum: Fraction | None,
    change: Fraction | None,
    cap: Fraction | None,
) -> None:
    own = request(total, floor, "1")
    limits = Limits(minimum, change, None if cap is None else cap / 100)
    assume(limits.kinds)
    result = allocate_limited(areas, own, limits, solve_program)
    least = nearest_by_scipy(areas, total, own.n_reserved, limits, floor_and_risk(areas, own))
    assert isinstance(result, Conflict) == (least is None)
    if isinstance(result, Conflict) or least is None:
        return
    bounds = bounds_of(areas, own, limits, limits.kinds)
    assert sum(result.units) == total
    assert all(b.least.units <= part <= b.most.units for part, b in zip(result.units, bounds, strict=True))
    assert sum(part for area, part in zip(areas, result.units, strict=True) if area.level == "Low") >= own.n_reserved
    moved = sum(abs(part - ruled) for part, ruled in zip(result.units, floor_and_risk(areas, own), strict=True))
    assert moved == pytest.approx(least, abs=1e-6 + len(areas))  # whole units: less than one for each area
    assert least <= moved + 1e-6


def nearest_by_scipy(areas: list[Area], total: int, reserved: int, limits: Limits, ruled: list[int]) -> float | None:
    """Return the fewest hours that must move, from a program written in another way: d >= |x - ruled|."""
    n, target = len(areas), np.array(ruled, float)
    ends = bounds_of(areas, request(total, "0", "1"), limits, limits.kinds)
    if any(end.least.units > end.most.units for end in ends):
        return None
    is_low = np.array([float(area.level == "Low") for area in areas])
    solution = linprog(
        np.repeat([0.0, 1.0], n),
        A_ub=np.vstack([
            np.hstack([np.eye(n), -np.eye(n)]),
            np.hstack([-np.eye(n), -np.eye(n)]),
            np.concatenate([-is_low, np.zeros(n)]),
        ]),
        b_ub=np.concatenate([target, -target, [-float(reserved)]]),
        A_eq=np.repeat([1.0, 0.0], n)[None, :],
        b_eq=[float(total)],
        bounds=[(end.least.units, end.most.units) for end in ends] + [(0, None)] * n,
    )  # fmt: skip
    return float(solution.fun) if solution.success else None
