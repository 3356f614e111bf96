"""Which events are late, decided record by record whatever the length of the runs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.watermark import Watermark


def late(watermark: Watermark, times_s: list[int], taken_s: list[int] | None = None) -> list[bool]:
    """Say which events are late; the broker takes each at its own time where no other is given."""
    array = np.array(times_s, np.int64)
    taken = array if taken_s is None else np.array(taken_s, np.int64)
    return [bool(answer) for answer in array < watermark.advance(array, taken)]


def test_nothing_is_closed_before_the_first_event() -> None:
    watermark = Watermark(pane_s=10, out_of_orderness_s=5)
    assert watermark.closed_before_s is None
    assert late(watermark, []) == []
    assert watermark.closed_before_s is None


def test_a_pane_closes_when_the_newest_event_is_beyond_its_end_by_the_allowed_disorder() -> None:
    watermark = Watermark(pane_s=10, out_of_orderness_s=5)
    assert late(watermark, [100, 114, 109]) == [False, False, False]
    assert late(watermark, [115, 109, 110]) == [False, True, False]
    assert watermark.closed_before_s == 110


def test_without_allowed_disorder_the_pane_of_the_newest_event_is_still_open() -> None:
    watermark = Watermark(pane_s=10, out_of_orderness_s=0)
    assert late(watermark, [109, 100, 110, 109]) == [False, False, False, True]


def test_an_event_ahead_of_the_clock_of_the_broker_makes_no_other_late() -> None:
    watermark = Watermark(pane_s=10, out_of_orderness_s=5)
    assert late(watermark, [100, 395, 101, 102], [100, 101, 101, 102]) == [False] * 4
    assert watermark.closed_before_s == 90
    assert late(watermark, [120, 101], [120, 120]) == [False, True]  # the broker's clock goes on


def test_times_before_the_epoch_fall_into_panes_too() -> None:
    watermark = Watermark(pane_s=10, out_of_orderness_s=0)
    assert late(watermark, [-5, -10, -11, -1]) == [False, False, True, False]
    assert watermark.closed_before_s == -10


@given(st.lists(st.integers(-50, 50)), st.lists(st.integers(1, 5)), st.sampled_from((1, 7, 10)), st.integers(0, 12))
def test_the_answers_do_not_depend_on_the_length_of_runs(
    times_s: list[int], lengths: list[int], pane_s: int, disorder_s: int
) -> None:
    whole, cut = Watermark(pane_s, disorder_s), Watermark(pane_s, disorder_s)
    answers: list[bool] = []
    for length in [*lengths, len(times_s)]:
        answers += late(cut, times_s[len(answers) : len(answers) + length])
    assert answers == late(whole, times_s)
    assert cut == whole
