"""A stream that FairStream was never written for: nested hiring decisions, by policy alone."""

from __future__ import annotations

from typing import Any

import pytest

from stream_app.policy import parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode

HIRING = parse_policy("""
schema = 1
[[models]]
name = "hiring"
topic = "ats.events.v2"
output_topic = "ats.events.pseudonymized"
event_id = { path = "event.uid", link_domain = "ats-event", canonical = "text-or-integer" }
identifiers = [
    { path = "candidate.id", link_domain = "candidate", canonical = "integer" },
    { path = "candidate.e-mail", link_domain = "candidate-mail", canonical = "email", is_required = false },
]
decision = { path = "outcome.hired", favorable = "hired", unfavorable = ["rejected", "withdrawn by us"] }
event_time = { path = "event.Decided At", format = "epoch_ms", out_of_orderness_s = 60, pane_s = 60 }
attributes = [
    { name = "sex", path = "candidate.demographics.sex", groups = ["1", "2"], reference = "1" },
    { name = "disability", path = "candidate.demographics.disabled", groups = ["yes", "no"], reference = "no" },
]
segment = { name = "site", path = "job.site", values = ["Zürich", "北京"] }
features = [
    { name = "years", path = "candidate.experience years", minimum = 0, maximum = 60, scale = 10, is_required = false },
]
constants = [{ path = "event.schema", values = ["ats/2"] }]
keep = ["job.title"]
windows = [{ name = "1d", size_s = 86400 }]
""").models[0]


def application(number: int = 1, **changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "event": {"uid": number, "Decided At": NOW_S * 1000 + 999, "schema": "ats/2"},
        "candidate": {
            "id": 7000 + number,
            "e-mail": f"P{number}@Example.org",
            "demographics": {"sex": 2, "disabled": "No "},
            "experience years": 3.25,
        },
        "outcome": {"hired": "hired"},
        "job": {"site": "ZÜRICH", "title": "Welder"},
    }
    return record | changes


def test_a_nested_schema_with_codes_times_in_milliseconds_and_decisions_in_words_is_counted() -> None:
    lane = IngestLane(HIRING)
    records = [
        application(1),
        application(2, outcome={"hired": "rejected"}),
        application(3, outcome={"hired": "withdrawn by us"}, job={"site": "北京"}),
        application(4, candidate={"id": 1, "demographics": {"sex": "1", "disabled": None}}),
        application(5, candidate={"id": 2, "demographics": {"sex": 9, "disabled": "unsure"}}),
    ]
    lane.feed([encode(record) for record in records])
    lane.flush()
    assert lane.reasons == []
    assert lane.labels() == {
        ("2", "no", "Zürich", "favorable"): [1, 1, 32, 32**2],  # half to even
        ("2", "no", "Zürich", "unfavorable"): [1, 1, 32, 32**2],
        ("2", "no", "北京", "unfavorable"): [1, 1, 32, 32**2],
        ("1", "unknown", "Zürich", "favorable"): [1, 0, 0, 0],
        ("__other__", "__other__", "Zürich", "favorable"): [1, 0, 0, 0],
    }
    assert set(lane.counted) == {NOW_S // 60 * 60}
    assert lane.counts.decisions == {"favorable": 3, "unfavorable": 2}


def test_its_output_has_its_own_shape_with_pseudonyms_in_place() -> None:
    lane = IngestLane(HIRING)
    lane.feed([encode(application())])
    (event,) = lane.events
    assert event["event"]["uid"].startswith("hm1.")
    assert event["candidate"]["id"].startswith("hm1.")
    assert event["candidate"]["e-mail"].startswith("hm1.")
    assert event["candidate"]["demographics"] == {"sex": "2", "disabled": "no"}
    assert event["job"] == {"site": "Zürich", "title": "Welder"}
    assert b"7001" not in lane.everything()
    assert b"xample.org" not in lane.everything()


def test_one_mailbox_has_one_pseudonym_however_it_is_spelled() -> None:
    lane = IngestLane(HIRING)
    for number, mail in enumerate(("a@x.org", " A@X.ORG", "b@x.org")):
        candidate = application()["candidate"] | {"e-mail": mail}
        lane.feed([encode(application(number, candidate=candidate))])
    first, second, third = (event["candidate"]["e-mail"] for event in lane.events)
    assert first == second != third


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"outcome": {"hired": "Hired"}}, "value"),
        ({"outcome": {"hired": True}}, "type"),
        ({"outcome": {"hired": None}}, "type"),
        ({"outcome": {}}, "missing"),
        ({"outcome": "hired"}, "type"),
        ({"event": {"uid": 1, "Decided At": NOW_S, "schema": "ats/2"}}, "ts_unit"),
        ({"event": {"uid": 1, "Decided At": str(NOW_S), "schema": "ats/2"}}, "type"),
        ({"event": {"uid": 1, "Decided At": NOW_S * 1000, "schema": "ats/1"}}, "schema"),
        ({"event": {"uid": 1.5, "Decided At": NOW_S * 1000, "schema": "ats/2"}}, "type"),
        ({"candidate": {"id": "7", "demographics": {"sex": 1, "disabled": None}}}, "type"),
        ({"candidate": {"id": 7, "demographics": {"sex": 1}}}, "missing"),
        ({"job": {"site": "Bern", "salary": 1}}, "unknown_field"),
    ],
)
def test_its_mistakes_get_the_reason_that_fits(changes: dict[str, Any], reason: str) -> None:
    lane = IngestLane(HIRING)
    lane.feed([encode(application(**changes)), encode(application(2))])
    lane.flush()
    assert lane.reasons == [reason]
    assert lane.n_counted == 1


def test_a_key_of_the_json_may_hold_blanks_and_punctuation() -> None:
    odd = parse_policy("""
schema = 1
[[models]]
name = "odd"
topic = "raw"
event_id = { path = "i'd {[(", link_domain = "d" }
decision = { path = "o:k", favorable = 1, unfavorable = [0] }
event_time = { path = "t", format = "epoch_s" }
attributes = [{ name = "g", path = "group,", groups = ["a"], reference = "a" }]
""").models[0]
    lane = IngestLane(odd)
    record = {"i'd {[(": "1", "o:k": 1, "t": NOW_S, "group,": "a"}
    lane.feed([encode(record), encode(record | {"i'd {[(": "2"})[:-1] + b', "o:k": 0}', encode(record | {"o:k": True})])
    lane.flush()
    assert lane.reasons == ["dup_key", "type"]
    assert lane.labels() == {("a", "favorable"): [1]}
