"""What workers write to internal topics is sealed: nothing else passes, wherever it was written or taken from."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.partials import encode_partial
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.rejected import RecordFault
from stream_app.pipeline.seals import TOMBSTONE_HEADER, RecordSeals, take_seal, without_seals
from stream_app.pipeline.topology import Topology
from stream_app.policy import load_policy
from stream_app.topics import FAIRNESS_PARTIALS, FAIRNESS_RESULTS
from tests.support.lanes.ingest_lane import LOANS, NOW_S, IngestLane, encode, iso, loan

SEALS = RecordSeals(b"k" * 32, "fairstream")
OTHER = RecordSeals(b"x" * 32, "fairstream")
STATE = "fairstream-changelog-judge"


def sealed(value: bytes, topic: str = FAIRNESS_PARTIALS, partition: int = 0, seals: RecordSeals = SEALS) -> bytes:
    (record,) = seals.seal(Outputs(topic, partition, [b"key"], [value])).values
    assert record is not None
    return record


def batch_of(values: list[bytes], topic: str = FAIRNESS_PARTIALS) -> Batch:
    n = len(values)
    return Batch(topic, 0, 0, n, np.arange(n), [*values], np.zeros(n, np.int64))


@given(st.binary(), st.binary(min_size=1))
def test_a_sealed_record_opens_to_itself_and_no_changed_one_passes(record: bytes, flips: bytes) -> None:
    value = sealed(record, STATE)
    assert SEALS.open(STATE, 0, b"key", value) == (record, True)
    place = flips[0] % len(value)
    changed = value[:place] + bytes([value[place] ^ (1 + flips[-1] % 255)]) + value[place + 1 :]
    assert not SEALS.open(STATE, 0, b"key", changed)[1]


def test_a_seal_is_of_one_place_key_and_deployment() -> None:
    value = sealed(b"record", STATE)
    assert SEALS.open(STATE, 0, b"key", value)[1]
    assert not SEALS.open(STATE, 1, b"key", value)[1]
    assert not SEALS.open(STATE, 0, b"other", value)[1]
    assert not SEALS.open("fairstream-changelog-ingest-loans", 0, b"key", value)[1]
    assert not OTHER.open(STATE, 0, b"key", value)[1]
    assert not RecordSeals(b"k" * 32, "other").open(STATE, 0, b"key", value)[1]
    assert not SEALS.open(STATE, 0, b"key", b"record")[1]


def test_while_the_key_is_changed_both_seals_pass_and_only_the_own_one_is_given() -> None:
    changing = RecordSeals(b"x" * 32, "fairstream", other=b"k" * 32)
    before, after = sealed(b"record", STATE), sealed(b"record", STATE, seals=changing)
    assert [changing.open(STATE, 0, b"key", value) for value in (before, after)] == [(b"record", True)] * 2
    assert (OTHER.open(STATE, 0, b"key", after)[1], SEALS.open(STATE, 0, b"key", after)[1]) == (True, False)
    assert not changing.open(STATE, 0, b"key", b"record")[1]
    assert not changing.open(STATE, 0, b"other", before)[1]
    for seals in (SEALS, changing):
        [removal] = seals.seal(Outputs(STATE, 0, [b"key"], [None])).headers or [[]]
        assert changing.is_removal(STATE, 0, b"key", removal)
        assert not changing.is_removal(STATE, 0, b"other", removal)


def test_records_for_people_stay_as_they_are_and_removed_entries_are_sealed_beside() -> None:
    results = Outputs(FAIRNESS_RESULTS, 0, [b"k"], [b"{}"])
    assert SEALS.seal(results) is results
    removed = SEALS.seal(Outputs(STATE, 0, [b"a"], [None]))
    assert removed.values == [None]
    (headers,) = removed.headers or ()
    assert SEALS.is_removal(STATE, 0, b"a", headers)
    assert not SEALS.is_removal(STATE, 0, b"b", headers)
    assert not SEALS.is_removal(STATE, 0, b"a", [])
    assert not SEALS.is_removal(STATE, 0, b"a", [(TOMBSTONE_HEADER, b"x")])


def test_records_without_a_seal_pass_while_not_all_workers_have_the_key_and_wrong_ones_never() -> None:
    seals = RecordSeals(b"k" * 32, "fairstream", accepts_unsealed=True)
    values = [b"plain", sealed(b"ours"), sealed(b"theirs", seals=OTHER)]
    opened = seals.open_batch(batch_of(values))
    assert opened.values == [b"plain", b"ours", b"theirs"]
    assert opened.unsealed == {2}
    assert SEALS.open_batch(batch_of(values)).unsealed == {0, 2}
    assert without_seals(batch_of(values)).values == opened.values
    assert take_seal(b"") == (b"", None)


@pytest.mark.parametrize(
    "change", [{"next_offset": 2**50}, {"closed_before_s": NOW_S + 10**8}, {"policy_hash": "0" * 16}]
)
def test_a_plausible_forged_partial_is_rejected_by_its_seal(change: dict[str, Any]) -> None:
    lane = IngestLane()
    for minute in range(4):
        lane.feed([encode(loan(application_id=f"A-{minute}", ts=iso(NOW_S + 60 * minute)))], NOW_S + 60 * minute)
        lane.flush(NOW_S + 60 * minute)
    honest = [sealed(encode_partial(partial)) for partial in lane.partials]
    forged = encode_partial(msgspec.structs.replace(lane.partials[0], **change))
    reports = []
    for values in (honest, [honest[0], forged, sealed(forged, seals=OTHER), *honest[1:]]):
        step = JudgeStep(load_policy("loans"), 0, Topology({LOANS.topic: 4}))
        list(step.step(SEALS.open_batch(batch_of(values))))
        step.flush(0.0, is_caught_up=False)
        reports.append(step.take_report())
    assert reports[0].results == reports[1].results
    assert reports[0].rejected == []
    assert reports[1].rejected == [(1, RecordFault.SEAL), (2, RecordFault.SEAL)]


def test_a_partial_of_another_deployment_is_passed_over_whatever_its_key() -> None:
    lane = IngestLane()
    lane.feed([encode(loan(ts=iso(NOW_S)))], NOW_S)
    lane.flush(NOW_S)
    theirs = encode_partial(msgspec.structs.replace(lane.partials[0], app_id="other"))
    step = JudgeStep(load_policy("loans"), 0, Topology({LOANS.topic: 4}))
    list(step.step(SEALS.open_batch(batch_of([theirs, sealed(theirs, seals=OTHER)]))))
    step.flush(0.0, is_caught_up=False)
    assert step.take_report().rejected == []
