"""What is read of an object in a frame: where, when and of what class it was, and by which track it is known again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from stream_app.core.events.reasons import DeadLetterReason as Reason


class Sighting(NamedTuple):
    """An object in a frame.

    Attributes:
        camera: Name of the camera.
        track: Name of the track, unique for the camera.
        time: When the frame was taken.
        name: What the vendor calls its class.
        score: Confidence of the camera in the class, as the vendor writes it; None where it does not say.
        zone: Where it was, for cameras that know zones; None elsewhere.
    """

    camera: str
    track: str
    time: datetime
    name: str
    score: float | None = None
    zone: str | None = None


class Rename(NamedTuple):
    """What a camera says about two of its tracks: they are one object.

    Attributes:
        camera: Name of the camera.
        first: Name of the one track.
        second: Name of the other one.
        time: When it says so.
    """

    camera: str
    first: str
    second: str
    time: datetime


@dataclass(slots=True)
class Frame:
    """What was read of a record.

    Attributes:
        objects: Its objects in order, and the reason for each that cannot be read.
        renames: Which of its tracks are one object.
        left: What was left behind, by kind.
    """

    objects: list[Sighting | Reason] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


class RecordFaultError(ValueError):
    """A record, or an object in it, that cannot be read.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
