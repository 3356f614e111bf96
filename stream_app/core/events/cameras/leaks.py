"""What cameras send beyond what a camera event needs: counted by kind and left behind, never read.

The key of a value says what it is, so only keys are looked at. A kind is a label in metrics, so it contains nothing of
the record.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any


class Leak(enum.StrEnum):
    """What is left behind, by kind."""

    FACE = "face"
    PLATE = "plate"
    EMBEDDING = "embedding"
    IMAGE = "image"
    LOCATION = "location"
    PERSON = "person"  # gender, age, clothing, pose, name
    VEHICLE = "vehicle"  # make, model, color
    BOX = "box"  # where in the picture
    RENAME = "rename"  # that a track is the same object as another one, where that has no effect
    UNTRACKED = "untracked"  # an object without a track, which cannot be counted once
    FALSE_POSITIVE = "false_positive"  # an object that the camera itself takes back
    OTHER = "other_fields"


# The first kind of which a part is in the key, without case and separators.
_PARTS: tuple[tuple[Leak, tuple[str, ...]], ...] = (
    (Leak.PLATE, ("plate", "license", "anpr", "lpr")),
    (Leak.EMBEDDING, ("embedding", "signature", "featurevector", "reid", "descriptor")),
    (Leak.FACE, ("face", "facial")),
    (Leak.IMAGE, ("image", "snapshot", "thumbnail", "crop", "jpeg", "picture", "video", "clip")),
    (Leak.LOCATION, ("location", "coordinate", "geopos", "gps", "latitude", "longitude")),
    (
        Leak.PERSON,
        (
            "person",
            "human",
            "body",
            "gender",
            "age",
            "hair",
            "cloth",
            "apparel",
            "pose",
            "sublabel",
            "identity",
            "name",
        ),
    ),
    (Leak.VEHICLE, ("vehicle", "color", "make", "model", "attributes")),
    (Leak.BOX, ("box", "shape", "gravity", "region", "area", "ratio", "path", "pathdata", "polygon")),
)
_WHOLE = frozenset({"age", "name", "pose", "make", "model", "region", "area", "ratio", "path"})  # else in many words
_MOST_KNOWN = 4096  # keys that are remembered: hostile records must not grow memory
_MOST_CHARACTERS = 60


def leak_of(key: str) -> Leak:
    """Return the kind of a value by its key.

    >>> leak_of("LicensePlateInfo"), leak_of("recognized_license_plate"), leak_of("thumbnail"), leak_of("stationary")
    (<Leak.PLATE: 'plate'>, <Leak.PLATE: 'plate'>, <Leak.IMAGE: 'image'>, <Leak.OTHER: 'other_fields'>)
    """
    return _leak_of(key) if len(key) <= _MOST_CHARACTERS else Leak.OTHER


def count_leaks(left: Counter[str], record: Iterable[str], read: frozenset[str]) -> None:
    """Count the members of an object that are not read.

    Args:
        left: Counter by kind, added to in place.
        record: The keys of the object.
        read: The keys that are read, or looked into.
    """
    for key in record:
        if key not in read:
            left[leak_of(key)] += 1


def members(value: Any) -> Iterator[str]:
    """Yield the keys of an object; none of what is no object."""
    if isinstance(value, dict):
        yield from value


@lru_cache(_MOST_KNOWN)
def _leak_of(key: str) -> Leak:
    plain = "".join(character for character in key.casefold() if character.isalnum())
    for kind, parts in _PARTS:
        if any(plain == part if part in _WHOLE else part in plain for part in parts):
            return kind
    return Leak.OTHER
