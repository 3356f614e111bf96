"""Records of cameras in every layout, and what the adapter reads of them."""

from __future__ import annotations

import json
from typing import Any

from stream_app.core.events.cameras.adapter import CameraAdapter
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy.types import CameraLayout
from stream_app.policy.values.cameras import EVENT_FIELDS

TIME = "2026-03-01T10:00:01.250000Z"
NS = 'xmlns:tt="http://www.onvif.org/ver10/schema"'


def adapter(layout: CameraLayout, most: int = 512) -> CameraAdapter:
    """Return the adapter of a layout for every field of the policy."""
    return CameraAdapter(layout, frozenset(EVENT_FIELDS), 60, {"class": lambda name: len(name or "")}, most)


def read(layout: CameraLayout, record: Any, most: int = 512) -> list[Any]:
    """Return the events of a record, decoded, and the reason instead of each object that cannot be read."""
    value = record if isinstance(record, bytes) else json.dumps(record).encode()
    events = adapter(layout, most).events(value)
    if isinstance(events, Reason):
        return [events]
    return [text if isinstance(text, Reason) else json.loads(text) for text in events.texts]


def left(layout: CameraLayout, record: Any) -> dict[str, int]:
    """Return what a record leaves behind, by kind."""
    value = record if isinstance(record, bytes) else json.dumps(record).encode()
    events = adapter(layout).events(value)
    assert not isinstance(events, Reason), events
    return dict(events.left)


def onvif(*objects: Any, **frame: Any) -> dict[str, Any]:
    """Return a frame of ONVIF in JSON."""
    return {"Frame": [{"@UtcTime": TIME, "@Source": "cam-1", "Object": list(objects)} | frame]}


def onvif_object(**changes: Any) -> dict[str, Any]:
    """Return a person of such a frame, with changes of its appearance."""
    appearance = {
        "Shape": {"BoundingBox": {"@left": -0.5, "@top": 0.5, "@right": 0.5, "@bottom": -0.5}},
        "Class": {"Type": {"@Likelihood": 0.8, "#text": "Human"}},
    }
    return {"@ObjectId": 15, "Appearance": appearance | changes}


def xml(inside: str, head: str = "") -> bytes:
    """Return a frame of ONVIF in XML."""
    return (
        f"{head}<tt:MetadataStream {NS}><tt:VideoAnalytics>"
        f'<tt:Frame UtcTime="{TIME}" Source="cam-1">{inside}</tt:Frame>'
        "</tt:VideoAnalytics></tt:MetadataStream>"
    ).encode()


OBJECT_XML = (
    '<tt:Object ObjectId="15"><tt:Appearance><tt:Shape>'
    '<tt:BoundingBox left="-0.5" top="0.5" right="0.5" bottom="-0.5"/></tt:Shape>'
    '<tt:Class><tt:Type Likelihood="0.8">Human</tt:Type></tt:Class></tt:Appearance></tt:Object>'
)
FACE_XML = "<tt:HumanFace><tt:Age>3</tt:Age></tt:HumanFace>"


def axis(*detections: Any, **changes: Any) -> dict[str, Any]:
    """Return a frame of Axis, version 1."""
    return {"channel_id": 1, "timestamp": TIME, "detections": list(detections)} | changes


DETECTION = {
    "object_track_id": "15",
    "classes": [{"type": "Human", "score": 0.8}],
    "bounding_box": {"left": 0.1, "top": 0.1, "right": 0.2, "bottom": 0.3},
}
OBSERVATION = {"track_id": "15", "class": {"type": "Human", "score": 0.8}, "bounding_box": DETECTION["bounding_box"]}


def beta(*observations: Any) -> dict[str, Any]:
    """Return a frame of the former format of Axis."""
    return {"frame": {"timestamp": TIME, "observations": list(observations)}}


def deepstream(*objects: Any) -> dict[str, Any]:
    """Return a frame of DeepStream in its short form."""
    return {"version": "4.0", "id": 7, "@timestamp": TIME, "sensorId": "cam-1", "objects": list(objects)}


def full(**changes: Any) -> dict[str, Any]:
    """Return a record of DeepStream in its full form."""
    one = {"id": "15", "person": {"confidence": 0.8, "gender": "female"}, "bbox": {"topleftx": 1, "bottomrightx": 9}}
    return {"messageid": "m", "@timestamp": TIME, "sensor": {"id": "cam-1"}, "object": one | changes}


def frigate(**changes: Any) -> dict[str, Any]:
    """Return an update of Frigate."""
    state = {
        "id": "15",
        "camera": "cam-1",
        "frame_time": 1772359201.25,
        "label": "person",
        "score": 0.8,
        "current_zones": ["hall"],
    }
    return {"type": "update", "before": state, "after": state | changes}


RECORDS: dict[CameraLayout, tuple[Any, str, str]] = {
    "onvif-json": (onvif(onvif_object()), "cam-1", "cam-1"),
    "onvif-xml": (xml(OBJECT_XML), "cam-1", "cam-1"),
    "axis-v1": (axis(DETECTION), "1", "1"),
    "axis-beta": (beta(OBSERVATION), "1", "1"),
    "deepstream": (deepstream("15|1|2|3|4|Person|#|female|34|black|none|red|0.8"), "cam-1", "cam-1"),
    "deepstream-full": (full(), "cam-1", "cam-1"),
    "frigate": (frigate(), "cam-1", "hall"),
}
