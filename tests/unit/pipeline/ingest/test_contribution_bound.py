"""A track counts in a bounded number of cells of a day, also after restarts and key rotations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.policy import parse_policy
from tests.support.lanes.ingest_lane import KEYS, NOW_S, IngestLane, iso

POLICY = """
schema = 1
[[models]]
name = "cam"
kind = "counts"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "d" }
identifiers = [{ path = "track", link_domain = "t" }]
event_time = { path = "ts", out_of_orderness_s = 86400 }
attributes = [{ name = "zone", path = "zone", groups = ["hall", "street"] }]
windows = [{ name = "15m", size_s = 900 }]
[models.publication]
track = "track"
most_cells = 3
"""
MODEL = parse_policy(POLICY).models[0]
DAY_S = 86_400
DAY = NOW_S // DAY_S * DAY_S


def seen(number: int, track: str, time_s: float) -> bytes:
    return json.dumps({"id": f"{track}-{number}", "track": track, "ts": iso(time_s), "zone": "hall"}).encode()


def lane(**changes: Any) -> IngestLane:
    return IngestLane(MODEL, **changes)


def test_the_first_cells_of_a_track_count_and_nothing_of_the_others_is_published() -> None:
    one = lane()
    one.feed([seen(number, "a", NOW_S + number) for number in range(5)] + [seen(0, "b", NOW_S)], NOW_S + 9)
    one.flush()
    assert one.n_counted == 4
    assert one.counts.n_bounded == 2
    assert len(one.events) == 4


@pytest.mark.parametrize("size", [1, 2, 7])
def test_the_bound_holds_over_batches_restarts_and_redeliveries(size: int) -> None:
    records = [seen(number, "ab"[number % 2], NOW_S + number) for number in range(14)]
    one = lane()
    for first in range(0, len(records), size):
        one.feed(records[first : first + size], NOW_S + 20)
        one.flush()
        one.restart()
        one.feed(records[first : first + size], NOW_S + 20)  # each comes twice: the second is a duplicate
        one.flush()
    assert one.n_counted == 6
    assert one.counts.n_bounded == 8


def test_a_new_log_of_the_source_does_not_make_a_second_bound_of_a_day() -> None:
    one = lane()
    one.feed([seen(number, "a", NOW_S) for number in range(2)])
    one.flush()
    one.begin_log()
    one.feed([seen(number, "a", NOW_S) for number in range(2, 6)])
    one.flush()
    assert one.counts.n_bounded == 3


def test_each_day_of_event_time_has_a_bound_of_its_own_whatever_the_order() -> None:
    one = lane()
    times = [DAY - 5, DAY + 5, DAY - 4, DAY + 6, DAY - 3, DAY + 7, DAY - 2, DAY + 8]
    one.feed([seen(number, "a", time_s) for number, time_s in enumerate(times)], DAY + 60)
    one.flush()
    one.restart()
    one.feed([seen(9, "a", DAY - 1), seen(10, "a", DAY + 9)], DAY + 60)
    one.flush()
    assert one.n_counted == 6
    assert one.counts.n_bounded == 4


def test_a_key_that_rotates_within_a_day_does_not_make_two_tracks_of_one() -> None:
    keys = (*KEYS, RootKey("bbbbbbbb", DAY + 100, b"l" * 32))
    one = lane(keys=keys)
    one.feed([seen(number, "a", DAY + 97 + number) for number in range(6)], DAY + 120)
    one.flush()
    assert one.n_counted == 3
    assert len({event["track"] for event in one.events}) == 1


def test_days_that_are_over_leave_the_state() -> None:
    one = lane()
    for day in range(8):
        one.feed([seen(day, "a", DAY + day * DAY_S)], DAY + day * DAY_S)
        one.flush(DAY + day * DAY_S)
    assert len([key for key in one.state if key.startswith(b"tracks|")]) == 3
    assert b"a-1" not in one.everything()


def test_counts_that_are_bounded_are_not_counted_again() -> None:
    one = lane(is_recount=True)
    one.feed([seen(0, "a", NOW_S)])
    one.flush()
    one.model = parse_policy(POLICY.replace('["hall", "street"]', '["street"]')).models[0]
    one.restart()
    assert one.recounted == []
