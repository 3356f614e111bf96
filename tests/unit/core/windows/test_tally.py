"""Closed panes and windows are yielded one by one, each with the counts as of that moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.core.windows.tally import Tally
from stream_app.core.windows.tally_changes import ClosedPane, ClosedWindow
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import WindowSpec

SOURCE = SourcePartition("raw", 0)


def tally() -> Tally:
    windows = (WindowSpec("20s", 20), WindowSpec("30s", 30))
    return Tally(TallyConfig(pane_s=10, out_of_orderness_s=0, revision_s=0, windows=windows))


def progress(closed_before_s: int) -> SourceProgress:
    return SourceProgress(9, closed_before_s, closed_before_s, is_idle=False)


def test_panes_come_before_the_windows_that_they_fill_in_order_of_event_time() -> None:
    counts = tally()
    panes = {0: {1: [2]}, 10: {1: [3]}, 20: {1: [5]}}
    closed = [
        closing.start_s if isinstance(closing, ClosedPane) else (*closing.key, closing.window.cells[1][0])
        for closing in counts.apply(SOURCE, 1, progress(30), panes)
    ]
    assert closed == [0, 10, ("20s", 0, 5), 20, ("30s", 0, 10)]


def test_while_a_pane_is_consumed_its_windows_have_it_and_no_later_one() -> None:
    counts = tally()
    seen = [
        (closing.start_s, counts.closed_before_s, counts.windows["30s", 0].cells[1][0])
        for closing in counts.apply(SOURCE, 1, progress(30), {start_s: {1: [1]} for start_s in (0, 10, 20)})
        if isinstance(closing, ClosedPane)
    ]
    assert seen == [(0, 0, 1), (10, 10, 2), (20, 20, 3)]


@pytest.mark.parametrize(
    "change",
    [
        lambda counts: counts.take(SOURCE, 1, progress(20), {}),
        lambda counts: counts.apply(SOURCE, 1, progress(20), {}),
        lambda counts: counts.advance_to(20),
        lambda counts: counts.revise(),
        lambda counts: counts.take_changes(),
    ],
    ids=["take", "apply", "advance_to", "revise", "take_changes"],
)
@pytest.mark.parametrize("n_consumed", [0, 1])
def test_closings_that_were_not_consumed_to_the_end_stop_every_change(
    change: Callable[[Tally], object], n_consumed: int
) -> None:
    counts = tally()
    closings = counts.apply(SOURCE, 1, progress(20), {0: {1: [1]}, 10: {1: [1]}})
    for _ in range(n_consumed):
        next(closings)
    with pytest.raises(RuntimeError, match="not consumed"):
        change(counts)
    assert ClosedWindow in {type(closing) for closing in closings}
    change(counts)


def test_a_time_that_has_passed_closes_nothing() -> None:
    counts = tally()
    list(counts.apply(SOURCE, 1, progress(20), {0: {1: [1]}}))
    assert list(counts.advance_to(20)) == list(counts.advance_to(29)) == list(counts.advance_to(None)) == []


def reported(n_partitions: int, partition: int, closed_before_s: int, log_number: int = 0) -> tuple[object, ...]:
    last = SourceProgress(9, closed_before_s, closed_before_s, is_idle=False, log_number=log_number)
    return SourcePartition("raw", partition), n_partitions, last, {}


def apply_all(counts: Tally, *reports: tuple[object, ...]) -> int | None:
    for report in reports:
        list(counts.apply(*report))  # type: ignore[arg-type]
    return counts.closed_before_s


def test_nothing_closes_without_a_partition_that_was_added_from_the_first_report_of_it_on() -> None:
    counts = tally()
    assert apply_all(counts, reported(2, 0, 30), reported(2, 1, 30)) == 30
    assert apply_all(counts, reported(3, 0, 60), reported(2, 1, 60)) == 30  # the second worker has not noticed yet
    assert apply_all(counts, reported(3, 2, 40)) == 40


def test_partitions_that_a_topic_lacks_after_it_was_created_again_hold_time_back_no_more() -> None:
    counts = tally()
    assert apply_all(counts, *(reported(4, partition, 30) for partition in range(4))) == 30
    assert apply_all(counts, reported(2, 0, 60, log_number=1)) == 30  # the other one is still to come
    assert apply_all(counts, reported(4, 3, 40)) == 30  # the last word of a partition that is gone
    assert apply_all(counts, reported(2, 1, 60, log_number=1)) == 60
    assert apply_all(counts, reported(3, 0, 90, log_number=1), reported(3, 1, 90, log_number=1)) == 60
    assert apply_all(counts, reported(3, 2, 80, log_number=1)) == 80  # one of that number exists again


def test_a_topic_with_fewer_partitions_can_fall_silent() -> None:
    counts = tally()
    idle = SourceProgress(9, 30, 35, is_idle=True, log_number=1)
    apply_all(counts, *(reported(2, partition, 30) for partition in range(2)))
    list(counts.apply(SOURCE, 1, idle, {40: {1: [1]}}))
    list(counts.tick(1000.0))
    assert [closing.start_s for closing in counts.tick(1100.0) if isinstance(closing, ClosedPane)] == [40]
