"""Forged or damaged partials are rejected, and the windows of the honest ones close as without them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.core.windows.partials import PanePartial, Partial, encode_partial
from stream_app.errors import UnknownPolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.judge.checks import fault_of
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.policy_book import PolicySearch
from stream_app.pipeline.rejected import RecordFault
from stream_app.pipeline.topology import Topology
from stream_app.policy import load_policy
from stream_app.topics import CAMERA_AGGREGATES
from tests.support.lanes.hostile_frames import frame
from tests.support.lanes.ingest_lane import LOANS, NOW_S, IngestLane, encode, iso, loan

POLICY = load_policy("loans")
HONEST = Partial(
    model="loans", layout_hash=LOANS.layout_hash(), topic=LOANS.topic, partition=0, n_partitions=1, next_offset=10,
    closed_before_s=NOW_S, max_event_s=NOW_S + 5, is_idle=False,
)  # fmt: skip
TOPOLOGY = Topology({LOANS.topic: 4})
FORGED: dict[str, tuple[dict[str, Any], RecordFault]] = {
    "2^31 partitions": ({"n_partitions": 2**31}, RecordFault.PARTITION),
    "no partition": ({"n_partitions": 0}, RecordFault.PARTITION),
    "a negative number of partitions": ({"n_partitions": -4}, RecordFault.PARTITION),
    "partition 77 of 4": ({"partition": 77, "n_partitions": 4}, RecordFault.PARTITION),
    "partition 77 of 78, where there are 4": ({"partition": 77, "n_partitions": 78}, RecordFault.PARTITION),
    "a negative partition": ({"partition": -1}, RecordFault.PARTITION),
    "offset 2^62": ({"next_offset": 2**62}, RecordFault.OFFSET),
    "a negative offset": ({"next_offset": -1}, RecordFault.OFFSET),
    "a first offset of 2^62": ({"first_offset": 2**62}, RecordFault.OFFSET),
    "closed for ever": ({"closed_before_s": 2**62}, RecordFault.TIME),
    "an event in the year 10^10": ({"max_event_s": 10**17}, RecordFault.TIME),
    "a pane before all time": ({"panes": (PanePartial(-(2**60), {0: [1]}),)}, RecordFault.TIME),
    "2^40 parts": ({"n_parts": 2**40}, RecordFault.PART),
    "a part after the last": ({"part": 3, "n_parts": 2}, RecordFault.PART),
    "a negative part": ({"part": -1}, RecordFault.PART),
}


@pytest.mark.parametrize("kind", FORGED)
def test_what_no_worker_writes_is_named(kind: str) -> None:
    changes, fault = FORGED[kind]
    assert fault_of(msgspec.structs.replace(HONEST, **changes), TOPOLOGY) == fault


def test_an_honest_partial_passes_also_from_a_topic_that_has_grown() -> None:
    assert fault_of(HONEST, TOPOLOGY) is None
    assert fault_of(msgspec.structs.replace(HONEST, partition=5, n_partitions=6), TOPOLOGY) is None
    assert fault_of(msgspec.structs.replace(HONEST, partition=5, n_partitions=6, topic="unknown"), TOPOLOGY) is None


def test_a_partial_of_an_unknown_policy_is_rejected_once_the_registry_was_read_for_it() -> None:
    lane = IngestLane()
    for minute in range(4):
        lane.feed([encode(loan(application_id=f"A-{minute}", ts=iso(NOW_S + 60 * minute)))], NOW_S + 60 * minute)
        lane.flush(NOW_S + 60 * minute)
    values = [encode_partial(partial) for partial in lane.partials]
    forged = encode_partial(msgspec.structs.replace(lane.partials[0], policy_hash="0123456789abcdef"))
    again = encode_partial(msgspec.structs.replace(lane.partials[0], policy_number=2**60))
    log, n = [values[0], forged, again, *values[1:]], len(values) + 2
    batch = Batch("fairness-partials", 0, 0, n, np.arange(n), list(log), np.zeros(n, np.int64))
    search = PolicySearch()
    with pytest.raises(UnknownPolicyError):
        list(JudgeStep(POLICY, 0, Topology({LOANS.topic: 4}), search=search).step(batch))
    step = JudgeStep(POLICY, 0, Topology({LOANS.topic: 4}), search=search)  # with what the registry has now
    list(step.step(batch))
    step.flush(0.0, is_caught_up=False)
    report = step.take_report()
    assert report.rejected == [(1, RecordFault.POLICY), (2, RecordFault.POLICY)]
    assert report.models["loans"].n_stale == 0
    later = Batch("fairness-partials", 0, n, n + 1, np.array([n]), [forged], np.zeros(1, np.int64))
    with pytest.raises(UnknownPolicyError):
        list(step.step(later))


def test_forged_partials_between_honest_ones_change_nothing_but_their_count() -> None:
    lane = IngestLane()
    for minute in range(4):
        lane.feed([encode(loan(application_id=f"A-{minute}", ts=iso(NOW_S + 60 * minute)))], NOW_S + 60 * minute)
        lane.flush(NOW_S + 60 * minute)
    values = [encode_partial(partial) for partial in lane.partials]
    forged = [encode_partial(msgspec.structs.replace(HONEST, **changes)) for changes, _ in FORGED.values()]
    results = []
    for log in (values, [*forged, values[0], b"garbage", *values[1:], *forged]):
        step = JudgeStep(POLICY, 0, Topology({LOANS.topic: 4}))
        step.restore({}, 0)
        n = len(log)
        list(step.step(Batch("fairness-partials", 0, 0, n, np.arange(n), list(log), np.zeros(n, np.int64))))
        step.flush(0.0, is_caught_up=False)
        report = step.take_report()
        results.append((report.results, report.models.keys()))
        assert len(report.rejected) == n - len(values)
    assert results[0] == results[1]


def test_forged_counts_are_rejected_and_stop_nothing() -> None:
    lane = IngestLane()
    for minute in range(8):
        lane.feed([encode(loan(application_id=f"A-{minute}", ts=iso(NOW_S + 60 * minute)))], NOW_S + 60 * minute)
        lane.flush(NOW_S + 60 * minute)
    honest = [msgspec.structs.replace(partial, n_partitions=1) for partial in lane.partials]
    pane = next(partial.panes[0] for partial in honest if partial.panes)
    width = len(next(iter(pane.cells.values())))
    vectors: list[Any] = [[], [1] * (width + 50), [-5] * width, [2**63] * width, [2**41] + [0] * (width - 1)]
    cells = [{10**9: [1] * width}, {-5: [1] * width}, *({0: vector} for vector in vectors)]
    panes = [PanePartial(pane.start_s, cell) for cell in cells] + [PanePartial(pane.start_s + 1, pane.cells)]
    forged = [msgspec.structs.replace(honest[2], panes=(forged_pane,)) for forged_pane in panes]
    forged += [msgspec.structs.replace(honest[2], panes=(), corrections=(panes[0],), recounted_since=0)]
    forged += [msgspec.structs.replace(honest[2], model=outcomes_name("loans"))]
    results = []
    for log in (honest, [*honest[:2], *forged, *honest[2:]]):
        step = JudgeStep(POLICY, 0, Topology({LOANS.topic: 1}))
        n = len(log)
        list(step.step(Batch("p", 0, 0, n, np.arange(n), [*map(encode_partial, log)], np.zeros(n, np.int64))))
        flush = step.flush(0.0, is_caught_up=False)
        report = step.take_report()
        results.append((report.results, [outputs.values for outputs in flush.outputs]))
        assert len(report.rejected) == n - len(honest)
        assert {fault for _, fault in report.rejected} <= {RecordFault.COLUMNS}
    assert results[0] == results[1]
    assert results[0][0]


def test_what_a_camera_takes_back_in_a_later_pane_is_taken_off_the_window() -> None:
    policy = load_policy("cameras")
    lane = IngestLane(policy.model("axis-v1"))
    begin_s = -(-NOW_S // 60) * 60
    lane.feed([frame(begin_s, seen=map(str, range(14)))], begin_s)
    lane.flush(begin_s)
    lane.feed([frame(begin_s + 30, renamed=[("0", "1"), ("2", "3"), ("1", "0")])], begin_s + 30)
    lane.feed([frame(begin_s + 31, seen=["99"])], begin_s + 31)
    lane.flush(begin_s + 31)
    lane.feed([frame(begin_s + 90, seen=["100"])], begin_s + 90)
    lane.flush(begin_s + 90)
    values = [encode_partial(msgspec.structs.replace(partial, n_partitions=1)) for partial in lane.partials]
    step, n = JudgeStep(policy, 0, Topology({lane.model.topic: 1})), len(values)
    list(step.step(Batch("fairness-partials", 0, 0, n, np.arange(n), list(values), np.zeros(n, np.int64))))
    outputs = step.flush(0.0, is_caught_up=False).outputs
    assert step.take_report().rejected == []
    published = [json.loads(v or b"") for run in outputs if run.topic == CAMERA_AGGREGATES for v in run.values]
    assert [[(cell["labels"]["zone"], cell["n"]) for cell in record["cells"]] for record in published] == [
        [("hall", 13)]
    ]
