"""Laws of ``fairstream detect``: any cell is accepted or rejected, both table forms agree, every number is finite."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.errors import ConfigError
from stream_app.offline.columns import ColumnNames, CountRow
from stream_app.offline.detection import DetectionRun
from stream_app.offline.plan import Direction, Plan, equal_thresholds, list_detectors
from stream_app.offline.plot_history import PlotHistory
from stream_app.offline.rows import read_long, read_wide
from stream_app.offline.run import run_detectors
from stream_app.render.detection_chart import draw_chart

RULES = [("dir:0.8", RateRule(RuleKind.RATIO, 0.8)), ("gap:0", RateRule(RuleKind.GAP, 0.0))]
SAME = ColumnNames({})


def counts_of_a_group() -> st.SearchStrategy[tuple[int, int]]:
    n = st.one_of(st.integers(0, 60), st.just(10**9))
    return n.flatmap(lambda most: st.tuples(st.integers(0, most), st.just(most)))


panes = st.lists(st.tuples(counts_of_a_group(), counts_of_a_group()), min_size=1, max_size=30)
cells: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.datetimes().map(str), st.just([])
)


def wide_rows(counts: list[tuple[tuple[int, int], tuple[int, int]]]) -> list[CountRow]:
    columns = ("k_a", "n_a", "k_b", "n_b")
    return [CountRow(f"line {at}", dict(zip(columns, (*a, *b), strict=True))) for at, (a, b) in enumerate(counts, 2)]


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(("k_a", "n_a", "k_b", "n_b", "start"), cells))))
def test_any_cells_make_a_table_or_an_error(cells_by_row: list[dict[str, Any]]) -> None:
    rows = [CountRow(f"line {number}", row) for number, row in enumerate(cells_by_row, 2)]
    try:
        table = read_wide(rows, SAME)
    except ConfigError:
        return
    assert table.n_panes == len(cells_by_row)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(("group", "n", "k", "period", "start"), cells))))
def test_any_cells_of_a_long_table_make_a_table_or_an_error(cells_by_row: list[dict[str, Any]]) -> None:
    rows = [CountRow(f"line {number}", row) for number, row in enumerate(cells_by_row, 2)]
    try:
        table = read_long(rows, SAME, "1")
    except ConfigError:
        return
    assert table.counts.shape == (table.n_panes, len(table.pairs), 4)


@given(panes)
def test_a_long_table_and_a_wide_one_agree(counts: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    rows = [
        CountRow("", {"period": at, "group": group, "k": k, "n": n})
        for at, pane in enumerate(counts)
        for group, (k, n) in zip("ab", pane, strict=True)
    ]
    long, wide = read_long(rows, SAME, "b"), read_wide(wide_rows(counts), SAME)
    assert (long.pairs, long.labels) == (wide.pairs, wide.labels)
    assert long.counts.tolist() == wide.counts.tolist()


@settings(max_examples=25, deadline=None)  # each example solves intervals
@given(panes, st.booleans())
def test_every_fact_is_finite_and_every_chart_is_drawn(
    counts: list[tuple[tuple[int, int], tuple[int, int]]],
    has_lifecycle: bool,  # noqa: FBT001 - drawn
) -> None:
    table = read_wide(wide_rows(counts), SAME)
    detectors = list_detectors(1, RULES, list(Direction))
    thresholds = equal_thresholds(len(detectors), threshold=1e4, false_alarms_per_million=0.1)
    run = DetectionRun(table, Plan(detectors, thresholds, has_lifecycle=has_lifecycle))
    history = PlotHistory(table.n_panes, len(detectors))
    facts: list[msgspec.Struct] = [run.setup()]
    for step in run_detectors(table, run.plan):
        run.take(step)
        history.take(step)
        facts += [run.pane(step), *map(run.change, step.changes)]
    facts += run.pairs()
    assert all(math.isfinite(number) for number in numbers_in(msgspec.to_builtins(facts)))
    assert "nan" not in draw_chart(run, history).lower()


def numbers_in(fact: Any) -> list[float]:
    if isinstance(fact, dict):
        fact = list(fact.values())
    if isinstance(fact, list | tuple):
        return [number for part in fact for number in numbers_in(part)]
    return [fact] if isinstance(fact, int | float) else []
