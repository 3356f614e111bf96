"""Counts of subgroups out of cells: the loan records, empty cells, wrong names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from stream_app.core.groups.marginals import Marginalizer
from stream_app.core.groups.subgroups import Subgroup, subgroups, worst_hit
from stream_app.core.windows.cells import CellLayout

UNDECLARED = ("unknown", "__other__")
LAYOUT = CellLayout(
    (
        ("race", ("white", "black", "hispan", *UNDECLARED)),
        ("sex", ("female", "male", *UNDECLARED)),
        ("decision", ("favorable", "unfavorable")),
    ),
    1,
)
# Boston mortgage decisions (Munnell et al. 1996): applications and approvals by race and sex; 15 blanks, all approved.
LOANS = {
    ("black", "female"): (51, 31),
    ("black", "male"): (144, 100),
    ("black", "unknown"): (2, 2),
    ("hispan", "female"): (22, 17),
    ("hispan", "male"): (87, 66),
    ("hispan", "unknown"): (2, 2),
    ("white", "female"): (296, 271),
    ("white", "male"): (1374, 1245),
    ("white", "unknown"): (11, 11),
}
PAIRS = subgroups([("race", ("white", "black", "hispan"), "white"), ("sex", ("female", "male"), "male")])


def cells_of(counts: Mapping[tuple[str, str], tuple[int, int]]) -> dict[int, list[int]]:
    cells = {}
    for (race, sex), (n, favorable) in counts.items():
        for decision, m in enumerate((favorable, n - favorable)):
            indices = (LAYOUT.dimensions[0][1].index(race), LAYOUT.dimensions[1][1].index(sex), decision)
            cells[LAYOUT.code_of(indices)] = [m, m, 2 * m, 4 * m]
    return cells


def test_the_loan_records_count_as_in_the_literature() -> None:
    counts = Marginalizer(LAYOUT, PAIRS, favorable="favorable").counts(cells_of(LOANS))
    counts_by_labels = {subgroup.labels: row.tolist() for subgroup, row in zip(PAIRS, counts[:, 0], strict=True)}
    assert counts.dtype == np.int64
    assert counts_by_labels == {
        ("black",): [133, 197, 1527, 1681],
        ("hispan",): [85, 111, 1527, 1681],
        ("female",): [319, 369, 1411, 1605],
        ("white", "female"): [271, 296, 1245, 1374],
        ("black", "female"): [31, 51, 1245, 1374],
        ("black", "male"): [100, 144, 1245, 1374],
        ("hispan", "female"): [17, 22, 1245, 1374],
        ("hispan", "male"): [66, 87, 1245, 1374],
    }


def test_black_women_are_hit_worst() -> None:
    counts = Marginalizer(LAYOUT, PAIRS, favorable="favorable").counts(cells_of(LOANS))
    worst = worst_hit(counts, min_n=30)
    assert worst is not None
    assert PAIRS[worst].labels == ("black", "female")


def test_a_segment_makes_strata_that_add_up_to_all() -> None:
    by_sex = Marginalizer(LAYOUT, PAIRS[:2], favorable="favorable", segment="sex")
    counts = by_sex.counts(cells_of(LOANS))
    assert by_sex.strata == ("female", "male", "unknown", "__other__")
    assert counts[0].tolist() == [[31, 51, 271, 296], [100, 144, 1245, 1374], [2, 2, 11, 11], [0, 0, 0, 0]]
    whole = Marginalizer(LAYOUT, PAIRS[:2], favorable="favorable")
    assert whole.strata == ("",)
    assert counts.sum(axis=1, keepdims=True).tolist() == whole.counts(cells_of(LOANS)).tolist()


def test_without_cells_or_subgroups_there_is_nothing_to_count() -> None:
    marginalizer = Marginalizer(LAYOUT, PAIRS, favorable="favorable", segment="sex")
    assert marginalizer.counts({}).shape == (len(PAIRS), 4, 4)
    assert not marginalizer.counts({}).any()
    assert Marginalizer(LAYOUT, [], favorable="favorable").counts(cells_of(LOANS)).shape == (0, 1, 4)


@pytest.mark.parametrize(
    ("subgroup", "favorable", "segment"),
    [
        (Subgroup(("age",), ("60+",), ("30-59",)), "favorable", None),
        (Subgroup(("sex",), ("other",), ("male",)), "favorable", None),
        (Subgroup(("sex",), ("female",), ("other",)), "favorable", None),
        (PAIRS[0], "approved", None),
        (PAIRS[0], "favorable", "branch"),
    ],
)
def test_a_name_that_the_layout_does_not_have_is_rejected(
    subgroup: Subgroup, favorable: str, segment: str | None
) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        Marginalizer(LAYOUT, [subgroup], favorable=favorable, segment=segment)


def test_a_layout_without_decisions_is_rejected() -> None:
    with pytest.raises(ValueError, match="'decision' is not one of"):
        Marginalizer(CellLayout(LAYOUT.dimensions[:2]), PAIRS, favorable="favorable")
