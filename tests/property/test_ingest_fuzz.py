"""Whatever bytes come, ingest gives each record one disposition and continues."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.policy import ModelPolicy
from tests.support.lanes.ingest_lane import CAMERA, LOANS, NOW_S, IngestLane, encode, loan, track
from tests.support.source_logs import MODEL

NESTED = {"id": "1", "t": NOW_S, "result": "yes", "site": 1, "p": {"sex": "f", "x": 1}, "note": None}
RECORDS = {LOANS.name: loan(), CAMERA.name: track(gps={"lat": 1.5}, more=[{"a": []}]), MODEL.name: NESTED}
MODELS = {model.name: model for model in (LOANS, CAMERA, MODEL)}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["hm1.", "1e400"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
snippets = st.sampled_from(
    [b'"', b"\\", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":", b"\0", b"\xff", b"\xed\xa0", b"1e999"]
)


@st.composite
def changed_records(draw: st.DrawFn) -> tuple[ModelPolicy, bytes]:
    """Draw a sound record with some values replaced, cut out or put in, then with some bytes changed."""
    name = draw(st.sampled_from(sorted(RECORDS)))
    record: dict[str, Any] = dict(RECORDS[name])
    for key in draw(st.lists(st.sampled_from([*record, "new", ""]), max_size=2)):
        record[key] = draw(json_values)
    raw = json.dumps(record, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(raw)))
        raw = raw[:place] + draw(snippets | st.binary(max_size=3)) + raw[place + draw(st.integers(0, 4)) :]
    return MODELS[name], raw


@settings(max_examples=400)
@given(changed_records())
def test_a_changed_record_is_counted_rejected_late_or_a_duplicate(
    drawn: tuple[ModelPolicy, bytes],
) -> None:
    model, raw = drawn
    lane = IngestLane(model)
    good = encode(RECORDS[model.name])
    lane.feed([good, raw, raw])
    lane.flush()
    lane.restart()
    lane.feed([raw])
    lane.flush()
    counts = lane.counts
    n_rejected = sum(counts.dead_letters.values())
    assert lane.n_counted + counts.n_late + counts.n_duplicates + n_rejected == 4
    assert lane.n_counted == sum(counts.decisions.values()) == len(lane.events)
    assert n_rejected == len(lane.reasons)


@given(st.lists(st.binary(max_size=40) | st.none(), max_size=5))
def test_meaningless_bytes_are_rejected(values: list[bytes | None]) -> None:
    for model in MODELS.values():
        lane = IngestLane(model)
        lane.feed(values)
        lane.flush()
        assert len(lane.reasons) == sum(value is not None for value in values)
        assert lane.n_counted == 0
