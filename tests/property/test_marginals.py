"""The fast count of subgroups against one that reads every cell for every subgroup."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.groups.marginals import Marginalizer
from stream_app.core.groups.subgroups import Subgroup, subgroups
from stream_app.core.windows.cells import CellLayout, Cells, add_cells

UNDECLARED = ("unknown", "__other__")
Attributes = list[tuple[str, tuple[str, ...], str]]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Attributes, CellLayout]:
    """Draw attributes and a layout that has them, in any order, with a segment and the decision."""
    attributes: Attributes = []
    for name in "pqrs"[: draw(st.integers(1, 4))]:
        groups = tuple(f"{name}{place}" for place in range(draw(st.integers(1, 4))))
        attributes.append((name, groups, draw(st.sampled_from(groups))))
    segment = tuple(f"segment {place}" for place in range(draw(st.integers(1, 3))))
    dimensions = [(name, (*groups, *UNDECLARED)) for name, groups, _ in attributes]
    dimensions += [("segment", (*segment, *UNDECLARED)), ("decision", ("favorable", "unfavorable"))]
    return attributes, CellLayout(tuple(draw(st.permutations(dimensions))), 1)


def cells_in(layout: CellLayout) -> st.SearchStrategy[Cells]:
    vector = st.tuples(st.integers(0, 10**9), st.integers(0, 9), st.integers(-9, 9), st.integers(0, 99)).map(list)
    return st.dictionaries(st.integers(0, layout.size - 1), vector, max_size=40)


def count_naively(
    layout: CellLayout, pairs: list[Subgroup], cells: Mapping[int, list[int]], segment: str | None
) -> list[list[list[int]]]:
    strata = ("",) if segment is None else dict(layout.dimensions)[segment]
    counts = [[[0, 0, 0, 0] for _ in strata] for _ in pairs]
    for code, vector in cells.items():
        names = [name for name, _ in layout.dimensions]
        cell = dict(zip(names, layout.labels_of(code), strict=True))
        stratum = 0 if segment is None else strata.index(cell[segment])
        for row, pair in zip(counts, pairs, strict=True):
            cell_labels = tuple(cell[attribute] for attribute in pair.attributes)
            for first, labels in ((0, pair.labels), (2, pair.reference)):
                if cell_labels == labels:
                    row[stratum][first] += vector[0] if cell["decision"] == "favorable" else 0
                    row[stratum][first + 1] += vector[0]
    return counts


@given(st.data())
def test_the_fast_count_equals_the_naive_one(data: st.DataObject) -> None:
    attributes, layout = data.draw(worlds())
    pairs = subgroups(attributes, data.draw(st.integers(1, 3)))
    segment = data.draw(st.sampled_from((None, "segment")))
    cells = data.draw(cells_in(layout))
    marginalizer = Marginalizer(layout, pairs, favorable="favorable", segment=segment)
    assert marginalizer.counts(cells).tolist() == count_naively(layout, pairs, cells, segment)


@given(st.data())
def test_counts_of_two_panes_add(data: st.DataObject) -> None:
    attributes, layout = data.draw(worlds())
    one, other = data.draw(cells_in(layout)), data.draw(cells_in(layout))
    both: Cells = {}
    for cells in (one, other):
        add_cells(both, cells)
    marginalizer = Marginalizer(layout, subgroups(attributes), favorable="favorable", segment="segment")
    assert (marginalizer.counts(one) + marginalizer.counts(other)).tolist() == marginalizer.counts(both).tolist()
