"""The disclosed table of an attribute: ratios to the highest rate, the share rule, and nothing of a hidden group."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.cells import Cells
from stream_app.errors import ConfigError
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.replay.tables.choice import choose_tables
from stream_app.pipeline.replay.tables.group_table import GroupTable, TableGroup, table_of
from stream_app.policy import parse_policy

MODEL = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t" }
attributes = [
    { name = "sex", path = "sex", groups = ["f", "m"], reference = "m" },
    { name = "race", path = "race", groups = ["a", "b", "w"], reference = "w" },
]
windows = [{ name = "1h", size_s = 3600 }]
""").models[0]
LAYOUT = layout_of(MODEL)
K = 10


def cells_of(counts: dict[tuple[str, str], tuple[int, int]]) -> Cells:
    """Return cells for n and favorable by sex and race."""
    labels = [dict(LAYOUT.dimensions)[name] for name in ("sex", "race")]
    cells: Cells = {}
    for (sex, race), (n, favorable) in counts.items():
        for decision, number in enumerate((favorable, n - favorable)):
            if number:
                cells[LAYOUT.code_of((labels[0].index(sex), labels[1].index(race), decision))] = [number]
    return cells


def table(counts: dict[tuple[str, str], tuple[int, int]], *names: str, exclude_below: float = 0.0) -> GroupTable:
    return table_of(MODEL, cells_of(counts), names, exclude_below=exclude_below, k=K)


def by_group(made: GroupTable) -> dict[str, TableGroup]:
    return {group.group: group for group in made.groups}


def test_the_impact_ratio_is_the_rate_over_the_highest_rate_whatever_the_reference() -> None:
    made = table({("f", "a"): (100, 60), ("f", "b"): (100, 80), ("m", "w"): (200, 100)}, "race")
    groups = by_group(made)
    assert made.highest == "b"
    assert [groups[name].impact_ratio for name in ("a", "b", "w")] == [0.75, 1.0, 0.625]
    assert [groups[name].ratio for name in ("a", "b", "w")] == [1.2, 1.6, None]
    assert groups["a"].gap == pytest.approx(0.1)
    assert made.n == 400


def test_a_group_below_the_share_is_named_with_its_rate_and_is_neither_compared_nor_the_highest() -> None:
    counts = {("f", "a"): (19, 19), ("f", "b"): (500, 250), ("m", "w"): (481, 300)}
    groups = by_group(table(counts, "race", exclude_below=0.02))
    assert (groups["a"].n, groups["a"].rate, groups["a"].share) == (19, 1.0, 0.019)
    assert (groups["a"].impact_ratio, groups["a"].no_impact_ratio) == (None, "excluded")
    assert groups["w"].impact_ratio == 1.0
    counts[("f", "a")] = (20, 20)
    counts[("m", "w")] = (480, 300)
    exactly = by_group(table(counts, "race", exclude_below=0.02))
    assert exactly["a"].impact_ratio == 1.0  # a share of exactly 0.02 is not below it


def test_unknown_people_are_counted_and_in_no_ratio_nor_share() -> None:
    made = table({("f", "w"): (50, 25), ("m", "w"): (50, 50), ("unknown", "w"): (30, 30)}, "sex")
    groups = by_group(made)
    assert made.n_undeclared == 30
    assert (groups["unknown"].n, groups["unknown"].no_impact_ratio, groups["unknown"].share) == (30, "undeclared", None)
    assert (groups["f"].share, groups["f"].impact_ratio) == (0.5, 0.5)


def test_few_unknown_people_are_withheld_and_the_table_says_so() -> None:
    made = table({("f", "w"): (50, 25), ("m", "w"): (60, 50), ("unknown", "w"): (3, 3)}, "sex")
    assert made.n_undeclared is None
    assert "unknown" not in by_group(made)
    assert by_group(made)["f"].hidden == "complementary"


def test_where_no_one_is_selected_no_ratio_is_formed() -> None:
    groups = by_group(table({("f", "w"): (50, 0), ("m", "w"): (50, 0)}, "sex"))
    assert {group.no_impact_ratio for group in groups.values()} == {"highest_rate_zero"}
    assert groups["f"].ratio is None


def test_an_intersection_has_every_combination_and_its_own_highest() -> None:
    made = table(
        {("f", "a"): (40, 10), ("f", "w"): (40, 20), ("m", "a"): (40, 30), ("m", "w"): (40, 40)}, "sex", "race"
    )
    assert made.attribute == "sex+race"
    assert (made.reference, made.highest) == ("m & w", "m & w")
    assert [group.group for group in made.groups] == ["f & a", "f & b", "f & w", "m & a", "m & b", "m & w"]
    assert by_group(made)["f & b"].hidden == "small_cell"  # empty, and looks like a small one


group_counts = st.integers(0, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
tables = st.dictionaries(
    st.tuples(st.sampled_from(("f", "m", "unknown")), st.sampled_from(("a", "b", "w", "__other__"))),
    group_counts,
    min_size=1,
)


@given(tables, st.sampled_from((("sex",), ("race",), ("sex", "race"))), st.sampled_from((0.0, 0.1)))
def test_nothing_depends_on_who_of_a_hidden_group_was_selected(
    counts: dict[tuple[str, str], tuple[int, int]], names: tuple[str, ...], exclude_below: float
) -> None:
    made = table(counts, *names, exclude_below=exclude_below)
    shown = {group.group for group in made.groups if group.n is not None}
    places = [("sex", "race").index(name) for name in names]
    changed = {
        labels: (n, favorable if " & ".join(labels[place] for place in places) in shown else n - favorable)
        for labels, (n, favorable) in counts.items()
    }
    assert table(changed, *names, exclude_below=exclude_below) == made
    assert all(group.n >= K for group in made.groups if group.n is not None)
    hidden = [group for group in made.groups if group.hidden]
    empty = {name: None for name in TableGroup.__struct_fields__ if name not in ("group", "hidden", "no_impact_ratio")}
    assert all(empty.items() <= msgspec.structs.asdict(group).items() for group in hidden)


def test_tables_are_chosen_by_name_in_any_order_and_a_wrong_name_is_an_error() -> None:
    assert choose_tables(MODEL, []) == [("sex",), ("race",), ("sex", "race")]
    assert choose_tables(MODEL, ["race+sex", "sex", "sex + race"]) == [("sex", "race"), ("sex",)]
    with pytest.raises(ConfigError, match="Known: sex, race"):
        choose_tables(MODEL, ["age"])
