"""Fields of real records that are missing, optional, dates, numbers or text."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.sources import PublishedCounter
from stream_app.policy import parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode
from tests.support.lending_records import AGES, LENDING, MODEL, fed, record


def test_an_optional_field_never_decides_about_the_record() -> None:
    lane = fed(
        record(0, income="NA"),
        record(1, income="Exempt", mail="a@x.org"),
        record(2, income="12.5"),
        record(3, income=5000),
        record(4, income=[1]),
        record(5, income={"NaN": 1}, version=1.5, note={"a": 1}, mail=7),
        record(6, mail=" "),
        record(7, region=["South"]),
        record(8),
    )
    assert lane.reasons == []
    assert lane.n_counted == 9
    assert sum(vector[1] for vector in lane.labels().values()) == 3  # features that were read
    assert dict(lane.counts.dropped) == {"income": 4, "version": 1, "note": 1, "mail": 2, "region": 1}
    assert [sorted(event) for event in lane.events][5] == ["at", "id", "minority", "region", "result", "sex"]
    assert b"x.org" not in lane.everything()


def test_times_are_published_alike_however_they_are_written() -> None:
    written = [
        "2026-09-21T14:13:20Z",
        "2026-09-21 14:13:20+00",
        "20260921T141320,0Z",
        "2026-09-21T15:13:20+01:00[Europe/Paris]",
    ]
    for batches in ([written], [[text] for text in written], [[*written, "yesterday"]]):
        lane = IngestLane(MODEL)
        for texts in batches:
            raw = [record(len(text), at=text) for text in texts]  # lengths differ
            lane.feed([value.replace(b', "born": "1990-09-21", "wealth": 3', b"") for value in raw])
        assert lane.reasons == ["ts"] * ("yesterday" in batches[0])
        assert [event["at"] for event in lane.events][-1] == "2026-09-21T15:13:20+01:00"
        assert {event["at"] for event in lane.events} == {"2026-09-21T14:13:20Z", "2026-09-21T15:13:20+01:00"}


def test_a_field_that_is_needed_is_named_missing() -> None:
    model = parse_policy(LENDING.replace("maximum = 1000, is_required = false", "maximum = 1000")).models[0]
    lane = fed(record(0, income="NA"), record(1, income="12"), record(2, income=None), record(3), model=model)
    assert lane.reasons == ["missing", "type", "type"]


def test_numbers_are_read_from_text_where_the_policy_says_so() -> None:
    text = LENDING.replace("keep =", "numbers_as_text = true\nkeep =").replace(
        'event_time = { path = "at" }', 'event_time = { path = "at", format = "epoch_ms" }'
    )
    model = parse_policy(text).models[0]
    rows = [("12.5", f"{NOW_S}000"), ("1e2", NOW_S * 1000), ("NaN", f" {NOW_S}000"), ("5000", NOW_S * 1000)]
    lane = fed(
        *(record(number, income=income, at=at) for number, (income, at) in enumerate(rows)),
        record(9, at="yesterday"),
        model=model,
    )
    assert lane.reasons == ["type"]
    assert lane.n_counted == 4
    assert sum(vector[2] for vector in lane.labels().values()) == 112
    assert lane.counts.dropped["income"] == 2
    assert lane.events[0]["income"] == 12.5


@pytest.mark.parametrize(
    ("born", "label"),
    [
        ("2001-09-22", "under 25"),
        ("2001-09-21", "25 to under 40"),
        ("1986-09-22T00:00:00Z", "25 to under 40"),
        ("19860921", "40 to under 62"),
        ("1964-09-21", "62 and over"),
        *((text, "unknown") for text in ("2026-09-22", "1895-09-20", "1990-02-30", "1990", "NA")),
        *((value, "unknown") for value in (1990, None, True)),
        ([], "unknown"),
    ],
)
def test_a_date_of_birth_counts_by_age_on_the_day_of_the_decision(born: object, label: str) -> None:
    lane = fed(record(born=born), model=AGES)
    assert [found[0] for found in lane.labels()] == [label]
    assert [event["born"] for event in lane.events] == [None if label == "unknown" else label]
    assert b"1986" not in lane.everything()


@pytest.mark.parametrize(
    ("wealth", "label"),
    [
        (-0.5, "under 0"),
        (0, "0 to under 10.5"),
        (10.5, "10.5 and over"),
        (10**400, "unknown"),
        (-101, "unknown"),
        ("7", "unknown"),
        (..., "unknown"),
        (None, "unknown"),
    ],
)
def test_a_number_counts_by_its_band(wealth: object, label: str) -> None:
    assert [found[1] for found in fed(record(wealth=wealth), model=AGES).labels()] == [label]


def test_what_cannot_be_read_is_counted_and_what_is_missing_is_not() -> None:
    values = [3, None, "NA", "7", -101, ..., True]
    lane = fed(*(record(number, wealth=value) for number, value in enumerate(values)), model=AGES)
    assert lane.counts.dropped == {"wealth": 3}
    assert lane.n_counted == len(values)


def test_published_events_are_counted_like_raw_ones() -> None:
    records = [
        record(0, minority=True, sex=2.0, income="NA"),
        record(1, sex="kadın", born="2010-01-01", wealth=-1),
        record(2, sex="NA", region=..., wealth="x", result="denied"),
    ]
    lane = fed(*records, model=AGES)
    published: list[bytes | None] = [encode(event) for event in lane.events]
    n = len(published)
    batch = Batch("lending", 0, 0, n, np.arange(n), published, np.full(n, NOW_S * 1000))
    assert dict(PublishedCounter(AGES).count(batch)) == lane.counted
