"""Amounts in raw records, files and samples: what is counted, and what becomes a dead letter."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from fairstream.testing import InMemoryPipeline
from producers.event import Event
from producers.recorded.csv_file import CsvRow, RejectedRow
from producers.recorded.row_mapping import RowMapper
from stream_app.core.windows.partials import PanePartial
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.sample import try_sample
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.checks import AmountCheck
from stream_app.pipeline.layout import amount_place_of, layout_of
from stream_app.pipeline.topology import Topology
from tests.support import judged_world
from tests.support.memory_logs import START_S
from tests.support.priced_records import (
    amounts_of,
    in_window,
    policy,
    record,
    rejected,
    send,
)


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (100.001, "range"),
        (-0.001, "range"),
        (1e300, "range"),
        ("12", "type"),
        (None, "type"),
        (True, "type"),
        ([12], "type"),
        ({"x": 1}, "type"),
    ],
)
def test_what_is_no_amount_of_the_range_becomes_a_dead_letter(price: Any, reason: str) -> None:
    pipeline = send([record(0, price), record(1, 0.0), record(2, 100), record(3, 50.5)])
    assert rejected(pipeline) == [reason]
    assert in_window(pipeline.amount_results()).n == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"id":"x","t":%d,"sex":"f","age":"old","site":"a","offer":{"price":NaN}}', "json"),
        (b'{"id":"x","t":%d,"sex":"f","age":"old","site":"a","offer":{}}', "missing"),
        (b'{"id":"x","t":%d,"sex":"f","age":"old","site":"a"}', "missing"),
        (b'{"id":"x","t":%d,"sex":"f","age":"old","site":"a","offer":{"price":1e999}}', "range"),
    ],
)
def test_an_absent_amount_and_one_that_is_no_number_are_dead_letters(body: bytes, reason: str) -> None:
    step = IngestStep(policy().models[0], judged_world.KEYS, 0, Topology())
    step.step(Batch("raw", 0, 0, 1, np.array([0]), [body % START_S], np.array([START_S * 1000])))
    assert step.take_report().counts.dead_letters == {reason: 1}


def test_numbers_written_as_text_are_read_where_the_policy_says_so() -> None:
    texts = policy(more="numbers_as_text = true\nmissing = ['NA']")
    pipeline = send([record(0, "12.5"), record(1, "NA"), record(2, "nan"), record(3, "101")], texts)
    assert sorted(rejected(pipeline)) == ["missing", "range", "type"]
    assert amounts_of(in_window(pipeline.amount_results()).groups[0]).mean.value == pytest.approx(12.5, abs=1e-3)


def test_an_id_with_another_amount_is_a_conflict_and_with_the_same_a_duplicate() -> None:
    again = [record(7, 12.5), record(7, 12.5), record(7, 12.51), record(8, 12.5)]
    pipeline = send(again)
    assert rejected(pipeline) == ["conflict"]
    assert in_window(pipeline.amount_results()).n == 2


def test_nearly_every_other_amount_of_an_id_is_known_as_a_conflict() -> None:
    firsts = [record(number, number % 90) for number in range(2000)]
    seconds = [record(number, number % 90 + 1 + number % 7) for number in range(2000)]
    pipeline = InMemoryPipeline(policy())
    pipeline.send_records(firsts, time_s=START_S + 10)
    pipeline.send_records(seconds, time_s=START_S + 10)
    assert 1970 <= len(rejected(pipeline)) <= 2000  # of 256 one has the same hash


def test_sums_that_no_amounts_of_a_bin_can_have_are_rejected() -> None:
    [model] = policy().models
    check, place, width = AmountCheck(model), amount_place_of(model), layout_of(model).width
    step = 2**19 // 32

    def possible(code: int, n: int, total: int) -> bool:
        vector = [n] + [0] * (width - 1)
        vector[place] = total
        return check.are_possible([PanePartial(0, {code: vector})])

    assert possible(3, 2, 6 * step)
    assert possible(3, 2, 8 * step)
    assert possible(35, 1, 3 * step)
    assert not possible(3, 2, 6 * step - 1)
    assert not possible(3, 2, 8 * step + 1)
    assert not possible(3, 0, 1)


def test_rows_of_a_file_have_amounts() -> None:
    [model] = policy().models
    mapper = RowMapper(model, ["id", "t", "sex", "age", "site", "price"], mapping={})
    [good, bad] = [mapper.event(CsvRow(1, 2, ["1", str(START_S), "f", "old", "a", price])) for price in ("12.5", "x")]
    assert isinstance(good, Event)
    assert json.loads(good.value or b"")["offer"] == {"price": 12.5}
    assert isinstance(bad, RejectedRow)


def test_a_sample_shows_how_records_fit() -> None:
    records = [record(0, 5.0), record(1, 101), record(2, 50)]
    values: list[bytes | None] = [json.dumps(each).encode() for each in records]
    batch = Batch("raw", 0, 0, 3, np.arange(3), values, np.full(3, START_S * 1000))
    report = try_sample(policy().models[0], [batch], judged_world.KEYS[0])
    assert (report.n_counted, report.outcomes, report.dead_letters) == (2, {"event": 2}, {"range": 1})
    assert report.faults == {"range at offer.price": 1}
