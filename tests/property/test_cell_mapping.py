"""Counts under a changed policy: every event stays in exactly one cell, whatever was added, removed or reordered."""

from __future__ import annotations

from collections import Counter
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.cells import CellLayout, CellMapping, Cells, MappedFeature, add_cells
from stream_app.policy.labels import OTHER, UNKNOWN

LABELS = ("a", "b", "c", "d", "É", "ß")
NAMES = ("sex", "race", "age", "zone")


@st.composite
def layouts(draw: st.DrawFn) -> CellLayout:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    labels = st.lists(st.sampled_from(LABELS), min_size=1, max_size=4, unique=True)
    dimensions = [(name, (*draw(labels), UNKNOWN, OTHER)) for name in names]
    return CellLayout((*dimensions, ("decision", ("yes", "no"))), draw(st.integers(0, 2)))


@st.composite
def counted(draw: st.DrawFn, layout: CellLayout) -> Cells:
    vector = st.lists(st.integers(0, 9), min_size=layout.width, max_size=layout.width)
    codes = st.integers(0, prod(len(labels) for _, labels in layout.dimensions) - 1)
    cells = draw(st.dictionaries(codes, vector, max_size=12))
    return {code: [n + 1, *rest] for code, (n, *rest) in cells.items()}


def by_label(layout: CellLayout, cells: Cells, name: str) -> Counter[str]:
    """Return n of each label of a dimension."""
    counts: Counter[str] = Counter()
    for code, vector in cells.items():
        counts[layout.labels_of(code)[layout.position_of(name)]] += vector[0]
    return counts


@given(st.data(), layouts(), layouts())
def test_totals_and_margins_are_those_of_the_former_cells(
    data: st.DataObject, old: CellLayout, new: CellLayout
) -> None:
    cells = data.draw(counted(old))
    features = tuple(MappedFeature(place if place < old.n_features else None) for place in range(new.n_features))
    mapped = CellMapping(old, new, features).map_cells(cells)
    n = sum(vector[0] for vector in cells.values())
    assert sum(vector[0] for vector in mapped.values()) == n
    for name, labels in new.dimensions:
        expected: Counter[str] = Counter()
        if name in dict(old.dimensions):
            for label, count in by_label(old, cells, name).items():
                expected[label if label in labels else OTHER] += count
        else:
            expected[UNKNOWN] += n
        assert by_label(new, mapped, name) == +expected
    for place, feature in enumerate(features):
        for column in range(3):
            kept = 0 if feature.place is None else sum(v[1 + 3 * feature.place + column] for v in cells.values())
            assert sum(vector[1 + 3 * place + column] for vector in mapped.values()) == kept


@given(st.data(), layouts(), layouts())
def test_it_does_not_matter_whether_counts_are_added_before_or_after(
    data: st.DataObject, old: CellLayout, new: CellLayout
) -> None:
    mapping = CellMapping(old, new, tuple(MappedFeature(None) for _ in range(new.n_features)))
    one, other = data.draw(counted(old)), data.draw(counted(old))
    whole = {code: list(vector) for code, vector in one.items()}
    add_cells(whole, other)
    parts = mapping.map_cells(one)
    add_cells(parts, mapping.map_cells(other))
    assert mapping.map_cells(whole) == parts


@given(st.data(), layouts())
def test_the_same_layout_changes_nothing(data: st.DataObject, layout: CellLayout) -> None:
    cells = data.draw(counted(layout))
    features = tuple(MappedFeature(place) for place in range(layout.n_features))
    assert CellMapping(layout, layout, features).map_cells(cells) == cells
