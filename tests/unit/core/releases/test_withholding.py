"""What tables of freely chosen ranges may show beside what was shown before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

import pytest

from stream_app.core.releases.knowledge import Knowledge, StoredChain, WithheldCount
from stream_app.core.releases.withholding import Cell, Group, ReleasedTable, choose_shown

K = 10


def table(start_s: int, end_s: int, hidden: Collection[str] = (), part: str = "", **people: int) -> ReleasedTable:
    """Return a table of races, ``a_b`` for two groups that are counted as one."""
    groups: dict[str, Group] = {name: frozenset(name.split("_")) for name in people}
    return ReleasedTable(
        attributes=("race",),
        groups=(tuple(groups.values()),),
        start_s=start_s,
        end_s=end_s,
        people={(groups[name],): n for name, n in people.items() if n},
        shown=[(groups[name],) for name, n in people.items() if n and name not in hidden],
        part=part,
    )


class Ledger:
    """Shows tables one after the other, each in a process of its own."""

    def __init__(self) -> None:
        self.stored: list[StoredChain] = []
        self.withheld: list[WithheldCount] = []

    def show(self, *tables: ReleasedTable) -> list[set[str]]:
        """Return the groups that each table shows."""
        knowledge = Knowledge(K, self.stored, self.withheld)
        kept = choose_shown(knowledge, tables)
        self.stored += knowledge.news()
        self.withheld += knowledge.newly_withheld()
        return [{" & ".join("_".join(sorted(group)) for group in cell) for cell in cells} for cells in kept]


@pytest.mark.parametrize("second", [(0, 610), (10, 600)])
def test_of_two_ranges_ten_seconds_apart_the_second_shows_what_differs_by_nobody_or_many(
    second: tuple[int, int],
) -> None:
    """One of the attacks that worked: two replays with ``--to`` 10 s apart."""
    ledger = Ledger()
    ledger.show(table(0, 600, black=300, white=900, asian=500, other=400))
    change = -1 if second[0] else 1
    later = table(*second, black=300 + change * 8, white=900 + change * 30, asian=500, other=400 + change * 20)
    assert ledger.show(later) == [{"white", "asian"}]


def test_of_two_groups_one_is_the_total_minus_the_other() -> None:
    ledger = Ledger()
    ledger.show(table(0, 600, female=300, male=900))
    assert ledger.show(table(0, 610, female=308, male=930)) == [set()]


def test_the_same_range_again_is_the_same_and_costs_nothing() -> None:
    ledger = Ledger()
    ledger.show(table(0, 600, black=300, white=900, asian=500))
    second = table(0, 610, black=308, white=930, asian=530)
    shown = ledger.show(second)
    size = len(ledger.stored)
    assert ledger.show(second) == shown
    assert len(ledger.stored) == size


def test_ranges_that_differ_by_nobody_or_by_many_are_fine() -> None:
    ledger = Ledger()
    ledger.show(table(0, 600, black=300, white=900))
    assert ledger.show(table(0, 610, black=300, white=910)) == [{"black", "white"}]
    assert ledger.show(table(700, 900, black=12, white=14)) == [{"black", "white"}]


def test_windows_of_two_sizes_are_compared_at_every_moment_that_follows() -> None:
    """One of the attacks that worked: what-if windows of 1m, 50s and 20s in one run."""
    ledger = Ledger()
    ledger.show(table(0, 60, black=40, white=90, asian=80), table(60, 120, black=40, white=90, asian=80))
    assert ledger.show(table(0, 50, black=33, white=70, asian=60)) == [{"white"}]


def test_a_range_that_closes_a_circle_of_former_ones_is_compared() -> None:
    ledger = Ledger()
    ledger.show(table(0, 100, black=100, white=100), table(100, 200, black=100, white=100))
    assert ledger.show(table(0, 195, black=195, white=188)) == [set()]


def test_what_was_hidden_is_not_the_total_minus_what_a_later_range_shows() -> None:
    """A minute hides two groups; an hour minus its other minutes would show one of them."""
    ledger = Ledger()
    ledger.show(table(0, 60, ["black", "asian"], black=6, white=90, asian=12, other=50))
    ledger.show(table(60, 120, black=40, white=90, asian=80, other=50))
    [shown] = ledger.show(table(0, 120, black=46, white=180, asian=92, other=100))
    assert shown == {"white", "other"}


def test_hidden_groups_together_are_not_few_between_two_ranges() -> None:
    ledger = Ledger()
    ledger.show(table(0, 60, ["black", "asian"], black=9, asian=7, white=900, other=500))
    [shown] = ledger.show(table(0, 70, ["black", "asian"], black=12, asian=9, white=930, other=530))
    assert shown == {"white"}


def test_a_log_that_has_grown_by_a_few_is_not_shown_again() -> None:
    ledger = Ledger()
    ledger.show(table(0, 600, black=300, white=900, asian=500))
    assert ledger.show(table(0, 600, black=303, white=940, asian=520)) == [set()]
    assert ledger.show(table(0, 600, black=330, white=990, asian=560)) == [set()]


def test_a_log_that_has_grown_by_many_is_shown_again() -> None:
    ledger = Ledger()
    ledger.show(table(0, 600, black=300, white=900, asian=500))
    assert ledger.show(table(0, 600, black=300, white=940, asian=520)) == [{"black", "white", "asian"}]


def test_a_group_folded_into_another_is_the_difference() -> None:
    """One of the attacks that worked: a group map that folds one group into another."""
    original = table(0, 600, ["asian"], black=300, asian=6, white=900, other=500)
    few = table(0, 600, black_asian=306, white=900, other=500)
    assert Ledger().show(original, few) == [{"black", "white"}, {"white"}]
    many = table(0, 600, black_white=1200, asian=40, other=500)
    assert Ledger().show(table(0, 600, black=300, asian=40, white=900, other=500), many)[1] == {
        "black_white",
        "asian",
        "other",
    }


def test_a_group_minus_all_groups_inside_it_is_the_difference() -> None:
    ledger = Ledger()
    ledger.show(table(0, 600, ["white", "other"], black=300, asian=200, white=4, other=500))
    assert ledger.show(table(0, 600, black_asian_white=504, other=500)) == [set()]


def test_decisions_that_are_left_out_are_not_few() -> None:
    """A scenario without records of a high anomaly score is the original minus a few people."""
    ledger = Ledger()
    ledger.show(table(0, 600, black=300, white=900, asian=500))
    [shown] = ledger.show(table(0, 600, part="anomaly score below 0.7", black=296, white=880, asian=480))
    assert shown == {"white"}


def cross(start_s: int, end_s: int, women: Mapping[str, int], men: Mapping[str, int]) -> ReleasedTable:
    """Return a table of genders by races, without what is small."""
    genders, races = (frozenset("f"), frozenset("m")), tuple(frozenset([name]) for name in women)
    people: dict[Cell, int] = {
        (genders[place], frozenset([race])): n for place, row in enumerate((women, men)) for race, n in row.items()
    }
    shown = [cell for cell, n in people.items() if n >= K]
    return ReleasedTable(("gender", "race"), (genders, races), start_s, end_s, people, shown)


def test_an_intersection_is_not_a_margin_minus_the_others() -> None:
    """Women minus white and black women, of two ranges, are a few Asian women."""
    ledger, men = Ledger(), {"white": 90, "black": 90, "asian": 90}
    gender = table(0, 60, f=240, m=270)._replace(attributes=("gender",))
    ledger.show(gender, cross(0, 60, {"white": 100, "black": 80, "asian": 60}, men))
    later = gender._replace(end_s=70, people={cell: n + 60 for cell, n in gender.people.items()})
    shown = ledger.show(
        later, cross(0, 70, {"white": 131, "black": 105, "asian": 64}, {name: n + 20 for name, n in men.items()})
    )
    assert shown[0] == {"f", "m"}
    women = {cell for cell in shown[1] if cell.startswith("f")}
    assert len(women) == 1
    assert women < {"f & white", "f & black"}


def test_a_few_later_decisions_of_a_group_that_is_hidden_are_not_the_rest() -> None:
    """The log has grown: the total and two groups by many, and so the third by a few."""
    ledger = Ledger()
    ledger.show(table(0, 600, black=300, white=900, asian=500))
    assert ledger.show(table(0, 600, ["asian"], black=320, white=940, asian=504)) == [set()]


def _people_between(tables: Iterable[ReleasedTable], chain: StoredChain, start: float, end: float) -> int:
    """Count the people of a set again; it is of the attributes of the tables, and these have neighboring ranges."""
    inside = [each for each in tables if start <= each.start_s and each.end_s <= end]
    names = chain.attribute.split("+") if chain.attribute else []
    return sum(
        n
        for each in inside
        for cell, n in each.people.items()
        if not names
        or tuple(min(group) for name, group in zip(each.attributes, cell, strict=True) if name in names)
        in chain.members
    )


@pytest.mark.parametrize("later_start_s", [0, 120])
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("race", ["white", "black", "asian"])
def test_every_noted_count_is_true_where_a_later_range_has_nobody_in_a_cell_that_was_hidden(
    race: str, place: int, later_start_s: int
) -> None:
    """Two intersections of a line are hidden, the small one and another; the line consists of them in later ranges too.

    Without the small one, the other would be noted with the people of both.
    """
    few, many = {"white": 60, "black": 40, "asian": 30, race: 6}, {"white": 90, "black": 80, "asian": 70}
    first = cross(60, 120, *((few, many) if place == 0 else (many, few)))
    line = [cell for cell in first.shown if cell[0] == (frozenset("f"), frozenset("m"))[place]]
    first = first._replace(shown=[cell for cell in first.shown if cell != line[0]])
    genders = {cell[:1]: sum(n for each, n in first.people.items() if each[0] == cell[0]) for cell in first.people}
    gender = ReleasedTable(("gender",), first.groups[:1], 60, 120, genders, list(genders))
    nobody = {cell: n for cell, n in first.people.items() if n >= K}
    later = first._replace(start_s=later_start_s, end_s=later_start_s + 60, people=nobody, shown=list(nobody))
    ledger = Ledger()
    ledger.show(gender, first)
    ledger.show(later)
    noted = [
        (chain, start, end, after - before)
        for chain in ledger.stored
        for (start, before), (end, after) in pairwise(zip(chain.moments, chain.values, strict=True))
    ]
    assert noted
    for chain, start, end, n in noted:
        assert n == _people_between((first, later), chain, start, end), chain
