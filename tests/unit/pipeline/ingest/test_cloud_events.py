"""The example policy for CloudEvents in structured mode reads what its page promises."""

from __future__ import annotations

import json
from typing import Any

from stream_app.policy import load_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, iso
from tests.support.paths import ROOT

[MODEL] = load_policy(str(ROOT / "docs" / "examples" / "cloudevents.toml")).models
_DECISION = {"application_id": "A-1", "applicant_id": "P-1", "gender": "female", "approved": True}


def event(**changes: Any) -> bytes:
    """Return an event with every attribute that the specification names."""
    attributes = {
        "specversion": "1.0",
        "id": "b7f2",
        "source": "/bank/loans",
        "type": "com.example.loan.decided",
        "time": iso(NOW_S),
        "subject": "Zoe Example",
        "datacontenttype": "application/json",
        "dataschema": "https://schemas.example/loan",
        "data": _DECISION,
    }
    return json.dumps(attributes | changes).encode()


def test_the_payload_is_counted_and_what_describes_the_event_is_dropped() -> None:
    lane = IngestLane(MODEL)
    lane.feed([event(), event(id="b7f3")])
    lane.flush()
    assert (lane.n_counted, lane.counts.n_duplicates, lane.reasons) == (1, 1, [])
    [published] = lane.events
    assert published["data"]["approved"] is True
    assert lane.counts.dropped["subject"] == 2
    everything = lane.everything()
    assert not [text for text in (b"Zoe", b"/bank/loans", b"b7f2", b'"A-1"', b'"P-1"') if text in everything]


def test_events_of_another_type_or_version_or_without_time_are_rejected() -> None:
    lane = IngestLane(MODEL)
    lane.feed([event(type="com.example.loan.paid"), event(specversion="0.3"), event(time="2026"), event(data=None)])
    assert lane.reasons == ["schema", "schema", "ts", "type"]
