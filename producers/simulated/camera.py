"""Simulated camera metadata: one record for each track that a camera followed through a zone.

The records contain what those of real cameras leak: a number that re-identifies the person, the position of the camera,
the box around the body, and fields that no policy names (the license plate of a car, the id of a face embedding). The
stream is there to show that none of it passes ingest.

People are seen again at other places: ``person_id`` comes from a gallery of ``GALLERY`` people (null for a car, in
which nobody is recognized), and each person has one vehicle.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np

from producers.event import Event
from producers.simulated.draws import BLOCK, Draws, Floats, select
from producers.timeline import Timeline, iso_times, run_tag

GALLERY = 20_000
DWELL_RANGE_S = (2.0, 180.0)
CLASSES = ("bicycle", "car", "person")
_PLATE_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


class Place(NamedTuple):
    """A zone that one camera monitors.

    Attributes:
        share: Share of all tracks, in (0, 1].
        class_shares: Share of each of ``CLASSES``; the sum is 1.
    """

    site: str
    zone: str
    camera_id: str
    lat: float
    lon: float
    share: float
    class_shares: tuple[float, float, float]


PLACES = (
    Place("harbour", "entrance", "cam-h1", 54.18012, 7.88231, 0.08, (0.20, 0.30, 0.50)),
    Place("harbour", "street", "cam-h2", 54.18057, 7.88304, 0.10, (0.15, 0.60, 0.25)),
    Place("market", "entrance", "cam-m1", 54.17911, 7.88512, 0.12, (0.10, 0.00, 0.90)),
    Place("market", "hall", "cam-m2", 54.17922, 7.88540, 0.18, (0.00, 0.00, 1.00)),
    Place("market", "street", "cam-m3", 54.17899, 7.88498, 0.12, (0.20, 0.45, 0.35)),
    Place("station", "entrance", "cam-s1", 54.17755, 7.88900, 0.10, (0.06, 0.00, 0.94)),
    Place("station", "hall", "cam-s2", 54.17761, 7.88925, 0.12, (0.02, 0.00, 0.98)),
    Place("station", "platform", "cam-s3", 54.17770, 7.88961, 0.10, (0.03, 0.00, 0.97)),
    Place("station", "street", "cam-s4", 54.17740, 7.88880, 0.08, (0.15, 0.60, 0.25)),
)


def simulate_camera(seed: int, timeline: Timeline) -> Iterator[Event]:
    """Yield track visits without end; the same arguments give the same bytes.

    Args:
        seed: Integer >= 0.
        timeline: Event time of each record: when the track left the zone.
    """
    run = run_tag(seed, timeline)
    for first, uniforms in zip(count(0, BLOCK), Draws(seed, "tracks").blocks(8), strict=False):
        yield from _track_block(first, uniforms, timeline, run)


def _track_block(first: int, uniforms: Floats, timeline: Timeline, run: str) -> Iterator[Event]:
    where, what, who, stay, x, y, width, height = uniforms
    place = select({p.camera_id: p.share for p in PLACES}, where)
    class_bounds = np.cumsum([p.class_shares for p in PLACES], axis=1)[place, :-1]
    kind = (what[:, None] >= class_bounds).sum(axis=1)
    person = (who * GALLERY).astype(np.int64)
    shortest, longest = DWELL_RANGE_S
    dwell_s = (shortest + (longest - shortest) * stay**3).round(1)  # most pass through, a few stay
    left, top = x * 0.8, y * 0.7
    right, bottom = left + 0.02 + width * 0.18, top + 0.05 + height * 0.25
    boxes = np.stack([left, top, right, bottom], axis=1).round(4)
    times_ms = timeline.times_ms(first, BLOCK)

    columns = zip(
        place.tolist(), kind.tolist(), person.tolist(), dwell_s.tolist(), boxes.tolist(), iso_times(times_ms),
        times_ms.tolist(), strict=True,
    )  # fmt: skip
    for track, (at, class_code, number, seconds, box, ts, time_ms) in enumerate(columns, start=first + 1):
        scene, class_name = PLACES[at], CLASSES[class_code]
        # Every part is a number or a label of this module, so nothing needs escaping.
        value = (
            f'{{"track_id":"T-{run}-{track:07d}","person_id":{_person_id(class_name, number)},"ts":"{ts}",'
            f'"site":"{scene.site}","zone":"{scene.zone}","class":"{class_name}","camera_id":"{scene.camera_id}","dwell_s":{seconds},'
            f'"gps":{{"lat":{scene.lat},"lon":{scene.lon}}},'
            f'"bbox":{{"left":{box[0]},"top":{box[1]},"right":{box[2]},"bottom":{box[3]}}},'
            f"{_leak(class_name, number)}}}"
        )
        yield Event(scene.camera_id.encode(), value.encode(), time_ms)


def _person_id(class_name: str, person: int) -> str:
    """Return the id as JSON; null for a car."""
    return "null" if class_name == "car" else f'"R-{person:06d}"'


def _leak(class_name: str, person: int) -> str:
    """Return a field that no policy names, which identifies this person or vehicle."""
    if class_name == "person":
        return f'"face_embedding_id":"fe-{person * 2_654_435_761 % 2**32:08x}"'
    if class_name == "car":
        letters = _PLATE_LETTERS[person % 23] + _PLATE_LETTERS[person // 23 % 23]
        return f'"plate":"FS {letters} {person % 9000 + 1000}"'
    return f'"frame_sticker":"B{person:06d}"'
