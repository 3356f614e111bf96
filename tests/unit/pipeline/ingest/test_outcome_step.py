"""From raw decisions and raw outcomes to the outcome-join topic, and through it: whether the two meet."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.core.events.formats.avro import AvroSchema
from stream_app.core.events.formats.wire import WriterSchemas
from stream_app.core.join.join_records import JoinDecisions, JoinOutcomes, decode_rows
from stream_app.core.privacy.pseudonym import RootKey, derive_key
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.ingest.outcome_step import OutcomeIngestStep
from stream_app.pipeline.ingest.sample import try_sample
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, parse_policy
from stream_app.topics import DEAD_LETTERS
from tests.support.formats.framed import avro, frame
from tests.support.lanes.ingest_lane import IngestLane
from tests.support.lanes.outcome_lane import MODEL, NOW_S, POLICY, OutcomeLane

KEY = RootKey("abcdefgh", 0, b"k" * 32)
LATER = RootKey("laterkey", NOW_S + 100, b"l" * 32)
LOG = "fairstream-outcome-join-m"
LONG_WAIT = parse_policy(POLICY.replace("max_wait_d = 0.001", "max_wait_d = 1")).models[0]


def decision(case: str, time_s: float = NOW_S, **changes: Any) -> bytes:
    return json.dumps({"id": case, "t": time_s, "ok": True, "sex": "f", "p": 0.75} | changes).encode()


def outcome(case: str, time_s: float = NOW_S, *, repaid: bool = True, **more: Any) -> bytes:
    return json.dumps({"id": case, "t": time_s, "repaid": repaid} | more).encode()


@dataclass
class OutcomeIngestLane:
    """Ingest of outcomes with its outputs in memory."""

    model: ModelPolicy = MODEL
    keys: tuple[RootKey, ...] = (KEY,)
    next_offset: int = 0
    written: dict[str, list[bytes]] = field(default_factory=dict)
    schemas: WriterSchemas | None = None

    def __post_init__(self) -> None:
        self.step = OutcomeIngestStep(self.model, self.keys, 0, Topology())
        self.step.restore({}, 0)

    def feed(self, *values: bytes | None, broker_s: float = NOW_S) -> None:
        n, first = len(values), self.next_offset
        self.next_offset += n
        times_ms = np.full(n, broker_s * 1000, np.int64)
        batch = Batch("raw-outcomes", 0, first, first + n, np.arange(first, first + n), list(values), times_ms)
        batch.schemas = self.schemas
        self.write(self.step.step(batch))

    def flush(self) -> list[bytes]:
        """Return the records of the outcome-join topic."""
        before = len(self.written.get(LOG, []))
        self.write(self.step.flush(NOW_S, is_caught_up=True).outputs)
        return self.written.get(LOG, [])[before:]

    def write(self, outputs: Any) -> None:
        run: Outputs
        for run in outputs:
            self.written.setdefault(run.topic, []).extend(value or b"" for value in run.values)


def log_of(lane: IngestLane) -> list[bytes]:
    return [value or b"" for _, value in lane.written[LOG]]


def join(*records: bytes, model: ModelPolicy = MODEL) -> OutcomeLane:
    lane = OutcomeLane(model)
    lane.feed(*records)
    lane.flush()
    return lane


def test_an_outcome_meets_its_decision_whichever_spelling_its_id_has() -> None:
    decisions, outcomes = IngestLane(MODEL, (KEY,)), OutcomeIngestLane()
    decisions.feed([decision("A-1"), decision("A-2", sex="m", p=0.25)])
    decisions.flush()
    outcomes.feed(outcome(" A-1 "), outcome("A-2", repaid=False), outcome("A-3"))
    lane = join(*log_of(decisions), *outcomes.flush())
    assert (lane.counts.matched, lane.counts.unmatched) == (2, 1)
    assert lane.totals() == {
        ("f", "favorable", "[0.5,1]", "awaited"): [1, 1, 750_000, 750_000**2],
        ("f", "favorable", "[0.5,1]", "favorable"): [1, 1, 750_000, 750_000**2],
        ("m", "favorable", "[0,0.5)", "awaited"): [1, 1, 250_000, 250_000**2],
        ("m", "favorable", "[0,0.5)", "unfavorable"): [1, 1, 250_000, 250_000**2],
    }


def test_a_rotation_of_keys_between_decision_and_outcome_loses_no_match() -> None:
    keys = (KEY, LATER)
    decisions, outcomes = IngestLane(LONG_WAIT, keys), OutcomeIngestLane(LONG_WAIT, keys)
    decisions.feed([decision("old")])
    decisions.feed([decision("new", NOW_S + 150)], NOW_S + 150)
    decisions.flush()
    outcomes.feed(outcome("old", NOW_S + 200), outcome("new", NOW_S + 200), broker_s=NOW_S + 200)
    outcomes.feed(outcome("old", NOW_S + 201), broker_s=NOW_S + 201)
    lane = join(*log_of(decisions), *outcomes.flush(), model=LONG_WAIT)
    assert (lane.counts.matched, lane.counts.duplicate, lane.step.n_unmatched) == (2, 1, 0)
    pseudonyms = [event["id"].split(".")[1] for event in decisions.events]
    assert pseudonyms == ["abcdefgh", "laterkey"], "the decisions did get their pseudonyms under two keys"


def test_an_outcome_before_a_rotation_has_one_tag_and_one_after_it_two() -> None:
    soon = msgspec.structs.replace(MODEL, event_time=msgspec.structs.replace(MODEL.event_time, max_age_s=60))
    outcomes = OutcomeIngestLane(soon, (KEY, LATER))
    outcomes.feed(outcome("1"))
    outcomes.feed(outcome("1", NOW_S + 120), broker_s=NOW_S + 120)
    outcomes.feed(outcome("1", NOW_S + 400), broker_s=NOW_S + 400)
    rows = [decode_rows(record) for record in outcomes.flush()]
    tags = [row.tags for row in rows if isinstance(row, JoinOutcomes)]
    assert [len(columns) for columns in tags] == [1, 2, 1]
    assert tags[1] == (tags[2][0], tags[0][0]), "the newest key first"


def test_what_is_written_of_a_decision_is_a_tag_a_cell_and_a_score() -> None:
    lane = IngestLane(MODEL, (KEY,))
    lane.feed([decision(str(number), p=number / 1000) for number in range(1000)])
    lane.feed([decision("x", ok=False, sex="m", p=1)], NOW_S + 3)
    lane.flush()
    [record] = log_of(lane)
    assert len(record) < 1001 * 16 + 100
    rows = decode_rows(record)
    assert isinstance(rows, JoinDecisions)
    assert rows.time_s == NOW_S + 3
    cells = [layout_of(MODEL).labels_of(code) for code in np.frombuffer(rows.cells, np.uint32).tolist()]
    assert cells[499:501] == [("f", "favorable", "[0,0.5)"), ("f", "favorable", "[0.5,1]")]
    assert cells[-1] == ("m", "unfavorable", "[0.5,1]")
    assert np.frombuffer(rows.scores, np.int32).tolist() == [*range(0, 1_000_000, 1000), 1_000_000]


def test_only_counted_decisions_wait() -> None:
    lane = IngestLane(MODEL, (KEY,))
    lane.feed([decision("1", NOW_S + 60), decision("1", NOW_S + 60), decision("late"), b"{"], NOW_S + 60)
    lane.flush()
    assert lane.counts.n_late == lane.counts.n_duplicates == 1
    [record] = log_of(lane)
    rows = decode_rows(record)
    assert isinstance(rows, JoinDecisions)
    assert len(rows.tags) == 8
    assert join(record).by_outcome() == {"awaited": 1}


def test_a_model_without_outcomes_writes_nothing_to_the_outcome_join_topic() -> None:
    lane = IngestLane(msgspec.structs.replace(MODEL, outcome=None), (KEY,))
    lane.feed([decision("1")])
    flush = lane.flush()
    assert [run.topic for run in flush.outputs] == ["fairness-partials"]
    assert LOG not in lane.written


def test_a_bad_outcome_is_a_dead_letter_with_its_reason_and_without_its_content() -> None:
    lane = OutcomeIngestLane()
    canary = "canary77"
    bad = [
        outcome(canary, extra=1),
        outcome("", repaid=True),
        json.dumps({"id": canary, "t": NOW_S}).encode(),
        json.dumps({"id": canary, "t": NOW_S, "repaid": canary}).encode(),
        outcome(canary, NOW_S + 100),
        b'{"' + canary.encode(),
        b"",
    ]
    lane.feed(*bad, None, outcome("good", by="clerk-7"))
    [record] = lane.flush()
    letters = [json.loads(value) for value in lane.written[DEAD_LETTERS]]
    assert [letter["reason"] for letter in letters] == [
        "unknown_field", "id", "missing", "type", "ts_future", "json", "empty"
    ]  # fmt: skip
    assert {(letter["model"], letter["topic"]) for letter in letters} == {("m", "raw-outcomes")}
    everything = b"".join([record, *lane.written[DEAD_LETTERS]])
    assert canary.encode() not in everything
    assert b"clerk-7" not in everything
    counts = lane.step.take_report().counts
    assert (sum(counts.dead_letters.values()), counts.n_tombstones) == (7, 1)


def test_a_quiet_lane_writes_nothing() -> None:
    lane = OutcomeIngestLane()
    flush = lane.step.flush(NOW_S, is_caught_up=True)
    assert not flush.outputs
    assert not flush.changes


@pytest.mark.parametrize("n", [39_999, 40_001, 90_000])
def test_a_large_flush_is_split_into_records_that_fit_the_broker(n: int) -> None:
    model = parse_policy(POLICY.replace("max_wait_d = 0.001", "max_wait_d = 1").replace("= 12", f"= {n}")).models[0]
    decisions, outcomes = IngestLane(model, (KEY, LATER)), OutcomeIngestLane(model, (KEY, LATER))
    decisions.feed([decision(str(number), NOW_S + 150) for number in range(n)], NOW_S + 150)
    decisions.flush()
    outcomes.feed(*(outcome(str(number), NOW_S + 150) for number in range(n)), broker_s=NOW_S + 150)
    records = [*log_of(decisions), *outcomes.flush()]
    assert max(map(len, records)) < 1_000_000
    assert join(*records, model=model).counts.matched == n


def test_cells_scores_and_tags_stay_aligned_over_parts_and_batches() -> None:
    lane, n = IngestLane(LONG_WAIT, (KEY,)), 10_000
    records = [
        decision(str(number), sex=("f", "M ", "x", None)[number % 4], ok=number % 3 > 0, p=number % 101 / 100)
        for number in range(n)
    ]
    lane.feed(records[:9000])
    lane.feed(records[9000:])
    lane.flush()
    known = {tag: number for number, tag in enumerate(_tags(lane.keys, n))}
    seen = 0
    for record in log_of(lane):
        rows = decode_rows(record)
        assert isinstance(rows, JoinDecisions)
        columns = ((rows.tags, np.uint64), (rows.cells, np.uint32), (rows.scores, np.int32))
        for tag, cell, score in zip(*(np.frombuffer(data, kind).tolist() for data, kind in columns), strict=True):
            number = known[tag]
            sex = ("f", "m", "__other__", "unknown")[number % 4]
            label = "favorable" if number % 3 else "unfavorable"
            bin_ = "[0.5,1]" if number % 101 >= 50 else "[0,0.5)"
            assert layout_of(LONG_WAIT).labels_of(cell) == (sex, label, bin_)
            assert score == number % 101 * 10_000
            seen += 1
    assert seen == n
    total: dict[int, int] = {}
    for cells in lane.counted.values():
        for code, vector in cells.items():
            total[code] = total.get(code, 0) + vector[0]
    assert sum(total.values()) == n, "what waits is what was counted"


def _tags(keys: tuple[RootKey, ...], n: int) -> list[int]:
    """Return the tag of each case by the definition of the pseudonym, one at a time."""
    (key,) = keys
    root = derive_key(key.secret, "case")
    tags = []
    for number in range(n):
        value = str(number).encode()
        message = (4).to_bytes(4, "big") + b"text" + len(value).to_bytes(4, "big") + value
        tags.append(int.from_bytes(hmac.digest(root, message, "sha256")[:8], "little"))
    return tags


def test_a_sample_of_decisions_is_tried_as_if_there_were_no_outcomes() -> None:
    values: list[bytes | None] = [decision(str(number), ok=number > 3) for number in range(10)]
    batch = Batch("raw", 0, 0, 10, np.arange(10), values, np.full(10, NOW_S * 1000, np.int64))
    report = try_sample(MODEL, [batch], KEY)
    assert (report.n_counted, report.outcomes) == (10, {"favorable": 6, "unfavorable": 4})


def test_outcomes_in_avro_are_the_same_outcomes_in_json() -> None:
    assert MODEL.outcome is not None
    in_avro = msgspec.structs.replace(MODEL, outcome=msgspec.structs.replace(MODEL.outcome, format="avro"))
    kinds = {"id": "string", "t": "double", "repaid": "boolean"}
    schema = {"type": "record", "name": "O", "fields": [{"name": n, "type": kind} for n, kind in kinds.items()]}
    as_json, as_avro = OutcomeIngestLane(), OutcomeIngestLane(in_avro)
    as_avro.schemas = {frame(4): AvroSchema(json.dumps(schema), times_as_numbers=True)}
    values = [outcome(f"A-{n}", NOW_S + n % 3, repaid=n % 2 == 0) for n in range(50)]
    as_json.feed(*values)
    as_avro.feed(*(avro(4, schema, json.loads(value)) for value in values))
    assert as_avro.flush() == as_json.flush() != []
    as_avro.feed(frame(4) + b"\x02")
    assert json.loads(as_avro.written[DEAD_LETTERS][0])["reason"] == "payload"
