"""Handwritten records: invalid ones that must be rejected, and unusual spellings that must be counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Mutation = Callable[[bytes], bytes | None]  # makes a record from a valid one

_DEEP = b"[" * 70 + b"]" * 70


def changed(**changes: Any) -> Mutation:
    """Change fields of a record. ``__`` separates the names of a nested field; ``...`` removes the field."""

    def make(good: bytes) -> bytes:
        record = json.loads(good)
        for path, value in changes.items():
            *outer, name = path.split("__")
            inner = record
            for part in outer:
                inner = inner.setdefault(part, {})
            if value is ...:
                inner.pop(name, None)
            else:
                inner[name] = value
        return json.dumps(record, ensure_ascii=False).encode()

    return make


def replaced(old: bytes, new: bytes) -> Mutation:
    """Replace the first occurrence of some bytes in a record."""
    return lambda good: good.replace(old, new, 1)


def added(member: bytes) -> Mutation:
    """Append a member, which need not be valid JSON."""
    return lambda good: good[:-1] + b"," + member + b"}"


def iso(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat()


ANY: tuple[Mutation, ...] = (
    lambda _: None,
    lambda _: b"",
    lambda good: good[:-20],
    lambda good: good + b"{}",
    lambda good: good.replace(b'"', b"'"),
    lambda good: b"\xef\xbb\xbf" + good,
    lambda good: good.decode().encode("utf-16"),
    lambda _: b"null",
    lambda _: b'["a list"]',
    lambda _: _DEEP,
    lambda _: None,
)

LOANS: tuple[Mutation, ...] = (
    *ANY,
    replaced(b'"credit_score":', b'"credit_score":NaN,"x":'),
    replaced(b'"credit_score":', b'"credit_score":1e400,"x":'),
    replaced(b'"approved":', b'"approved":null,"approved":'),
    replaced(b'"approved":', rb'"\u0061pproved":true,"approved":'),
    replaced(b'"region":"', b'"region":"\xff'),
    changed(region=[1, [2]]),
    changed(region="x" * 1_000_050),  # fits into the raw topic but not into the output topic
    changed(extra=1),
    changed(**{"more - at `$.approved": 1}),
    changed(approved=...),
    changed(gender=...),
    changed(applicant_id=...),
    changed(approved="true"),
    changed(approved=1),
    changed(approved=None),
    changed(application_id=17),
    changed(credit_score="700"),
    changed(credit_score=0),
    changed(credit_score=9999),
    changed(application_id=""),
    changed(applicant_id=" \t"),
    changed(application_id="hm1.abcdefgh.aaaaaaaaaaaaaaaaaaaaaa"),
    changed(applicant_id="P-1\u200b"),
    changed(application_id="A-1\nx"),
    changed(ts="2026-09-21T14:18:20"),
    changed(ts="2026-13-01T00:00:00Z"),
    changed(ts="yesterday"),
    changed(ts="0001-01-01T00:00:00+14:00"),
    changed(ts="9999-12-31T23:59:59-14:00"),
    changed(ts="1970-01-01T00:00:00Z"),
    changed(ts=1_790_002_700),
    # The records below are all counted.
    changed(gender="FEMALE "),
    changed(gender="\uff4d\uff41\uff4c\uff45"),
    changed(gender="nobody's"),
    changed(race=None, age_band="unknown"),
    changed(product="boat", region=None),
    changed(region=..., model_version=...),
    changed(region="\u00e9", model_version=None),
    changed(model_version=7),
    changed(model_version="x" * 80, credit_score=700.5),
    changed(application_id=" A-e\u0301 "),
    changed(application_id="A-\u00e9"),  # the same after normalization
)

CREDIT: tuple[Mutation, ...] = (
    changed(score=-0.1),
    changed(score=1.0000001),
    changed(score=None),
    changed(score=...),
    changed(score=0),
    changed(score=0.5),
    changed(score=1),
    changed(race="white ", product=None),
)

CREDIT_OUTCOMES: tuple[Mutation, ...] = (
    *ANY,
    replaced(b'"repaid":', b'"repaid":false,"repaid":'),
    changed(repaid="yes"),
    changed(repaid=...),
    changed(application_id=" "),
    changed(application_id="nobody's"),
    changed(applicant_id=...),
    changed(ts="2026-09-21T14:18:20"),
    changed(ts="2030-01-01T00:00:00Z"),
    changed(extra=1),
)

CAMERA: tuple[Mutation, ...] = (
    *ANY,
    replaced(b'"site":', b'"site":"market","site":'),
    added(b'"plates":[' + b"0," * 512 + b"0]"),
    added(b'"plates":' + _DEEP),
    added(b'"plates":NaN'),
    added(b'"plates":"\xc3\x28"'),
    added(b'"frames":[[1],{"a":[2,3]}],"more":{"gps":1}'),
    changed(bbox={"left": 0.5, "top": 0, "right": 0.4, "bottom": 1}),
    changed(bbox={"left": 10, "top": 0, "right": 40, "bottom": 1}),
    changed(bbox={"left": "0", "top": 0, "right": 1, "bottom": 1}),
    changed(bbox={"left": 0.1, "top": 0, "right": 1}),
    changed(dwell_s=-0.5),
    changed(track_id=...),
    changed(ts="2026-09-18T13:00:00Z"),
    changed(gps=None, camera_id=...),
    changed(person_id=..., zone="roof"),
    changed(person_id=None, site=None),
)

GRANTS: tuple[Mutation, ...] = (
    *ANY,
    changed(result="maybe"),
    changed(result=True),
    changed(schema=1),
    changed(schema="2"),
    changed(source="post"),
    changed(note="x" * 1500),
    changed(papers=[1, 2, 3, 4, 5]),
    changed(papers=[[1, 2, 3, 4, 5]]),
    changed(score=10.5),
    changed(person__children=-1),
    changed(person=...),
    changed(person__level=1.5),
    changed(officer="17"),
    changed(case__number="\u0000"),
    changed(person__mail=" "),
    changed(at=1e300),
    changed(at=1_790_002_700),
    changed(at="now"),
    changed(at=-1e14),
    # The records below are all counted.
    changed(person__level=2, case__number=4711),
    changed(case__number=" 4711 "),  # the same number again
    changed(person__level="3", office=None),
    changed(person__mail="  A.B@EXAMPLE.org ", officer=...),
    changed(person__mail="a.b@example.ORG", officer=None),
    changed(person__mail=None, person__income=..., person__name="N. N."),
    changed(person__income=None, debug={"a": 1}, papers=[1, 2, 3, 4]),
    changed(by=None, extra=None, note=None),
    changed(by={"version": 12, "host": "h"}, extra={"rank": 2.5, "hue": "red"}, note=True),
    changed(score=3.0),
    changed(score=6.5, person__children=0),
)

GRANTS_OUTCOMES: tuple[Mutation, ...] = (
    changed(went="so so"),
    changed(went=1),
    changed(number=...),
    changed(at="now"),
    changed(at=1_790_002_710.25),
    changed(clerk=..., found=[1, 2, 3, 4, 5]),
    changed(clerk=None, found={"more": [1]}),
    lambda _: None,
)
