"""A frame of a camera before any vendor writes it, and what a leaky camera adds to it."""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

PLATE, NAME, FACE_ID = "FS LEAK", "Leaky Lea", "fsleak-face"
IMAGE = base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10JFIF fsleak picture" * 8).decode()
EMBEDDING = "@embedding"  # stands for the numbers below, which are written once
_NUMBERS = json.dumps([round(0.7310585 + number / 1e9, 9) for number in range(512)], separators=(",", ":"))
LATITUDE = 54.1801277
# Texts of which each leaky frame has some, and which must never get past ingest.
LEAKS = (PLATE, NAME, FACE_ID, IMAGE[:24], "0.7310585", str(LATITUDE))


class Seen(NamedTuple):
    """An object in a frame; the box is in fractions of the picture."""

    track: int
    class_name: str
    score: float
    left: float
    top: float


class Shot(NamedTuple):
    """A frame of one camera.

    Attributes:
        camera: Its name.
        channel: Its number.
        zone: The zone that it sees.
        iso: When it was taken, ISO 8601 in UTC with milliseconds.
        time_ms: The same, milliseconds since the epoch.
        number: Number of the frame.
        run: What makes the tracks of this run distinct.
        seen: Its objects.
        renamed: A track that is the same object as another one, and that other one; None where there is none.
    """

    camera: str
    channel: int
    zone: str
    iso: str
    time_ms: int
    number: int
    run: str
    seen: tuple[Seen, ...]
    renamed: tuple[int, int] | None = None


WIDTH, HEIGHT = 0.12, 0.3  # of every box, in pictures


def plate_of(one: Seen) -> str:
    """Return the license plate of a vehicle."""
    return f"{PLATE} {one.track % 9000 + 1000}"


def text_of(record: Any) -> str:
    """Return a record as JSON."""
    return json.dumps(record, separators=(",", ":")).replace(f'"{EMBEDDING}"', _NUMBERS)
