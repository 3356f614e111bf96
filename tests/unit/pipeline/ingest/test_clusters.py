"""Clusters in ingest: decisions are counted by bucket, and of a cluster nothing leaves but what the policy permits."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.core.events.clusters import bucket_of
from stream_app.core.windows.cells import Cells, without_last
from stream_app.pipeline.ingest.counting import EventCounter
from stream_app.pipeline.ingest.fields import schema_of
from stream_app.pipeline.layout import CLUSTER, layout_of, n_buckets_of, outcome_layout_of, pane_layout_of
from stream_app.policy import ModelPolicy, load_policy, parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode, iso

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "d" }}
identifiers = [{{ path = "by.officer", link_domain = "staff", is_required = false }}]
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
event_time = {{ path = "t", format = "epoch_s" }}
attributes = [{{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }}]
segment = {{ name = "branch", path = "branch", values = ["north"], is_required = false }}
keep = ["batch"]
missing = ["n/a"]
{more}
"""


def model_of(more: str) -> ModelPolicy:
    return parse_policy(POLICY.format(more=more)).models[0]


def record(number: int, **fields: Any) -> bytes:
    return encode({"id": f"A-{number}", "t": NOW_S, "ok": number % 2 == 0, "sex": "f", **fields})


def counted(lane: IngestLane) -> dict[str, int]:
    """Return the events of each bucket."""
    layout = pane_layout_of(lane.model)
    by_bucket: dict[str, int] = {}
    for partial in lane.partials:
        for pane in partial.panes:
            for code, (n, *_) in pane.cells.items():
                bucket = layout.labels_of(code)[layout.position_of(CLUSTER)]
                by_bucket[bucket] = by_bucket.get(bucket, 0) + n
    return by_bucket


def test_decisions_are_counted_by_bucket_and_only_its_number_leaves() -> None:
    lane = IngestLane(model_of('cluster = "team"'))
    teams = ["Ada", "ada ", 7, 7.0, "7", None, "", "N/A"]
    lane.feed([record(number, team=team) for number, team in enumerate(teams)] + [record(99)])
    lane.flush()
    assert counted(lane) == {str(bucket_of("ada")): 2, str(bucket_of("7")): 3, "unknown": 4}
    assert all("team" not in event for event in lane.events)
    numbers = [event.get("cluster_bucket") for event in lane.events]
    assert numbers == [bucket_of("ada")] * 2 + [bucket_of("7")] * 3 + [None] * 4
    assert not any(b"Ada" in (value or b"") for _, value in lane.written["out"])


@pytest.mark.parametrize(
    ("cluster", "fields", "published"),
    [
        ("by.officer", {"by": {"officer": "O-1"}}, {"by"}),
        ("batch", {"batch": "O-1"}, {"batch"}),
        ("branch", {"branch": "O-1"}, {"branch"}),
    ],
)
def test_a_cluster_that_is_something_else_too_is_published_as_that(
    cluster: str, fields: dict[str, Any], published: set[str]
) -> None:
    lane = IngestLane(model_of(f'cluster = "{cluster}"'))
    lane.feed([record(0, **fields)])
    lane.flush()
    [event] = lane.events
    assert counted(lane) == {str(bucket_of("o-1")): 1}
    assert set(event) - {"id", "t", "ok", "sex"} == {"cluster_bucket", *published}
    assert event["cluster_bucket"] == bucket_of("o-1")
    if cluster == "by.officer":
        assert event["by"]["officer"].startswith("hm1.")
    if cluster == "branch":
        assert event["branch"] == "__other__"


@pytest.mark.parametrize("value", [3, "x", [1], {"a": 1}, True])
def test_a_record_cannot_name_its_own_bucket(value: Any) -> None:
    lane = IngestLane(model_of('cluster = "team"'))
    lane.feed([record(0, team="ada", cluster_bucket=value), record(1, cluster_bucket=value)])
    lane.flush()
    assert counted(lane) == {str(bucket_of("ada")): 1, "unknown": 1}
    assert [event.get("cluster_bucket") for event in lane.events] == [bucket_of("ada"), None]


@pytest.mark.parametrize("value", [[1], {"a": 1}, True])
def test_a_cluster_that_cannot_be_read_is_left_out_and_counted(value: Any) -> None:
    lane = IngestLane(model_of('cluster = "team"'))
    lane.feed([record(0, team=value)])
    lane.flush()
    assert counted(lane) == {"unknown": 1}
    assert lane.counts.dropped == {"team": 1}


def test_outcomes_and_their_waiting_decisions_have_no_buckets() -> None:
    credit = load_policy("credit").models[0]
    model = msgspec.structs.replace(credit, cluster="officer")
    assert outcome_layout_of(model) == outcome_layout_of(credit)
    schema, seen = schema_of(model), []
    counter = EventCounter(model, schema, lambda codes, _: seen.extend(codes.tolist()))
    values = {"application_id": "A", "applicant_id": "P", "ts": iso(NOW_S), "approved": True, "score": 0.5}
    labels = {"gender": "female", "race": "asian", "product": "auto", "officer": "ada"}
    event = schema.decode(encode(values | labels))
    [(_, cells)] = counter.count([event], np.array([NOW_S]))
    assert [code // 65 for code in cells] == seen
    assert [code % 65 for code in cells] == [bucket_of("ada")]


def test_windows_are_summed_over_buckets() -> None:
    model = model_of('cluster = "team"')
    layout, by_pane, n = layout_of(model), pane_layout_of(model), n_buckets_of(model)
    assert n == 65
    assert by_pane.size == 65 * layout.size
    cells: Cells = {65 * code + bucket: [1 + bucket] for code in range(layout.size) for bucket in (0, 7, 64)}
    assert without_last(cells, n) == {code: [1 + 8 + 65] for code in range(layout.size)}
    for code in (65 * 5 + 7, 65 * 3 + 64):
        assert by_pane.labels_of(code)[:-1] == layout.labels_of(code // 65)


def test_without_clusters_nothing_changes() -> None:
    model = model_of("")
    cells: Cells = {1: [3]}
    assert pane_layout_of(model) == layout_of(model)
    assert without_last(cells, n_buckets_of(model)) is cells
    lane = IngestLane(model)
    lane.feed([record(0, batch="B")])
    assert "cluster_bucket" not in lane.events[0]
