"""Whatever JSON value a field has, the record has one disposition, however the log is cut into batches."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stream_app.policy import ModelPolicy, parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode

POLICY = """
schema = 1
[[models]]
name = "any"
topic = "any-raw"
output_topic = "any"
event_id = { path = "id", link_domain = "case", canonical = "integer" }
identifiers = [{ path = "mail", link_domain = "person", canonical = "email", is_required = false }]
event_time = { path = "at", format = "FORMAT" }
decision = { path = "result", favorable = [1, 2], unfavorable = [0] }
missing = ["NA", ""]
numbers_as_text = true
model_version = "version"
keep = ["note"]
attributes = [
    { name = "minority", path = "minority", groups = [true, false], reference = false },
    { name = "sex", path = "sex", groups = [1, 2], reference = 1, aliases = { 1 = ["M"], 2 = ["F"] } },
    { name = "age", path = "born", derive = "age", edges = [25, 40], reference = "under 25" },
    { name = "wealth", path = "wealth", edges = [0, 10.5], minimum = -5, reference = "under 0", is_required = false },
]
segment = { name = "region", path = "region", values = ["a b"], is_required = false }
features = [
    { name = "income", path = "income", minimum = 0, maximum = 1000, is_required = false },
    { name = "score", path = "score", minimum = 0, maximum = 1 },
]
constants = [{ path = "version_of_schema", values = [1, "1"] }]
"""
MODELS = {name: parse_policy(POLICY.replace("FORMAT", name)).models[0] for name in ("iso8601", "epoch", "epoch_ns")}
TIMES: dict[str, list[object]] = {
    "iso8601": ["2026-09-21T14:13:20Z", "20260921T141320+00", "2026-09-21", "2026-09-21T14:13:20"],
    "epoch": [NOW_S, NOW_S * 1000, float(NOW_S), str(NOW_S), "NA"],
    "epoch_ns": [NOW_S * 10**9, str(NOW_S * 10**9), NOW_S, NOW_S * 1000],
}
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from(
        [0, 1, 2, 1.0, 0.5, -0.0, 1e300, "1", "0.5", "NA", "", " ", "F", "m\u200b", "1990-02-29", "a\u0000"]
    )
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "at", "id"]), inner, max_size=2),
    max_leaves=3,
)
FIELDS = ("mail", "result", "version", "note", "minority", "sex", "born", "wealth", "region", "income", "score")


@st.composite
def logs(draw: st.DrawFn) -> tuple[ModelPolicy, list[bytes]]:
    """Draw a policy and records in which some fields have any value, or none."""
    name = draw(st.sampled_from(sorted(MODELS)))
    records = []
    for number in range(draw(st.integers(1, 6))):
        record: dict[str, Any] = {
            "id": number,
            "at": draw(st.sampled_from(TIMES[name])),
            "result": 1,
            "minority": True,
            "sex": 2,
            "born": "1990-01-01",
            "score": 0.5,
            "version_of_schema": 1,
        }
        for field in draw(st.lists(st.sampled_from((*FIELDS, "id", "at", "version_of_schema")), max_size=3)):
            record[field] = draw(values)
            if draw(st.integers(0, 4)) == 0:
                del record[field]
        records.append(encode(record))
    return MODELS[name], records


@given(logs())
def test_every_record_is_counted_or_rejected_alike_in_any_batches(log: tuple[ModelPolicy, list[bytes]]) -> None:
    model, records = log
    together, alone = IngestLane(model), IngestLane(model)
    together.feed(records)
    together.flush()
    for value in records:
        alone.feed([value])
        alone.flush()
    counts = together.counts
    n_rejected = sum(counts.dead_letters.values())
    assert together.n_counted + counts.n_late + counts.n_duplicates + n_rejected == len(records)
    assert alone.counted == together.counted
    assert alone.reasons == together.reasons
    assert alone.events == together.events
    assert alone.counts == counts
    for event in together.events:
        assert event["born"] in ("under 25", "25 to under 40", "40 and over", None)
        assert event.get("wealth") in ("under 0", "0 to under 10.5", "10.5 and over", None)
        assert "income" not in event or isinstance(event["income"], int | float | None)
