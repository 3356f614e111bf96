"""NVIDIA DeepStream: the messages of ``Gst-nvmsgconv``, in the minimal and in the full schema.

In the minimal schema each object is one text, whose parts are separated by ``|``: track, four edges of the box in
pixels, class, and then attributes that are left behind unread, among them the plate. In the full schema a message has
one object.

Source: NVIDIA DeepStream SDK, Gst-nvmsgconv, schema variations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stream_app.core.events.cameras.classes import OTHER_CLASS, class_of, part_of
from stream_app.core.events.cameras.leaks import Leak, count_leaks, members
from stream_app.core.events.cameras.sightings import Frame, RecordFaultError, Sighting
from stream_app.core.events.cameras.tree import (
    Object,
    check_box,
    list_of,
    needed,
    number_of,
    object_of,
    read_objects,
    text_of,
    time_of,
)
from stream_app.core.events.reasons import DeadLetterReason as Reason

_MESSAGE = frozenset({"version", "id", "@timestamp", "sensorId", "objects"})
_N_PARTS = 6  # track, box and class: what every object has
_MOST_PARTS = 256  # with the joints of a pose
_PLATED = {"vehicle", "car", "bus", "truck", "motorcycle"}
_MORE = "#"  # the part before the attributes of one kind of object
_UNTRACKED = {"-1", "18446744073709551615"}  # the second is -1 as DeepStream prints it, without a sign
_KINDS = ("vehicle", "person", "face", "bag", "bicycle", "roadsign")
_FULL = frozenset({"messageid", "mdsversion", "@timestamp", "sensor", "object", "event", "place", "analyticsModule"})
_OBJECT = frozenset({"id", "speed", "direction", "orientation", "confidence", "bbox", *_KINDS})
_SENSOR = frozenset({"id", "type", "description"})


def read_minimal(record: Object, most: int) -> Frame:
    """Read a message of the minimal schema."""
    frame = Frame()
    count_leaks(frame.left, record, _MESSAGE)
    camera, time = text_of(needed(record, "sensorId")), time_of(needed(record, "@timestamp"))

    def read(one: Any) -> Iterator[Sighting]:
        if not isinstance(one, str):
            raise RecordFaultError(Reason.TYPE)
        parts = one.split("|", _MOST_PARTS)
        if len(parts) < _N_PARTS:
            raise RecordFaultError(Reason.MISSING)
        track, left, _, right, _, name, *more = parts
        frame.left[Leak.BOX] += 1
        check_box(_number(left), _number(right), is_share=False)
        if more[:1] == [_MORE] and len(more) > 1:
            frame.left[Leak.PLATE if class_of(name) in _PLATED else Leak.PERSON] += 1
        yield from _sightings(frame, Sighting(camera, track, time, name, _score_of(more)))

    read_objects(frame, list_of(record.get("objects"), most), read)
    return frame


def read_full(record: Object, most: int) -> Frame:
    """Read a message of the full schema, which has one object."""
    del most
    frame = Frame()
    count_leaks(frame.left, record, _FULL)
    sensor = object_of(needed(record, "sensor"))
    count_leaks(frame.left, sensor, _SENSOR)
    camera, time = text_of(needed(sensor, "id")), time_of(needed(record, "@timestamp"))

    def read(one: Any) -> Iterator[Sighting]:
        count_leaks(frame.left, members(one), _OBJECT)
        own = object_of(one)
        box = object_of(own.get("bbox"))
        frame.left[Leak.BOX] += bool(box)
        check_box(number_of(box.get("topleftx")), number_of(box.get("bottomrightx")), is_share=False)
        name = next((kind for kind in _KINDS if own.get(kind) is not None), OTHER_CLASS)
        about = object_of(own.get(name))
        count_leaks(frame.left, about, frozenset({"confidence"}))
        score = number_of(own.get("confidence", about.get("confidence")))
        yield from _sightings(frame, Sighting(camera, text_of(needed(own, "id")), time, name, score))

    read_objects(frame, [needed(record, "object")], read)
    return frame


def _sightings(frame: Frame, seen: Sighting) -> Iterator[Sighting]:
    if part := part_of(seen.name):
        frame.left[part] += 1
    elif seen.track in _UNTRACKED:
        frame.left[Leak.UNTRACKED] += 1
    else:
        # -0.1 stands for a score that there is not.
        yield seen if seen.score is None or seen.score >= 0 else seen._replace(score=None)


def _score_of(more: list[str]) -> float | None:
    """Return the last of the attributes where it is a number: not every kind of object ends in a score."""
    try:
        return float(more[-1]) if len(more) > 1 else None
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        raise RecordFaultError(Reason.TYPE) from None
    return number_of(number)
