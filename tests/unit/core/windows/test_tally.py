"""Closed periods and windows are yielded one by one; time moves by reports, and by the clock where all is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.core.windows.tally import Tally
from stream_app.core.windows.tally_changes import ClosedPeriod, ClosedWindow
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import WindowSpec

SOURCE, OTHER = SourcePartition("raw", 0), SourcePartition("raw", 1)
CONFIG = TallyConfig(
    pane_s=10,
    out_of_orderness_s=0,
    revision_s=0,
    windows=(WindowSpec("20s", 20), WindowSpec("30s", 30)),
    period_s=10,
    wait_s=100.0,
    idle_s=5.0,
)
MINUTES = replace(CONFIG, windows=(WindowSpec("1m", 60), WindowSpec("5m", 300)), period_s=60)


def progress(closed_before_s: int | None, *, is_idle: bool = False, next_offset: int | None = None) -> SourceProgress:
    """Return the report of a partition; without an offset, event time is the offset."""
    offset = (closed_before_s or 0) if next_offset is None else next_offset
    return SourceProgress(offset, closed_before_s, closed_before_s, is_idle=is_idle)


def one(n: int = 1) -> dict[int, list[int]]:
    return {1: [n]}


def listed(closings: Iterable[ClosedPeriod | ClosedWindow]) -> list[object]:
    """Return what closed: start and count of a period, name, start and count of a window."""
    return [
        (closing.start_s, closing.cells[1][0])
        if isinstance(closing, ClosedPeriod)
        else (*closing.key, closing.window.cells[1][0])
        for closing in closings
    ]


def test_periods_come_before_the_windows_that_they_belong_to_in_order_of_event_time() -> None:
    closed = listed(Tally(CONFIG).apply(SOURCE, 1, progress(30), {0: one(2), 10: one(3), 20: one(5)}))
    assert closed == [(0, 2), (10, 3), ("20s", 0, 5), (20, 5), ("30s", 0, 10)]


def test_a_period_has_all_its_panes_and_comes_once() -> None:
    tally = Tally(MINUTES)
    assert listed(tally.apply(SOURCE, 1, progress(50), {start_s: one() for start_s in range(0, 50, 10)})) == []
    assert listed(tally.apply(SOURCE, 1, progress(70), {50: one(), 60: one()})) == [(0, 6), ("1m", 0, 6)]
    assert listed(tally.apply(SOURCE, 1, progress(120), {70: one()})) == [(60, 2), ("1m", 60, 2)]


def test_while_a_period_is_consumed_its_windows_have_it_and_no_later_one() -> None:
    tally = Tally(CONFIG)
    seen = [
        (closing.start_s, tally.windows["30s", 0].cells[1][0])
        for closing in tally.apply(SOURCE, 1, progress(30), {start_s: one() for start_s in (0, 10, 20)})
        if isinstance(closing, ClosedPeriod)
    ]
    assert seen == [(0, 2), (10, 2), (20, 3)]  # a period waits for the next end of a window


@pytest.mark.parametrize(
    "change",
    [
        lambda tally: tally.take(SOURCE, 1, progress(20), {}),
        lambda tally: tally.apply(SOURCE, 1, progress(20), {}),
        lambda tally: tally.advance_to(20, 20),
        lambda tally: tally.tick(0.0),
        lambda tally: tally.revise(),
        lambda tally: tally.take_changes(),
    ],
    ids=["take", "apply", "advance_to", "tick", "revise", "take_changes"],
)
@pytest.mark.parametrize("n_consumed", [0, 1])
def test_closings_that_were_not_consumed_to_the_end_stop_every_change(
    change: Callable[[Tally], object], n_consumed: int
) -> None:
    tally = Tally(CONFIG)
    closings = tally.apply(SOURCE, 1, progress(20), {0: one(), 10: one()})
    for _ in range(n_consumed):
        next(closings)
    with pytest.raises(RuntimeError, match="not consumed"):
        change(tally)
    assert ClosedWindow in {type(closing) for closing in closings}
    change(tally)


def test_a_time_that_has_passed_closes_and_tests_nothing() -> None:
    tally = Tally(CONFIG)
    list(tally.apply(SOURCE, 1, progress(20), {0: one()}))
    for closings in (tally.advance_to(20, 20), tally.advance_to(29, 29), tally.advance_to(None, None)):
        assert list(closings) == []
    assert len(tally.take_changes().advances) == 1


def test_tests_wait_for_a_silent_partition_and_windows_do_not() -> None:
    tally = Tally(CONFIG)
    list(tally.apply(OTHER, 2, progress(0, is_idle=True), {}))
    assert listed(tally.apply(SOURCE, 2, progress(20), {0: one(), 10: one()})) == [("20s", 0, 2)]
    assert listed(tally.apply(OTHER, 2, progress(20), {0: one(5)})) == [(0, 6), (10, 1)]
    changes = tally.take_changes()
    assert (changes.n_tested, changes.n_untested, changes.revised) == (7, 0, {("20s", 0)})
    assert [(move.closed_before_s, move.tested_before_s) for move in changes.advances] == [(20, None), (20, 20)]


def test_a_partition_that_is_silent_for_too_long_is_not_waited_for_and_what_it_brings_then_is_not_tested() -> None:
    tally = Tally(replace(CONFIG, revision_s=1000))
    list(tally.apply(OTHER, 2, progress(0, is_idle=True), {}))
    list(tally.apply(SOURCE, 2, progress(20), {0: one(), 10: one()}))
    assert listed(tally.tick(1000.0)) == listed(tally.tick(1099.0)) == []
    assert listed(tally.tick(1100.0)) == [(0, 1), (10, 1)]
    assert listed(tally.apply(OTHER, 2, progress(20), {0: one(5), 20: one(3)})) == []
    changes = tally.take_changes()
    assert (changes.n_tested, changes.n_untested) == (2, 5)
    assert tally.windows["20s", 0].cells == {1: [7]}


def test_silence_starts_again_when_a_partition_delivers_something() -> None:
    tally = Tally(CONFIG)
    list(tally.apply(OTHER, 2, progress(0, is_idle=True), {}))
    list(tally.apply(SOURCE, 2, progress(10), {0: one()}))
    list(tally.tick(0.0))
    list(tally.apply(OTHER, 2, progress(0, next_offset=1), {}))
    list(tally.apply(OTHER, 2, progress(0, is_idle=True, next_offset=1), {}))
    assert listed(tally.tick(100.0)) == listed(tally.tick(199.0)) == []
    assert listed(tally.tick(200.0)) == [(0, 1)]


def test_a_lane_that_was_only_restarted_does_not_make_the_tests_wait_again() -> None:
    tally = Tally(CONFIG)
    list(tally.apply(OTHER, 2, progress(0, is_idle=True), {}))
    list(tally.apply(SOURCE, 2, progress(10), {0: one()}))
    list(tally.tick(0.0))
    assert listed(tally.tick(100.0)) == [(0, 1)]
    list(tally.apply(OTHER, 2, progress(0), {}))  # as a restored lane reports before it knows that it is silent
    list(tally.apply(OTHER, 2, progress(0, is_idle=True), {}))
    assert listed(tally.apply(SOURCE, 2, progress(20), {10: one()})) == [(10, 1), ("20s", 0, 2)]


def test_a_partition_without_any_event_is_waited_for_a_moment_when_the_stream_wakes_up() -> None:
    tally = Tally(CONFIG)
    for source in (SOURCE, OTHER):
        list(tally.apply(source, 2, progress(None, is_idle=True), {}))
    list(tally.tick(0.0))
    list(tally.tick(500.0))
    assert listed(tally.apply(SOURCE, 2, progress(20), {0: one(), 10: one()})) == [("20s", 0, 2)]
    assert listed(tally.tick(501.0)) == listed(tally.tick(505.0)) == []
    assert listed(tally.tick(506.0)) == [(0, 1), (10, 1)]


def test_the_first_upload_to_all_partitions_is_tested_completely() -> None:
    tally = Tally(CONFIG)
    for source in (SOURCE, OTHER):
        list(tally.apply(source, 2, progress(None, is_idle=True), {}))
    list(tally.tick(0.0))
    list(tally.tick(500.0))
    list(tally.apply(SOURCE, 2, progress(20), {0: one(), 10: one()}))
    list(tally.tick(501.0))
    assert listed(tally.apply(OTHER, 2, progress(20), {0: one(), 10: one()})) == [(0, 2), (10, 2)]
    assert tally.take_changes().n_untested == 0


def test_what_is_not_tested_yet_can_always_be_corrected() -> None:
    tally = Tally(MINUTES)
    list(tally.apply(OTHER, 2, progress(0, is_idle=True), {}))
    list(tally.apply(SOURCE, 2, progress(90_000), {start_s: one() for start_s in range(0, 90_000, 60)}))
    assert len([key for key in tally.windows if key[0] == "1m"]) == 1500
    list(tally.apply(OTHER, 2, progress(90_000), {0: one(5)}))
    changes = tally.take_changes()
    assert (changes.n_late, changes.n_untested, changes.n_tested) == (0, 0, 1505)
    assert ("1m", 0) in changes.revised


def test_in_silence_time_moves_to_the_ends_of_windows_with_decisions_only() -> None:
    tally = Tally(MINUTES)
    list(tally.apply(SOURCE, 1, progress(130, is_idle=True), {120: one(), 130: one()}))
    assert listed(tally.tick(1000.0)) == []
    assert listed(tally.tick(1049.0)) == []
    assert listed(tally.tick(1050.0)) == [("1m", 120, 2)]
    assert [listed(tally.tick(float(now_s))) for now_s in range(1051, 1100)] == [[]] * 49
    assert listed(tally.tick(1100.0)) == [(120, 2)]  # wait_s is over
    assert [listed(tally.tick(float(now_s))) for now_s in range(1101, 1170)] == [[]] * 69
    assert listed(tally.tick(1170.0)) == [("5m", 0, 2)]
    assert listed(tally.tick(1e9)) == []
    assert (tally.closed_before_s, tally.tested_before_s) == (300, 180)


def test_a_batch_in_the_same_window_finds_its_panes_open_after_a_silence() -> None:
    tally = Tally(replace(MINUTES, wait_s=1e9))
    list(tally.apply(SOURCE, 1, progress(60, is_idle=True), {0: one(), 60: one()}))
    list(tally.tick(0.0))
    assert listed(tally.tick(200.0)) == [("1m", 60, 1)]
    assert listed(tally.apply(SOURCE, 1, progress(240), {70: one(), 130: one(), 190: one()})) == [
        (60, 2),
        (120, 1),
        ("1m", 120, 1),
        (180, 1),
        ("1m", 180, 1),
    ]
    assert tally.take_changes().n_untested == 0


def test_published_counts_are_not_tested_and_never_corrected_after_their_release() -> None:
    tally = Tally(replace(CONFIG, period_s=None))
    list(tally.apply(OTHER, 2, progress(0, is_idle=True), {}))
    assert listed(tally.apply(SOURCE, 2, progress(60), {0: one()})) == [("20s", 0, 1), ("30s", 0, 1)]
    list(tally.apply(OTHER, 2, progress(60), {0: one()}))
    changes = tally.take_changes()
    assert (changes.n_late, changes.n_tested, changes.n_untested, tally.tested_before_s) == (1, 0, 0, None)


def reported(n_partitions: int, partition: int, closed_before_s: int, log_number: int = 0) -> tuple[object, ...]:
    last = SourceProgress(9, closed_before_s, closed_before_s, is_idle=False, log_number=log_number)
    return SourcePartition("raw", partition), n_partitions, last, {}


def apply_all(counts: Tally, *reports: tuple[object, ...]) -> int | None:
    for report in reports:
        list(counts.apply(*report))  # type: ignore[arg-type]
    return counts.closed_before_s


def test_nothing_closes_without_a_partition_that_was_added_from_the_first_report_of_it_on() -> None:
    counts = Tally(CONFIG)
    assert apply_all(counts, reported(2, 0, 30), reported(2, 1, 30)) == 30
    assert apply_all(counts, reported(3, 0, 60), reported(2, 1, 60)) == 30  # the second worker has not noticed yet
    assert apply_all(counts, reported(3, 2, 40)) == 40


def test_partitions_that_a_topic_lacks_after_it_was_created_again_hold_time_back_no_more() -> None:
    counts = Tally(CONFIG)
    assert apply_all(counts, *(reported(4, partition, 30) for partition in range(4))) == 30
    assert apply_all(counts, reported(2, 0, 60, log_number=1)) == 30  # the other one is still to come
    assert apply_all(counts, reported(4, 3, 40)) == 30  # the last word of a partition that is gone
    assert apply_all(counts, reported(2, 1, 60, log_number=1)) == 60
    assert apply_all(counts, reported(3, 0, 90, log_number=1), reported(3, 1, 90, log_number=1)) == 60
    assert apply_all(counts, reported(3, 2, 80, log_number=1)) == 80  # one of that number exists again


def test_a_topic_with_fewer_partitions_can_fall_silent() -> None:
    counts = Tally(CONFIG)
    idle = SourceProgress(9, 30, 35, is_idle=True, log_number=1)
    apply_all(counts, *(reported(2, partition, 30) for partition in range(2)))
    list(counts.apply(SOURCE, 1, idle, {40: {1: [1]}}))
    list(counts.tick(1000.0))
    assert ("20s", 40, 1) in listed(counts.tick(1100.0))


def test_panes_have_buckets_and_what_they_add_up_to_has_none() -> None:
    tally = Tally(replace(CONFIG, n_buckets=3))
    list(tally.apply(OTHER, 2, progress(0, is_idle=True), {}))
    list(tally.apply(SOURCE, 2, progress(30), {0: {3: [2], 5: [4]}, 10: {4: [1], 9: [7]}}))
    assert tally.windows["30s", 0].cells == tally.total.cells == {1: [7], 3: [7]}
    closings = tally.apply(OTHER, 2, progress(30), {10: {4: [3], 11: [1]}})  # a correction, before its test
    seen = [(closing.cells, closing.by_bucket) for closing in closings if isinstance(closing, ClosedPeriod)]
    assert seen == [({1: [6]}, {3: [2], 5: [4]}), ({1: [4], 3: [8]}, {4: [4], 9: [7], 11: [1]})]
    assert tally.windows["30s", 0].cells == tally.total.cells == {1: [10], 3: [8]}
