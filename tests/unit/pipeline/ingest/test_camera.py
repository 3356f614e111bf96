"""A camera leaks by habit: only what the policy names passes, everything else is dropped at the first hop."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest

from stream_app.errors import PolicyError
from stream_app.policy import parse_policy
from tests.support.lanes.ingest_lane import CAMERA, NOW_S, IngestLane, encode, track

FACE = base64.b64encode(bytes(range(256)) * 8).decode()
LEAKS = {
    "plate": "HH-AB-1234",
    "face": FACE,
    "embedding": [0.123456789] * 512,
    "gps": {"lat": 53.5511, "lon": 9.9937, "alt": 12.25},
    "camera_id": "cam-0815",
    "owner": {"name": "Erika Mustermann", "born": "1964-08-12"},
}


def test_the_output_contains_the_declared_fields_and_nothing_else() -> None:
    lane = IngestLane(CAMERA)
    lane.feed([encode(track() | LEAKS)])
    (event,) = lane.events
    assert set(event) == {"track_id", "person_id", "ts", "site", "zone", "class", "dwell_s"}


@pytest.mark.parametrize(
    "leak", ["HH-AB-1234", FACE[:40], "0.123456789", "53.5511", "9.9937", "cam-0815", "Erika", "1964", "plate", "0.25"]
)
def test_no_byte_of_a_dropped_field_leaves_the_lane(leak: str) -> None:
    lane = IngestLane(CAMERA)
    boxed = track(bbox={"left": 0.25, "top": 0.25, "right": 0.5, "bottom": 0.5})
    assert leak.encode() in encode(boxed | LEAKS)
    lane.feed([encode(boxed | LEAKS), encode(boxed | LEAKS)[:-1], encode(boxed | LEAKS | {"site": 1})])
    lane.flush()
    assert lane.n_counted == 1
    assert leak.encode() not in lane.everything()


def test_dropped_fields_are_counted_by_the_path_that_the_policy_names_or_as_undeclared() -> None:
    lane = IngestLane(CAMERA)
    lane.feed(
        [encode(track() | LEAKS), encode(track(track_id="T-2", bbox={"left": 0, "top": 0, "right": 1, "bottom": 1}))]
    )
    lane.flush()
    assert lane.counts.dropped == {"bbox": 2, "camera_id": 1, "gps.lat": 1, "gps.lon": 1, "undeclared": 5}


@pytest.mark.parametrize("gps", [None, 5, "53.5N", [1, 2], {}])
def test_a_container_of_another_shape_has_nothing_to_count_inside(gps: object) -> None:
    lane = IngestLane(CAMERA)
    lane.feed([encode(track(gps=gps))])
    lane.flush()
    assert lane.counts.dropped == {"bbox": 1}
    assert lane.n_counted == 1


def test_a_car_has_no_person() -> None:
    lane = IngestLane(CAMERA)
    car = track(person_id=None)
    lane.feed([encode(car | {"class": "car"}), encode(track(track_id="T-2"))])
    lane.flush()
    assert [event["class"] for event in lane.events] == ["car", "person"]
    assert lane.events[0]["person_id"] is None
    assert lane.events[1]["person_id"].startswith("hm1.")


def test_tracks_are_counted_by_site_zone_and_class_with_their_dwell() -> None:
    lane = IngestLane(CAMERA)
    records = [track(track_id="1"), track(track_id="2", dwell_s=2.25), track(track_id="3", zone="roof")]
    lane.feed([encode(record) for record in records])
    lane.flush()
    assert lane.labels() == {
        ("harbour", "hall", "person"): [2, 2, 15 + 22, 15**2 + 22**2],  # tenths of a second, half to even
        ("harbour", "__other__", "person"): [1, 1, 15, 225],
    }
    assert lane.counts.decisions == {"event": 3}


@pytest.mark.parametrize(
    "box",
    [
        {"left": 0, "top": 0, "right": 1, "bottom": 1},
        {"left": 0.5, "top": 0.5, "right": 0.5, "bottom": 0.5},
        {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4, "score": 0.9},
    ],
)
def test_a_box_inside_the_image_is_accepted_and_not_published(box: dict[str, float]) -> None:
    lane = IngestLane(CAMERA)
    lane.feed([encode(track(bbox=box))])
    assert lane.reasons == []
    assert "bbox" not in lane.events[0]


@pytest.mark.parametrize(("n_items", "reason"), [(512, None), (513, "cardinality")])
@pytest.mark.parametrize("where", ["list", "object of a list", "list of lists", "beside a dropped path"])
def test_a_list_may_have_512_entries_at_any_depth(n_items: int, reason: str | None, where: str) -> None:
    items = [{"x": ["[", "]", ",,", 'q"uote', 1]} for _ in range(n_items)]
    cases: dict[str, dict[str, Any]] = {
        "list": {"detections": items},
        "object of a list": {"frames": [{"detections": items}]},
        "list of lists": {"frames": [[1, 2], items]},
        "beside a dropped path": {"gps": {"lat": 1, "fixes": items}},
    }
    lane = IngestLane(CAMERA)
    lane.feed([encode(track() | cases[where])])
    assert lane.reasons == ([reason] if reason else [])


def test_a_model_without_an_output_topic_publishes_no_event() -> None:
    lane = IngestLane(msgspec.structs.replace(CAMERA, output_topic=None))
    outputs = lane.feed([encode(track())])
    lane.flush()
    assert outputs == []
    assert lane.n_counted == 1


def test_a_box_can_be_declared_where_unknown_fields_are_rejected() -> None:
    strict = msgspec.structs.replace(CAMERA, unknown_fields="reject", drop=())
    lane = IngestLane(strict)
    bad_edge = track(track_id="T-2", bbox={"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4, "score": 1})
    lane.feed([encode(track()), encode(bad_edge), encode(track(track_id="T-3", plate="x"))])
    assert lane.reasons == ["unknown_field", "unknown_field"]
    assert "bbox" not in lane.events[0]


DEEP = """
schema = 1
[[models]]
name = "deep"
kind = "counts"
topic = "raw"
output_topic = "out"
event_id = { path = "object.id", link_domain = "object" }
event_time = { path = "meta.time.utc", format = "epoch_ms" }
attributes = [{ name = "kind", path = "object.kind", groups = ["person"] }]
drop = ["object.face.jpeg", "object.face.age", "meta.device.serial"]
unknown_fields = "drop"
"""


def test_fields_to_drop_are_found_at_any_depth() -> None:
    lane = IngestLane(parse_policy(DEEP).models[0])
    record = {
        "object": {"id": "1", "kind": "person", "face": {"jpeg": FACE, "eyes": 2}},
        "meta": {"time": {"utc": NOW_S * 1000, "zone": "CET"}, "device": {"serial": "S-1"}},
    }
    lane.feed([json.dumps(record).encode()])
    lane.flush()
    assert lane.counts.dropped == {"object.face.jpeg": 1, "meta.device.serial": 1, "undeclared": 2}
    assert set(lane.events[0]["object"]) == {"id", "kind"}


def test_fields_to_drop_need_a_policy_that_drops_unknown_fields() -> None:
    with pytest.raises(PolicyError, match=r"models\[0\].drop: needs unknown_fields = 'drop'"):
        parse_policy(DEEP.replace('unknown_fields = "drop"', ""))
