"""People by the labels of all attributes, beside a count cell by cell."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from stream_app.core.windows.cells import Cells
from stream_app.pipeline.judge.gate.tables import cross_of
from stream_app.pipeline.layout import layout_of
from stream_app.policy import load_policy

LAYOUT = layout_of(load_policy("loans").models[0])
PLACES = {name: place for place, (name, _) in enumerate(LAYOUT.dimensions)}


@pytest.mark.parametrize("attributes", [(), ("gender",), ("race", "gender"), ("gender", "race", "age")])
@pytest.mark.parametrize("n_cells", [0, 1, 60])
def test_people_are_those_of_a_count_cell_by_cell(attributes: tuple[str, ...], n_cells: int) -> None:
    draws, cells, expected = random.Random(n_cells), Cells(), Counter[tuple[str, ...]]()
    for _ in range(n_cells):
        places = tuple(draws.randrange(len(labels)) for _, labels in LAYOUT.dimensions)
        cells[LAYOUT.code_of(places)] = [draws.randrange(3)]
    for code, (n,) in cells.items():
        labels = LAYOUT.labels_of(code)
        expected[tuple(labels[PLACES[name]] for name in attributes)] += n
    assert cross_of(LAYOUT, attributes, cells) == +expected
