"""The classes of objects: the few names that pass, whatever the vendor calls them."""

from __future__ import annotations

from stream_app.core.events.cameras.leaks import Leak

OTHER_CLASS = "other"
_NAMES = {
    "person": ("person", "human", "pedestrian", "people", "humanbody"),
    "bicycle": ("bicycle", "bike", "cyclist"),
    "motorcycle": ("motorcycle", "motorbike"),
    "car": ("car", "sedan", "suv"),
    "bus": ("bus",),
    "truck": ("truck", "lorry"),
    "vehicle": ("vehicle", "vehical", "van", "trailer"),
    "animal": ("animal", "dog", "cat", "bird", "horse"),
    "bag": ("bag", "luggage", "backpack", "suitcase", "handbag"),
}
CLASSES = (*_NAMES, OTHER_CLASS)
_CLASS_OF = {name: label for label, names in _NAMES.items() for name in names}
_PARTS = {
    "face": Leak.FACE,
    "humanface": Leak.FACE,
    "head": Leak.FACE,
    "licenseplate": Leak.PLATE,
    "plate": Leak.PLATE,
    "numberplate": Leak.PLATE,
}


def class_of(name: str) -> str:
    """Return the class that passes instead of a vendor's name; a name that is not known is never passed on.

    >>> class_of("Human"), class_of("Bike"), class_of("Ana Silva")
    ('person', 'bicycle', 'other')
    """
    return _CLASS_OF.get(_plain(name), OTHER_CLASS)


def part_of(name: str) -> Leak | None:
    """Return what kind of part of a person or vehicle an object is, which is no track of its own; None for a whole.

    >>> part_of("LicensePlate"), part_of("Human")
    (<Leak.PLATE: 'plate'>, None)
    """
    return _PARTS.get(_plain(name))


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalpha())
