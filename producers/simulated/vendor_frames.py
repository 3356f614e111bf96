"""A frame of a camera in the form of each vendor, and on request with what real cameras leak.

Source: the layouts are those that ``stream_app.core.events.cameras`` reads, written from the same public
documentation. Those of ONVIF are in ``onvif_frames``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from producers.simulated import onvif_frames
from producers.simulated.shots import (
    EMBEDDING,
    FACE_ID,
    HEIGHT,
    IMAGE,
    LATITUDE,
    NAME,
    WIDTH,
    Seen,
    Shot,
    plate_of,
    text_of,
)

_AXIS_CLASSES = {"person": "Human", "car": "Car", "bicycle": "Bike"}


def _axis_v1(shot: Shot, *, is_leaky: bool) -> list[str]:
    detections = []
    for one in shot.seen:
        detection: dict[str, Any] = {
            "object_track_id": _track(shot, one.track),
            "bounding_box": _box(one),
            "classes": [{"type": _AXIS_CLASSES[one.class_name], "score": one.score}],
        }
        if is_leaky:
            detection |= _axis_leak(one)
        detections.append(detection)
    record: dict[str, Any] = {
        "channel_id": shot.channel,
        "timestamp": shot.iso.replace("Z", "000Z"),
        "detections": detections,
    }
    if shot.renamed:
        first, second = (_track(shot, track) for track in shot.renamed)
        record["track_events"] = [{"type": "Rename", "from_id": first, "to_id": second}]
    return [text_of(record)]


def _axis_beta(shot: Shot, *, is_leaky: bool) -> list[str]:
    timestamp = shot.iso.replace("Z", "000Z")
    observations = []
    for one in shot.seen:
        observation: dict[str, Any] = {
            "track_id": _track(shot, one.track),
            "timestamp": timestamp,
            "bounding_box": _box(one),
            "class": {"type": _AXIS_CLASSES[one.class_name], "score": one.score},
        }
        if is_leaky:
            observation["class"]["upper_clothing_colors"] = [{"name": NAME, "score": 0.6}]
            observation |= {key: value for key, value in _axis_leak(one).items() if key != "parts"}
        observations.append(observation)
    frame: dict[str, Any] = {"timestamp": timestamp, "observations": observations, "operations": []}
    if shot.renamed:
        first, second = (_track(shot, track) for track in shot.renamed)
        frame["operations"].append({"type": "RenameOperation", "id": second, "old_id": first})
    return [text_of({"frame": frame})]


def _axis_leak(one: Seen) -> dict[str, Any]:
    leak: dict[str, Any] = {
        "image": {"data": IMAGE, "bounding_box": _box(one)},
        "feature_vector": EMBEDDING,
        "geoposition": {"latitude": LATITUDE, "longitude": 7.88231},
        "parts": [{"classes": [{"type": "Face", "score": 0.9, "id": FACE_ID}]}],
    }
    if one.class_name == "car":
        leak["license_plate"] = {"text": plate_of(one)}
    return leak


def _deepstream(shot: Shot, *, is_leaky: bool) -> list[str]:
    objects = []
    for one in shot.seen:
        left, top = one.left * 1920, one.top * 1080
        edges = (left, top, left + WIDTH * 1920, top + HEIGHT * 1080)
        parts = [str(one.track), *(f"{edge:.3f}" for edge in edges), one.class_name.capitalize()]
        if is_leaky and one.class_name == "car":
            parts += ["#", "sedan", "Bugatti", "M", "blue", plate_of(one), "CA", str(one.score)]
        elif is_leaky:
            parts += ["#", NAME, "34", "black", "none", FACE_ID, str(one.score)]
        objects.append("|".join(parts))
    record: dict[str, Any] = {
        "version": "4.0",
        "id": shot.number,
        "@timestamp": shot.iso,
        "sensorId": shot.camera,
        "objects": objects,
    }
    if is_leaky:
        record["embedding"] = {"vector": EMBEDDING}
    return [text_of(record)]


def _deepstream_full(shot: Shot, *, is_leaky: bool) -> list[str]:
    return [text_of(_deepstream_message(shot, one, is_leaky=is_leaky)) for one in shot.seen]


def _deepstream_message(shot: Shot, one: Seen, *, is_leaky: bool) -> dict[str, Any]:
    left, top = one.left * 1920, one.top * 1080
    kind = "vehicle" if one.class_name == "car" else one.class_name
    about: dict[str, Any] = {"confidence": one.score}
    located = {"lat": 0.0, "lon": 0.0, "alt": 0.0}
    if is_leaky:
        located = {"lat": LATITUDE, "lon": 7.88231, "alt": 4.0}
        is_vehicle = kind == "vehicle"
        about |= {"license": plate_of(one), "licenseState": "CA"} if is_vehicle else {"gender": "female", "name": NAME}
    message: dict[str, Any] = {
        "messageid": f"{shot.run}-{shot.number}-{one.track}",
        "mdsversion": "1.0",
        "@timestamp": shot.iso,
        "place": {"id": "1", "name": "station", "type": "hall", "location": located},
        "sensor": {"id": shot.camera, "type": "Camera", "description": "", "location": located},
        "analyticsModule": {"id": "1", "description": "", "source": "detector", "version": "1.0"},
        "object": {
            "id": str(one.track),
            "speed": 0.0,
            "direction": 0.0,
            "orientation": 0.0,
            kind: about,
            "bbox": {
                "topleftx": int(left),
                "toplefty": int(top),
                "bottomrightx": int(left + WIDTH * 1920),
                "bottomrighty": int(top + HEIGHT * 1080),
            },
            "location": located,
        },
        "event": {"id": f"{shot.run}-{shot.number}", "type": "moving"},
        "videoPath": FACE_ID if is_leaky else "",
    }
    if is_leaky:
        message["object"]["embedding"] = {"vector": EMBEDDING}
    return message


def _frigate(shot: Shot, *, is_leaky: bool) -> list[str]:
    return [text_of(_frigate_event(shot, one, is_leaky=is_leaky)) for one in shot.seen]


def _frigate_event(shot: Shot, one: Seen, *, is_leaky: bool) -> dict[str, Any]:
    state: dict[str, Any] = {
        "id": _track(shot, one.track),
        "camera": shot.camera,
        "frame_time": shot.time_ms / 1000,
        "label": one.class_name,
        "sub_label": None,
        "top_score": one.score,
        "score": one.score,
        "false_positive": False,
        "box": [int(one.left * 1920), int(one.top * 1080), int((one.left + WIDTH) * 1920), 1000],
        "current_zones": [shot.zone],
        "entered_zones": [shot.zone],
        "has_snapshot": False,
        "stationary": False,
    }
    if is_leaky:
        state |= {
            "sub_label": [NAME, 0.97],
            "recognized_license_plate": plate_of(one) if one.class_name == "car" else None,
            "thumbnail": IMAGE,
            "face_embedding": EMBEDDING,
            "path_data": [[[0.51, 0.2], shot.time_ms / 1000]],
            "attributes": {FACE_ID: 0.9},
        }
    return {"type": "update", "before": state, "after": state}


def _track(shot: Shot, track: int) -> str:
    return f"{shot.run}-{shot.channel}-{track}"


def _box(one: Seen) -> dict[str, float]:
    right, bottom = round(one.left + WIDTH, 4), round(one.top + HEIGHT, 4)
    return {"left": one.left, "top": one.top, "right": right, "bottom": bottom}


SHAPES: dict[str, Callable[..., list[str]]] = {
    "onvif-xml": onvif_frames.write_xml,
    "onvif-json": onvif_frames.write_json,
    "axis-v1": _axis_v1,
    "axis-beta": _axis_beta,
    "deepstream": _deepstream,
    "deepstream-full": _deepstream_full,
    "frigate": _frigate,
}
