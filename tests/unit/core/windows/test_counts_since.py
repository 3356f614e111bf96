"""The counts since an onset, by whole windows: which size of window, and where the counts begin."""

from __future__ import annotations

from dataclasses import replace

from stream_app.core.windows.counts_since import counts_since
from stream_app.core.windows.tally_changes import WindowKey
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import WindowCounts, WindowSpec

CONFIG = TallyConfig(
    pane_s=10, out_of_orderness_s=0, revision_s=300, windows=(WindowSpec("1m", 60), WindowSpec("5m", 300))
)


def windows(*keys: WindowKey) -> dict[WindowKey, WindowCounts]:
    """Return windows of one cell, each with one case for every second of its size."""
    return {key: WindowCounts({0: [CONFIG.spec(key[0]).size_s]}) for key in keys}


MINUTES = windows(*(("1m", start_s) for start_s in range(600, 900, 60)), ("5m", 600))


def test_the_shortest_windows_that_reach_back_to_the_onset_are_added_up() -> None:
    assert counts_since(780, 900, MINUTES, CONFIG) == (780, {0: [120]})


def test_counts_begin_with_the_window_that_contains_the_onset_or_with_the_next_one() -> None:
    assert counts_since(790, 900, MINUTES, CONFIG) == (780, {0: [120]})
    assert counts_since(830, 900, MINUTES, CONFIG) == (840, {0: [60]})


def test_longer_windows_are_taken_where_the_short_ones_no_longer_reach_back() -> None:
    forgetful = replace(CONFIG, revision_s=100)
    assert counts_since(610, 900, MINUTES, forgetful) == (600, {0: [300]})


def test_the_longest_windows_are_taken_where_none_reaches_back() -> None:
    assert counts_since(0, 900, MINUTES, CONFIG) == (600, {0: [300]})


def test_windows_that_may_have_been_forgotten_are_not_used() -> None:
    assert counts_since(310, 900, windows(("5m", 300), ("5m", 600)), CONFIG) == (600, {0: [300]})


def test_without_windows_nothing_was_counted() -> None:
    assert counts_since(780, 900, {}, CONFIG) == (900, {})
