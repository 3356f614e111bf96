"""What was told about outcomes is repeated from the labels log and the journal, bit for bit."""

from __future__ import annotations

import random

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.join.join_records import JoinOutcomes, decode_rows, encode_rows
from stream_app.core.windows.partials import decode_partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.records.journal import JournalEntry, decode_journal_entry
from stream_app.pipeline.replay.verify.matching import PublishedRecord, RecordMatcher, first_difference
from stream_app.pipeline.replay.verify.outcome_cursor import OutcomeCursor
from stream_app.pipeline.replay.verify.recomputation import Recomputation, RecomputedRecord, split_deployments
from stream_app.pipeline.topology import Topology
from stream_app.policy import parse_policy
from stream_app.topics import FAIRNESS_JOURNAL, FAIRNESS_PARTIALS, FAIRNESS_RESULTS, outcome_join_topic
from tests.support.fake_sources import batch_of
from tests.support.lanes.outcome_lane import APP, NOW_S, decisions, outcomes
from tests.support.lanes.outcome_lane import POLICY as POLICY_TEXT

POLICY = parse_policy(POLICY_TEXT.replace("max_wait_d = 0.001", "max_wait_d = 0.01"))
MODEL = POLICY.models[0]
NAME = outcomes_name(MODEL.name)
TOPIC = outcome_join_topic(APP, MODEL.name)

Log = list[bytes]


@st.composite
def logs(draw: st.DrawFn) -> list[Log]:
    """Draw two partitions with decisions, outcomes before and after them, repeated and changed ones."""
    return [make_log(random.Random(draw(st.integers(0, 10_000))), draw(st.integers(1, 12))) for _ in range(2)]


def make_log(rng: random.Random, n: int) -> Log:
    """Write ``n`` records of each kind, ten seconds apart."""
    log = []
    for turn in range(n):
        time_s = NOW_S + 10 * turn
        tags = [rng.randrange(3 * turn + 4) for _ in range(4)]
        log.append(decisions(time_s, *((tag, rng.randrange(8), rng.randrange(1_000_000)) for tag in tags)))
        tags = [rng.randrange(3 * turn + 6) for _ in range(3)]
        log.append(outcomes(*((time_s + rng.randrange(12), (tag,), rng.random() < 0.6) for tag in tags)))
    return log


def batch(log: Log, partition: int, first: int, after: int) -> Batch:
    n = after - first
    values: list[bytes | None] = list(log[first:after])
    return Batch(TOPIC, partition, first, after, np.arange(first, after), values, np.zeros(n, np.int64))


def live(both: list[Log], rng: random.Random) -> list[Outputs]:
    """Join and judge as two lanes and a judge do that flush when they please."""
    topology = Topology({outcome_join_topic(APP, MODEL.name): len(both)}, APP)
    lanes = [OutcomeStep(MODEL, number, topology) for number in range(len(both))]
    judge = JudgeStep(POLICY, 0, Topology())
    judge.restore({}, 0)
    places, told = [0] * len(both), []
    now_s = float(NOW_S)
    while any(place < len(log) for place, log in zip(places, both, strict=True)):
        number = rng.randrange(len(both))
        after = min(len(both[number]), places[number] + rng.randrange(1, 4))
        list(lanes[number].step(batch(both[number], number, places[number], after)))
        places[number] = after
        now_s += 1
        told += judged(judge, lanes[number], now_s)
    for _ in range(2):  # silent for longer than idle_s: then the clock closes what is open
        now_s += 100
        for lane in lanes:
            told += judged(judge, lane, now_s)
    return told


def judged(judge: JudgeStep, lane: OutcomeStep, now_s: float) -> list[Outputs]:
    for run in lane.flush(now_s, is_caught_up=True).outputs:
        assert run.topic == FAIRNESS_PARTIALS
        list(judge.step(batch_of([decode_partial(value) for value in run.values if value])))
    return judge.flush(now_s, is_caught_up=True).outputs


def records_of(outputs: list[Outputs]) -> list[PublishedRecord]:
    return [
        PublishedRecord(run.topic, run.partition, offset, (key or b"").decode(), value)
        for offset, (run, key, value) in enumerate(
            (run, key, value) for run in outputs for key, value in zip(run.keys, run.values, strict=True) if value
        )
    ]


def journal_of(records: list[PublishedRecord]) -> list[JournalEntry]:
    return [decode_journal_entry(own.value) for own in records if own.topic == FAIRNESS_JOURNAL]


def cursor_over(log: Log, number: int, n_partitions: int) -> OutcomeCursor:
    runs = (batch(log, number, first, min(first + 2, len(log))) for first in range(0, len(log), 2))
    topology = Topology({outcome_join_topic(APP, MODEL.name): n_partitions}, APP)
    return OutcomeCursor(f"{TOPIC}[{number}]", MODEL, number, topology, lambda: next(runs, None), 0)


def recomputed(both: list[Log], entries: list[JournalEntry]) -> list[RecomputedRecord]:
    """Repeat what the journal says, from the logs read in runs of two records."""

    cursors = {SourcePartition(TOPIC, number): cursor_over(log, number, len(both)) for number, log in enumerate(both)}
    [deployment] = split_deployments(entries, FAIRNESS_JOURNAL)
    recomputation = Recomputation(MODEL, POLICY.hash(), cursors, name=NAME)
    return [told for entry in deployment for told in recomputation.recompute(entry)]


def by_topic(records: list[PublishedRecord] | list[RecomputedRecord]) -> dict[str, list[bytes]]:
    topics: dict[str, list[bytes]] = {}
    for own in records:
        topics.setdefault(own.topic, []).append(own.value)
    return topics


@given(both=logs(), seed=st.integers(0, 10_000))
def test_what_was_told_about_outcomes_is_repeated_bit_for_bit(both: list[Log], seed: int) -> None:
    records = records_of(live(both, random.Random(seed)))
    again = recomputed(both, journal_of(records))
    assert by_topic(again) == by_topic(records)
    assert by_topic(records)[FAIRNESS_RESULTS]


def with_other_labels(record: bytes) -> bytes:
    rows = decode_rows(record)
    assert isinstance(rows, JoinOutcomes)
    return encode_rows(msgspec.structs.replace(rows, is_favorable=bytes(1 - label for label in rows.is_favorable)))


def test_a_label_that_was_changed_in_the_log_is_found_in_its_group() -> None:
    both = [make_log(random.Random(7), 12), make_log(random.Random(8), 12)]
    records = records_of(live(both, random.Random(9)))
    both[1][3] = with_other_labels(both[1][3])
    comparison = RecordMatcher(records, len(journal_of(records)))
    for told in recomputed(both, journal_of(records)):
        comparison.match(told)
    places = set(comparison.unexpected())
    unexpected = [own for own in records if (own.topic, own.partition, own.offset) in places]
    found = first_difference(comparison.missing(), unexpected, k=0)
    assert found is not None
    assert found.topic == FAIRNESS_RESULTS
    assert (found.attribute, found.key.split("|")[0]) == ("sex", NAME)
    assert found.field not in {"record", "bytes"}
    assert found.start_s <= NOW_S + 10 < found.end_s
    assert found.live != found.replayed
