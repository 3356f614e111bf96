"""A replay counts what ingest counted: from raw records with the key, and from what ingest published without it."""

from __future__ import annotations

import itertools
import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.windows.cells import Cells, without_last
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.replay.cursor import SourceCursor
from stream_app.pipeline.replay.sources import PublishedCounter, RawCounter
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy
from tests.support.source_logs import KEYS, MODEL, Log, broker_s, count_batches, logs, recount, seeded_log


def batch_of(log: Log, first: int, last: int) -> Batch:
    offsets = np.arange(first, last, dtype=np.int64)
    times = np.array([round(broker_s(offset) * 1000) for offset in range(first, last)], np.int64)
    return Batch("raw", 0, first, last, offsets, log[first:last], times)


def by_hand(log: Log) -> dict[tuple[Any, ...], list[int]]:
    return dict(recount(log).cells)


def labeled(panes: dict[int, Cells]) -> dict[tuple[Any, ...], list[int]]:
    layout = layout_of(MODEL)
    return {
        (start_s, *layout.labels_of(code)): vector for start_s, cells in panes.items() for code, vector in cells.items()
    }


@settings(max_examples=60)
@given(log=logs(), cuts=st.lists(st.integers(0, 60), max_size=5))
def test_raw_records_are_counted_as_a_person_would(log: Log, cuts: list[int]) -> None:
    places = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
    counter = RawCounter(MODEL, KEYS)
    batches = [batch_of(log, first, last) for first, last in itertools.pairwise(places)]
    assert labeled(count_batches(counter, batches)) == by_hand(log)
    dispositions = recount(log).n
    assert (counter.dispositions.n_counted, counter.dispositions.n_late, counter.dispositions.n_duplicates) == (
        dispositions["counted"],
        dispositions["late"],
        dispositions["duplicate"],
    )


@settings(max_examples=60)
@given(log=logs(), offset=st.integers(0, 60))
def test_a_cursor_counts_exactly_the_records_below_an_offset(log: Log, offset: int) -> None:
    runs = iter([batch_of(log, 0, len(log))])
    cursor = SourceCursor("raw[0]", RawCounter(MODEL, KEYS), lambda: next(runs, None), is_whole=True)
    below = min(offset, len(log))
    assert labeled(cursor.count_below(below)) == by_hand(log[:below])


def published(log: Log, model: ModelPolicy = MODEL) -> Batch:
    """Return what ingest publishes, at the offsets of the raw records, as the reader of a replay hands it out."""
    step = IngestStep(model, KEYS, 0, Topology())
    step.restore({}, 0)
    [output] = [run for run in step.step(batch_of(log, 0, len(log))) if run.topic == model.output_topic]
    offsets = np.array([int(headers[0][1].partition(b":")[2]) for headers in output.headers or ()], np.int64)
    assert output.timestamps_ms is not None
    return Batch("out", 0, 0, len(log), offsets, output.values, output.timestamps_ms)


def with_teams(log: Log) -> Log:
    """Add a field to the readable records of a log; its values have several spellings, or another type."""
    teams = itertools.cycle(("Ada", "ada ", 7, 7.0, None, "", "Grace", ...))

    def one(value: bytes | None, team: Any) -> bytes | None:
        is_plain = value is not None and value.endswith(b"}") and team is not ...
        return value if value is None or not is_plain else value[:-1] + f',"team":{json.dumps(team)}}}'.encode()

    return [one(value, team) for value, team in zip(log, teams, strict=False)]


@pytest.mark.parametrize("cluster", [None, "team", "site", "note"])
def test_published_events_give_the_same_counts_without_the_key(cluster: str | None) -> None:
    model = msgspec.structs.replace(MODEL, cluster=cluster)
    for seed in range(5):
        log = with_teams(seeded_log(seed, 400)) if cluster == "team" else seeded_log(seed, 400)
        raw, out = RawCounter(model, KEYS), PublishedCounter(model)
        assert count_batches(out, [published(log, model)]) == count_batches(raw, [batch_of(log, 0, len(log))])
        assert out.closed_before_s == raw.closed_before_s


@pytest.mark.parametrize("cluster", ["team", "site", "note"])
def test_what_is_counted_by_bucket_adds_up_to_what_is_counted_without(cluster: str) -> None:
    log = seeded_log(1, 400)
    by_bucket = count_batches(
        RawCounter(msgspec.structs.replace(MODEL, cluster=cluster), KEYS), [batch_of(log, 0, len(log))]
    )
    plain = count_batches(RawCounter(MODEL, KEYS), [batch_of(log, 0, len(log))])
    assert {start_s: without_last(cells, 65) for start_s, cells in by_bucket.items()} == plain
