"""Renamed tracks are counted, name two tracks of their camera, and are no events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream_app.core.events.cameras.adapter import CameraAdapter, track_name
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy.types import CameraLayout
from stream_app.policy.values.cameras import EVENT_FIELDS
from tests.support.camera_records import DETECTION, TIME, axis, left, onvif, onvif_object, xml


def test_a_rename_is_counted_and_names_no_event() -> None:
    events = [{"type": "Rename", "from_id": "a", "to_id": "b"}, {"type": "Rename", "from_id": "b", "to_id": "a"}]
    assert left("axis-v1", axis(DETECTION, track_events=events))["rename"] == 2
    assert left("onvif-json", onvif(onvif_object(), ObjectTree={"Rename": [{}, {}]}))["rename"] == 2
    assert left("onvif-json", {"Frame": [{"ObjectTree": {"Rename": {}}}]})["rename"] == 1
    operation = {"type": "RenameOperation", "id": "b", "old_id": "a"}
    assert left("axis-beta", {"frame": {"operations": [operation]}})["rename"] == 1  # it has no time


RENAMES: dict[CameraLayout, tuple[Any, str]] = {
    "onvif-json": (onvif(ObjectTree={"Rename": {"from": {"@ObjectId": 15}, "to": {"@ObjectId": 16}}}), "cam-1"),
    "onvif-xml": (
        xml('<tt:ObjectTree><tt:Rename><tt:from ObjectId="15"/><tt:to ObjectId="16"/></tt:Rename></tt:ObjectTree>'),
        "cam-1",
    ),
    "axis-v1": (axis(track_events=[{"type": "Rename", "from_id": "15", "to_id": "16"}]), "1"),
    "axis-beta": (
        {"frame": {"timestamp": TIME, "operations": [{"type": "RenameOperation", "old_id": "15", "id": "16"}]}},
        "1",
    ),
}


@pytest.mark.parametrize("layout", RENAMES)
def test_a_rename_names_two_tracks_of_its_camera(layout: CameraLayout) -> None:
    record, camera = RENAMES[layout]
    value = record if isinstance(record, bytes) else json.dumps(record).encode()
    reader = CameraAdapter(layout, frozenset(EVENT_FIELDS), 60, {}, 512, has_renames=True)
    events = reader.events(value)
    assert not isinstance(events, Reason)
    assert events.texts == []
    assert list(events.renames) == [(1772359201.25, track_name(camera, "15"), track_name(camera, "16"))]
    assert "rename" not in events.left


@pytest.mark.parametrize("bad", ["", " ", "a\u0000", "hm1.x", None, True, 1.5, [], {"a": 1}, "x" * 5_000])
def test_a_rename_that_names_no_track_is_left_behind_and_takes_nothing_with_it(bad: Any) -> None:
    renames = [{"type": "Rename", "from_id": "15", "to_id": bad}, {"type": "Rename", "from_id": bad, "to_id": "15"}]
    reader = CameraAdapter("axis-v1", frozenset(EVENT_FIELDS), 60, {}, 512, has_renames=True)
    events = reader.events(json.dumps(axis(DETECTION, track_events=renames)).encode())
    assert not isinstance(events, Reason)
    assert (len(events.texts), events.renames, events.left["rename"]) == (1, [], 2)
