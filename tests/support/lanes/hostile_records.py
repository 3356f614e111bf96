"""Hostile records, each with the row of the list of hostile inputs that it is a case of, and what must become of it.

They are of the shipped policies ``loans`` and ``camera`` and of one that has what these lack. Identifiers, undeclared
keys and undeclared values contain ``CANARY``, which must not get anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stream_app.policy import ModelPolicy, parse_policy
from tests.support.lanes.ingest_lane import CAMERA, LOANS, NOW_S, encode, iso, loan, track

CANARY = "canary7f3a"  # part of identifiers, undeclared keys and undeclared values of hostile records
SECRET = f"A-{CANARY}"
# What the shipped policies do not have: fields that name schema and source, a score, a count, numeric identifiers.
SCORED_POLICY = """\
schema = 1
[[models]]
name = "scored"
topic = "scored-raw"
output_topic = "scored"
event_id = { path = "case", link_domain = "case", canonical = "text-or-integer" }
identifiers = [{ path = "person.mail", link_domain = "person", canonical = "email" }]
decision = { path = "granted", favorable = true, unfavorable = [false] }
event_time = { path = "at", format = "epoch_s" }
attributes = [{ name = "sex", path = "person.sex", groups = ["f", "m"], reference = "m" }]
features = [
    { name = "score", path = "score", minimum = 0.0, maximum = 1.0, scale = 1000 },
    { name = "children", path = "person.children", minimum = 0, maximum = 30 },
]
constants = [{ path = "schema", values = [2] }, { path = "source", values = ["branch", "web"] }]
keep = ["note"]
"""
SCORED = parse_policy(SCORED_POLICY).models[0]


def scored(**changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "schema": 2,
        "source": "web",
        "case": SECRET,
        "person": {"mail": f"{CANARY}@example.org", "sex": "f", "children": 2},
        "granted": True,
        "at": NOW_S,
        "score": 0.5,
    }
    return {name: value for name, value in (record | changes).items() if value is not ...}


def bad_loan(**changes: Any) -> bytes:
    return encode(loan(**{"application_id": SECRET, "applicant_id": CANARY} | changes))


def bad_track(**changes: Any) -> bytes:
    return encode(track(**{"track_id": SECRET, "person_id": CANARY} | changes))


def with_literal(record: bytes, literal: bytes) -> bytes:
    """Put a literal that no JSON library writes in place of the number 1.5, 700 or 0.5."""
    for number in (b'"dwell_s": 1.5', b'"credit_score": 700', b'"score": 0.5'):
        record = record.replace(number, number.partition(b": ")[0] + b": " + literal)
    assert literal in record
    return record


def with_more(record: bytes, member: bytes) -> bytes:
    """Add a member that need not be JSON."""
    return record[:-1] + b", " + member + b"}"


@dataclass(frozen=True)
class Case:
    row: int
    description: str
    record: bytes
    reason: str
    model: ModelPolicy = LOANS

    def __str__(self) -> str:
        return f"{self.row} {self.description}"


GOOD = {LOANS.name: encode(loan()), CAMERA.name: encode(track()), SCORED.name: encode(scored(case="A-1"))}
DEEP = b"[" * 100_000 + b"]" * 100_000
CANARY_KEY = f'"{CANARY}": '.encode()

CASES = [
    Case(1, "empty value", b"", "empty"),
    Case(3, "truncated", bad_loan()[:-20], "json"),
    Case(3, "cut inside a string", bad_loan()[:30], "json"),
    Case(4, "trailing object", bad_loan() + b"{}", "json"),
    Case(4, "two events in one record", bad_loan() + b"\n" + bad_loan(), "json"),
    Case(5, "comment", b"/* x */" + bad_loan(), "json"),
    Case(5, "trailing comma", bad_loan()[:-1] + b",}", "json"),
    Case(5, "single quotes", bad_loan().replace(b'"', b"'"), "json"),
    *(Case(6, n, with_literal(bad_loan(), n.encode()), "json") for n in ("NaN", "Infinity", "-Infinity")),
    Case(6, "NaN in a field that is dropped", with_more(bad_track(), CANARY_KEY + b"NaN"), "json", CAMERA),
    Case(7, "1e400", with_literal(bad_loan(), b"1e400"), "range"),
    Case(7, "-1e400 in a field that is kept", bad_loan().replace(b'"north"', b"-1e400"), "range"),
    Case(8, "decision twice", with_more(bad_loan(), b'"approved": false'), "dup_key"),
    Case(8, "twice with an escape", with_more(bad_loan(), rb'"\u0061pproved": false'), "dup_key"),
    Case(8, "twice with a blank", with_more(bad_loan(), b'"approved" : false'), "dup_key"),
    Case(8, "twice, optional absent", with_more(bad_loan(region=...), b'"approved": false'), "dup_key"),
    Case(
        8,
        "twice in an inner object",
        encode(scored()).replace(b'"sex": "f"', b'"sex": "m", "sex": "f"'),
        "dup_key",
        SCORED,
    ),
    Case(8, "twice where the rest is dropped", with_more(bad_track(), b'"site": "market"'), "dup_key", CAMERA),
    Case(10, "integer of 5,000 digits", with_literal(bad_loan(), b"9" * 5000), "range"),
    Case(
        10,
        "the same as an identifier",
        encode(scored(case=1)).replace(b'"case": 1', b'"case": ' + b"9" * 5000),
        "range",
        SCORED,
    ),
    Case(12, "100,000 lists deep", DEEP, "json"),
    Case(12, "deep in a known field", bad_loan().replace(b'"north"', DEEP), "json"),
    Case(12, "deep in a dropped field", with_more(bad_track(), CANARY_KEY + DEEP), "json", CAMERA),
    Case(
        12,
        "100,000 objects deep",
        with_more(bad_track(), CANARY_KEY + b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        "json",
        CAMERA,
    ),
    Case(
        12,
        "65 deep, text between",
        with_more(bad_track(), CANARY_KEY + b'["]",' * 65 + b"0" + b"]" * 65),
        "json",
        CAMERA,
    ),
    Case(14, "10 MB", bad_loan(region=CANARY * 1_000_000), "size"),
    Case(14, "10 MB that is not JSON", b"\xff" * 10_000_000, "size"),
    Case(16, "1e6 detections", bad_track(detections=[0] * 1_000_000), "size", CAMERA),
    Case(16, "513 detections", bad_track(detections=[{"is": CANARY}] * 513), "cardinality", CAMERA),
    Case(16, "513 in a list in a list", bad_track(frames=[[1], list(range(513))]), "cardinality", CAMERA),
    Case(17, "1e5 unknown keys", bad_loan(**{f"{CANARY}{n}": n for n in range(30_000)}), "unknown_field"),
    Case(17, "unknown key that looks like a place", bad_loan(**{f"{CANARY} - at `$.source": 1}), "unknown_field"),
    Case(
        17,
        "unknown inner key",
        encode(scored(person={"mail": CANARY, "sex": "f", "children": 1, CANARY: 1})),
        "unknown_field",
        SCORED,
    ),
    Case(18, "byte order mark", b"\xef\xbb\xbf" + bad_loan(), "encoding"),
    Case(19, "UTF-16", bad_loan().decode().encode("utf-16"), "encoding"),
    Case(19, "UTF-16 without a byte order mark", bad_loan().decode().encode("utf-16-be"), "encoding"),
    Case(19, "UTF-32", bad_loan().decode().encode("utf-32-le"), "encoding"),
    Case(20, "JSON behind the bytes of a schema registry", b"\0\0\0\x01\x07" + bad_loan(), "framing"),
    Case(20, "Avro behind the bytes of a schema registry", b"\0\0\0\0{\x02\x04" + SECRET.encode(), "framing"),
    Case(20, "UTF-32, big-endian", bad_loan().decode().encode("utf-32-be"), "encoding"),
    Case(20, "invalid UTF-8", bad_loan().replace(b"north", b"n\xffrth"), "encoding"),
    Case(
        20, "invalid UTF-8 in a dropped value", with_more(bad_track(), CANARY_KEY + b'"\xc3\x28"'), "encoding", CAMERA
    ),
    Case(20, "invalid UTF-8 in a dropped key", with_more(bad_track(), b'"\xff": 1'), "encoding", CAMERA),
    Case(20, "surrogate in UTF-8", bad_loan().replace(b"north", b"\xed\xa0\x80"), "encoding"),
    Case(20, "escaped lone surrogate", bad_loan().replace(b"north", rb"\ud800"), "json"),
    Case(22, "NUL in an identifier", bad_loan(application_id=f"{SECRET}\0"), "control_char"),
    Case(22, "zero width space in an identifier", bad_loan(applicant_id=f"{SECRET}\u200b"), "control_char"),
    Case(22, "line break in an identifier", bad_loan(application_id=f"{SECRET}\nx"), "control_char"),
    Case(22, "identifier of 600 kB", bad_loan(application_id=SECRET * 50_000), "id_size"),
    Case(
        22, "identifier of 3,000 digits", encode(scored()).replace(b'"A-canary7f3a"', b"9" * 4_100), "id_size", SCORED
    ),
    Case(24, "empty identifier", bad_loan(application_id=""), "id"),
    Case(24, "blank identifier", bad_loan(applicant_id=" \t "), "id"),
    Case(24, "a pseudonym already", bad_loan(application_id=f"hm1.abcdefgh.{CANARY:a<22}"), "id"),
    Case(25, "decision as text", bad_loan(approved="false"), "type"),
    Case(26, "decision as number", bad_loan(approved=1), "type"),
    Case(26, "number as boolean", bad_loan(credit_score=True), "type"),
    Case(26, "number as text", bad_loan(credit_score="700"), "type"),
    Case(26, "null decision", bad_loan(approved=None), "type"),
    Case(26, "object as identifier", bad_loan(application_id={"$oid": CANARY}), "type"),
    Case(27, "number as identifier that is text", bad_loan(application_id=123), "type"),
    Case(28, "required field missing", bad_loan(approved=...), "missing"),
    Case(28, "identifier missing", bad_loan(applicant_id=...), "missing"),
    Case(28, "group missing", bad_loan(gender=...), "missing"),
    Case(28, "inner object missing", encode(scored(person=...)), "missing", SCORED),
    Case(31, "wrong schema version", encode(scored(schema=1)), "schema", SCORED),
    Case(31, "schema version as text", encode(scored(schema="2")), "schema", SCORED),
    Case(31, "unknown source", encode(scored(source=CANARY)), "schema", SCORED),
    *(Case(31, f"bare {body}", body.encode(), "schema") for body in ("null", "[]", "1", '"x"', "true")),
    Case(32, "negative count", encode(scored(person={"mail": CANARY, "sex": "f", "children": -1})), "range", SCORED),
    Case(32, "negative dwell", bad_track(dwell_s=-0.5), "range", CAMERA),
    Case(34, "score 1.0000001", encode(scored(score=1.0000001)), "range", SCORED),
    Case(34, "score -0.1", encode(scored(score=-0.1)), "range", SCORED),
    Case(35, "credit score 0", bad_loan(credit_score=0), "range"),
    Case(35, "credit score 9999", bad_loan(credit_score=9999), "range"),
    Case(
        36, "box with right < left", bad_track(bbox={"left": 0.5, "top": 0, "right": 0.4, "bottom": 1}), "bbox", CAMERA
    ),
    Case(36, "box in pixels", bad_track(bbox={"left": 100, "top": 20, "right": 300, "bottom": 400}), "bbox", CAMERA),
    Case(
        36, "box with a text edge", bad_track(bbox={"left": "0.1", "top": 0, "right": 1, "bottom": 1}), "bbox", CAMERA
    ),
    Case(36, "box without an edge", bad_track(bbox={"left": 0.1, "top": 0, "right": 1}), "bbox", CAMERA),
    Case(38, "10 minutes ahead", bad_loan(ts=iso(NOW_S + 600)), "ts_future"),
    Case(39, "year 9999", bad_loan(ts="9999-12-31T23:59:59-14:00"), "ts_future"),
    Case(40, "epoch 0", bad_loan(ts="1970-01-01T00:00:00Z"), "ts_past"),
    Case(40, "epoch 0 as a number", encode(scored(at=0)), "ts_past", SCORED),
    Case(43, "naive time", bad_loan(ts="2026-09-21T14:13:20"), "tz"),
    Case(44, "before the first year", bad_loan(ts="0001-01-01T00:00:00+14:00"), "ts"),
    Case(44, "a date only", bad_loan(ts="2026-09-21"), "ts_date"),
    Case(44, "a zone without an offset", bad_loan(ts="2026-09-21T14:13:20[Europe/Berlin]"), "ts"),
    Case(44, "no time at all", bad_loan(ts=CANARY), "ts"),
    Case(44, "month 13", bad_loan(ts="2026-13-01T00:00:00Z"), "ts"),
    Case(46, "milliseconds for seconds", encode(scored(at=NOW_S * 1000)), "ts_unit", SCORED),
    Case(46, "1e308 seconds", encode(scored(at=1e308)), "ts_future", SCORED),
    Case(46, "time of the wrong type", bad_loan(ts=NOW_S), "type"),
]


def good(model: ModelPolicy, identifier: str) -> bytes:
    return GOOD[model.name].replace(b'"A-1"', f'"{identifier}"'.encode()).replace(b'"T-1"', f'"{identifier}"'.encode())


def at_time(record: bytes, now_s: int) -> bytes:
    """Move the usual event times of a record to another time: a real broker stamps records with its own clock."""
    for late_s in (0, 600):
        record = record.replace(iso(NOW_S + late_s).encode(), iso(now_s + late_s).encode())
    return record.replace(str(NOW_S).encode(), str(now_s).encode())
