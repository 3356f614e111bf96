"""Onsets from the history of tested periods: the same with or without a restart, also when old periods are merged."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.history import N_FULL, PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.monitors.onsets import OnsetRange, OnsetSearch, SearchedChange

FOUR_FIFTHS = RateRule(RuleKind.RATIO, 0.8)
FAIR, UNFAIR = [7, 10, 14, 20], [4, 10, 14, 20]


def counts_of(cells: Cells) -> np.typing.NDArray[np.int64]:
    return np.array([[cells[1]]])


def fill(search: OnsetSearch, history: PeriodHistory, counts: list[int], first: int, n: int) -> None:
    for number in range(first, first + n):
        period = ClosedPeriod(60 * number, 60 * number + 60, {1: counts})
        history.add(period)
        search.note(period, counts_of(period.cells))


def breach(own_s: int, since_s: int | None = None) -> SearchedChange:
    return SearchedChange(0, False, FOUR_FIFTHS, since_s, own_s, False)


def test_without_history_the_onset_is_that_of_the_test() -> None:
    assert OnsetSearch(PeriodHistory(), counts_of).find(breach(120)) == OnsetRange(120, None, None)


@pytest.mark.parametrize("is_loaded_before", [False, True])
def test_a_change_is_dated_by_the_period_in_which_it_began(*, is_loaded_before: bool) -> None:
    history = PeriodHistory()
    search = OnsetSearch(history, counts_of)
    fill(search, history, FAIR, 0, 100)
    if is_loaded_before:
        search.find(breach(0))
    fill(search, history, UNFAIR, 100, 60)
    onset = search.find(breach(60 * 110))
    assert onset.earliest_s is not None
    assert onset.latest_s is not None
    assert onset.earliest_s <= onset.best_s == 6000 <= onset.latest_s


def test_counts_that_are_kept_up_to_date_equal_those_read_again_after_merges() -> None:
    history = PeriodHistory()
    kept = OnsetSearch(history, counts_of)
    fill(kept, history, FAIR, 0, 10)
    kept.find(breach(0))
    fill(kept, history, FAIR, 10, 2 * N_FULL)
    fill(kept, history, UNFAIR, 10 + 2 * N_FULL, N_FULL + 50)
    for own_s in (0, 60 * 300, 60 * (20 + 2 * N_FULL)):
        assert kept.find(breach(own_s)) == OnsetSearch(history, counts_of).find(breach(own_s))


def test_an_onset_in_merged_periods_has_an_interval_that_contains_them() -> None:
    history = PeriodHistory()
    search = OnsetSearch(history, counts_of)
    changed = 301
    fill(search, history, FAIR, 0, changed)
    fill(search, history, UNFAIR, changed, 3 * N_FULL)
    assert len(history) < changed + 3 * N_FULL
    onset = search.find(breach(60 * (changed + 20)))
    assert onset.earliest_s is not None
    assert onset.latest_s is not None
    assert onset.earliest_s <= 60 * changed <= onset.latest_s


def test_only_what_came_after_the_last_change_is_searched() -> None:
    history = PeriodHistory()
    search = OnsetSearch(history, counts_of)
    for number, counts in enumerate((FAIR, UNFAIR, FAIR, UNFAIR)):
        fill(search, history, counts, 60 * number, 60)
    assert search.find(breach(60 * 190, since_s=60 * 120)).best_s == 60 * 180
