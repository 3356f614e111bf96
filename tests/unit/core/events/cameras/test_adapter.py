"""Each vendor's records become the same camera events, and nothing else of them passes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream_app.core.events.cameras.adapter import CameraAdapter, track_name
from stream_app.core.events.cameras.leaks import Leak, leak_of
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy.types import CameraLayout
from stream_app.policy.values.cameras import EVENT_FIELDS

TIME = "2026-03-01T10:00:01.250000Z"
NS = 'xmlns:tt="http://www.onvif.org/ver10/schema"'


def adapter(layout: CameraLayout, most: int = 512) -> CameraAdapter:
    return CameraAdapter(layout, frozenset(EVENT_FIELDS), 60, {"class": lambda name: len(name or "")}, most)


def read(layout: CameraLayout, record: Any, most: int = 512) -> list[Any]:
    """Return the events of a record, decoded, and the reason instead of each object that cannot be read."""
    value = record if isinstance(record, bytes) else json.dumps(record).encode()
    events = adapter(layout, most).events(value)
    if isinstance(events, Reason):
        return [events]
    return [text if isinstance(text, Reason) else json.loads(text) for text in events.texts]


def left(layout: CameraLayout, record: Any) -> dict[str, int]:
    value = record if isinstance(record, bytes) else json.dumps(record).encode()
    events = adapter(layout).events(value)
    assert not isinstance(events, Reason), events
    return dict(events.left)


def onvif(*objects: Any, **frame: Any) -> dict[str, Any]:
    return {"Frame": [{"@UtcTime": TIME, "@Source": "cam-1", "Object": list(objects)} | frame]}


def onvif_object(**changes: Any) -> dict[str, Any]:
    appearance = {
        "Shape": {"BoundingBox": {"@left": -0.5, "@top": 0.5, "@right": 0.5, "@bottom": -0.5}},
        "Class": {"Type": {"@Likelihood": 0.8, "#text": "Human"}},
    }
    return {"@ObjectId": 15, "Appearance": appearance | changes}


def xml(inside: str, head: str = "") -> bytes:
    return (
        f"{head}<tt:MetadataStream {NS}><tt:VideoAnalytics>"
        f'<tt:Frame UtcTime="{TIME}" Source="cam-1">{inside}</tt:Frame>'
        "</tt:VideoAnalytics></tt:MetadataStream>"
    ).encode()


OBJECT_XML = (
    '<tt:Object ObjectId="15"><tt:Appearance><tt:Shape>'
    '<tt:BoundingBox left="-0.5" top="0.5" right="0.5" bottom="-0.5"/></tt:Shape>'
    '<tt:Class><tt:Type Likelihood="0.8">Human</tt:Type></tt:Class></tt:Appearance></tt:Object>'
)
FACE_XML = "<tt:HumanFace><tt:Age>3</tt:Age></tt:HumanFace>"


def axis(*detections: Any, **changes: Any) -> dict[str, Any]:
    return {"channel_id": 1, "timestamp": TIME, "detections": list(detections)} | changes


DETECTION = {
    "object_track_id": "15",
    "classes": [{"type": "Human", "score": 0.8}],
    "bounding_box": {"left": 0.1, "top": 0.1, "right": 0.2, "bottom": 0.3},
}
OBSERVATION = {"track_id": "15", "class": {"type": "Human", "score": 0.8}, "bounding_box": DETECTION["bounding_box"]}


def beta(*observations: Any) -> dict[str, Any]:
    return {"frame": {"timestamp": TIME, "observations": list(observations)}}


def deepstream(*objects: Any) -> dict[str, Any]:
    return {"version": "4.0", "id": 7, "@timestamp": TIME, "sensorId": "cam-1", "objects": list(objects)}


def full(**changes: Any) -> dict[str, Any]:
    one = {"id": "15", "person": {"confidence": 0.8, "gender": "female"}, "bbox": {"topleftx": 1, "bottomrightx": 9}}
    return {"messageid": "m", "@timestamp": TIME, "sensor": {"id": "cam-1"}, "object": one | changes}


def frigate(**changes: Any) -> dict[str, Any]:
    state = {
        "id": "15",
        "camera": "cam-1",
        "frame_time": 1772359201.25,
        "label": "person",
        "score": 0.8,
        "current_zones": ["hall"],
    }
    return {"type": "update", "before": state, "after": state | changes}


RECORDS: dict[CameraLayout, tuple[Any, str, str]] = {
    "onvif-json": (onvif(onvif_object()), "cam-1", "cam-1"),
    "onvif-xml": (xml(OBJECT_XML), "cam-1", "cam-1"),
    "axis-v1": (axis(DETECTION), "1", "1"),
    "axis-beta": (beta(OBSERVATION), "1", "1"),
    "deepstream": (deepstream("15|1|2|3|4|Person|#|female|34|black|none|red|0.8"), "cam-1", "cam-1"),
    "deepstream-full": (full(), "cam-1", "cam-1"),
    "frigate": (frigate(), "cam-1", "hall"),
}


@pytest.mark.parametrize("layout", RECORDS)
def test_every_layout_gives_the_same_event(layout: CameraLayout) -> None:
    record, camera, zone = RECORDS[layout]
    assert read(layout, record) == [
        {
            "class": "person",
            "camera": camera,
            "score": 0.8,
            "zone": zone,
            "track": "15",
            "ts": "2026-03-01T10:00:01.250000+00:00",
            "id": f"1772359200|6|{len(camera)}|{camera}|15",
        }
    ]


def test_events_have_the_fields_of_the_policy_only() -> None:
    few = CameraAdapter("axis-v1", frozenset({"id", "ts", "class"}), 60, {}, 512)
    events = few.events(json.dumps(axis(DETECTION)).encode())
    assert not isinstance(events, Reason)
    [text] = events.texts
    assert isinstance(text, bytes)
    assert set(json.loads(text)) == {"id", "ts", "class"}


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
    ("layout", "record"),
    [
        ("axis-v1", axis({**DETECTION, "classes": [{"type": "Face", "score": 0.9}]})),
        ("deepstream", deepstream("-1|1|2|3|4|Person")),
        ("deepstream", deepstream("18446744073709551615|1|2|3|4|Person")),
        ("deepstream-full", full(id="-1")),
        ("frigate", frigate(false_positive=True)),
        ("axis-v1", axis(track_events=[{"type": "TrackEnded", "object_track_id": "15"}])),
        ("onvif-json", {"Frame": [{"@UtcTime": TIME}]}),
        ("onvif-xml", f"<tt:MetadataStream {NS}><tt:Event/></tt:MetadataStream>".encode()),
    ],
)
def test_records_without_a_track_have_no_events_and_are_not_at_fault(layout: CameraLayout, record: Any) -> None:
    assert read(layout, record) == []


def test_an_object_of_several_zones_is_in_each_and_one_of_none_in_none() -> None:
    assert [event["zone"] for event in read("frigate", frigate(current_zones=["hall", "street", "hall"]))] == [
        "hall",
        "street",
    ]
    assert [event["zone"] for event in read("frigate", frigate(current_zones=[]))] == [None]


def test_a_rename_is_counted_and_names_no_event() -> None:
    events = [{"type": "Rename", "from_id": "a", "to_id": "b"}, {"type": "Rename", "from_id": "b", "to_id": "a"}]
    assert left("axis-v1", axis(DETECTION, track_events=events))["rename"] == 2
    assert left("onvif-json", onvif(onvif_object(), ObjectTree={"Rename": [{}, {}]}))["rename"] == 2
    assert left("onvif-json", {"Frame": [{"ObjectTree": {"Rename": {}}}]})["rename"] == 1
    operation = {"type": "RenameOperation", "id": "b", "old_id": "a"}
    assert left("axis-beta", {"frame": {"operations": [operation]}})["rename"] == 1  # it has no time


RENAMES: dict[CameraLayout, tuple[Any, str]] = {
    "onvif-json": (onvif(ObjectTree={"Rename": {"from": {"@ObjectId": 15}, "to": {"@ObjectId": 16}}}), "cam-1"),
    "onvif-xml": (
        xml('<tt:ObjectTree><tt:Rename><tt:from ObjectId="15"/><tt:to ObjectId="16"/></tt:Rename></tt:ObjectTree>'),
        "cam-1",
    ),
    "axis-v1": (axis(track_events=[{"type": "Rename", "from_id": "15", "to_id": "16"}]), "1"),
    "axis-beta": (
        {"frame": {"timestamp": TIME, "operations": [{"type": "RenameOperation", "old_id": "15", "id": "16"}]}},
        "1",
    ),
}


@pytest.mark.parametrize("layout", RENAMES)
def test_a_rename_names_two_tracks_of_its_camera(layout: CameraLayout) -> None:
    record, camera = RENAMES[layout]
    value = record if isinstance(record, bytes) else json.dumps(record).encode()
    reader = CameraAdapter(layout, frozenset(EVENT_FIELDS), 60, {}, 512, has_renames=True)
    events = reader.events(value)
    assert not isinstance(events, Reason)
    assert events.texts == []
    assert list(events.renames) == [(1772359201.25, track_name(camera, "15"), track_name(camera, "16"))]
    assert "rename" not in events.left


@pytest.mark.parametrize("bad", ["", " ", "a\u0000", "hm1.x", None, True, 1.5, [], {"a": 1}, "x" * 5_000])
def test_a_rename_that_names_no_track_is_left_behind_and_takes_nothing_with_it(bad: Any) -> None:
    renames = [{"type": "Rename", "from_id": "15", "to_id": bad}, {"type": "Rename", "from_id": bad, "to_id": "15"}]
    reader = CameraAdapter("axis-v1", frozenset(EVENT_FIELDS), 60, {}, 512, has_renames=True)
    events = reader.events(json.dumps(axis(DETECTION, track_events=renames)).encode())
    assert not isinstance(events, Reason)
    assert (len(events.texts), events.renames, events.left["rename"]) == (1, [], 2)


def test_the_likeliest_class_counts_and_an_object_that_is_not_classified_is_other() -> None:
    two = {**DETECTION, "classes": [{"type": "Car", "score": 0.2}, {"type": "Human", "score": 0.7}]}
    none = {"object_track_id": "16"}
    assert [event["class"] for event in read("axis-v1", axis(two, none))] == ["person", "other"]
    old = {"ClassCandidate": [{"Type": "Animal", "Likelihood": 0.3}, {"Type": "Human", "Likelihood": 0.6}]}
    assert read("onvif-json", onvif(onvif_object(Class=old)))[0]["score"] == 0.6
    nested = (
        "<tt:Object ObjectId='1'><tt:Appearance><tt:Class><tt:ClassCandidate><tt:Type>Vehical</tt:Type>"
        "<tt:Likelihood>0.5</tt:Likelihood></tt:ClassCandidate></tt:Class></tt:Appearance></tt:Object>"
    )
    assert read("onvif-xml", xml(nested))[0]["class"] == "vehicle"


def test_the_summary_of_a_track_is_one_event() -> None:
    record = {
        "channel_id": 2,
        "id": "t",
        "start_time": TIME,
        "end_time": TIME,
        "classes": [{"type": "Car"}],
        "image": {},
    }
    [event] = read("axis-v1", record)
    assert (event["camera"], event["track"], event["class"]) == ("2", "t", "car")


def test_a_track_is_one_event_in_a_window_and_group_and_another_one_in_the_next() -> None:
    def id_of(time: str, kind: str = "Human", camera: int = 1, track: str = "15") -> str:
        detection = {"object_track_id": track, "classes": [{"type": kind, "score": 0.8}]}
        return str(read("axis-v1", axis(detection, timestamp=time, channel_id=camera))[0]["id"])

    first = id_of("2026-03-01T10:00:00Z")
    assert id_of("2026-03-01T11:00:59.999999+01:00") == first
    others = {
        id_of("2026-03-01T10:01:00Z"),
        id_of("2026-03-01T10:00:00Z", "Car"),
        id_of("2026-03-01T10:00:00Z", camera=2),
        id_of("2026-03-01T10:00:00Z", track="16"),
        id_of("2026-03-01T10:00:00Z", camera=11, track="5"),
        id_of("2026-03-01T10:00:00Z", camera=1, track="1|5"),
    }
    assert len(others | {first}) == 7


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
