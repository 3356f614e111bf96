"""Drift schedules as people write them."""

from __future__ import annotations

import pytest

from producers.simulated.drift import DriftSchedule, parse_drift
from stream_app.errors import ConfigError


def levels_by_time(text: str, *seconds: float) -> list[float]:
    return [round(level, 9) for level in parse_drift(text).levels(events=[0] * len(seconds), offsets_s=seconds)]


def levels_by_event(text: str, *events: int) -> list[float]:
    return [round(level, 9) for level in parse_drift(text).levels(events=events, offsets_s=[0.0] * len(events))]


def test_an_empty_schedule_is_fair_for_ever() -> None:
    assert DriftSchedule().levels(events=[0, 10**9], offsets_s=[0.0, 1e9]).tolist() == [0.0, 0.0]


def test_a_single_level_applies_from_the_beginning() -> None:
    assert levels_by_time("0.5", 0, 1e6) == [0.5, 0.5]


def test_a_step_applies_from_its_position_on_and_the_stream_is_fair_before() -> None:
    assert levels_by_time("0.8@60s", 0, 59.999, 60, 1e6) == [0, 0, 0.8, 0.8]


def test_steps_follow_each_other() -> None:
    assert levels_by_time("0.1,0.8@1m,0.2@1h", 0, 60, 3599, 3600) == [0.1, 0.8, 0.8, 0.2]


def test_a_ramp_moves_in_a_straight_line_and_stays() -> None:
    assert levels_by_time("0..0.8@60s-300s", 0, 60, 180, 300, 900) == [0, 0, 0.4, 0.8, 0.8]


def test_a_ramp_may_fall_and_may_follow_another_at_once() -> None:
    assert levels_by_time("0..1@0-10s,1..0@10s-20s", 5, 10, 15, 25) == [0.5, 1, 0.5, 0]


def test_places_without_a_unit_count_events() -> None:
    assert levels_by_event("0@0,0.8@5000", 0, 4999, 5000) == [0, 0, 0.8]
    assert levels_by_event("0..1@100-200", 100, 150, 200) == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "entry 1: expected LEVEL"),
        ("high", "entry 1: expected LEVEL"),
        ("-0.1", "entry 1: expected LEVEL"),
        ("nan", "entry 1: expected LEVEL"),
        ("0.1,", "entry 2: expected LEVEL"),
        ("0.5@60x", "entry 1: expected LEVEL"),
        ("1.1", "entry 1: expected levels from 0 to 1"),
        ("0..2@0-10s", "entry 1: expected levels from 0 to 1"),
        ("0..1@60s-60s", "entry 1: expected a ramp that ends after it begins"),
        ("0..1@60s-10s", "entry 1: expected a ramp that ends after it begins"),
        ("0.1@60s,0.2@30s", "entry 2: expected to begin after"),
        ("0.1@60s,0.2@60s", "entry 2: expected to begin after"),
        ("0..1@0-60s,0.2@30s", "entry 2: expected to begin after"),
        ("0.1@60s,0.2@5000", "mixes event time"),
        ("0..1@60s-5000", "mixes event time"),
    ],
)
def test_an_invalid_schedule_is_rejected_with_its_entry(text: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        parse_drift(text)
