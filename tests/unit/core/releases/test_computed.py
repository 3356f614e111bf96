"""Running totals that follow from windows."""

from __future__ import annotations

from stream_app.core.releases.computed import ComputedTotals, Counts, Known, Labels

F: Labels = ("f",)
M: Labels = ("m",)
SIZES_S = (60, 300)


def minutes(
    *shown: dict[Labels, Counts], start_s: int = 0, hidden: dict[int, set[Labels]] | None = None
) -> ComputedTotals:
    totals = ComputedTotals()
    for number, counts in enumerate(shown):
        begin_s = start_s + 60 * number
        totals.move_to(begin_s, begin_s + 60, SIZES_S)
        totals.add("sex", begin_s, begin_s + 60, counts, (hidden or {}).get(number, set()))
    return totals


def test_windows_that_show_a_group_one_after_the_other_give_its_total() -> None:
    totals = minutes({F: (12, 5), M: (30, 20)}, {F: (11, 6), M: (40, 20)})
    assert totals.newest("sex") == Known({F: (23, 11), M: (70, 40)}, set())


def test_a_group_that_one_window_hides_is_not_known_until_a_larger_window_shows_it() -> None:
    totals = minutes(*[{M: (30, 20)}] * 5, hidden={2: {F}})
    assert totals.newest("sex") == Known({M: (150, 100)}, {F})
    totals.add("sex", 0, 300, {F: (22, 9)}, {M})
    assert totals.newest("sex") == Known({F: (22, 9), M: (150, 100)}, set())


def test_a_larger_window_that_began_before_the_first_decision_counts_from_then_on() -> None:
    totals = minutes({F: (12, 5)}, start_s=240, hidden={0: {M}})
    totals.add("sex", 0, 300, {F: (12, 5), M: (14, 3)}, set())
    assert totals.newest("sex") == Known({F: (12, 5), M: (14, 3)}, set())


def test_time_without_decisions_changes_nothing() -> None:
    totals = minutes({F: (12, 5)})
    totals.move_to(660, 720, SIZES_S)
    totals.add("sex", 660, 720, {F: (10, 1)}, set())
    assert totals.newest("sex") == Known({F: (22, 6)}, set())
    totals.move_to(840, 900, SIZES_S)
    totals.add("sex", 840, 900, {M: (11, 1)}, {F})
    totals.add("sex", 600, 900, {F: (13, 2), M: (11, 1)}, set())
    assert totals.newest("sex") == Known({F: (25, 7), M: (11, 1)}, set())


def test_what_was_counted_before_the_first_window_is_not_known() -> None:
    totals = minutes({F: (12, 5)}, start_s=600)
    totals.begin_at(600)
    assert totals.newest("sex") == Known({F: (12, 5)}, set())
    totals.begin_at(0)
    assert totals.newest("sex") is None
    totals.move_to(660, 720, SIZES_S)
    totals.add("sex", 660, 720, {F: (12, 5)}, set())
    assert totals.newest("sex") is None
    totals.learn("sex", {F: (80, 40)}, set())
    assert totals.newest("sex") == Known({F: (80, 40)}, set())


def test_totals_that_were_shown_make_known_what_windows_hid() -> None:
    totals = minutes({M: (30, 20)}, hidden={0: {F}})
    totals.learn("sex", {F: (14, 2)}, {M})
    assert totals.newest("sex") == Known({F: (14, 2), M: (30, 20)}, set())
