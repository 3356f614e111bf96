"""Each vendor's records become the same camera events, and nothing else of them passes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream_app.core.events.cameras.adapter import CameraAdapter
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy.types import CameraLayout
from tests.support.camera_records import (
    DETECTION,
    NS,
    RECORDS,
    TIME,
    axis,
    deepstream,
    frigate,
    full,
    onvif,
    onvif_object,
    read,
    xml,
)


@pytest.mark.parametrize("layout", RECORDS)
def test_every_layout_gives_the_same_event(layout: CameraLayout) -> None:
    record, camera, zone = RECORDS[layout]
    assert read(layout, record) == [
        {
            "class": "person",
            "camera": camera,
            "score": 0.8,
            "zone": zone,
            "track": "15",
            "ts": "2026-03-01T10:00:01.250000+00:00",
            "id": f"1772359200|6|{len(camera)}|{camera}|15",
        }
    ]


def test_events_have_the_fields_of_the_policy_only() -> None:
    few = CameraAdapter("axis-v1", frozenset({"id", "ts", "class"}), 60, {}, 512)
    events = few.events(json.dumps(axis(DETECTION)).encode())
    assert not isinstance(events, Reason)
    [text] = events.texts
    assert isinstance(text, bytes)
    assert set(json.loads(text)) == {"id", "ts", "class"}


@pytest.mark.parametrize(
    ("layout", "record"),
    [
        ("axis-v1", axis({**DETECTION, "classes": [{"type": "Face", "score": 0.9}]})),
        ("deepstream", deepstream("-1|1|2|3|4|Person")),
        ("deepstream", deepstream("18446744073709551615|1|2|3|4|Person")),
        ("deepstream-full", full(id="-1")),
        ("frigate", frigate(false_positive=True)),
        ("axis-v1", axis(track_events=[{"type": "TrackEnded", "object_track_id": "15"}])),
        ("onvif-json", {"Frame": [{"@UtcTime": TIME}]}),
        ("onvif-xml", f"<tt:MetadataStream {NS}><tt:Event/></tt:MetadataStream>".encode()),
    ],
)
def test_records_without_a_track_have_no_events_and_are_not_at_fault(layout: CameraLayout, record: Any) -> None:
    assert read(layout, record) == []


def test_an_object_of_several_zones_is_in_each_and_one_of_none_in_none() -> None:
    assert [event["zone"] for event in read("frigate", frigate(current_zones=["hall", "street", "hall"]))] == [
        "hall",
        "street",
    ]
    assert [event["zone"] for event in read("frigate", frigate(current_zones=[]))] == [None]


def test_the_likeliest_class_counts_and_an_object_that_is_not_classified_is_other() -> None:
    two = {**DETECTION, "classes": [{"type": "Car", "score": 0.2}, {"type": "Human", "score": 0.7}]}
    none = {"object_track_id": "16"}
    assert [event["class"] for event in read("axis-v1", axis(two, none))] == ["person", "other"]
    old = {"ClassCandidate": [{"Type": "Animal", "Likelihood": 0.3}, {"Type": "Human", "Likelihood": 0.6}]}
    assert read("onvif-json", onvif(onvif_object(Class=old)))[0]["score"] == 0.6
    nested = (
        "<tt:Object ObjectId='1'><tt:Appearance><tt:Class><tt:ClassCandidate><tt:Type>Vehical</tt:Type>"
        "<tt:Likelihood>0.5</tt:Likelihood></tt:ClassCandidate></tt:Class></tt:Appearance></tt:Object>"
    )
    assert read("onvif-xml", xml(nested))[0]["class"] == "vehicle"


def test_the_summary_of_a_track_is_one_event() -> None:
    record = {
        "channel_id": 2,
        "id": "t",
        "start_time": TIME,
        "end_time": TIME,
        "classes": [{"type": "Car"}],
        "image": {},
    }
    [event] = read("axis-v1", record)
    assert (event["camera"], event["track"], event["class"]) == ("2", "t", "car")


def test_a_track_is_one_event_in_a_window_and_group_and_another_one_in_the_next() -> None:
    def id_of(time: str, kind: str = "Human", camera: int = 1, track: str = "15") -> str:
        detection = {"object_track_id": track, "classes": [{"type": kind, "score": 0.8}]}
        return str(read("axis-v1", axis(detection, timestamp=time, channel_id=camera))[0]["id"])

    first = id_of("2026-03-01T10:00:00Z")
    assert id_of("2026-03-01T11:00:59.999999+01:00") == first
    others = {
        id_of("2026-03-01T10:01:00Z"),
        id_of("2026-03-01T10:00:00Z", "Car"),
        id_of("2026-03-01T10:00:00Z", camera=2),
        id_of("2026-03-01T10:00:00Z", track="16"),
        id_of("2026-03-01T10:00:00Z", camera=11, track="5"),
        id_of("2026-03-01T10:00:00Z", camera=1, track="1|5"),
    }
    assert len(others | {first}) == 7
