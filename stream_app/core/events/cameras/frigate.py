"""Frigate: the events that it publishes whenever a tracked object changes, with its state before and after.

Only ``after`` is read. An object in several zones is in each of them; one in no zone has none.

Source: Frigate documentation, MQTT, ``frigate/events``.
"""

from __future__ import annotations

from collections.abc import Iterator

from stream_app.core.events.cameras.leaks import Leak, count_leaks, members
from stream_app.core.events.cameras.sightings import Frame, Sighting
from stream_app.core.events.cameras.tree import (
    Object,
    epoch_of,
    list_of,
    needed,
    number_of,
    object_of,
    read_objects,
    text_of,
)

_EVENT = frozenset({"type", "before", "after"})
_STATE = frozenset({"id", "camera", "frame_time", "label", "score", "current_zones", "entered_zones", "false_positive"})


def read_frigate(record: Object, most: int) -> Frame:
    """Read an event."""
    frame = Frame()
    count_leaks(frame.left, record, _EVENT)
    count_leaks(frame.left, members(record.get("before")), _STATE)
    after = object_of(needed(record, "after"))
    count_leaks(frame.left, after, _STATE)
    if after.get("false_positive") is True:
        frame.left[Leak.FALSE_POSITIVE] += 1
        return frame

    def read(state: Object) -> Iterator[Sighting]:
        seen = Sighting(
            text_of(needed(state, "camera")),
            text_of(needed(state, "id")),
            epoch_of(state.get("frame_time")),
            text_of(needed(state, "label")),
            number_of(state.get("score")),
        )
        zones = [text_of(zone) for zone in list_of(state.get("current_zones"), most)]
        yield from (seen._replace(zone=zone) for zone in dict.fromkeys(zones))
        if not zones:
            yield seen

    read_objects(frame, [after], read)
    return frame
