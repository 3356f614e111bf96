"""Areas are read exactly as they are written, and an invalid row is rejected with its place."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stream_app.core.allocation.areas import Area
from stream_app.errors import ConfigError
from stream_app.offline.allocation.rows import level_of, read_areas
from stream_app.offline.columns import CountRow

GOOD = {"area": "north", "population": "1000", "hours": "12.5", "risk": 0.1, "income_level": "Low"}


def row(number: int = 2, **cells: object) -> CountRow:
    return CountRow(f"line {number}", {**GOOD, **cells})


def test_numbers_are_exact() -> None:
    [area] = read_areas([row()])
    assert area == Area("north", "Low", Fraction(1000), Fraction(25, 2), Fraction(1, 10))


def test_spellings_of_a_level_are_one_level() -> None:
    areas = read_areas([row(), row(3, area="south", income_level=" LOW ")])
    assert {area.level for area in areas} == {"Low"}
    assert level_of(areas, "low") == "Low"
    assert level_of(areas, "High") == "High"


def test_columns_can_have_other_names() -> None:
    cells = {"name": "x", **{name: value for name, value in GOOD.items() if name != "area"}}
    assert read_areas([CountRow("line 2", cells)], {"area": "name"})[0].name == "x"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no rows"),
        ([row(hours="-3")], "line 2: column hours: expected a number from 0"),
        ([row(hours="1e400")], "line 2: column hours"),
        ([row(population="nan")], "line 2: column population"),
        ([row(risk=float("inf"))], "line 2: column risk"),
        ([row(risk=True)], "line 2: column risk"),
        ([row(risk="")], "line 2: column risk"),
        ([row(population="1,000")], "line 2: column population: .*without exponent or separator"),
        ([row(area="a\x1b[31m")], "line 2: column area: expected a name"),
        ([row(income_level=None)], "line 2: column income_level"),
        ([row(), row(3, area="North ")], "line 3: this area has a row already"),
        ([CountRow("line 2", {"area": "x"})], "line 2: missing column 'income_level'.*--column income_level=NAME"),
    ],
)
def test_an_invalid_row_is_rejected(rows: list[CountRow], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_areas(rows)
