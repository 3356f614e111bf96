"""Intersections of a window beside all tables of the windows inside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from stream_app.core.releases.crossed import InnerTables, Leaf, ShownCells, protect_crossed
from stream_app.core.releases.joint import Labels, TableRelease

FIRST: dict[Labels, int] = {("f", "b"): 8, ("m", "b"): 17, ("f", "w"): 49, ("m", "w"): 45}
SECOND: dict[Labels, int] = {("f", "b"): 20, ("m", "b"): 30, ("f", "w"): 40, ("m", "w"): 50}
GENDER = frozenset({("gender", ("f",)), ("gender", ("m",))})
RACE = frozenset({("race", ("b",)), ("race", ("w",))})
BOTH = "gender+race"


def tables_of(*windows: Mapping[Labels, int]) -> dict[str, TableRelease]:
    tables = {}
    for name, places in (("gender", (0,)), ("race", (1,)), (BOTH, (0, 1))):
        people: dict[Labels, int] = {}
        for window in windows:
            for labels, n in window.items():
                cell = tuple(labels[place] for place in places)
                people[cell] = people.get(cell, 0) + n
        tables[name] = TableRelease(places, people, set(people))
    return tables


PLACES = {"gender": (0,), "race": (1,), BOTH: (0, 1)}


def inner_of(*windows: tuple[ShownCells, Mapping[Labels, int]]) -> InnerTables:
    inner = InnerTables()
    for shown, people in windows:
        inner.add(shown, people, PLACES, 10)
    return inner


def shown_beside(inner: InnerTables, *windows: Mapping[Labels, int]) -> set[Labels]:
    tables = tables_of(*(windows or (FIRST, SECOND)))
    return protect_crossed(inner, tables, {name: set(table.shown) for name, table in tables.items()}, 10)[BOTH]


def test_the_rest_of_a_group_in_the_other_windows_is_not_an_intersection_of_a_few() -> None:
    """The ten minutes show black men and all black people; the hour minus the other minutes is 8 black women."""
    assert shown_beside(inner_of((GENDER | RACE, FIRST))) == set()


def test_where_the_window_inside_shows_no_margin_the_hour_shows_its_intersections() -> None:
    assert shown_beside(inner_of((frozenset(), {cell: 3 * n for cell, n in FIRST.items()}))) == set(FIRST)


def test_without_windows_that_hide_anything_everything_is_shown() -> None:
    assert shown_beside(InnerTables()) == set(FIRST)


@pytest.mark.parametrize(
    ("shown", "people", "left"),
    [
        (GENDER | RACE, FIRST, FIRST),
        (GENDER | RACE | {(BOTH, ("f", "b"))}, FIRST, {}),  # one cell of four leaves nothing open
        (GENDER | {(BOTH, ("f", "b"))}, FIRST, {("m", "b"): 17, ("m", "w"): 45}),
        (frozenset(), {("f", "b"): 10}, {}),  # everybody is known
        (frozenset(), {("f", "b"): 9}, {("f", "b"): 9}),  # who they are is not
        (GENDER, {("f", "b"): 8, ("m", "b"): 9, ("f", "w"): 0}, {}),
        (frozenset(), {("f", "b"): 8, ("m", "w"): 9}, {("f", "b"): 8, ("m", "w"): 9}),
        (GENDER, {}, {}),
    ],
)
def test_only_cells_that_do_not_follow_from_their_own_window_are_open(
    shown: ShownCells, people: Mapping[Labels, int], left: Mapping[Labels, int]
) -> None:
    leaves = inner_of((shown, people)).leaves
    assert list(leaves.values()) == ([left] if left else [])
    assert [leaf.open for leaf in leaves] == ([frozenset(left)] if left else [])


def ten_minutes(*minutes: tuple[ShownCells, Mapping[Labels, int]]) -> tuple[InnerTables, dict[Labels, int]]:
    """Return what some minutes leave open, and the people of the ten minutes that contain them."""
    total: Counter[Labels] = Counter()
    for _, people in minutes:
        total.update(people)
    return inner_of(*minutes), dict(total)


def test_the_hour_is_tested_beside_minutes_of_different_ten_minutes() -> None:
    """The hour minus the minutes that show everything is two minutes with 8 black women; ten minutes show nothing."""
    few, everything = {**FIRST, ("f", "b"): 4}, frozenset((BOTH, labels) for labels in SECOND)
    minutes, people = ten_minutes((GENDER | RACE, few), (everything, SECOND))
    hour = InnerTables()
    for _ in range(2):
        hour.add(frozenset(), people, PLACES, 10, minutes)
    assert shown_beside(inner_of((frozenset(), people), (frozenset(), people)), people, people) == set(FIRST)
    assert shown_beside(hour, people, people) == set()


def test_windows_with_one_kind_of_open_cells_are_summed_and_others_are_kept_apart() -> None:
    hour, shown = InnerTables(), GENDER
    for number in range(3):
        inner, people = ten_minutes((GENDER | RACE, FIRST))
        hour.add(shown if number < 2 else frozenset(), people, PLACES, 10, inner)
    assert len(hour.releases) == 2
    assert sorted(sum(people.values()) for people in hour.leaves.values()) == [119, 238]
    day = InnerTables()
    day.add(GENDER, {labels: 9 * n for labels, n in FIRST.items()}, PLACES, 10, hour)
    assert sorted(sorted(leaf.around) for leaf in day.leaves) == [[0, 2], [1, 2]]
    assert len(day.releases) == 3


def test_a_window_that_leaves_nothing_open_hides_what_is_open_inside_it() -> None:
    hour = InnerTables()
    inner, people = ten_minutes((GENDER | RACE, FIRST))
    hour.add(GENDER | RACE | {(BOTH, ("f", "b"))}, people, PLACES, 10, inner)
    assert (hour.leaves, hour.releases) == ({}, [])


def test_windows_beyond_a_number_are_taken_as_known_those_of_the_fewest_people_first() -> None:
    inner = InnerTables()
    for number in range(60):
        people: dict[Labels, int] = {(f"g{place}", "b"): number + 1 for place in range(number, number + 10)}
        inner.add(frozenset({("race", ("b",))}), people, PLACES, 10)
    assert len(inner.leaves) == 40
    assert min(n for people in inner.leaves.values() for n in people.values()) == 21


def test_a_window_with_too_much_open_inside_is_taken_as_one() -> None:
    minutes: list[tuple[ShownCells, dict[Labels, int]]] = [
        (GENDER, {(f"g{place}", f"r{number}"): 9 for place in range(20)}) for number in range(15)
    ]
    hour = InnerTables()
    for _ in range(2):
        hour.add(frozenset(), ten_minutes(*minutes)[1], PLACES, 10, inner_of(*minutes))
    assert [(leaf.around, leaf.shown) for leaf in hour.leaves][-1] == (frozenset(), frozenset())
    assert all(isinstance(leaf, Leaf) for leaf in hour.leaves)
