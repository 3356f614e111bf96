"""Simulated metadata of four cameras at a station, frame by frame, in the form of a vendor.

Each frame begins one track, which stays for a few frames; so a track is in several records, and a record has several
objects. Now and then a camera takes a track for another one and says so (a rename).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from producers.event import Event
from producers.simulated.camera import CLASSES, PLACES
from producers.simulated.draws import BLOCK, Draws
from producers.simulated.shots import Seen, Shot
from producers.simulated.vendor_frames import SHAPES
from producers.timeline import Timeline, iso_times, run_tag

STATION = tuple(place for place in PLACES if place.site == "station")
LONGEST = 6  # frames of a track
_RENAME_SHARE = 0.02


def simulate_cameras(seed: int, timeline: Timeline, shape: str, *, is_leaky: bool = False) -> Iterator[Event]:
    """Yield the records of frames without end; the same arguments give the same bytes.

    Args:
        seed: Integer >= 0.
        timeline: Time of each frame.
        shape: How they are written, one of ``SHAPES``.
        is_leaky: Whether they contain plates, faces, embeddings, pictures, names and positions.
    """
    write, run = SHAPES[shape], run_tag(seed, timeline)
    scenes = STATION[:1] if shape == "axis-beta" else STATION  # the beta names no channel: its topic is one camera
    active: list[deque[tuple[Seen, int]]] = [deque() for _ in scenes]
    first = 0
    for what, score, stay, left, top, renamed in Draws(seed, "frames").blocks(6):
        times_ms = timeline.times_ms(first, BLOCK)
        for place, (iso, time_ms) in enumerate(zip(iso_times(times_ms), times_ms.tolist(), strict=True)):
            number = first + place
            at = number % len(scenes)
            scene, tracks = scenes[at], active[at]
            while tracks and tracks[0][1] < number:
                tracks.popleft()
            name = _class_of(scene.class_shares, float(what[place]))
            new = Seen(
                number + 1,
                name,
                round(0.5 + score[place] / 2, 3),
                round(left[place] * 0.8, 4),
                round(top[place] * 0.6, 4),
            )
            other = (tracks[0][0].track, new.track) if tracks and renamed[place] < _RENAME_SHARE else None
            until = number + int(stay[place] * LONGEST) * len(scenes)
            tracks.append((new, until))
            seen = tuple(one for one, last in tracks if last >= number)
            shot = Shot(scene.camera_id, at + 1, scene.zone, iso, time_ms, number, run, seen, other)
            for text in write(shot, is_leaky=is_leaky):
                yield Event(scene.camera_id.encode(), text.encode(), time_ms)
        first += BLOCK


def _class_of(shares: tuple[float, ...], draw: float) -> str:
    bound = 0.0
    for name, share in zip(CLASSES, shares, strict=True):
        bound += share
        if draw < bound:
            return name
    return CLASSES[-1]
