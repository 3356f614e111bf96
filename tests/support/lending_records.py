"""Records of a lender, as other systems write them, and how they are counted."""

from __future__ import annotations

from typing import Any

from stream_app.policy import ModelPolicy, parse_policy
from tests.support.lanes.ingest_lane import IngestLane, encode

LENDING = """
schema = 1
[[models]]
name = "lending"
topic = "lending-raw"
output_topic = "lending"
event_id = { path = "id", link_domain = "case", canonical = "text-or-integer" }
identifiers = [{ path = "mail", link_domain = "person", is_required = false }]
event_time = { path = "at" }
decision = { path = "result", favorable = ["approved", "approved_with_conditions"], unfavorable = ["denied"] }
missing = ["NA", "Exempt", ""]
model_version = "version"
keep = ["note"]
attributes = [
    { name = "minority", path = "minority", groups = [true, false], reference = false },
    { name = "sex", path = "sex", groups = [1, 2], reference = 1, aliases = { 1 = ["M", "erkek"], 2 = ["F", "kadın"] }},
]
segment = { name = "region", path = "region", values = ["North West", "South"], is_required = false }
features = [{ name = "income", path = "income", minimum = 0, maximum = 1000, is_required = false }]
"""
MODEL = parse_policy(LENDING).models[0]
AGES = parse_policy(
    LENDING.replace(
        "attributes = [",
        """attributes = [
    { name = "age", path = "born", derive = "age", edges = [25, 40, 62], reference = "25 to under 40" },
    { name = "wealth", path = "wealth", edges = [0, 10.5], minimum = -100, reference = "under 0", is_required = false },
""",
    )
).models[0]


def record(number: int = 0, **changes: Any) -> bytes:
    """Return a record with changes; ``...`` leaves a field out."""
    values: dict[str, Any] = {
        "id": number,
        "at": "2026-09-21 14:13:20+00",
        "result": "approved",
        "minority": False,
        "sex": 1,
        "region": "South",
        "income": 10,
        "born": "1990-09-21",
        "wealth": 3,
    }
    values |= changes
    return encode({name: value for name, value in values.items() if value is not ...})


def fed(*records: bytes, model: ModelPolicy = MODEL) -> IngestLane:
    """Return a lane that has counted the records."""
    if not any(attribute.edges for attribute in model.attributes):
        records = tuple(raw.replace(b', "born": "1990-09-21", "wealth": 3', b"") for raw in records)
    lane = IngestLane(model)
    lane.feed(list(records))
    lane.flush()
    return lane


def labels(**changes: Any) -> tuple[str, ...]:
    """Return the labels of the one record that is counted."""
    lane = fed(record(**changes))
    assert lane.reasons == []
    (found,) = lane.labels()
    return found
