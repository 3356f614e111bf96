"""Results and alerts for tests of what shows them, and the runs of records in which a topic delivers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stream_app.edges.kafka.readers.resumed_records import Position, Run, StoredRecord
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.alerts import Alert, encode_alert
from stream_app.pipeline.records.results import Result, Span, encode_result
from stream_app.policy import load_policy
from tests.support.lanes.judging import judge_plainly

POLICY = load_policy("loanapp")
MODEL = POLICY.models[0]
LAYOUT = layout_of(MODEL)
WINDOW_S = 100

Counts = dict[str, tuple[int, int]]  # group -> decisions, favorable ones
FAIR: Counts = {"white": (400, 300), "black": (400, 300), "hispan": (400, 300)}
UNFAIR: Counts = {"white": (400, 300), "black": (400, 100), "hispan": (400, 300)}


def race_result(end_s: int, counts: Counts = FAIR, *, revision: int = 0, **changes: Any) -> Result:
    """Return the result of one window of ``WINDOW_S`` seconds about ``race``."""
    labels = LAYOUT.dimensions[0][1]
    cells = {}
    for group, (n, favorable) in counts.items():
        for decision, count in enumerate((favorable, n - favorable)):
            cells[LAYOUT.code_of((labels.index(group), 0, 0, decision))] = [count]
    span = Span(f"{WINDOW_S}s", end_s - WINDOW_S, end_s)
    race = judge_plainly(MODEL, LAYOUT, cells, span, revision=revision)[0]
    return msgspec.structs.replace(race, **changes)


def run_of(
    values: Sequence[Result | Alert | bytes],
    start: int = 0,
    *,
    partition: int = 0,
    topic_id: str = "a",
    at_s: int = 1000,
) -> Run:
    """Return a run of records with these values at consecutive offsets."""
    encoded = [
        value if isinstance(value, bytes) else encode_alert(value) if isinstance(value, Alert) else encode_result(value)
        for value in values
    ]
    records = [StoredRecord(start + number, at_s * 1000, value) for number, value in enumerate(encoded)]
    return Run(partition, records, Position(topic_id, start + len(values)))
