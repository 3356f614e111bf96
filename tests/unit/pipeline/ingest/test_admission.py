"""The one order of admission: every record has one disposition, and every column is filtered alike."""

from __future__ import annotations

import json

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.deduplication import event_tags
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.admission import Admission, AdmissionResult, pseudonymizer_of
from stream_app.pipeline.replay.sources import RawCounter
from tests.support.lanes.ingest_lane import LOANS, NOW_S, IngestLane, encode, iso, loan
from tests.support.source_logs import BORDER_S, KEYS, MODEL, Log, broker_s, logs, recount


def batch_of(log: Log, first: int, last: int) -> Batch:
    offsets = np.arange(first, last, dtype=np.int64)
    times_ms = np.array([round(broker_s(offset) * 1000) for offset in range(first, last)], np.int64)
    return Batch("raw", 0, first, last, offsets, log[first:last], times_ms)


def admitted(log: Log, n_batch: int) -> list[AdmissionResult]:
    admission = Admission(MODEL, KEYS)
    return [
        admission.admit(batch_of(log, first, min(first + n_batch, len(log)))) for first in range(0, len(log), n_batch)
    ]


@given(logs(), st.integers(1, 20))
def test_every_record_has_exactly_one_disposition(log: Log, n_batch: int) -> None:
    results = admitted(log, n_batch)
    n = {
        "counted": sum(len(result.events) for result in results),
        "late": sum(len(result.late) for result in results),
        "duplicate": sum(result.n_duplicates for result in results),
        "rejected": sum(len(result.events.rejected) for result in results),
        "tombstone": sum(result.events.n_tombstones for result in results),
    }
    assert {name: count for name, count in n.items() if count} == dict(recount(log).n)
    assert sum(n.values()) == len(log)


@given(logs(), st.integers(1, 20))
def test_the_columns_of_admitted_events_belong_together(log: Log, n_batch: int) -> None:
    hashing = pseudonymizer_of(MODEL.event_id, KEYS)
    for result in admitted(log, n_batch):
        events = result.events
        columns = zip(
            events.identifiers[0],
            events.offsets.tolist(),
            events.times_s.tolist(),
            events.event_ids.digests,
            events.event_ids.epochs.tolist(),
            strict=True,
        )
        for event, (identifier, offset, time_s, digest, epoch) in zip(events.events, columns, strict=True):
            raw = json.loads(log[offset] or b"")
            assert (time_s, epoch) == (int(raw["t"]), int(raw["t"] >= BORDER_S))
            assert identifier == raw["id"].encode()
            assert digest == hashing.digests([raw["id"].encode()], epoch)[0]
            assert msgspec.json.decode(msgspec.json.encode(event))["result"] == raw["result"]


@given(logs())
def test_ids_of_late_events_are_remembered_and_those_of_duplicates_are_not_repeated(log: Log) -> None:
    [result] = admitted(log, len(log))
    assert len(result.new_ids.offsets) == len(result.new_ids.tags) == len(result.events) + len(result.late)
    assert {*result.late.offsets.tolist(), *result.events.offsets.tolist()} == {*result.new_ids.offsets.tolist()}
    assert {tag | 1 for tag in event_tags(result.events.event_ids.digests).tolist()} <= {
        tag | 1 for tag in result.new_ids.tags.tolist()
    }


@given(logs(), st.integers(1, 20))
def test_a_live_lane_and_a_replay_report_the_same_dispositions(log: Log, n_batch: int) -> None:
    lane, counter = IngestLane(MODEL, KEYS), RawCounter(MODEL, KEYS)
    for first in range(0, len(log), n_batch):
        batch = batch_of(log, first, min(first + n_batch, len(log)))
        lane.feed(batch.values, (batch.timestamps_ms / 1000).tolist())
        list(counter.count(batch))
    lane.flush()
    live, replayed = lane.counts, counter.dispositions
    assert replayed.n_records == len(log)
    assert replayed.n_counted == sum(live.decisions.values())
    assert (replayed.n_late, replayed.n_duplicates) == (live.n_late, live.n_duplicates)
    assert replayed.rejected == {str(reason): n for reason, n in live.dead_letters.items()}


def test_one_event_far_ahead_makes_no_honest_one_late() -> None:
    lane = IngestLane()
    ahead = encode(loan(application_id="wrong clock", ts=iso(NOW_S + 290)))
    honest = [encode(loan(application_id=f"A-{number}", ts=iso(NOW_S + number // 10))) for number in range(200)]
    lane.feed([ahead, *honest], [NOW_S, *(NOW_S + number // 10 for number in range(200))])
    lane.flush()
    assert (lane.n_counted, lane.counts.n_late) == (201, 0)


def test_a_published_event_has_the_timestamp_of_its_raw_record() -> None:
    outputs = IngestLane().feed(
        [encode(loan(application_id=f"A-{number}")) for number in range(3)], [NOW_S, NOW_S + 1, NOW_S]
    )
    [published] = [run for run in outputs if run.topic == LOANS.output_topic]
    assert published.timestamps_ms is not None
    assert published.timestamps_ms.tolist() == [1000 * NOW_S, 1000 * NOW_S + 1000, 1000 * NOW_S]
