"""A frame of a camera in the form of ONVIF, in JSON and in XML."""

from __future__ import annotations

from typing import Any

from producers.simulated.shots import FACE_ID, HEIGHT, IMAGE, LATITUDE, NAME, WIDTH, Seen, Shot, plate_of, text_of

_CLASSES = {"person": "Human", "car": "Vehicle", "bicycle": "Bicycle"}
_SCHEMA = "http://www.onvif.org/ver10/schema"


def write_json(shot: Shot, *, is_leaky: bool) -> list[str]:
    """Return the records of a frame."""
    objects = []
    for one in shot.seen:
        appearance: dict[str, Any] = {
            "Shape": {"BoundingBox": _box(one)},
            "Class": {"Type": {"@Likelihood": one.score, "#text": _CLASSES[one.class_name]}},
        }
        if is_leaky:
            appearance |= _leak(one)
        objects.append({"@ObjectId": one.track, "Appearance": appearance})
    frame: dict[str, Any] = {"@UtcTime": shot.iso, "@Source": shot.camera, "Object": objects}
    if shot.renamed:
        first, second = shot.renamed
        frame["ObjectTree"] = {"Rename": [{"from": {"@ObjectId": first}, "to": {"@ObjectId": second}}]}
    return [text_of({"Frame": [frame]})]


def _box(one: Seen) -> dict[str, float]:
    """Return the box in the coordinates of ONVIF: from -1 to 1, the vertical axis pointing up."""
    left, top = one.left * 2 - 1, 1 - one.top * 2
    return {
        "@left": round(left, 4),
        "@top": round(top, 4),
        "@right": round(left + WIDTH * 2, 4),
        "@bottom": round(top - HEIGHT * 2, 4),
    }


def _leak(one: Seen) -> dict[str, Any]:
    leak: dict[str, Any] = {
        "GeoLocation": {"@lon": 7.88231, "@lat": LATITUDE},
        "Image": IMAGE,
        "ImageRef": f"http://camera/{FACE_ID}",
    }
    if one.class_name == "person":
        leak["HumanFace"] = {"Age": 34, "Gender": "Female", "Accessory": {"Hijab": "true"}, "Label": FACE_ID}
        leak["HumanBody"] = {"BodyMetric": {"Height": 178}, "Label": NAME}
    else:
        leak["LicensePlateInfo"] = {"PlateNumber": plate_of(one), "CountryCode": "DE"}
    return leak


def write_xml(shot: Shot, *, is_leaky: bool) -> list[str]:
    """Return the records of a frame."""
    objects = "".join(_xml_object(one, is_leaky=is_leaky) for one in shot.seen)
    tree = ""
    if shot.renamed:
        first, second = shot.renamed
        renamed = f'<tt:from ObjectId="{first}"/><tt:to ObjectId="{second}"/>'
        tree = f"<tt:ObjectTree><tt:Rename>{renamed}</tt:Rename></tt:ObjectTree>"
    frame = f'<tt:Frame UtcTime="{shot.iso}" Source="{shot.camera}">{objects}{tree}</tt:Frame>'
    begin = f'<?xml version="1.0" encoding="UTF-8"?><tt:MetadataStream xmlns:tt="{_SCHEMA}"><tt:VideoAnalytics>'
    return [f"{begin}{frame}</tt:VideoAnalytics></tt:MetadataStream>"]


def _xml_object(one: Seen, *, is_leaky: bool) -> str:
    edges = " ".join(f'{key[1:]}="{value}"' for key, value in _box(one).items())
    leak = ""
    if is_leaky:
        leak = f'<tt:GeoLocation lon="7.88231" lat="{LATITUDE}"/><tt:Image>{IMAGE}</tt:Image>'
        if one.class_name == "person":
            leak += f"<tt:HumanFace><tt:Age>34</tt:Age><tt:Label>{FACE_ID}</tt:Label></tt:HumanFace>"
            leak += f"<tt:HumanBody><tt:Label>{NAME}</tt:Label></tt:HumanBody>"
        else:
            leak += f"<tt:LicensePlateInfo><tt:PlateNumber>{plate_of(one)}</tt:PlateNumber></tt:LicensePlateInfo>"
    return (
        f'<tt:Object ObjectId="{one.track}"><tt:Appearance><tt:Shape><tt:BoundingBox {edges}/></tt:Shape>'
        f'<tt:Class><tt:Type Likelihood="{one.score}">{_CLASSES[one.class_name]}</tt:Type></tt:Class>'
        f"{leak}</tt:Appearance></tt:Object>"
    )
