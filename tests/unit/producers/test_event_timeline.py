"""Event times and their starts."""

from __future__ import annotations

import pytest

from producers.timeline import (
    Timeline,
    file_start_ms,
    file_timeline,
    iso_time,
    live_start_ms,
    live_timeline,
    parse_start,
    run_tag,
)
from stream_app.errors import ConfigError

NOW_MS = 1_795_449_600_000


def test_times_depend_on_the_place_in_the_stream_and_not_on_the_block() -> None:
    timeline = Timeline(NOW_MS, 1 / 3)
    assert timeline.times_ms(0, 1000).tolist()[500:] == timeline.times_ms(500, 500).tolist()
    assert timeline.time_ms(3) == NOW_MS + 1000


def test_a_start_needs_an_offset() -> None:
    assert iso_time(parse_start("2026-11-23T16:00:00Z")) == "2026-11-23T16:00:00.000Z"
    for text in ("2026-11-23T16:00:00", "yesterday", ""):
        with pytest.raises(ConfigError, match="--start"):
            parse_start(text)


def test_a_stream_that_is_sent_as_fast_as_it_happens_starts_now() -> None:
    assert live_start_ms(NOW_MS, None, 100.0, 100.0) == NOW_MS
    assert live_start_ms(NOW_MS, None, 100.0, 500.0) == NOW_MS


@pytest.mark.parametrize(("rate", "event_rate"), [(0.0, 100.0), (1000.0, 100.0), (100.0, 100.0), (10.0, 100.0)])
def test_no_event_of_a_counted_stream_is_in_the_future_when_it_is_sent(rate: float, event_rate: float) -> None:
    count = 5000
    start_ms = live_start_ms(NOW_MS, count, rate, event_rate)
    for event in (0, 1, count // 2, count):
        sent_ms = NOW_MS + (event / rate * 1000 if rate else 0)
        assert start_ms + event / event_rate * 1000 <= sent_ms + 1


def test_an_endless_stream_that_would_overtake_the_clock_is_rejected() -> None:
    with pytest.raises(ConfigError, match="ahead of the clock"):
        live_start_ms(NOW_MS, None, 0.0, 1000.0)
    with pytest.raises(ConfigError, match="ahead of the clock"):
        live_timeline(None, NOW_MS, count=None, rate=100.0, event_rate=10.0)


def test_a_start_that_is_given_wins() -> None:
    start = "2026-11-23T16:00:00Z"
    assert live_timeline(start, 0, count=None, rate=0.0, event_rate=None) == Timeline(NOW_MS, 0.001)
    assert file_timeline(start, 0, n_rows=5, spacing_s=2.0) == Timeline(NOW_MS, 2.0)


@pytest.mark.parametrize("now_ms", [NOW_MS, NOW_MS + 1, NOW_MS + 999_999, NOW_MS + 1_989_000])
def test_a_file_starts_at_a_multiple_of_1000_s_and_ends_before_now_but_not_long(now_ms: int) -> None:
    start_ms = file_start_ms(now_ms, 1989, 1.0)
    assert start_ms % 1_000_000 == 0
    assert now_ms - 1_000_000 < start_ms + 1_989_000 <= now_ms


def test_runs_are_distinguished_by_seed_start_and_spacing() -> None:
    tags = {run_tag(seed, Timeline(start, gap)) for seed in (1, 2) for start in (0, 1) for gap in (0.5, 1.0)}
    assert len(tags) == 8
