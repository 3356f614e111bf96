"""Intersections of a window beside all tables of the windows inside it."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.core.releases.crossed import Blocks, add_block, protect_crossed
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


def shown_beside(blocks: Blocks) -> set[Labels]:
    tables = tables_of(FIRST, SECOND)
    return protect_crossed(blocks, tables, {name: set(table.shown) for name, table in tables.items()}, 10)[BOTH]


def test_the_rest_of_a_group_in_the_other_windows_is_not_an_intersection_of_a_few() -> None:
    """The ten minutes show black men and all black people; the hour minus the other minutes is 8 black women."""
    blocks: Blocks = {}
    add_block(blocks, GENDER | RACE, FIRST)
    assert shown_beside(blocks) == set()


def test_where_the_window_inside_shows_no_margin_the_hour_shows_its_intersections() -> None:
    blocks: Blocks = {}
    add_block(blocks, frozenset(), {cell: 3 * n for cell, n in FIRST.items()})
    assert shown_beside(blocks) == set(FIRST)


def test_without_windows_that_hide_anything_everything_is_shown() -> None:
    assert shown_beside({}) == set(FIRST)


def test_windows_beyond_a_number_are_taken_as_known_those_of_the_fewest_people_first() -> None:
    blocks: Blocks = {}
    for number in range(60):
        people: dict[Labels, int] = {(f"g{place}", "b"): number + 1 for place in range(10)}
        add_block(blocks, frozenset({("gender", (f"g{number}",))}), people)
    assert len(blocks) == 40
    assert min(n for people in blocks.values() for n in people.values()) == 21
