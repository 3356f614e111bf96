"""Counts of all alternatives at once, against the decisions of each one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.alternatives.rules import AS_DECIDED, cuts_by_segment, decide, one_cut
from stream_app.core.alternatives.tables import ScoreTable, places_of

CUTS = np.array([0.2, 0.4, 0.5, 0.9])
N_SEGMENTS, N_GROUPS = 3, 2
Row = tuple[int, int, int, int, float]
ROW = st.tuples(
    st.integers(0, N_SEGMENTS - 1),
    st.integers(0, N_GROUPS - 1),
    st.integers(0, 1),
    st.integers(0, 2),
    st.one_of(st.floats(0, 1), st.sampled_from([0.2, 0.4, 0.5, 0.9, np.nextafter(0.5, 0), float("nan")])),
)


def table_of(rows: list[Row]) -> ScoreTable:
    table = ScoreTable(CUTS, N_SEGMENTS, N_GROUPS)
    if rows:
        segments, groups, favorable, outcomes, scores = zip(*rows, strict=True)
        add(table, np.array([segments, groups, favorable, outcomes], np.int64), np.array(scores, np.float64))
    return table


def add(table: ScoreTable, columns: np.ndarray, scores: np.ndarray) -> None:
    segments, groups, favorable, outcomes = columns
    table.add(segments, groups, favorable, outcomes, places_of(CUTS, scores))


def by_hand(rows: list[Row], rule: list[int]) -> np.ndarray:
    counts = np.zeros((N_GROUPS, 2, 2, 3), np.int64)
    cuts = [None if place == AS_DECIDED else float(CUTS[place]) for place in rule]
    for segment, group, favorable, outcome, score in rows:
        columns = np.array([score]), np.array([segment]), np.array([favorable])
        counts[group, favorable, int(decide(cuts, *columns)[0]), outcome] += 1
    return counts


@given(st.lists(ROW, max_size=60), st.lists(ROW, max_size=20))
def test_every_rule_has_the_counts_of_its_own_decisions(first: list[Row], second: list[Row]) -> None:
    table = table_of(first)
    table.merge(table_of(second))
    rules = np.concatenate(
        [one_cut(len(CUTS), N_SEGMENTS), cuts_by_segment(len(CUTS), N_SEGMENTS, 12)[0], [[-1, -1, -1], [0, -1, 3]]]
    )
    joint = table.joint(rules)
    for rule, counts in zip(rules.tolist(), joint, strict=True):
        np.testing.assert_array_equal(counts, by_hand(first + second, rule))


def test_a_table_adds_up_what_waits() -> None:
    rng = np.random.default_rng(1)
    n = 300_000
    columns = np.array([rng.integers(0, size, n) for size in (N_SEGMENTS, N_GROUPS, 2, 3)])
    scores = rng.random(n)
    whole, parts = ScoreTable(CUTS, N_SEGMENTS, N_GROUPS), ScoreTable(CUTS, N_SEGMENTS, N_GROUPS)
    add(whole, columns, scores)
    for part in np.array_split(np.arange(n), 7):
        add(parts, columns[:, part], scores[part])
    np.testing.assert_array_equal(whole.counts, parts.counts)
    assert int(whole.counts.sum()) == n


@pytest.mark.parametrize(("n_cuts", "n_segments"), [(1, 1), (3, 2), (2, 3)])
def test_rules_by_segment_are_all_different_and_all_there(n_cuts: int, n_segments: int) -> None:
    rules, is_complete = cuts_by_segment(n_cuts, n_segments, 100)
    assert is_complete
    assert len({tuple(rule) for rule in rules.tolist()}) == n_cuts**n_segments
    fewer, is_complete = cuts_by_segment(n_cuts, n_segments, n_cuts**n_segments - 1)
    assert (len(fewer), is_complete) == (n_cuts * n_segments, False)
    assert (np.count_nonzero(fewer != AS_DECIDED, axis=1) == 1).all()
