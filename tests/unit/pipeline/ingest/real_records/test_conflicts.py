"""The same id with another decision is a conflict, live and in a replay."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.sources import RawCounter
from stream_app.topics import DEAD_LETTERS
from tests.support.lanes.ingest_lane import KEYS, NOW_S, IngestLane
from tests.support.lending_records import MODEL, record


def test_the_same_id_with_another_decision_is_a_conflict_live_and_in_a_replay() -> None:
    records = [
        record(1),
        record(1, income=11),  # a duplicate with other facts
        record(1, result="denied"),
        record(2, result="denied"),
        record(2, result="approved"),
        record(2, result="approved_with_conditions"),
    ]
    plain = [raw.replace(b', "born": "1990-09-21", "wealth": 3', b"") for raw in records]
    live = IngestLane(MODEL)
    for raw in plain:
        live.feed([raw])
        live.flush()
        live.restart()
    assert (live.counts.n_duplicates, live.counts.dead_letters, live.n_counted) == (1, {"conflict": 3}, 2)
    assert [letter["offset"] for letter in live.read(DEAD_LETTERS)] == [2, 4, 5]
    assert sorted(found[3] for found in live.labels()) == ["favorable", "unfavorable"]  # the first ones
    counter = RawCounter(MODEL, KEYS)
    n = len(plain)
    batch = Batch("lending-raw", 0, 0, n, np.arange(n), list(plain), np.full(n, NOW_S * 1000))
    assert dict(counter.count(batch)) == live.counted
    assert (counter.dispositions.n_duplicates, counter.dispositions.rejected) == (1, {"conflict": 3})


@pytest.mark.parametrize("n_batch", [1, 2, 3, 9])
def test_a_dead_letter_names_the_conflict_however_the_log_is_cut_into_batches(n_batch: int) -> None:
    log = [b"{", record(1), None, record(1, result="denied"), b"", record(2), record(1), record(2, result="denied")]
    plain = [value and value.replace(b', "born": "1990-09-21", "wealth": 3', b"") for value in log]
    lane = IngestLane(MODEL)
    for first in range(0, len(plain), n_batch):
        lane.feed(plain[first : first + n_batch])
        lane.flush()
    letters = [(letter["offset"], letter["reason"]) for letter in lane.read(DEAD_LETTERS)]
    assert letters == [(0, "json"), (3, "conflict"), (4, "empty"), (7, "conflict")]
    assert (lane.counts.n_duplicates, lane.n_counted) == (1, 2)
