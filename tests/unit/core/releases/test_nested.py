"""A window beside the smaller ones inside it."""

from __future__ import annotations

from stream_app.core.releases.hidden_system import Labels, Past
from stream_app.core.releases.nested import HiddenParts

A: Labels = ("a",)
B: Labels = ("b",)
C: Labels = ("c",)
CELLS: tuple[Labels, ...] = (("m", "b"), ("x", "b"), ("m", "w"), ("x", "w"))
HOUR = {A: 300, B: 400, C: 500}


def parts_of(*hidden: dict[Labels, int]) -> HiddenParts:
    parts = HiddenParts()
    for place, people in enumerate(hidden):
        parts.add(600 * place, people)
    return parts


def test_a_window_beside_windows_that_hide_nothing_shows_everything() -> None:
    assert parts_of({}, {}).shown_beside(HOUR, {A, B, C}, 10) == {A, B, C}


def test_a_group_that_one_minute_hides_would_be_the_hour_minus_the_other_minutes() -> None:
    assert parts_of({A: 6, B: 12}).shown_beside(HOUR, {A, B, C}, 10) == {C}


def test_a_group_that_every_minute_hides_is_shown_by_the_hour() -> None:
    parts = parts_of(*({A: 5, B: 12} for _ in range(60)))
    assert parts.shown_beside(HOUR | {B: 720}, {A, B, C}, 10) == {A, B, C}


def test_a_window_in_between_cuts_the_hour_in_parts() -> None:
    """Two minutes with 6 people each: together enough, apart not, once the ten minutes around one of them are known."""
    assert parts_of({A: 6, B: 12}, {A: 6, B: 12}).shown_beside(HOUR, {A, B, C}, 10) == {A, B, C}
    parts = parts_of({A: 6, B: 12}, {A: 6, B: 12})
    parts.release(0, 600, {A, B, C})
    assert A not in parts.shown_beside(HOUR, {A, B, C}, 10)


def test_people_that_no_smaller_window_shows_are_not_the_difference() -> None:
    assert A not in HiddenParts().shown_beside(HOUR, {A, B, C}, 10, {A: 3})
    assert HiddenParts().shown_beside(HOUR, {A, B, C}, 10, {A: 10}) == {A, B, C}


def test_too_many_hidden_cells_leave_what_the_smaller_windows_showed() -> None:
    parts = HiddenParts()
    for minute in range(500):
        parts.add(60 * minute, {A: 6, B: 12})
    assert parts.is_full
    assert parts.shown_beside(HOUR, {A, B, C}, 10) == {C}


def test_totals_that_were_divided_by_a_window_in_between_are_not_the_difference() -> None:
    """The hour is shown by two halves: one shows a group, the other hides it and one of its minutes shows 12 of 19."""
    parts = HiddenParts()
    parts.add(0, {B: 7, C: 5})
    parts.add(0, {A: 7, C: 20})
    parts.add(1800, {A: 26, C: 30})
    parts.release(0, 1800, {B})
    parts.release(1800, 3600, {A, B, C})
    parts.sum_up(10)
    assert A not in parts.shown_beside({A: 45, B: 151, C: 80}, {A, B, C}, 10)


def test_what_was_summed_up_is_shown_with_enough_of_later_windows() -> None:
    parts = parts_of({A: 6, B: 12})
    parts.sum_up(10)
    assert parts.sums == {}
    assert parts.past == Past({A: 6, B: 12}, (frozenset({A, B}),), frozenset({A, B}), {A: 12, B: 6})
    assert parts.shown_beside(HOUR, {A, B, C}, 10) == {C}
    parts.add(600, {A: 6, B: 12})
    assert parts.shown_beside(HOUR, {A, B, C}, 10) == {A, B, C}
    parts.sum_up(10)
    assert parts.past.guarded == set()
    parts.show({A, B, C})
    assert parts.is_empty


def test_a_sum_of_two_groups_that_is_known_gives_both_when_one_is_shown() -> None:
    past = Past({A: 20, B: 30, C: 40}, (frozenset({A, B}),), frozenset())
    assert past.without({A}) == Past({C: 40})
    assert past.without({C}) == Past({A: 20, B: 30}, (frozenset({A, B}),))


def test_of_the_past_only_those_count_whom_no_window_has_shown() -> None:
    """The first half hour shows a group of 15, the second hides 5: with 2 later ones, a total would give 7."""
    parts = HiddenParts()
    parts.add(0, {A: 6, B: 12})
    parts.add(0, {A: 9, B: 16})
    parts.release(0, 1800, {A, B, C})
    parts.add(1800, {A: 5, B: 17})
    parts.release(1800, 3600, {C})
    parts.sum_up(10)
    assert parts.past.people == {A: 5, B: 17}
    parts.add(3600, {A: 2, B: 30})
    assert A not in parts.shown_beside({A: 340, B: 480, C: 500}, {A, B, C}, 10)


def test_those_whom_windows_show_only_together_with_a_group_do_not_follow_from_its_total() -> None:
    """Before and after the end of an hour one minute hides two groups: one is shown by the total, the other is 2."""
    parts = HiddenParts()
    for hour in range(2):
        parts.add(3600 * hour, {A: 23, B: 1})
        parts.release(3600 * hour, 3600 * hour + 1800, {C})
        parts.sum_up(10)
    assert parts.past.people == {A: 46, B: 2}
    assert parts.past.beside == {A: 2, B: 46}
    assert A not in parts.shown_beside({A: 246, B: 32, C: 500}, {A, B, C}, 10)


def test_a_group_of_a_window_in_between_is_not_the_rest_where_a_few_people_are_known_anyway() -> None:
    """The hour shows 20, its second half 11: the first would be 9, in minutes that hide different groups."""
    parts, unknown = HiddenParts(), ("d",)
    parts.add(0, {A: 1, B: 1, C: 4, unknown: 1})
    parts.add(0, {A: 8, B: 3, C: 20})
    parts.add(1800, {A: 11, B: 14, C: 47})
    parts.release(0, 1800, {C})
    parts.release(1800, 3600, {A, B, C})
    assert A not in parts.shown_beside({A: 20, B: 18, C: 71, unknown: 1}, {A, C}, 10)


def test_three_windows_that_show_a_cell_with_the_hour_alone_do_not_reveal_what_is_beside_it() -> None:
    """The hour shows the cell; of the margin of the three windows the rest is 9 people, however it is divided."""
    cell, rest, other, corner = CELLS
    parts = parts_of(*({cell: 40, rest: 3, other: 50, corner: 12} for _ in range(3)))
    for start_s in (1800, 2400):
        parts.add(start_s, {rest: 6, corner: 6, ("f", "b"): 20, ("f", "w"): 30})
    hour: dict[Labels, int] = {cell: 400, rest: 21, other: 700, corner: 48, ("f", "b"): 380, ("f", "w"): 650}
    assert parts.shown_beside(hour, {cell}, 10) == set()
    parts.add(3000, {cell: 40, rest: 3, other: 50, corner: 12})
    assert parts.shown_beside(hour | {rest: 24}, {cell}, 10) == {cell}
