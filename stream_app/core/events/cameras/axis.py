"""Axis scene metadata: the Analytics Data Format in version 1, and the beta that older devices still send.

Axis devices know no zones; the camera of an event is the channel of the device, a number.

Source: Axis developer documentation, AXIS Scene Metadata, Analytics Data Format: Frame and Object Track (version 1),
``com.axis.analytics_scene_description.v0.beta``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from stream_app.core.events.cameras.classes import OTHER_CLASS, part_of
from stream_app.core.events.cameras.leaks import Leak, count_leaks, members
from stream_app.core.events.cameras.sightings import Frame, Sighting
from stream_app.core.events.cameras.tree import (
    Object,
    check_box,
    list_of,
    needed,
    number_of,
    object_of,
    read_objects,
    read_rename,
    text_of,
    time_of,
)

_FRAME = frozenset({"channel_id", "timestamp", "detections", "track_events"})
_DETECTION = frozenset({"object_track_id", "classes", "class", "bounding_box"})
_TRACK = frozenset({"channel_id", "id", "classes", "start_time", "end_time"})
_BETA = frozenset({"timestamp", "observations", "operations"})
_OBSERVATION = frozenset({"track_id", "timestamp", "class", "bounding_box"})
_CLASS = frozenset({"type", "score"})
_ONLY_CAMERA = "1"  # of the beta


def read_axis(record: Object, most: int) -> Frame:
    """Read a frame, or the summary of a track, of version 1."""
    frame = Frame()
    camera = text_of(needed(record, "channel_id"))
    if "detections" not in record and "id" in record:
        count_leaks(frame.left, record, _TRACK)
        time = time_of(needed(record, "end_time"))
        read_objects(frame, [record], lambda one: _objects(frame, one, "id", camera, time))
        return frame
    count_leaks(frame.left, record, _FRAME)
    time = time_of(needed(record, "timestamp"))
    for event in list_of(record.get("track_events"), most):
        if isinstance(event, dict) and event.get("type") == "Rename":
            read_rename(frame, camera, record["timestamp"], event.get("from_id"), event.get("to_id"))

    def read(one: Any) -> Iterator[Sighting]:
        count_leaks(frame.left, members(one), _DETECTION)
        yield from _objects(frame, object_of(one), "object_track_id", camera, time)

    read_objects(frame, list_of(record.get("detections"), most), read)
    return frame


def read_axis_beta(record: Object, most: int) -> Frame:
    """Read a frame of the beta, which names no channel: the camera is ``1``, as of a device with one channel."""
    frame = Frame()
    inside = object_of(needed(record, "frame"))
    count_leaks(frame.left, record, frozenset({"frame"}))
    count_leaks(frame.left, inside, _BETA)
    taken = inside.get("timestamp")
    for operation in list_of(inside.get("operations"), most):
        if isinstance(operation, dict) and operation.get("type") == "RenameOperation":
            read_rename(frame, _ONLY_CAMERA, taken, operation.get("old_id"), operation.get("id"))

    def read(one: Any) -> Iterator[Sighting]:
        count_leaks(frame.left, members(one), _OBSERVATION)
        own = object_of(one).get("timestamp", taken)
        yield from _objects(frame, object_of(one), "track_id", _ONLY_CAMERA, time_of(own))

    read_objects(frame, list_of(inside.get("observations"), most), read)
    return frame


def _objects(frame: Frame, one: Object, key: str, camera: str, time: datetime) -> Iterator[Sighting]:
    if one.get("bounding_box") is not None:
        frame.left[Leak.BOX] += 1
        box = object_of(one["bounding_box"])
        check_box(number_of(box.get("left")), number_of(box.get("right")), is_share=True)
    name, score = _class_of(frame, one)
    if part := part_of(name):
        frame.left[part] += 1
        return
    yield Sighting(camera, text_of(needed(one, key)), time, name, score)


def _class_of(frame: Frame, one: Object) -> tuple[str, float | None]:
    """Return the likeliest class and its score; ``other`` for an object that has not been classified yet."""
    found: list[tuple[float, str, float | None]] = []
    for entry in _entries(one):
        count_leaks(frame.left, members(entry), _CLASS)
        own = object_of(entry)
        score = number_of(own.get("score"))
        found.append((-(score or 0.0), text_of(needed(own, "type")), score))
    if not found:
        return OTHER_CLASS, None
    _, name, score = min(found, key=lambda entry: entry[0])
    return name, score


def _entries(one: Object) -> list[Any]:
    classes = one.get("classes", one.get("class"))
    return list_of(classes, len(classes) if isinstance(classes, list) else 1)
