"""Records of cameras in the layouts of their vendors: each track counts once, and nothing else of a record passes."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from typing import Any

import msgspec
import pytest

from producers.event import Event
from producers.simulated.cameras import simulate_cameras
from producers.simulated.shots import LEAKS
from producers.simulated.vendor_frames import SHAPES
from producers.timeline import Timeline
from stream_app.errors import PolicyError
from stream_app.policy import SHIPPED, load_policy, parse_policy
from stream_app.policy.limits import Publication
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, iso

POLICY = load_policy("cameras")
N = 160
LINE = Timeline(NOW_S * 1000, 0.25)
AXIS = POLICY.model("axis-v1")


def frames(shape: str, *, is_leaky: bool = False, n: int = N) -> list[Event]:
    """Return the records of the first frames; a frame without a record is one, too."""
    last_ms = LINE.time_ms(n - 1)
    events = islice(simulate_cameras(7, LINE, shape, is_leaky=is_leaky), 8 * n)
    return [event for event in events if event.time_ms <= last_ms]


def fed(shape: str, *, is_leaky: bool = False) -> IngestLane:
    lane = IngestLane(POLICY.model(shape))
    events = frames(shape, is_leaky=is_leaky)
    lane.feed([event.value for event in events], [event.time_ms / 1000 for event in events])
    lane.flush()
    return lane


def recounted(*, has_renames: bool = True) -> dict[tuple[str, str], int]:
    """Count objects by zone and class from the records, in a way of its own."""
    zones = {1: "entrance", 2: "hall", 3: "platform", 4: "street"}
    classes = {"Human": "person", "Car": "car", "Bike": "bicycle"}
    tracks, object_of = set(), dict[tuple[str, int], str]()
    for event in frames("axis-v1"):
        record, window = json.loads(event.value), event.time_ms // 60_000
        for one in record["detections"]:
            cell = (zones[record["channel_id"]], classes[one["classes"][0]["type"]])
            tracks.add((cell, one["object_track_id"], window))
        for renamed in record.get("track_events", []) if has_renames else []:
            first, second = (object_of.get((renamed[key], window), renamed[key]) for key in ("from_id", "to_id"))
            changed = [name for name, one in object_of.items() if one == second and name[1] == window]
            object_of |= dict.fromkeys([*changed, (second, window), (first, window)], first)
    objects = {(cell, object_of.get((track, window), track), window) for cell, track, window in tracks}
    assert has_renames == (len(objects) < len(tracks)), "the test must be able to see renames"
    return dict(Counter(cell for cell, _, _ in objects))


def counts(lane: IngestLane) -> dict[tuple[str, ...], int]:
    return {labels: vector[0] for labels, vector in lane.labels().items()}


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "axis-beta"])
def test_a_track_counts_once_in_each_zone_class_and_window(shape: str) -> None:
    lane = fed(shape)
    expected = recounted(has_renames=shape in ("onvif-xml", "onvif-json", "axis-v1"))
    assert lane.reasons == []
    assert counts(lane) == expected
    assert len(lane.events) >= sum(expected.values())
    assert lane.counts.dropped["rename"] == 0


def test_the_beta_of_axis_is_one_camera() -> None:
    lane = fed("axis-beta")
    assert lane.reasons == []
    assert {zone for zone, _ in counts(lane)} == {"entrance"}


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_of_a_leaky_camera_leaves_the_lane(shape: str) -> None:
    records = b"\n".join(event.value for event in frames(shape, is_leaky=True))
    marks = [mark.encode() for mark in LEAKS if mark.encode() in records]
    assert len(marks) >= 3, "the test must be able to see the leaks"
    lane, clean = fed(shape, is_leaky=True), fed(shape)
    everything = lane.everything()
    assert [mark for mark in marks if mark in everything] == []
    assert counts(lane) == counts(clean), "what leaks must not change what is counted"
    assert {key for event in lane.events for key in event} == {"id", "track", "ts", "class", "zone"}
    assert all(event["id"].startswith("hm1.") and event["track"].startswith("hm1.") for event in lane.events)
    assert sum(lane.counts.dropped.values()) > sum(clean.counts.dropped.values())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_seed_gives_the_same_bytes(shape: str) -> None:
    again = [event.value for event in frames(shape)]
    assert [event.value for event in frames(shape)] == again
    assert [event.value for event in islice(simulate_cameras(8, LINE, shape), 50)] != again[:50]


def test_records_that_come_again_and_a_restart_between_them_change_nothing() -> None:
    events = frames("onvif-json")
    lane = IngestLane(POLICY.model("onvif-json"))
    for first in range(0, len(events), 37):
        part = events[max(0, first - 20) : first + 37]  # the last twenty come again
        lane.feed([event.value for event in part], [event.time_ms / 1000 for event in part])
        lane.flush()
        if first % 2:
            lane.restart()
    assert counts(lane) == recounted()


def axis(*tracks: Any, time_s: float = NOW_S) -> bytes:
    detections = [{"object_track_id": track, "classes": [{"type": "Human", "score": 0.9}]} for track in tracks]
    return json.dumps({"channel_id": 2, "timestamp": iso(time_s), "detections": detections}).encode()


def test_a_record_with_an_object_that_cannot_be_read_is_a_dead_letter_and_its_other_objects_count() -> None:
    lane = IngestLane(AXIS)
    lane.feed([axis("a", None, "b", "c\u0000"), axis(), None, axis("d"), b"{"])
    lane.flush()
    assert lane.reasons == ["missing", "json"]
    assert lane.n_counted == 3
    assert lane.counts.n_tombstones == 1


def test_a_record_may_have_as_many_objects_as_a_list_of_the_policy() -> None:
    lane = IngestLane(AXIS)
    lane.feed([axis(*map(str, range(512))), axis(*map(str, range(513)))])
    lane.flush()
    assert (lane.n_counted, lane.reasons) == (512, ["cardinality"])


def test_objects_of_one_record_have_times_identifiers_and_lateness_of_their_own() -> None:
    lane = IngestLane(AXIS)
    lane.feed([axis("a", "b"), axis("a", "c", time_s=NOW_S + 60), axis("d", "e", time_s=NOW_S)], NOW_S + 60)
    lane.flush()
    assert lane.n_counted == 4
    assert len(lane.late) == 2
    assert len({event["track"] for event in lane.events}) == 3  # a in two windows, under one pseudonym


def test_a_changed_policy_counts_the_objects_of_each_record_again() -> None:
    lane = IngestLane(AXIS, is_recount=True)
    lane.feed([axis("a", None, "b"), axis("b", "a", "c"), axis("d", time_s=NOW_S + 60)], NOW_S + 60)
    lane.flush()
    before = counts(lane)
    zones, classes = AXIS.attributes
    lane.model = msgspec.structs.replace(
        AXIS, attributes=(msgspec.structs.replace(zones, aliases={"street": ("2",)}), classes)
    )
    lane.restart()
    lane.flush()
    assert lane.recounted
    assert before == {("hall", "person"): 4}


def renaming(*pairs: tuple[str, str], seen: tuple[str, ...] = (), time_s: float = NOW_S, channel: int = 2) -> bytes:
    record = json.loads(axis(*seen, time_s=time_s)) | {"channel_id": channel}
    record["track_events"] = [{"type": "Rename", "from_id": one, "to_id": other} for one, other in pairs]
    return json.dumps(record).encode()


def test_tracks_that_are_renamed_count_as_one_object_before_and_after_and_through_restarts() -> None:
    lane = IngestLane(AXIS)
    lane.feed([axis("a", "b", "c"), renaming(("a", "b"), ("b", "a"))])
    lane.flush()
    assert counts(lane) == {("hall", "person"): 2}
    lane.restart()
    lane.feed([renaming(("a", "b")), renaming(("c", "d"), ("d", "b"), seen=("d",))])
    lane.flush()
    assert counts(lane) == {("hall", "person"): 1}
    assert lane.counts.n_duplicates == 3  # two were taken back, and d did not count
    assert b"5|" not in b"".join(lane.state), "no track is named"


def test_renames_of_other_cameras_windows_and_times_change_nothing() -> None:
    lane = IngestLane(AXIS)
    lane.feed([axis("a", "b"), renaming(("a", "b"), channel=3), axis("a", "b", time_s=NOW_S + 60)], NOW_S + 60)
    lane.feed([renaming(("a", "b"), time_s=NOW_S)], NOW_S + 61)  # its pane has closed
    lane.feed([renaming(("a", "b"), time_s=at) for at in (0, NOW_S + 10**6)], NOW_S + 61)
    lane.flush()
    assert counts(lane) == {("hall", "person"): 4}
    assert lane.counts.dropped["rename"] == 3


def test_what_is_taken_back_is_reported_in_the_pane_of_the_rename() -> None:
    lane = IngestLane(AXIS)
    lane.feed([axis("a", "b"), axis("c", time_s=NOW_S + 30)], NOW_S + 30)
    lane.flush()
    lane.feed([renaming(("a", "b"), time_s=NOW_S + 30)], NOW_S + 30)
    lane.flush()
    assert [sum(n for [n] in lane.counted[start_s].values()) for start_s in (NOW_S, NOW_S + 30)] == [2, 0]
    assert counts(lane) == {("hall", "person"): 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"publication": Publication(most_cells=4, track="track")},
        {"event_id": msgspec.structs.replace(AXIS.event_id, path="track"), "identifiers": ()},
    ],
)
def test_renames_are_left_behind_where_they_cannot_apply(changes: dict[str, Any]) -> None:
    lane = IngestLane(msgspec.structs.replace(AXIS, **changes))
    lane.feed([axis("a", "b"), renaming(("a", "b"))])
    lane.flush()
    assert counts(lane) == {("hall", "person"): 2}
    assert lane.counts.dropped["rename"] == 1


def test_where_something_was_taken_back_a_changed_policy_counts_nothing_again() -> None:
    lane = IngestLane(AXIS, is_recount=True)
    lane.feed([axis("a", "b"), renaming(("a", "b"))])
    lane.flush()
    zones, classes = AXIS.attributes
    lane.model = msgspec.structs.replace(
        AXIS, attributes=(msgspec.structs.replace(zones, aliases={"street": ("2",)}), classes)
    )
    lane.restart()
    lane.feed([axis("e", time_s=NOW_S + 1)], NOW_S + 1)
    lane.flush()
    assert lane.recounted
    assert [key for key in lane.state if key.startswith((b"cells|", b"joins|"))] == [b"cells|29833333|0"]
    assert counts(lane) == {("hall", "person"): 1, ("street", "person"): 1}


def faulty(change: dict[str, str]) -> str:
    text = (SHIPPED / "cameras.toml").read_text("utf-8")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {'layout = "onvif-xml"': 'layout = "onvif"'},
            r"models\[0\].record.layout: expected .*did you mean 'onvif-xml'",
        ),
        ({'path = "track"': 'path = "person"'}, r"models\[0\].record: a camera event has no field 'person'"),
        ({'event_id = { path = "id"': 'event_id = { path = "zone"'}, r"models\[0\].event_id.path: must be 'id'"),
        ({'path = "ts"': 'path = "score"'}, r"models\[0\].event_time.path: must be 'ts'"),
        ({'path = "class"': 'path = "score"'}, r"models\[0\].attributes\[1\].path: must be one of camera, class, zone"),
        ({"record =": 'format = "avro"\nrecord ='}, r"models\[0\].record: not allowed with a format"),
    ],
)
def test_a_policy_that_does_not_fit_the_events_is_rejected(change: dict[str, str], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        parse_policy(faulty(change))


def test_the_layout_and_the_window_are_facts_that_counts_depend_on() -> None:
    wider = msgspec.structs.replace(AXIS, windows=(msgspec.structs.replace(AXIS.windows[0], size_s=120),))
    assert wider.counting_facts() != AXIS.counting_facts()
