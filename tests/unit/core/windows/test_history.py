"""The tested periods: nothing is lost, their number is bounded, and a restart changes nothing."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from stream_app.core.windows.history import N_FULL, N_MERGED, PeriodHistory, StoredSpan
from stream_app.core.windows.tally_changes import ClosedPeriod


def filled(n: int) -> PeriodHistory:
    history = PeriodHistory()
    for number in range(n):
        history.add(ClosedPeriod(60 * number, 60 * number + 60, {number % 3: [1, number]}))
    return history


@pytest.mark.parametrize("n", [1, 255, 256, 257, 258, 1000, 20_000])
def test_spans_are_in_order_without_gap_and_contain_every_decision(n: int) -> None:
    history = filled(n)
    spans = history.spans()
    assert (spans[0].start_s, spans[-1].end_s) == (0, 60 * n)
    assert all(one.end_s == other.start_s for one, other in pairwise(spans))
    assert sum(vector[0] for span in spans for vector in span.cells.values()) == n
    assert sum(vector[1] for span in spans for vector in span.cells.values()) == n * (n - 1) // 2
    assert len(spans) == len(history)


def test_the_newest_are_at_full_resolution_and_the_number_of_spans_grows_with_the_logarithm() -> None:
    spans = filled(20_000).spans()
    assert {span.end_s - span.start_s for span in spans[-N_FULL:]} == {60}
    assert len(spans) <= N_FULL + N_MERGED * math.log2(20_000 / N_MERGED)
    lengths = [span.end_s - span.start_s for span in spans]
    assert all(
        length * 60 <= 60 * 20_000 - span.end_s for length, span in zip(lengths, spans, strict=True) if length > 60
    )


def test_the_sum_since_an_onset_is_exact_where_periods_are_at_full_resolution() -> None:
    span = filled(1000).since(60 * 900)
    assert (span.start_s, span.end_s) == (60 * 900, 60 * 1000)
    assert sum(vector[0] for vector in span.cells.values()) == 100


def test_an_onset_inside_a_period_begins_with_it_and_one_before_everything_with_the_first() -> None:
    history = filled(10)
    assert history.since(125).start_s == 120
    assert history.since(-5).start_s == 0
    assert history.since(10**9)[:2] == (540, 600)  # never without a period


def test_an_onset_inside_an_old_span_is_moved_to_its_nearer_end() -> None:
    history = filled(20_000)
    start_s, end_s, _ = history.spans()[0]
    assert end_s - start_s >= 240
    assert history.since(start_s + 60).start_s == start_s
    assert history.since(end_s - 60).start_s == end_s


def test_the_boundary_near_an_onset_cuts_no_span() -> None:
    history = filled(20_000)
    step_s = 600
    starts_s = [span.start_s for span in history.spans()]
    for onset_s in range(0, 60 * 20_000, 60 * 137):
        boundary_s = history.boundary_near(onset_s, step_s)
        possible = [start_s for start_s in starts_s if start_s % step_s == 0]
        nearest_s = min(abs(start_s - onset_s) for start_s in possible)
        assert boundary_s in possible
        assert boundary_s is not None
        assert abs(boundary_s - onset_s) == nearest_s


def test_a_boundary_may_be_where_nothing_was_counted() -> None:
    history = PeriodHistory()
    for start_s in (130, 400):
        history.add(ClosedPeriod(start_s, start_s + 10, {1: [1]}))
    assert [history.boundary_near(onset_s, 60) for onset_s in (0, 130, 250, 400)] == [120, 120, 240, 360]
    assert history.between(240, 410) == (240, 410, {1: [1]})
    assert history.end_s == 410


def test_an_empty_history_has_no_sum() -> None:
    with pytest.raises(ValueError, match="empty"):
        PeriodHistory().since(0)


@pytest.mark.parametrize("n", [100, 257, 1000, 4321])
def test_a_history_restored_from_its_changes_goes_on_alike(n: int) -> None:
    history = PeriodHistory()
    stored: dict[int, StoredSpan] = {}
    for number in range(n):
        history.add(ClosedPeriod(60 * number, 60 * number + 60, {0: [number]}))
        for start_s in history.changed:
            span = history.get(start_s)
            if span is None:
                del stored[start_s]
            else:
                stored[start_s] = span
        history.changed.clear()
        if number % 97 == 0:
            history = PeriodHistory(reversed(stored.values()))
            assert not history.changed
    steady = PeriodHistory()
    for number in range(n):
        steady.add(ClosedPeriod(60 * number, 60 * number + 60, {0: [number]}))
    assert history.spans() == steady.spans()
    assert sorted(stored) == [span.start_s for span in steady.spans()]
