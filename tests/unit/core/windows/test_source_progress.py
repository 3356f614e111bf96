"""How far event time has come."""

from __future__ import annotations

import pytest

from stream_app.core.windows.source_progress import SourceProgress, combined_watermark, idle_watermark
from stream_app.core.windows.tumbling import WindowSpec


def progress(closed_before_s: int | None, *, is_idle: bool = False) -> SourceProgress:
    return SourceProgress(0, closed_before_s, closed_before_s, is_idle)


@pytest.mark.parametrize(
    ("sources", "time_s"),
    [
        ([progress(50), progress(40)], 40),
        ([progress(50), progress(40, is_idle=True)], 50),
        ([progress(50), progress(None)], None),
        ([progress(50), progress(None, is_idle=True)], 50),
        ([progress(50, is_idle=True)], None),
        ([progress(0), progress(10)], 0),
        ([progress(-20), progress(10)], -20),
        ([], None),
    ],
)
def test_the_slowest_partition_that_is_not_silent_sets_the_time(
    sources: list[SourceProgress], time_s: int | None
) -> None:
    assert combined_watermark(sources) == time_s


def test_progress_at_time_zero_is_not_taken_for_missing() -> None:
    assert progress(0).is_final(-10)
    assert not progress(0).is_final(0)
    assert not progress(None).is_final(-10)


def test_the_clock_moves_time_on_from_the_newest_event() -> None:
    sources = [SourceProgress(0, 0, 100, True), SourceProgress(0, 0, 90, True)]
    assert idle_watermark(sources, out_of_orderness_s=5, silence_s=0) == 95
    assert idle_watermark(sources, out_of_orderness_s=5, silence_s=2.9) == 97
    assert idle_watermark([progress(None, is_idle=True)], out_of_orderness_s=5, silence_s=1e6) is None


@pytest.mark.parametrize(("first_s", "last_s", "n"), [(0, 60, 1), (1, 59, 0), (0, 0, 0), (-60, 60, 2), (60, 0, 0)])
def test_windows_that_end_in_a_time_range_are_counted(first_s: int, last_s: int, n: int) -> None:
    assert WindowSpec("1m", 60).n_between(first_s, last_s) == n
