"""What a column of a DataFrame is: name, dtype, meaning, and where its value is in a record."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TEXT = "string"
COUNT = "Int64"  # nullable: missing where suppressed or not defined
NUMBER = "float64"  # NaN where suppressed or not defined
FLAG = "bool"
TIME = "datetime64[s, UTC]"
CATEGORY = "category"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: Its name in the DataFrame.
        dtype: Its pandas dtype.
        meaning: What it contains, in one sentence; for the reference documentation.
        source: Path of the value in the record: keys and places, joined by dots. Times are seconds since 1970 there.
        categories: Every category, for ``category``.
        is_ordered: Whether the categories are in order, for ``category``.
    """

    name: str
    dtype: str
    meaning: str
    source: str
    categories: tuple[str, ...] = ()
    is_ordered: bool = False

    def value(self, record: Mapping[str, Any]) -> Any:
        """Return the value in a record; None where it, or a part that leads to it, is None.

        Raises:
            KeyError: the record does not have such a value.
        """
        value: Any = record
        for part in self.source.split("."):
            if value is None:
                return None
            value = value[int(part) if part.isdigit() else part]
        return value


def category(name: str, source: str, categories: type[enum.StrEnum] | Sequence[str], meaning: str) -> Column:
    """Return a column of unordered categories."""
    return Column(name, CATEGORY, meaning, source, tuple(map(str, categories)))


def ordered(name: str, source: str, categories: type[enum.StrEnum], meaning: str) -> Column:
    """Return a column of categories in ascending order, so that ``frame[name] >= "warning"`` works."""
    return Column(name, CATEGORY, meaning, source, tuple(map(str, categories)), is_ordered=True)


def text(name: str, source: str, meaning: str) -> Column:
    """Return a column of text."""
    return Column(name, TEXT, meaning, source)


def count(name: str, source: str, meaning: str) -> Column:
    """Return a column of whole numbers that may be missing."""
    return Column(name, COUNT, meaning, source)


def number(name: str, source: str, meaning: str) -> Column:
    """Return a column of numbers that may be missing."""
    return Column(name, NUMBER, meaning, source)


def flag(name: str, source: str, meaning: str) -> Column:
    """Return a column of booleans."""
    return Column(name, FLAG, meaning, source)


def time(name: str, source: str, meaning: str) -> Column:
    """Return a column of times in UTC."""
    return Column(name, TIME, meaning, source)


def worst_case(name: str, source: str, meaning: str) -> tuple[Column, Column]:
    """Return the columns of the lowest and the highest value over every allocation of the unknown groups."""
    return (
        number(
            f"{name}_worst_case_lower",
            f"{source}.lower",
            f"Lowest {meaning} over every allocation of the decisions of unknown groups; NaN where there are none.",
        ),
        number(f"{name}_worst_case_upper", f"{source}.upper", "The highest one."),
    )


def interval(name: str, source: str, meaning: str) -> tuple[Column, Column]:
    """Return the columns of the lower and the upper end of an interval."""
    return (
        number(f"{name}_lower", f"{source}.lower", f"Lower end of the 95 % interval of {meaning}."),
        number(f"{name}_upper", f"{source}.upper", "Upper end of it; NaN also where there is none."),
    )
