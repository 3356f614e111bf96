"""Candidates and bounds of unknown groups: the loan records, no unknown group, wrong names."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.groups.allocations import CandidateCounter, Range, allocation_bounds
from stream_app.core.groups.counts import GroupCount
from stream_app.core.windows.cells import CellLayout
from tests.unit.core.groups.test_marginals import LAYOUT, LOANS, PAIRS, cells_of


def test_blank_sexes_are_candidates_of_every_group_that_they_may_belong_to() -> None:
    counts = CandidateCounter(LAYOUT, PAIRS, favorable="favorable").counts(cells_of(LOANS))
    by_labels = {pair.labels: row.tolist() for pair, row in zip(PAIRS, counts[:, 0], strict=True)}
    assert counts.dtype == np.int64
    assert by_labels["female",] == [15, 15, 15, 15]
    assert by_labels["black",] == [0, 0, 0, 0]
    assert by_labels["black", "female"] == [2, 2, 11, 11]


def test_the_bounds_of_the_loan_records_are_those_of_a_hand_calculation() -> None:
    women, men, blank = GroupCount(369, 319), GroupCount(1605, 1411), GroupCount(15, 15)
    bounds = allocation_bounds(women, men, blank, blank)
    assert bounds.ratio == Range((319 * 1620) / (369 * 1426), (334 * 1605) / (384 * 1411))
    assert bounds.gap == Range((319 * 1620 - 1426 * 369) / (369 * 1620), (334 * 1605 - 1411 * 384) / (384 * 1605))


def test_without_undeclared_decisions_there_are_no_candidates() -> None:
    counter = CandidateCounter(LAYOUT, PAIRS, favorable="favorable", segment="race")
    declared = {labels: count for labels, count in LOANS.items() if "unknown" not in labels}
    assert not counter.counts(cells_of(declared)).any()
    assert counter.counts({}).shape == (len(PAIRS), 5, 4)


def test_no_subgroups_have_no_candidates() -> None:
    assert CandidateCounter(LAYOUT, [], favorable="favorable").counts(cells_of(LOANS)).shape == (0, 1, 4)


def test_a_layout_without_undeclared_labels_is_rejected() -> None:
    declared_only = CellLayout((("sex", ("female", "male")), ("decision", ("favorable", "unfavorable"))))
    pairs = [pair for pair in PAIRS if pair.attributes == ("sex",)]
    with pytest.raises(ValueError, match="unknown"):
        CandidateCounter(declared_only, pairs, favorable="favorable")
