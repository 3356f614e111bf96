"""What a lane of ingest stores of its progress, over restarts, versions and new logs."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from stream_app.core.windows.partials import decode_partial
from stream_app.errors import StateError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.topology import Topology
from stream_app.topics import FAIRNESS_PARTIALS
from tests.support.lanes.ingest_lane import KEYS, LOANS, NOW_S, IngestLane, encode, iso, loan


def test_state_of_other_panes_or_of_another_version_is_rejected_with_an_action() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush()
    lane.model = msgspec.structs.replace(LOANS, event_time=msgspec.structs.replace(LOANS.event_time, pane_s=5))
    with pytest.raises(StateError, match=r"pane_s changed from 10 to 5.*FAIRSTREAM_APP_ID") as rejected:
        lane.restart()
    assert "loans" in str(rejected.value)
    lane.model = LOANS
    version, *rest = msgspec.msgpack.decode(lane.state[b"meta"])
    lane.state[b"meta"] = msgspec.msgpack.encode([version + 1, *rest])
    with pytest.raises(StateError):
        lane.restart()


def test_other_rules_or_windows_leave_the_state_valid() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush()
    lane.model = msgspec.structs.replace(LOANS, windows=LOANS.windows[:1], deduplication_window=10, keep=())
    lane.restart()


def test_a_silent_lane_writes_only_when_it_becomes_idle_and_when_it_wakes() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    assert [bool(lane.flush(NOW_S + s).outputs) for s in (0, 1, 2, 5, 6, 60)] == [
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert [partial.is_idle for partial in lane.partials] == [False, True]
    lane.feed([encode(loan(application_id="A-2"))])
    lane.flush(NOW_S + 61)
    assert [partial.is_idle for partial in lane.partials] == [False, True, False]
    assert lane.partials[-1].next_offset == 2


def test_a_lane_that_lags_behind_is_never_idle() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush(NOW_S)
    lane.flush(NOW_S + 3600, is_caught_up=False)
    assert not any(partial.is_idle for partial in lane.partials)
    lane.flush(NOW_S + 3600)
    assert lane.partials[-1].is_idle


def test_a_restored_lane_publishes_its_progress_before_any_record() -> None:
    lane = IngestLane()
    lane.feed([encode(loan(ts=iso(NOW_S + 20)))], NOW_S + 20)
    lane.flush()
    lane.restart()
    lane.flush()
    assert lane.partials[-1].next_offset == 1
    assert lane.partials[-1].closed_before_s == NOW_S + 10
    assert lane.partials[-1].panes == ()


def test_a_lane_without_any_record_has_no_watermark() -> None:
    lane = IngestLane()
    lane.flush()
    assert [(partial.closed_before_s, partial.max_event_s) for partial in lane.partials] == [(None, None)]


def test_a_lane_stores_its_first_offset() -> None:
    state: dict[bytes, bytes] = {}
    for next_offset in (41, 57):
        step = IngestStep(LOANS, KEYS, 0, Topology())
        step.restore(state, next_offset)
        step.step(Batch(LOANS.topic, 0, next_offset, next_offset + 3, np.arange(0), [], np.zeros(0, np.int64)))
        flush = step.flush(0.0, is_caught_up=False)
        state |= {key: value for key, value in flush.changes if value is not None}
        (partial,) = [decode_partial(v) for o in flush.outputs for v in o.values if o.topic == FAIRNESS_PARTIALS and v]
        assert (partial.first_offset, partial.next_offset) == (41, next_offset + 3)


@pytest.mark.parametrize("size", [2, 6, 1000])
def test_a_new_log_continues_panes_watermark_and_duplicates_from_its_own_first_offset(size: int) -> None:
    model = msgspec.structs.replace(LOANS, deduplication_window=size)
    lane = IngestLane(model)
    lane.feed([encode(loan(application_id=f"A-{n}")) for n in range(5)])
    lane.flush()
    lane.begin_log()
    again = [encode(loan(application_id=f"A-{n}")) for n in range(5 - size if size < 5 else 0, 5)]
    lane.feed([*again, encode(loan(application_id="B-1")), encode(loan(application_id="B-2", ts=iso(NOW_S - 400)))])
    lane.flush()
    assert lane.counts.n_duplicates == len(again)
    assert lane.n_counted == 6
    assert len(lane.late) == 1
    assert (lane.partials[-1].log_number, lane.partials[-1].first_offset) == (1, 0)
    assert lane.partials[-1].next_offset == len(again) + 2
    state, counts = dict(lane.state), dict(lane.counted)
    lane.restart()
    lane.feed([encode(loan(application_id="B-1"))])
    lane.flush()
    assert lane.counts.n_duplicates == len(again) + 1
    assert lane.counted == counts
    assert {key for key in lane.state if key.startswith(b"ids|")} == {key for key in state if key.startswith(b"ids|")}


def test_state_of_the_version_before_is_read() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush()
    lane.state[b"meta"] = msgspec.msgpack.encode([3, *msgspec.msgpack.decode(lane.state[b"meta"])[1:4]])
    lane.restart()
    lane.feed([encode(loan(application_id="A-2"))])
    lane.flush()
    assert (lane.n_counted, lane.partials[-1].log_number) == (2, 0)
