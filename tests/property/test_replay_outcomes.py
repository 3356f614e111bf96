"""What was published about outcomes is recomputed from the outcome-join topic and the journal, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.join.join_records import JoinOutcomes, decode_rows, encode_rows
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.checkpoints import Checkpoint, CheckpointHead
from stream_app.pipeline.records.journal import JournalEntry, decode_journal_entry
from stream_app.pipeline.records.outcome_results import AnyResult, decode_every_result
from stream_app.pipeline.replay.verify.beginning import Beginning
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.difference import first_difference
from stream_app.pipeline.replay.verify.matching import PublishedRecord, RecordMatcher
from stream_app.pipeline.replay.verify.outcome_cursor import OutcomeCursor
from stream_app.pipeline.replay.verify.recomputation import Recomputation, RecomputedRecord, split_deployments
from stream_app.pipeline.replay.verify.verification import Verification, Verifier
from stream_app.pipeline.topology import Topology
from stream_app.policy import parse_policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_PARTIALS, FAIRNESS_RESULTS, outcome_join_topic
from tests.support.fake_sources import batch_of
from tests.support.lanes.outcome_lane import APP, NOW_S, decisions, outcomes
from tests.support.lanes.outcome_lane import POLICY as POLICY_TEXT

POLICY = parse_policy(POLICY_TEXT.replace("max_wait_d = 0.001", "max_wait_d = 0.01"))
MODEL = POLICY.models[0]
NAME = outcomes_name(MODEL.name)
TOPIC = outcome_join_topic(APP, MODEL.name)
BOOK = PolicyBook.of([MODEL])

Log = list[bytes]


@st.composite
def logs(draw: st.DrawFn) -> list[Log]:
    """Draw two partitions with decisions, outcomes before and after them, duplicate and changed ones."""
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


def live(both: list[Log], rng: random.Random, partials: list[Partial] | None = None) -> list[Outputs]:
    """Join and judge like two lanes and a judge that flush at arbitrary times."""
    topology = Topology({outcome_join_topic(APP, MODEL.name): len(both)}, APP)
    lanes = [OutcomeStep(MODEL, number, topology) for number in range(len(both))]
    judge = JudgeStep(POLICY, 0, Topology(app_id=APP))
    judge.restore({}, 0)
    places, outputs = [0] * len(both), []
    now_s = float(NOW_S)
    while any(place < len(log) for place, log in zip(places, both, strict=True)):
        number = rng.randrange(len(both))
        after = min(len(both[number]), places[number] + rng.randrange(1, 4))
        list(lanes[number].step(batch(both[number], number, places[number], after)))
        places[number] = after
        now_s += 1
        outputs += judged(judge, lanes[number], now_s, partials)
    for _ in range(2):  # silent for longer than idle_s: then the clock closes what is open
        now_s += 100
        for lane in lanes:
            outputs += judged(judge, lane, now_s, partials)
    return outputs


def judged(judge: JudgeStep, lane: OutcomeStep, now_s: float, partials: list[Partial] | None) -> list[Outputs]:
    for run in lane.flush(now_s, is_caught_up=True).outputs:
        assert run.topic == FAIRNESS_PARTIALS
        flushed = [decode_partial(value) for value in run.values if value]
        list(judge.step(batch_of(flushed)))
        if partials is not None:
            partials += flushed
    return judge.flush(now_s, is_caught_up=True).outputs


def records_of(outputs: list[Outputs]) -> list[PublishedRecord]:
    return [
        PublishedRecord(run.topic, run.partition, offset, (key or b"").decode(), value)
        for offset, (run, key, value) in enumerate(
            (run, key, value) for run in outputs for key, value in zip(run.keys, run.values, strict=True) if value
        )
    ]


def journal_of(records: list[PublishedRecord]) -> list[JournalEntry]:
    return [decode_journal_entry(record.value) for record in records if record.topic == FAIRNESS_JOURNAL]


def cursor_over(log: Log, number: int, n_partitions: int) -> OutcomeCursor:
    runs = (batch(log, number, first, min(first + 2, len(log))) for first in range(0, len(log), 2))
    topology = Topology({outcome_join_topic(APP, MODEL.name): n_partitions}, APP)
    return OutcomeCursor(f"{TOPIC}[{number}]", MODEL, number, topology, lambda: next(runs, None), 0)


def recomputed(both: list[Log], entries: list[JournalEntry]) -> list[RecomputedRecord]:
    """Recompute the entries of the journal, from the logs read in runs of two records."""
    cursors = {SourcePartition(TOPIC, number): cursor_over(log, number, len(both)) for number, log in enumerate(both)}
    [deployment] = split_deployments(entries, FAIRNESS_JOURNAL)
    judge = ModelJudge(MODEL, MODEL.hash(), {}, name=NAME, app_id=APP)
    recomputation = Recomputation(judge, cursors, BOOK, NAME)
    return [record for entry in deployment for record in recomputation.recompute(entry)]


def by_topic(records: list[PublishedRecord] | list[RecomputedRecord]) -> dict[str, list[bytes]]:
    topics: dict[str, list[bytes]] = {}
    for record in records:
        topics.setdefault(record.topic, []).append(record.value)
    return topics


@given(both=logs(), seed=st.integers(0, 10_000))
def test_records_about_outcomes_are_recomputed_bit_for_bit(both: list[Log], seed: int) -> None:
    records = records_of(live(both, random.Random(seed)))
    again = recomputed(both, journal_of(records))
    assert by_topic(again) == by_topic(records)
    assert by_topic(records)[FAIRNESS_RESULTS]


def with_other_labels(record: bytes) -> bytes:
    rows = decode_rows(record)
    assert isinstance(rows, JoinOutcomes)
    return encode_rows(msgspec.structs.replace(rows, is_favorable=bytes(1 - label for label in rows.is_favorable)))


class InMemoryRecords:
    """Everything that was published, in memory; ``PublishedRecords``."""

    def __init__(self, records: list[PublishedRecord], partials: list[Partial]) -> None:
        self._records = records
        self._partials = partials

    def journal(self) -> list[tuple[PublishedRecord, JournalEntry]]:
        return [(record, decode_journal_entry(record.value)) for record in self._of(FAIRNESS_JOURNAL)]

    def results(self) -> Iterator[tuple[PublishedRecord, AnyResult]]:
        return ((record, decode_every_result(record.value)) for record in self._of(FAIRNESS_RESULTS))

    def alerts(self) -> Iterator[tuple[PublishedRecord, Alert]]:
        return ((record, decode_alert(record.value)) for record in self._of(FAIRNESS_ALERTS))

    def checkpoints(self) -> list[CheckpointHead]:
        return []

    def checkpoint(self, head: CheckpointHead) -> Checkpoint:
        raise AssertionError(head)

    def partials(self) -> list[Partial]:
        return self._partials

    def _of(self, topic: str) -> list[PublishedRecord]:
        return [record for record in self._records if record.topic == topic]


class InMemoryLogs:
    """The two partitions of the outcome-join topic; ``SourceLogs``."""

    n_read = 0

    def __init__(self, both: list[Log]) -> None:
        self._both = both

    def open_at(self, beginning: Beginning) -> dict[SourcePartition, OutcomeCursor]:
        assert beginning.closed_before_s is None
        n = len(self._both)
        return {SourcePartition(TOPIC, number): cursor_over(log, number, n) for number, log in enumerate(self._both)}


def verified(records: list[PublishedRecord], partials: list[Partial], both: list[Log]) -> Verification:
    published = InMemoryRecords(records, partials)
    verifier = Verifier(BOOK, NAME, published, lambda: None)
    return verifier.verify(InMemoryLogs(both), ComparedRange(), k=0)


def test_an_untouched_log_is_verified_and_a_changed_label_is_located() -> None:
    both = [make_log(random.Random(7), 12), make_log(random.Random(8), 12)]
    partials: list[Partial] = []
    records = records_of(live(both, random.Random(9), partials))
    verification = verified(records, partials, both)
    assert (verification.is_equal, verification.n_equal, verification.model) == (True, len(records), NAME)

    both[1][3] = with_other_labels(both[1][3])
    verification = verified(records, partials, both)
    assert not verification.is_equal
    difference, divergence = verification.difference, verification.divergence
    assert difference is not None
    assert divergence is not None
    assert (difference.attribute, difference.key.split("|")[0]) == ("sex", NAME)
    assert divergence.partition == 1
    assert divergence.first_offset <= 3 < divergence.next_offset


def test_a_name_without_any_outcome_is_verified_without_a_journal() -> None:
    verification = verified([], [], [[], []])
    assert (verification.is_equal, verification.n_equal, verification.difference) == (True, 0, None)


def test_a_label_that_was_changed_in_the_log_is_named_with_its_group() -> None:
    both = [make_log(random.Random(7), 12), make_log(random.Random(8), 12)]
    records = records_of(live(both, random.Random(9)))
    both[1][3] = with_other_labels(both[1][3])
    matcher = RecordMatcher(records, len(journal_of(records)))
    for record in recomputed(both, journal_of(records)):
        matcher.match(record)
    positions = set(matcher.unexpected())
    unexpected = [live for live in records if live.position in positions]
    difference = first_difference(matcher.missing(), unexpected, k=0)
    assert difference is not None
    assert difference.topic == FAIRNESS_RESULTS
    assert (difference.attribute, difference.key.split("|")[0]) == ("sex", NAME)
    assert difference.field not in {"record", "bytes"}
    assert difference.start_s <= NOW_S + 10 < difference.end_s
    assert difference.live != difference.replayed
