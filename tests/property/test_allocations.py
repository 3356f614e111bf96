"""Bounds over every allocation of unknown groups, against an enumeration of all allocations."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.groups.allocations import AllocationBounds, CandidateCounter, Range, allocation_bounds
from stream_app.core.groups.counts import GroupCount
from stream_app.core.groups.subgroups import Subgroup, subgroups
from stream_app.core.windows.cells import CellLayout, Cells
from tests.property.test_marginals import UNDECLARED, cells_in, worlds

Counts = tuple[GroupCount, GroupCount]  # of a group and its reference
# Favorable and unfavorable candidates: of the group alone, of both, of the reference alone.
Candidates = tuple[tuple[int, int, int], tuple[int, int, int]]


def allocations(known: Counts, candidates: Candidates) -> Iterator[Counts]:
    """Yield the counts of group and reference after every allocation of the candidates, each to one group or none."""
    ways = [
        {
            (to_a + both_to_a, to_b + both_to_b)
            for to_a in range(only_a + 1)
            for to_b in range(only_b + 1)
            for both_to_a in range(both + 1)
            for both_to_b in range(both - both_to_a + 1)
        }
        for only_a, both, only_b in candidates
    ]
    (group, reference) = known
    for (favorable_a, favorable_b), (denied_a, denied_b) in product(*ways):
        yield (
            GroupCount(group.n + favorable_a + denied_a, group.favorable + favorable_a),
            GroupCount(reference.n + favorable_b + denied_b, reference.favorable + favorable_b),
        )


def exact_range(values: list[Fraction]) -> Range:
    return Range(float(min(values)), float(max(values)))


def counts_up_to(most: int, *, least_n: int = 0) -> st.SearchStrategy[GroupCount]:
    sizes = st.integers(least_n, most)
    return sizes.flatmap(lambda n: st.integers(0, n).map(lambda favorable: GroupCount(n, favorable)))


few = st.integers(0, 2)
some_candidates = st.tuples(st.tuples(few, few, few), st.tuples(few, few, few))


def counted(candidates: Candidates) -> Counts:
    """Return the candidates of the group and those of the reference."""
    (favorable_a, favorable_both, favorable_b), (denied_a, denied_both, denied_b) = candidates
    of_a, of_b = favorable_a + favorable_both, favorable_b + favorable_both
    return GroupCount(of_a + denied_a + denied_both, of_a), GroupCount(of_b + denied_b + denied_both, of_b)


@given(counts_up_to(5, least_n=1), counts_up_to(5, least_n=1), some_candidates)
def test_the_bounds_are_the_extremes_over_all_allocations(
    group: GroupCount, reference: GroupCount, candidates: Candidates
) -> None:
    every = list(allocations((group, reference), candidates))
    bounds = allocation_bounds(group, reference, *counted(candidates))
    rates = [(Fraction(a.favorable, a.n), Fraction(b.favorable, b.n)) for a, b in every]
    assert bounds.rate == exact_range([rate for rate, _ in rates])
    assert bounds.gap == exact_range([rate - rate_reference for rate, rate_reference in rates])
    if reference.favorable:
        assert bounds.ratio == exact_range([rate / rate_reference for rate, rate_reference in rates])
    else:
        assert bounds.ratio is None


@given(counts_up_to(4), counts_up_to(4), some_candidates)
def test_a_value_that_cannot_be_formed_has_no_bounds(
    group: GroupCount, reference: GroupCount, candidates: Candidates
) -> None:
    bounds = allocation_bounds(group, reference, *counted(candidates))
    assert (bounds.rate is None) == (group.n == 0)
    assert (bounds.gap is None) == (0 in (group.n, reference.n))
    assert (bounds.ratio is None) == (0 in (group.n, reference.n, reference.favorable))


@given(counts_up_to(50, least_n=1), counts_up_to(50, least_n=1))
def test_without_candidates_the_bounds_are_the_value_itself(group: GroupCount, reference: GroupCount) -> None:
    nobody = GroupCount(0, 0)
    bounds = allocation_bounds(group, reference, nobody, nobody)
    assert isinstance(bounds, AllocationBounds)
    assert all(ends is None or ends.lower == ends.upper for ends in bounds)


def count_candidates_naively(
    layout: CellLayout, pairs: list[Subgroup], cells: Cells, segment: str | None
) -> list[list[list[int]]]:
    strata = ("",) if segment is None else dict(layout.dimensions)[segment]
    counts = [[[0, 0, 0, 0] for _ in strata] for _ in pairs]
    for code, vector in cells.items():
        cell = dict(zip([name for name, _ in layout.dimensions], layout.labels_of(code), strict=True))
        stratum = 0 if segment is None else strata.index(cell[segment])
        for row, pair in zip(counts, pairs, strict=True):
            labels_of_cell = [cell[attribute] for attribute in pair.attributes]
            is_declared = not any(label in UNDECLARED for label in labels_of_cell)
            for first, labels in ((0, pair.labels), (2, pair.reference)):
                fits = all(mine in (label, *UNDECLARED) for mine, label in zip(labels_of_cell, labels, strict=True))
                if fits and not is_declared:
                    row[stratum][first] += vector[0] if cell["decision"] == "favorable" else 0
                    row[stratum][first + 1] += vector[0]
    return counts


@given(st.data())
def test_the_fast_count_of_candidates_equals_the_naive_one(data: st.DataObject) -> None:
    attributes, layout = data.draw(worlds())
    pairs = subgroups(attributes, data.draw(st.integers(1, 3)))
    segment = data.draw(st.sampled_from((None, "segment")))
    cells = data.draw(cells_in(layout))
    counter = CandidateCounter(layout, pairs, favorable="favorable", segment=segment)
    assert counter.counts(cells).tolist() == count_candidates_naively(layout, pairs, cells, segment)
