"""Hostile records, row by row: their reasons, and that no part of them leaks, hangs, or disturbs other records."""

from __future__ import annotations

import hashlib
import json
import time
import tracemalloc

import msgspec
import pytest

from stream_app.core.privacy.pseudonym import RootKey
from tests.support.lanes.hostile_records import (
    CANARY,
    CANARY_KEY,
    CASES,
    DEEP,
    SCORED,
    Case,
    bad_loan,
    bad_track,
    good,
    scored,
    with_literal,
    with_more,
)
from tests.support.lanes.ingest_lane import CAMERA, LOANS, NOW_S, IngestLane, encode, iso, loan

MAX_CPU_S = 1.0
MAX_MEMORY_BYTES = 50_000_000


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_hostile_record_becomes_one_dead_letter_and_disturbs_nobody(case: Case) -> None:
    before, after = good(case.model, "B"), good(case.model, "C")
    for runs in ([[before, case.record, case.record, after]], [[before], [case.record], [case.record], [after]]):
        lane = IngestLane(case.model)
        started_s = time.process_time()
        for run in runs:
            lane.feed(run)
        cpu_s = time.process_time() - started_s
        lane.flush()
        assert lane.reasons == [case.reason, case.reason]
        assert lane.counts.dead_letters == {case.reason: 2}
        assert lane.n_counted == 2
        assert len(lane.events) == 2
        assert CANARY.encode() not in lane.everything()
        assert cpu_s < MAX_CPU_S


@pytest.mark.parametrize("case", [case for case in CASES if case.row not in (1, 39)], ids=str)
def test_a_hostile_record_moves_no_watermark_and_leaves_no_state(case: Case) -> None:
    lane = IngestLane(case.model)
    lane.feed([good(case.model, "B")])
    lane.flush()
    state = dict(lane.state)
    lane.feed([case.record])
    lane.flush()
    assert lane.state == state


@pytest.mark.parametrize("broker_s", [NOW_S / 1000, NOW_S * 1000, -0.001], ids=["seconds", "microseconds", "none"])
def test_an_impossible_broker_timestamp_is_the_reason_of_its_own(broker_s: float) -> None:
    lane = IngestLane()
    lane.feed([encode(loan()), encode(loan(ts="no time"))], broker_s=broker_s)
    lane.feed([encode(loan())])
    lane.flush()
    assert lane.reasons == ["ts_broker", "ts"]
    assert lane.n_counted == 1


BIG = [
    Case(10, "integer of 1e6 digits", with_literal(bad_loan(), b"9" * 1_000_000), "range"),
    Case(12, "5e6 lists deep", DEEP * 50, "json"),
    Case(
        12,
        "5e6 deep where the rest is dropped",
        with_more(bad_track(), CANARY_KEY + b"[" * 5_000_000 + b"]" * 5_000_000),
        "json",
        CAMERA,
    ),
    Case(16, "1e6 numbers in one list", bad_track(detections=[0] * 1_000_000), "cardinality", CAMERA),
    Case(16, "1e6 objects in one list", bad_track(frame={"detections": [{"c": 1}] * 1_000_000}), "cardinality", CAMERA),
    Case(17, "1e5 unknown keys", bad_loan(**{f"{CANARY}{n}": n for n in range(100_000)}), "unknown_field"),
]


@pytest.mark.parametrize("case", BIG, ids=str)
def test_a_big_hostile_record_costs_neither_memory_nor_time(case: Case) -> None:
    lane = IngestLane(msgspec.structs.replace(case.model, max_record_bytes=16_777_216))
    assert len(case.record) < 16_777_216
    tracemalloc.start()
    lane.feed([case.record])
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    started_s = time.process_time()
    lane.feed([case.record, good(case.model, "C")])
    cpu_s = time.process_time() - started_s
    lane.flush()
    assert lane.reasons == [case.reason, case.reason]
    assert lane.n_counted == 1
    assert CANARY.encode() not in lane.everything()
    assert peak_bytes < MAX_MEMORY_BYTES
    assert cpu_s < MAX_CPU_S


def test_row_2_a_tombstone_is_ignored_and_counted() -> None:
    lane = IngestLane()
    lane.feed([None, encode(loan()), None])
    lane.flush()
    assert (lane.counts.n_tombstones, lane.n_counted, lane.reasons) == (2, 1, [])


def test_row_17_undeclared_keys_of_a_camera_are_counted_but_not_named() -> None:
    lane = IngestLane(msgspec.structs.replace(CAMERA, max_record_bytes=16_777_216))
    lane.feed([bad_track(**{f"{CANARY}{n}": n for n in range(100_000)})])
    lane.flush()
    assert lane.counts.dropped == {"undeclared": 100_000, "bbox": 1}
    assert lane.n_counted == 1
    assert CANARY.encode() not in lane.everything()


def test_row_27_a_number_and_its_digits_are_one_identifier_where_the_policy_says_so() -> None:
    lane = IngestLane(SCORED)
    lane.feed([encode(scored(case=123)), encode(scored(case="123")), encode(scored(case=" 123 "))])
    lane.flush()
    assert (lane.counts.n_duplicates, lane.n_counted) == (2, 1)


@pytest.mark.parametrize(
    ("spelling", "label"),
    [
        (None, "unknown"),
        ("unknown", "unknown"),
        ("female", "female"),
        ("Female ", "female"),
        ("FEMALE", "female"),
        ("ｆｅｍａｌｅ", "female"),
        ("x", "__other__"),
        ("", "__other__"),
        ("__other__", "__other__"),
    ],
)
def test_rows_29_56_58_a_group_is_counted_under_its_one_label(spelling: str | None, label: str) -> None:
    lane = IngestLane()
    lane.feed([encode(loan(gender=spelling))])
    lane.flush()
    assert [labels[0] for labels in lane.labels()] == [label]
    assert lane.counts.overflow == ({"gender": 1} if label == "__other__" else {})


def test_row_33_minus_zero_counts_as_zero() -> None:
    lane = IngestLane(SCORED)
    lane.feed([with_literal(encode(scored(case="1")), b"-0.0"), with_literal(encode(scored(case="2")), b"-0")])
    lane.flush()
    assert list(lane.labels().values()) == [[2, 2, 0, 0, 2, 4, 8]]


def test_row_42_an_event_that_is_8_days_late_is_not_counted_and_reopens_nothing() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush()
    closed = dict(lane.counted)
    lane.feed([encode(loan(application_id="A-2", ts=iso(NOW_S - 8 * 86_400)))])
    lane.flush()
    assert lane.counted == closed
    assert lane.counts.n_late == 1
    assert lane.late == [
        {
            "model": "loans",
            "topic": "loan-decisions-raw",
            "partition": 0,
            "offset": 1,
            "pane_start_s": NOW_S - 8 * 86_400,
            "closed_before_s": NOW_S - 10,
        }
    ]


def test_row_47_a_host_clock_that_steps_back_changes_no_count() -> None:
    steady, stepped = IngestLane(), IngestLane()
    for number in range(20):
        record = encode(loan(application_id=f"A-{number}", ts=iso(NOW_S + number)))
        for lane, now_s in ((steady, NOW_S + number), (stepped, NOW_S + number - 3600 * (number > 10))):
            lane.feed([record], NOW_S + number)
            lane.flush(now_s)
    assert stepped.counted == steady.counted
    assert stepped.state == steady.state
    assert steady.n_counted == 20


def test_row_48_a_replay_of_1000_events_is_counted_once() -> None:
    records = [encode(loan(application_id=f"A-{number}", ts=iso(NOW_S + number / 100))) for number in range(1000)]
    lane = IngestLane()
    lane.feed(records)
    lane.flush()
    once = dict(lane.counted)
    lane.feed(records)
    lane.feed(list(reversed(records)))
    lane.flush()
    assert lane.counted == once
    assert (lane.counts.n_duplicates, lane.n_counted, len(lane.events)) == (2000, 1000, 1000)


def test_a_dead_letter_has_the_place_size_and_keyed_digest_of_the_record() -> None:
    lane = IngestLane(partition=3)
    lane.feed([encode(loan()), b"{", b"{", b"{ "])
    first, second, third = lane.read("dead-letters")
    assert first == {
        "model": "loans",
        "reason": "json",
        "topic": "loan-decisions-raw",
        "partition": 3,
        "offset": 1,
        "size_bytes": 1,
        "digest": first["digest"],
    }
    assert len(first["digest"]) == 32
    assert second["digest"] == first["digest"] != third["digest"]
    assert {key for key, _ in lane.written["dead-letters"]} == {b"loan-decisions-raw:3"}


def test_the_digest_of_a_dead_letter_needs_the_key() -> None:
    lane, other = IngestLane(), IngestLane(keys=(RootKey("zyxwvuts", 0, b"z" * 32),))
    for one in (lane, other):
        one.feed([b"{"])
    digests = [one.read("dead-letters")[0]["digest"] for one in (lane, other)]
    assert digests[0] != digests[1]
    assert hashlib.sha256(b"{").hexdigest()[:32] not in digests


def test_an_event_whose_output_is_too_large_for_the_broker_is_a_dead_letter() -> None:
    lane = IngestLane(msgspec.structs.replace(LOANS, max_record_bytes=4_000_000))
    padded = encode(loan(application_id="A-2")) + b" " * 2_000_000  # long, but only until it is encoded again
    lane.feed([encode(loan(region="x" * 1_000_000)), padded, encode(loan(region="x" * 999_000))])
    lane.flush()
    assert lane.reasons == ["size"]
    assert lane.n_counted == 2
    assert max(len(value or b"") for _, value in lane.written["loan-decisions"]) < 1_000_000


def test_every_row_of_the_table_is_json_or_deliberately_not() -> None:
    """A case that is rejected as JSON must not be so by a typing mistake in this file."""
    by_accident = [
        str(case)
        for case in CASES
        if case.reason not in ("json", "empty", "encoding", "framing", "size") and not is_json(case)
    ]
    assert by_accident == []


def is_json(case: Case) -> bool:
    try:
        json.loads(case.record, parse_int=float)
    except ValueError:
        return False
    return True
