"""Parts of a log that cannot be read are dead letters with their offsets, live and in a replay, and nothing else."""

from __future__ import annotations

import json

import numpy as np

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.pipeline.contract import Batch, UnreadableRange
from stream_app.pipeline.ingest.sample import try_sample
from stream_app.pipeline.replay.cursor import cut_batch
from stream_app.pipeline.replay.sources import RawCounter
from stream_app.topics import DEAD_LETTERS
from tests.support.lanes.ingest_lane import KEYS, LOANS, NOW_S, IngestLane, encode, loan

UNREAD = UnreadableRange(Reason.UNREADABLE, 1, 5, 4, 900)
TOO_LARGE = UnreadableRange(Reason.SIZE, 6, 7, 1, 39_000)


def batch() -> Batch:
    values = [encode(loan(application_id=f"A-{number}")) for number in range(2)]
    times_ms = np.full(2, NOW_S * 1000, np.int64)
    return Batch(LOANS.topic, 0, 0, 8, np.array([0, 5]), values, times_ms, [UNREAD, TOO_LARGE])  # type: ignore[arg-type]


def test_a_dead_letter_names_the_offsets_and_the_size_of_what_was_not_read() -> None:
    lane = IngestLane()
    outputs = lane.step.step(batch())
    [letters] = [output for output in outputs if output.topic == DEAD_LETTERS]
    first, second = (json.loads(value or b"") for value in letters.values)
    assert first == {
        "model": "loans",
        "reason": "unreadable_batch",
        "topic": "loan-decisions-raw",
        "partition": 0,
        "offset": 1,
        "size_bytes": 900,
        "digest": "",
        "last_offset": 4,
        "n_records": 4,
    }
    assert (second["reason"], second["offset"], second["last_offset"]) == ("size", 6, 6)
    counts = lane.step.take_report().counts
    assert dict(counts.dead_letters) == {Reason.UNREADABLE: 4, Reason.SIZE: 1}
    assert sum(counts.decisions.values()) == 2


def test_a_replay_and_a_sample_account_for_the_same_records() -> None:
    counter = RawCounter(LOANS, KEYS)
    list(counter.count(batch()))
    assert dict(counter.dispositions.rejected) == {"unreadable_batch": 4, "size": 1}
    assert (counter.dispositions.n_records, counter.dispositions.n_counted) == (7, 2)
    report = try_sample(LOANS, [batch()], KEYS[0])
    assert report.dead_letters == {"unreadable_batch": 4, "size": 1}
    assert (report.n_records, report.n_counted) == (7, 2)


def test_a_batch_is_cut_with_what_it_could_not_read() -> None:
    head, rest = cut_batch(batch(), 6)
    assert rest is not None
    assert (list(head.unreadable), list(rest.unreadable)) == ([UNREAD], [TOO_LARGE])
