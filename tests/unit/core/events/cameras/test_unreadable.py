"""What cannot be read of a record has a reason, and does not take the others with it."""

from __future__ import annotations

from typing import Any

import pytest

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy.types import CameraLayout
from tests.support.camera_records import (
    DETECTION,
    OBJECT_XML,
    TIME,
    axis,
    deepstream,
    frigate,
    left,
    onvif,
    onvif_object,
    read,
    xml,
)


@pytest.mark.parametrize(
    ("layout", "record", "reason"),
    [
        ("axis-v1", b"{", "json"),
        ("axis-v1", b"[]", "schema"),
        ("axis-v1", b"null", "schema"),
        ("axis-v1", b'{"channel_id":1,"channel_id":2}', "dup_key"),
        ("axis-v1", b'{"channel_id":NaN}', "json"),
        ("axis-v1", b"[" * 100_000 + b"]" * 100_000, "json"),
        ("axis-v1", '{"channel_id":1}'.encode("utf-16"), "encoding"),
        ("axis-v1", b'{"channel_id":"\xff"}', "encoding"),
        ("axis-v1", {"timestamp": TIME}, "missing"),
        ("axis-v1", axis(timestamp="yesterday"), "ts"),
        ("axis-v1", axis(timestamp="2026-03-01T10:00:00"), "tz"),
        ("axis-v1", axis(timestamp=5), "type"),
        ("axis-v1", axis(channel_id=True), "type"),
        ("axis-v1", axis(detections=5), "type"),
        ("axis-v1", axis({**DETECTION, "object_track_id": None}), "missing"),
        ("axis-v1", axis({**DETECTION, "object_track_id": " "}), "id"),
        ("axis-v1", axis({**DETECTION, "object_track_id": "hm1.x.y"}), "id"),
        ("axis-v1", axis({**DETECTION, "object_track_id": "a\u0000"}), "control_char"),
        ("axis-v1", axis({**DETECTION, "object_track_id": 1.5}), "type"),
        ("axis-v1", axis({**DETECTION, "bounding_box": {"left": 0.5, "right": 0.2}}), "bbox"),
        ("axis-v1", axis({**DETECTION, "bounding_box": {"left": 415, "right": 528}}), "bbox"),
        ("axis-v1", axis({**DETECTION, "classes": [{"type": "Human", "score": "0.8"}]}), "type"),
        ("axis-v1", axis({**DETECTION, "classes": "Human"}), "type"),
        ("axis-v1", axis("x"), "type"),
        ("deepstream", deepstream("15|1|2|3|4"), "missing"),
        ("deepstream", deepstream("15|a|2|b|4|Person"), "type"),
        ("deepstream", deepstream("15|nan|2|3|4|Person"), "range"),
        ("onvif-json", onvif(onvif_object(Shape={"BoundingBox": {"@left": "inf", "@right": 1}})), "range"),
        ("deepstream", deepstream("15|9|2|3|4|Person"), "bbox"),
        ("deepstream", deepstream({}), "type"),
        ("deepstream-full", {"@timestamp": TIME, "sensor": {"id": "1"}}, "missing"),
        ("frigate", frigate(frame_time=1e300), "ts"),
        ("frigate", frigate(frame_time=None), "missing"),
        ("frigate", frigate(frame_time="5"), "type"),
        ("frigate", frigate(current_zones=["a"] * 513), "cardinality"),
        ("frigate", {"type": "new"}, "missing"),
        ("onvif-json", {"a": 1}, "missing"),
        ("onvif-json", onvif(onvif_object(), **{"@Source": None}), "missing"),
        ("onvif-json", onvif(*[onvif_object()] * 513), "cardinality"),
        ("onvif-json", {"Frame": [onvif(*[onvif_object()] * 300)["Frame"][0]] * 2}, "cardinality"),
        ("onvif-json", onvif(onvif_object(Class={"Type": {"@Likelihood": "high", "#text": "Human"}})), "type"),
        ("onvif-json", onvif(onvif_object(Shape={"BoundingBox": {"@left": 0.5, "@right": 0.1}})), "bbox"),
        ("onvif-json", onvif(**{"@UtcTime": "0001-01-01T00:00:00+14:00", "Object": [onvif_object()]}), "ts"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_has_a_reason(layout: CameraLayout, record: Any, reason: str) -> None:
    assert read(layout, record) == [Reason(reason)]


def test_an_object_that_cannot_be_read_does_not_take_the_others_with_it() -> None:
    records = axis(DETECTION, {**DETECTION, "object_track_id": None}, {**DETECTION, "object_track_id": "16"})
    first, second, third = read("axis-v1", records)
    assert isinstance(first, dict)
    assert isinstance(third, dict)
    assert (first["track"], second, third["track"]) == ("15", Reason.MISSING, "16")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (xml(OBJECT_XML)[:-5], "xml"),
        (b"<a>", "schema"),
        (xml("<tt:a>"), "xml"),
        (b"{}", "xml"),
        (xml(OBJECT_XML, '<!DOCTYPE x [<!ENTITY l0 "ha">]>'), "xml"),
        (xml("&l8;", f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'), "xml"),
        (xml("&e;", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), "xml"),
        (xml(OBJECT_XML, '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">'), "xml"),
        (xml("&unknown;"), "xml"),
        (xml("<tt:a>" * 100 + "</tt:a>" * 100), "xml"),
        (xml("<tt:a/>" * 30_000), "cardinality"),
        (xml("<x:a xmlns:x='urn:x'>" + "<x:b/>" * 30_000 + "</x:a>"), "cardinality"),
        (xml("x" * 1_000_001), "size"),
        (xml(OBJECT_XML * 513), "cardinality"),
        (xml(OBJECT_XML, '<?xml version="1.0" encoding="ISO-8859-1"?>'), "encoding"),
        (xml(OBJECT_XML, '<?xml version="1.0" encoding="bogus"?>'), "encoding"),
        (xml(OBJECT_XML).decode().encode("utf-16"), "encoding"),
        (xml(OBJECT_XML).replace(b"cam-1", b"\xff"), "encoding"),
        (b"<MetadataStream/>", "schema"),
        (xml(OBJECT_XML).replace(b"ver10", b"ver11"), "schema"),
        (xml(OBJECT_XML.replace("ObjectId", "Id")), "missing"),
        (xml('<tt:Object ObjectId="1" ObjectId="2"/>'), "xml"),
    ],
)
def test_xml_that_cannot_be_read_has_a_reason(record: bytes, reason: str) -> None:
    assert read("onvif-xml", record) == [Reason(reason)]


def test_xml_may_begin_with_a_byte_order_mark_and_have_extensions_of_others() -> None:
    inside = OBJECT_XML.replace(
        "</tt:Appearance>", "<x:Plate xmlns:x='urn:x'><x:Object>X-1</x:Object></x:Plate></tt:Appearance>"
    )
    record = b"\xef\xbb\xbf" + xml(inside, '<?xml version="1.0" encoding="utf-8"?>')
    [event] = read("onvif-xml", record)
    assert isinstance(event, dict)
    assert event["track"] == "15"
    assert left("onvif-xml", record)["other_fields"] >= 1
