"""Areas to share hours among: those of the original camera lab, and random ones."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.rules import AllocationRequest

LOW = frozenset({"Low"})


def area(name: str, level: str, population: int, hours: int, risk: int = 0) -> Area:
    """Return an area of whole numbers."""
    return Area(name, level, Fraction(population), Fraction(hours), Fraction(risk))


# The areas of the original's example of skew; its allocation used risks of its own.
ORIGINAL = (
    area("harbor", "High", 10_000, 350, 8),
    area("market", "High", 5_000, 200, 6),
    area("mill", "Low", 15_000, 150, 3),
    area("station", "Low", 12_000, 100, 2),
)

CSV = "area,population,hours,risk,income_level\n" + "\n".join(
    f"{one.name},{one.population},{one.hours},{one.risk},{one.level}" for one in ORIGINAL
)


def request(total: int | str, floor: str = "0.15", unit: str = "0.01") -> AllocationRequest:
    """Return a request for the areas of low income."""
    return AllocationRequest(Fraction(total), Fraction(floor), LOW, Fraction(unit))


@st.composite
def area_tables(draw: st.DrawFn, *, most: int = 8, least: int = 1) -> list[Area]:
    """Draw areas with different names, of which one has a risk and one low income."""
    n = draw(st.integers(least, most))
    numbers = st.integers(0, 60)
    areas = [
        area(f"a{place}", draw(st.sampled_from(("High", "Low", "Middle"))), draw(st.integers(0, 900)), *draws)
        for place, draws in enumerate(draw(st.lists(st.tuples(numbers, numbers), min_size=n, max_size=n)))
    ]
    place = draw(st.integers(0, n - 1))
    areas[place] = areas[place]._replace(risk=areas[place].risk + 1)
    return [area("a-low", "Low", 100, 10, 1), *areas]
