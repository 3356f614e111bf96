"""Reads the records of one layout as camera events: texts in JSON that have a few allowed fields, and no others.

A record may have several objects; each is an event of its own. What identifies an event is the track, the time window
and the group of each attribute of the policy: so a track that is in a thousand frames counts once in each zone, class
and window, by the same deduplication that recognizes a record that was sent twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, NamedTuple

import msgspec

from stream_app.core.events.cameras.axis import read_axis, read_axis_beta
from stream_app.core.events.cameras.classes import class_of
from stream_app.core.events.cameras.deepstream import read_full, read_minimal
from stream_app.core.events.cameras.frigate import read_frigate
from stream_app.core.events.cameras.leaks import Leak
from stream_app.core.events.cameras.onvif import read_onvif
from stream_app.core.events.cameras.onvif_xml import read_xml
from stream_app.core.events.cameras.sightings import Frame, RecordFaultError, Rename, Sighting
from stream_app.core.events.cameras.tree import decoded
from stream_app.core.events.identifiers import canonical_text, fault_of
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy.types import CameraLayout

_encode = msgspec.json.Encoder().encode

_READERS: dict[str, Callable[[dict[str, Any], int], Frame]] = {
    "onvif-xml": read_onvif,
    "onvif-json": read_onvif,
    "axis-v1": read_axis,
    "axis-beta": read_axis_beta,
    "deepstream": read_minimal,
    "deepstream-full": read_full,
    "frigate": read_frigate,
}

_ZONED = frozenset({"frigate"})  # whose cameras know zones; of all others the camera is the zone

Groups = Mapping[str, Callable[[str | None], int]]  # field -> number of the group in which the policy counts a value


class TrackRename(NamedTuple):
    """Two tracks that are one object.

    Attributes:
        time_s: When the camera says so, in seconds.
        first: The one track, in the form of ``track_name``.
        second: The other one.
    """

    time_s: float
    first: str
    second: str


class CameraEvents(NamedTuple):
    """What a record became.

    Attributes:
        texts: Each event as JSON, in order, and the reason for each object that cannot be read.
        left: What was left behind, by kind.
        renames: Which tracks are one object; empty where renames have no effect.
    """

    texts: list[bytes | Reason]
    left: Counter[str]
    renames: Sequence[TrackRename] = ()


def track_name(camera: str, track: str) -> str:
    """Return what names a track among those of all cameras of a topic.

    >>> track_name("cam-1", "15")
    '5|cam-1|15'
    """
    return f"{len(camera)}|{camera}|{track}"


class CameraAdapter:
    """Reads the records of one topic.

    Args:
        layout: How the vendor writes them.
        fields: The fields of the policy; events have no others.
        window_s: Length of the window in which a track counts once.
        groups: Groups of the fields that are counted by.
        max_objects: Most objects of a record.
        has_renames: Whether renames of tracks have an effect; if not they are left behind.
    """

    def __init__(
        self,
        layout: CameraLayout,
        fields: frozenset[str],
        window_s: int,
        groups: Groups,
        max_objects: int,
        *,
        has_renames: bool = False,
    ) -> None:
        self._read = _READERS[layout]
        self._decode = read_xml if layout == "onvif-xml" else decoded
        self._has_zones = layout in _ZONED
        self._fields = fields
        self._window_s = window_s
        self._groups = groups
        self._max_objects = max_objects
        self._has_renames = has_renames

    def events(self, record: bytes) -> CameraEvents | Reason:
        """Return the events of a record, or why it cannot be read as a whole."""
        try:
            frame = self._read(self._decode(record), self._max_objects)
        except RecordFaultError as error:
            return error.reason
        renames = [self._rename(rename) for rename in frame.renames] if self._has_renames else []
        effective = [rename for rename in renames if rename is not None]
        frame.left[Leak.RENAME] += len(frame.renames) - len(effective)
        return CameraEvents(list(map(self._text, frame.objects)), +frame.left, effective)

    def _rename(self, rename: Rename) -> TrackRename | None:
        """Return the tracks that a rename names; None where they cannot be those of an event."""
        if any(fault_of(canonical_text(name)) for name in (rename.camera, rename.first, rename.second)):
            return None
        first, second = track_name(rename.camera, rename.first), track_name(rename.camera, rename.second)
        try:
            return TrackRename(rename.time.timestamp(), first, second)
        except OverflowError:  # of the first or last year that there is
            return None

    def _text(self, seen: Sighting | Reason) -> bytes | Reason:
        if isinstance(seen, Reason):
            return seen
        for name in (seen.camera, seen.track):
            if fault := fault_of(canonical_text(name)):
                return fault
        try:
            time = seen.time.astimezone(UTC)
        except OverflowError:  # of the first or last year that there is
            return Reason.TIME
        values: dict[str, Any] = {"class": class_of(seen.name), "camera": seen.camera, "score": seen.score}
        values["zone"] = seen.zone if self._has_zones else seen.camera
        start_s = int(time.timestamp() // self._window_s) * self._window_s
        cell = ".".join(str(group_of(values[name])) for name, group_of in self._groups.items())
        values["track"], values["ts"] = seen.track, time.isoformat()
        values["id"] = f"{start_s}|{cell}|{track_name(seen.camera, seen.track)}"
        if seen.score is None:
            del values["score"]
        return _encode({name: value for name, value in values.items() if name in self._fields})
