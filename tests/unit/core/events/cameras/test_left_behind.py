"""What is left behind of a record is counted by its kind, which its key names."""

from __future__ import annotations

from typing import Any

import pytest

from stream_app.core.events.cameras.leaks import Leak, leak_of
from stream_app.policy.types import CameraLayout
from tests.support.camera_records import (
    DETECTION,
    FACE_XML,
    OBJECT_XML,
    OBSERVATION,
    axis,
    beta,
    deepstream,
    frigate,
    full,
    left,
    onvif,
    onvif_object,
    xml,
)


@pytest.mark.parametrize(
    ("layout", "record", "expected"),
    [
        ("onvif-json", onvif(onvif_object(HumanFace={"Age": 3}, Image="x", GeoLocation={"@lat": 1.5})), "face"),
        ("onvif-json", onvif(onvif_object(LicensePlateInfo={"PlateNumber": "X"})), "plate"),
        ("onvif-xml", xml(OBJECT_XML.replace("</tt:Shape>", f"</tt:Shape>{FACE_XML}")), "face"),
        ("axis-v1", axis(DETECTION | {"image": {"data": "x"}}), "image"),
        ("axis-v1", axis(DETECTION | {"feature_vector": [0.5]}), "embedding"),
        ("axis-v1", axis({**DETECTION, "classes": [{"type": "LicensePlate", "score": 1, "text": "X"}]}), "plate"),
        ("axis-beta", beta({**OBSERVATION, "class": {"type": "Face"}}), "face"),
        ("deepstream", deepstream("9|1|2|3|4|Vehicle|#|sedan|Bugatti|M|blue|XX1234|CA|-0.1"), "plate"),
        ("deepstream-full", full(vehicle={"license": "X"}, person=None), "plate"),
        ("deepstream-full", full(embedding={"vector": [1.0]}), "embedding"),
        ("frigate", frigate(recognized_license_plate="X"), "plate"),
        ("frigate", frigate(thumbnail="x", sub_label="Ana"), "image"),
        ("frigate", frigate(sub_label="Ana"), "person"),
    ],
)  # fmt: skip
def test_what_is_left_behind_is_counted_by_kind(layout: CameraLayout, record: Any, expected: str) -> None:
    assert left(layout, record)[expected] >= 1


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("licensePlate", Leak.PLATE),
        ("face_embedding", Leak.EMBEDDING),
        ("HumanFace", Leak.FACE),
        ("NvDsObjectSignature", Leak.EMBEDDING),
        ("age", Leak.PERSON),
        ("stage", Leak.OTHER),
        ("duration", Leak.OTHER),
        ("geolocation", Leak.LOCATION),
        ("geoposition", Leak.LOCATION),
        ("x" * 10_000, Leak.OTHER),
    ],
)
def test_a_key_says_what_kind_of_thing_is_left_behind(key: str, kind: Leak) -> None:
    assert leak_of(key) is kind
