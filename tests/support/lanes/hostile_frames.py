"""Hostile frames of a camera that renames tracks, row 60 of the list of hostile inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from stream_app.policy import SHIPPED
from tests.support.lanes.hostile_records import CANARY
from tests.support.lanes.ingest_lane import encode, iso

N_RENAMED = 600  # tracks, all of one object
N_WITHOUT_EFFECT = 4  # renames that name no track, or are in another time; one of the first frame
_MOST = 500  # objects and renames in a frame


def _axis_policy() -> str:
    begin, *models = (SHIPPED / "cameras.toml").read_text("utf-8").split("[[models]]")
    return begin + "[[models]]" + next(model for model in models if 'layout = "axis-v1"' in model)


AXIS_POLICY = _axis_policy()


def first_frame(now_s: int) -> bytes:
    """Return a frame with a track and a rename that has no effect, of which there are series from then on."""
    return frame(now_s // 60 * 60, seen=["first"], renamed=[("first", "")])


def renaming_frames(now_s: int) -> Iterator[bytes]:
    """Yield the frames: one has too many renames, the others can be read.

    Args:
        now_s: Time of the broker.
    """
    begin_s = now_s // 60 * 60
    names = [f"{CANARY}-{number}" for number in range(N_RENAMED)]
    cycle = [*pairwise(names), (names[-1], names[0]), (names[0], names[0])]
    unknown = [(f"{CANARY}-x-{number}", f"{CANARY}-y-{number}") for number in range(_MOST)]
    for first in range(0, N_RENAMED, _MOST):
        yield frame(begin_s, seen=names[first : first + _MOST])
    for first in range(0, len(cycle), _MOST):
        yield frame(begin_s, renamed=cycle[first : first + _MOST])
    yield frame(begin_s, renamed=cycle[:100])  # again
    yield frame(begin_s, renamed=unknown)
    yield frame(begin_s, renamed=[(names[0], ""), ("\0", names[1])])
    yield frame(begin_s + 10**6, renamed=[(names[0], names[1])])
    yield frame(begin_s, renamed=[*unknown, *unknown])


def frame(time_s: float, seen: Iterable[str] = (), renamed: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return a frame of the second channel in the layout of Axis."""
    detections = [{"object_track_id": name, "classes": [{"type": "Human", "score": 1}]} for name in seen]
    events = [{"type": "Rename", "from_id": one, "to_id": other} for one, other in renamed]
    return encode({"channel_id": 2, "timestamp": iso(time_s), "detections": detections, "track_events": events})
