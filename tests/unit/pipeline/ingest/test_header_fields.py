"""Fields that are headers of the Kafka record: CloudEvents in binary mode, and what else can be in a header."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.events.formats.texts import RecordHeaders, RecordTexts
from stream_app.core.events.formats.wire import JsonText
from stream_app.core.events.strict_json import strict_fault
from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.pipeline.replay.cursor import cut_batch
from stream_app.policy import ModelPolicy, Policy, load_policy
from stream_app.policy.check import check_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode, iso
from tests.support.paths import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "cloudevents-binary.toml"
[MODEL] = load_policy(str(EXAMPLE)).models
_DECISION = {"applicant_id": "P-1", "gender": "female", "approved": True}


def headers(*more: tuple[str, bytes | None], without: str = "", **changes: bytes | None) -> RecordHeaders:
    """Return the headers of an event with every attribute that the specification names."""
    attributes: dict[str, bytes | None] = {
        "ce_specversion": b"1.0",
        "ce_id": b"b7f2",
        "ce_source": b"/bank/loans",
        "ce_type": b"com.example.loan.decided",
        "ce_time": iso(NOW_S).encode(),
        "ce_subject": b"Zoe Example",
        "content-type": b"application/json",
        "traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        **changes,
    }
    return [*((name, value) for name, value in attributes.items() if name != without), *more]


def changed(change: dict[str, Any]) -> ModelPolicy:
    policy = tomllib.loads(EXAMPLE.read_text("utf-8"))
    policy["models"][0] |= change
    check_policy(checked := msgspec.convert(policy, Policy))
    return checked.models[0]


def decision(**changes: Any) -> bytes:
    return encode(_DECISION | changes)


def fed(model: ModelPolicy, *records: tuple[bytes | None, RecordHeaders]) -> IngestLane:
    lane = IngestLane(model)
    lane.feed([value for value, _ in records], headers=[of_record for _, of_record in records])
    lane.flush()
    return lane


def test_headers_are_read_as_fields_and_no_raw_identifier_leaves_in_either() -> None:
    lane = fed(MODEL, (decision(), headers()), (decision(), headers()), (decision(gender="male"), headers(ce_id=b"x")))
    assert (lane.n_counted, lane.counts.n_duplicates, lane.reasons) == (2, 1, [])
    published, _ = lane.events
    assert published["approved"] is True
    assert set(published["$headers"]) == {"ce_id", "ce_time", "ce_specversion", "ce_type", "content-type"}
    assert lane.counts.dropped["$headers.ce_subject"] == 3
    everything = lane.everything()
    assert not [text for text in (b"Zoe", b"b7f2", b'"P-1"', b"/bank/loans", b"traceparent") if text in everything]


@pytest.mark.parametrize(
    ("value", "of_record", "reason"),
    [
        (decision(), headers(without="ce_id"), "missing"),
        (decision(), headers(without="content-type"), "missing"),
        (decision(), [], "missing"),
        (decision(), headers(("ce_id", b"b7f2")), "dup_key"),
        (decision(), headers(("ce_id", b"other")), "dup_key"),
        (decision(), headers(ce_id=None), "type"),
        (decision(), headers(ce_id=b""), "id"),
        (decision(), headers(ce_id=b"a\0b"), "control_char"),
        (decision(), headers(ce_id=b"x" * 1001), "id_size"),
        (decision(), headers(ce_id=b"x" * 2_000_000), "size"),
        (decision(), headers(ce_id=b"\xff\xfe"), "encoding"),
        (decision(), headers(ce_type=b"com.example.loan.paid"), "schema"),
        (decision(), headers(("content-type", b"application/cloudevents+json"), without="content-type"), "schema"),
        (decision(), headers(ce_time=b"yesterday"), "ts"),
        (encode(_DECISION | {"$headers": {"ce_id": "forged"}}), headers(), "dup_key"),
        (b'{"\\u0024headers":{},' + decision()[1:], headers(), "dup_key"),
        (b"{}", headers(), "missing"),
        (b" { } ", headers(), "missing"),
        (b"[1]", headers(), "schema"),
        (b"{", headers(), "json"),
        (b"{,}", headers(), "json"),
        (b"{}{}", headers(), "json"),
        (json.dumps(_DECISION).encode("utf-16-le"), headers(), "encoding"),
        (b"\xef\xbb\xbf" + decision(), headers(), "encoding"),
        (b"", headers(), "empty"),
    ],
)
def test_what_a_header_must_not_be_is_a_dead_letter_with_its_reason(
    value: bytes, of_record: RecordHeaders, reason: str
) -> None:
    good = (decision(), headers(ce_id=b"good"))
    lane = fed(MODEL, good, (value, of_record), (None, of_record), good)
    assert (lane.reasons, lane.n_counted, lane.counts.n_tombstones) == ([reason], 1, 1)
    assert b"forged" not in lane.everything()


def test_headers_that_the_policy_does_not_name_are_not_read_whatever_they_are() -> None:
    lane = fed(MODEL, (decision(), headers(("x", b"\xff"), ("x", None), ("\udcff", b"1"), ("ce_source", b"2"))))
    assert (lane.n_counted, lane.reasons, lane.counts.dropped) == (1, [], {"$headers.ce_subject": 1})


def test_undeclared_fields_of_the_value_are_rejected_beside_headers() -> None:
    strict = msgspec.structs.replace(MODEL, unknown_fields="reject", drop=())
    lane = fed(strict, (decision(), headers()), (decision(name="Zoe"), headers(ce_id=b"2")))
    assert (lane.n_counted, lane.reasons) == (1, ["unknown_field"])


def test_records_of_a_schema_registry_have_headers_too() -> None:
    lane = IngestLane(msgspec.structs.replace(MODEL, format="json-schema"), schemas={b"\0\0\0\0\1": JsonText()})
    lane.feed([b"\0\0\0\0\1" + decision(), decision()], headers=[headers(), headers(ce_id=b"2")])
    lane.flush()
    assert (lane.n_counted, lane.reasons) == (1, ["framing"])


def test_records_and_headers_stay_together_where_a_batch_is_cut() -> None:
    lane = IngestLane(MODEL)
    values = [decision(applicant_id=f"P-{number}") for number in range(6)]
    lane.feed(values, headers=[headers(ce_id=b"%d" % number) for number in range(6)])
    [batch] = lane.log
    head, rest = cut_batch(batch, 2)
    assert rest is not None
    assert [ids_of(part) for part in (head, rest, batch.since(4))] == [
        [b"0", b"1"],
        [b"2", b"3", b"4", b"5"],
        [b"4", b"5"],
    ]


def ids_of(batch: Batch) -> list[bytes | None]:
    return RecordReader(MODEL).read(batch).identifiers[0]


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3),
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.sampled_from(["", " ", "\n\t"]),
)
def test_text_of_a_record_is_its_object_with_one_more_member(value: Any, members: dict[str, str], blank: str) -> None:
    record = {**members, "a": value}
    text = (blank + json.dumps(record, indent=1)).encode()
    texts = RecordTexts(is_json=True, headers=frozenset({"ce_id"}))
    [found] = texts.read([text], None, [[("ce_id", 'Zoë "1"\n'.encode()), ("other", b"2")]])
    assert isinstance(found, bytes)
    assert json.loads(found) == {"$headers": {"ce_id": 'Zoë "1"\n'}} | record
    assert strict_fault(found) is None


@given(st.binary(max_size=40))
def test_headers_make_no_record_readable_that_is_not(value: bytes) -> None:
    [found] = RecordTexts(is_json=True, headers=frozenset({"a"})).read([value], None, [[("a", b"1")]])
    assert isinstance(found, bytes)
    assert is_object(found) == is_object(value)


def is_object(value: bytes) -> bool:
    try:
        return type(msgspec.json.decode(value)) is dict
    except (msgspec.DecodeError, ValueError):
        return False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event_id": {"path": "$headers", "link_domain": "a"}}, "names no header"),
        ({"event_id": {"path": "$headers.ce.id", "link_domain": "a"}}, "must not contain a dot"),
        ({"event_id": {"path": "$headers.id", "link_domain": "a", "canonical": "integer"}}, "text-or-integer"),
        ({"decision": {"path": "$headers.ok", "favorable": True, "unfavorable": [False]}}, "in quotes"),
        ({"constants": [{"path": "$headers.version", "values": [1]}]}, "in quotes"),
        ({"event_time": {"path": "$headers.time", "format": "epoch_ms"}}, "numbers_as_text"),
        ({"features": [{"name": "a", "path": "$headers.a", "minimum": 0, "maximum": 1}]}, "numbers_as_text"),
        ({"boxes": [{"path": "$headers.box"}]}, "four numbers"),
    ],
)
def test_header_fields_that_can_never_be_read_are_an_error_of_the_policy(change: dict[str, Any], words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        changed(change)


def test_numbers_in_headers_count_with_numbers_as_text() -> None:
    change = {
        "event_time": {"path": "$headers.ce_time", "format": "epoch_ms"},
        "features": [{"name": "score", "path": "$headers.score", "minimum": 0, "maximum": 1000}],
        "numbers_as_text": True,
    }
    model = changed(change)
    now = b"%d" % (NOW_S * 1000)
    lane = fed(model, (decision(), headers(ce_time=now, score=b"12.0")), (decision(), headers(ce_time=now, score=b"a")))
    assert (lane.n_counted, lane.reasons) == (1, ["type"])
