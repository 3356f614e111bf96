"""ONVIF scene description: the metadata stream of Profile M, in JSON or in XML that was turned into the same tree.

Attributes have ``@`` before their name, and the text of an element with attributes is ``#text``. What is not an array
may be one, as converters write repeated elements. Cameras know no zones here.

Source: ONVIF Analytics Service Specification, scene description (``tt:Frame``) and its JSON form (``onvif-mj``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stream_app.core.events.cameras.classes import OTHER_CLASS, part_of
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
    read_rename,
    text_of,
    time_of,
)
from stream_app.core.events.reasons import DeadLetterReason as Reason

_FRAME = frozenset({"@UtcTime", "@Source", "Object", "Transformation", "ObjectTree", "PTZStatus"})
_OBJECT = frozenset({"@ObjectId", "@UUID", "@Parent", "Appearance"})
_APPEARANCE = frozenset({"Class", "Shape", "Transformation"})
_SHAPE = frozenset({"BoundingBox"})
_STREAM = frozenset({"VideoAnalytics", "Frame"})


def read_onvif(record: Object, most: int) -> Frame:
    """Read the frames of a record; there may be several, or none where it is about events of the device."""
    result = Frame()
    n_objects = 0
    for frame in _frames(result, record, most):
        own = object_of(frame)
        count_leaks(result.left, own, _FRAME)
        changes = object_of(own.get("ObjectTree"))
        renames = list_of(changes.get("Rename"), most)
        objects = list_of(own.get("Object"), most)
        n_objects += len(objects)
        if n_objects > most:
            raise RecordFaultError(Reason.CARDINALITY)
        if objects:
            _read_frame(result, own, objects)
        for rename in renames:
            first, second = (_renamed(rename, key) for key in ("from", "to"))
            read_rename(result, own.get("@Source"), own.get("@UtcTime"), first, second)
    return result


def _frames(result: Frame, record: Object, most: int) -> Iterator[Any]:
    stream = object_of(record.get("MetadataStream", record))
    if stream is record and "VideoAnalytics" not in record:
        needed(record, "Frame")
    count_leaks(result.left, stream, _STREAM)
    yield from list_of(stream.get("Frame"), most)
    for inside in list_of(stream.get("VideoAnalytics"), most):
        count_leaks(result.left, members(inside), _STREAM)
        yield from list_of(object_of(inside).get("Frame"), most)


def _read_frame(result: Frame, frame: Object, objects: list[Any]) -> None:
    camera, time = text_of(needed(frame, "@Source")), time_of(needed(frame, "@UtcTime"))

    def read(one: Any) -> Iterator[Sighting]:
        count_leaks(result.left, members(one), _OBJECT)
        own = object_of(one)
        appearance = object_of(own.get("Appearance"))
        count_leaks(result.left, appearance, _APPEARANCE)
        shape = object_of(appearance.get("Shape"))
        count_leaks(result.left, shape, _SHAPE)
        _check_box(result, object_of(shape.get("BoundingBox")))
        name, score = _class_of(appearance.get("Class"), len(objects))
        if part := part_of(name):
            result.left[part] += 1
        else:
            yield Sighting(camera, text_of(needed(own, "@ObjectId")), time, name, score)

    read_objects(result, objects, read)


def _renamed(rename: Any, key: str) -> Any:
    """Return the number of a track in a rename; None where there is none."""
    one = rename.get(key) if isinstance(rename, dict) else None
    return one.get("@ObjectId") if isinstance(one, dict) else None


def _check_box(result: Frame, box: Object) -> None:
    result.left[Leak.BOX] += bool(box)
    check_box(_number(box.get("@left")), _number(box.get("@right")), is_share=False)


def _class_of(declared: Any, most: int) -> tuple[str, float | None]:
    """Return the likeliest class: of ``Type``, or in older devices of ``ClassCandidate``."""
    own = object_of(declared)
    found = [_typed(entry) for entry in _listed(own.get("Type"), most)]
    for entry in _listed(own.get("ClassCandidate"), most):
        candidate = object_of(entry)
        found.append((text_of(_plain(needed(candidate, "Type"))), _number(candidate.get("Likelihood"))))
    if not found:
        return OTHER_CLASS, None
    return max(found, key=lambda entry: entry[1] or 0.0)


def _listed(value: Any, most: int) -> list[Any]:
    return [value] if isinstance(value, str) else list_of(value, max(most, 64))


def _typed(entry: Any) -> tuple[str, float | None]:
    if isinstance(entry, str):
        return entry, None
    own = object_of(entry)
    return text_of(needed(own, "#text")), _number(own.get("@Likelihood"))


def _plain(value: Any) -> Any:
    """Return the text of an element without attributes."""
    return value.get("#text") if isinstance(value, dict) else value


def _number(value: Any) -> float | None:
    """Return a number, which XML has as text."""
    plain = _plain(value)
    if not isinstance(plain, str):
        return number_of(plain)
    try:
        number = float(plain)
    except ValueError:
        raise RecordFaultError(Reason.TYPE) from None
    return number_of(number)
