"""State that version 0.2.0 wrote is continued: nothing is lost, nothing is emitted twice, a breach stays open.

``tests/data/state_0_2.json`` was written by the steps of version 0.2.0: 2,400 decisions of which the judge has read all
flushes, 40 more in a flush that it has not read, and an open breach of women.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.core.windows.partials import Partial, decode_partial, encode_partial
from stream_app.errors import StateError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.step import STATE_VERSION
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.policy import parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode
from tests.support.lanes.judge_lane import JudgeLane
from tests.support.paths import ROOT

STORED: dict[str, Any] = json.loads((ROOT / "tests/data/state_0_2.json").read_text("utf-8"))
POLICY = parse_policy(STORED["policy"])


def state(step: str) -> dict[bytes, bytes]:
    return {base64.b64decode(key): base64.b64decode(value) for key, value in STORED[step].items()}


def upgraded() -> tuple[IngestLane, JudgeLane]:
    lane = IngestLane(POLICY.models[0], state=state("ingest"), next_offset=STORED["next_offset"])
    return lane, JudgeLane(POLICY, state=state("judge"))


def test_counts_go_on_where_version_0_2_stopped() -> None:
    lane, court = upgraded()
    court.feed(*(decode_partial(base64.b64decode(partial)) for partial in STORED["unread"]))
    later = [
        encode({"id": f"B-{number}", "t": NOW_S + 600, "ok": True, "sex": "fm"[number % 2]}) for number in range(10)
    ]
    again = encode({"id": "A-2439", "t": NOW_S + 410, "ok": True, "sex": "m"})
    lane.feed(
        [again, *later, encode({"id": "C", "t": NOW_S + 100_000, "ok": True, "sex": "f"})], broker_s=NOW_S + 100_000
    )
    lane.flush()
    assert lane.counts.n_duplicates == 1
    for partial in lane.partials:
        batch = Batch("p", 0, 0, 1, np.arange(1), [single_partition(partial)], np.zeros(1, np.int64))
        list(court.judge.step(batch))
    court.feed()
    [total] = [result for result in court.results if result.window == TOTAL_WINDOW][-1:]
    assert total.n == STORED["n_events"] + len(later)
    ends = [result.end_s for result in court.results if result.window == "1m"]
    assert len(ends) == len(set(ends))
    assert min(ends) > NOW_S + 300  # what 0.2 has published is not published again
    assert total.groups[0].evidence[0].alarm_s is not None
    assert not [alert for alert in court.alerts if alert.change == "breach"]


def newest_state(lane: JudgeLane) -> str | None:
    """Return the state of women in the newest result."""
    result = lane.judge.newest_results()[0]
    assert isinstance(result, Result)
    return next(group.state for group in result.groups if group.group == "f")


def single_partition(partial: Partial) -> bytes:
    return encode_partial(msgspec.structs.replace(partial, n_partitions=1))


def test_a_breach_that_version_0_2_detected_is_open_after_the_upgrade() -> None:
    _, court = upgraded()
    assert newest_state(court) == "breach"
    court.restart()
    assert newest_state(court) == "breach"


def test_state_of_version_0_2_under_a_changed_policy_says_what_to_do_first() -> None:
    other = parse_policy(STORED["policy"].replace('["f", "m"]', '["f", "m", "x"]'))
    with pytest.raises(StateError, match="Start this version with the policy of that time first"):
        JudgeLane(other, state=state("judge"))
    with pytest.raises(StateError, match="Start this version with the policy of that time first"):
        IngestLane(other.models[0], state=state("ingest"), next_offset=STORED["next_offset"])
    grown = JudgeLane(other, state=state("judge"), former=(POLICY,))
    assert newest_state(grown) == "breach"


def test_state_of_a_later_version_says_what_to_run_whatever_its_form() -> None:
    later = msgspec.msgpack.encode([STATE_VERSION + 1, {"another": "form"}])
    wanted = "has version 5, this FairStream reads up to 4. Run the version of FairStream that wrote it"
    with pytest.raises(StateError, match=wanted):
        IngestLane(POLICY.models[0], state=state("ingest") | {b"meta": later}, next_offset=STORED["next_offset"])
    [clock] = [key for key in state("judge") if b"|clock|" in key]
    with pytest.raises(StateError, match=wanted):
        JudgeLane(POLICY, state=state("judge") | {clock: later})
