"""A window beside the smaller ones inside it."""

from __future__ import annotations

from stream_app.core.releases.nested import HiddenParts, Labels

A: Labels = ("a",)
B: Labels = ("b",)
C: Labels = ("c",)
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


def test_joined_parts_forget_what_was_released_inside_them() -> None:
    parts = parts_of({A: 6, B: 12}, {A: 6, B: 12})
    parts.release(0, 600, {C})
    parts.join(0, 1200)
    assert parts.releases == []
    assert list(parts.sums.values()) == [{A: 12, B: 24}]
