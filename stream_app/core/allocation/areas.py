"""An area and what it gets: residents, hours, risk and level."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple


class Area(NamedTuple):
    """An area.

    Attributes:
        name: Unique among areas.
        level: What areas are compared by, such as the level of income.
        population: Residents, >= 0; a mean of several reports need not be whole.
        hours: Hours that it gets now, >= 0.
        risk: What hours are shared by, >= 0; only its size relative to other areas matters.
    """

    name: str
    level: str
    population: Fraction
    hours: Fraction
    risk: Fraction = Fraction(0)

    @property
    def hours_per_capita(self) -> Fraction | None:
        """Hours for each resident; None without residents."""
        return self.hours / self.population if self.population else None
