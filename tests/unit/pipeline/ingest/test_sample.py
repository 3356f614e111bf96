"""A sample in batches of several partitions is one lane for each partition."""

from __future__ import annotations

import msgspec
import numpy as np

from stream_app.cli.policy.text import describe_sample
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.sample import try_sample
from tests.support.lanes.ingest_lane import KEYS, LOANS, NOW_S, encode, iso, loan


def batch_of(partition: int, first_offset: int, *records: bytes | None) -> Batch:
    n = len(records)
    offsets = np.arange(first_offset, first_offset + n)
    return Batch("t", partition, first_offset, first_offset + n, offsets, list(records), np.full(n, NOW_S * 1000))


def test_duplicates_and_late_events_are_detected_within_a_partition() -> None:
    now, late = encode(loan()), encode(loan(application_id="A-2", ts=iso(NOW_S - 60)))
    batches = [batch_of(0, 5, now), batch_of(1, 0, now, None), batch_of(0, 6, now, late), batch_of(2, 9, late)]
    report = try_sample(LOANS, batches, KEYS[0])
    assert (report.n_records, report.n_counted, report.n_duplicates, report.n_late) == (6, 3, 1, 1)
    assert report.n_tombstones == 1
    assert (report.first_pane_s, report.last_pane_s) == (NOW_S - 60, NOW_S)
    assert report.is_decoded


def test_no_records_are_no_events() -> None:
    report = try_sample(LOANS, [], KEYS[0])
    assert (report.n_records, report.n_counted, report.first_pane_s) == (0, 0, None)
    assert not report.is_decoded


def test_a_key_that_only_the_record_has_is_never_reported() -> None:
    records = [encode(loan(secret=1)), encode(loan(credit_score="x")), encode(loan(ts=...)), b"{"]
    assert try_sample(LOANS, [batch_of(0, 0, *records)], KEYS[0]).faults == {
        "type at credit_score": 1,
        "missing at ts": 1,
    }


def stream(every_s: int, n: int = 240) -> Batch:
    """Return loans of women and men in turn, ``every_s`` seconds apart; nearly all women apply for the same group."""
    values: list[bytes | None] = [
        encode(
            loan(
                application_id=f"A-{number}",
                ts=iso(NOW_S + number * every_s),
                gender=("female", "male")[number % 2],
                race="white",
                age_band="30-44",
            )
        )
        for number in range(n)
    ]
    times_ms = np.array([1000 * (NOW_S + number * every_s) for number in range(n)], np.int64)
    return Batch(LOANS.topic, 0, 0, n, np.arange(n), values, times_ms)


def test_a_dense_stream_keeps_its_comparison_period() -> None:
    periods = try_sample(LOANS, [stream(1)], KEYS[0]).periods
    assert periods is not None
    assert (periods.period_s, periods.n_periods, periods.proposed_s) == (10, 24, None)
    assert periods.n_comparable == 24


def test_a_thin_stream_is_shown_a_longer_comparison_period() -> None:
    report = try_sample(LOANS, [stream(600)], KEYS[0])
    periods = report.periods
    assert periods is not None
    assert (periods.n_periods, periods.n_comparable, periods.proposed_s) == (240, 0, 3600)
    text = describe_sample(report)
    assert "0 of 240 (10 s each) compare a group with its reference" in text
    assert "detection.period_s = 3600 (1 h)" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_stream_of_one_group_has_no_period_that_would_do() -> None:
    batch = stream(600)
    women = Batch(LOANS.topic, 0, 0, 240, batch.offsets[::2], batch.values[::2], batch.timestamps_ms[::2])
    report = try_sample(LOANS, [women], KEYS[0])
    assert report.periods is not None
    assert (report.periods.n_comparable, report.periods.proposed_s) == (0, None)
    assert "check the groups" in describe_sample(report)


def test_unlisted_values_are_shown_from_k_records_on_and_otherwise_only_counted() -> None:
    spellings = ["F"] * 10 + ["m\u0430le"] * 9 + ["femal", "Fem\u0430le", "secret", None, "Fema\u200ble"]
    records = [encode(loan(application_id=f"A-{n}", gender=gender)) for n, gender in enumerate(spellings)]
    report = try_sample(LOANS, [batch_of(0, 0, *records)], KEYS[0])
    gender = report.dimensions[0]
    assert (gender.n_listed, gender.n_unknown, gender.n_other, gender.n_other_spellings) == (1, 1, 22, 5)
    assert gender.others == {"F": 10}
    assert gender.look_alikes == {"male": 9, "female": 2}
    assert report.features[0].n == len(records)


def test_clusters_are_counted_and_never_named() -> None:
    model = msgspec.structs.replace(LOANS, cluster="officer")
    officers = ["Ada"] * 6 + ["ada ", "Grace", None, ...]
    records = [encode(loan(application_id=f"A-{n}", officer=officer)) for n, officer in enumerate(officers)]
    report = try_sample(model, [batch_of(0, 0, *records)], KEYS[0])
    assert report.clusters is not None
    assert (report.clusters.n, report.clusters.n_without, report.clusters.n_largest) == (2, 2, 7)
    text = "clusters      2; the largest of 64 buckets has 70% of the decisions, 20% have no cluster"
    assert text in describe_sample(report)
    assert "Ada" not in describe_sample(report)
    assert next((part.name, part.n_listed) for part in report.dimensions) == ("gender", 10)
    assert report.periods is not None
    assert try_sample(LOANS, [batch_of(0, 0, *records)], KEYS[0]).clusters is None
    misspelled = msgspec.structs.replace(LOANS, cluster="oficer")
    text = describe_sample(try_sample(misspelled, [batch_of(0, 0, *records)], KEYS[0]))
    assert "100% have no cluster: is the path right?" in text


def test_each_reason_that_a_field_has_names_its_field() -> None:
    records = [
        encode(loan(ts="2026-09-21")),
        encode(loan(ts="yesterday")),
        encode(loan(ts=1)),
        encode(loan(approved="yes")),
        encode(loan(application_id="x" * 2000)),
        encode(loan(ts=iso(NOW_S + 4000))),
    ]
    assert try_sample(LOANS, [batch_of(0, 0, *records)], KEYS[0]).faults == {
        "ts_date at ts": 1,
        "ts at ts": 1,
        "type at ts": 1,
        "type at approved": 1,
        "id_size at application_id": 1,
        "ts_future at ts": 1,
    }


def test_conflicts_are_rejected_and_no_duplicates() -> None:
    records = [encode(loan()), encode(loan(approved=False)), encode(loan())]
    report = try_sample(LOANS, [batch_of(0, 0, *records)], KEYS[0])
    assert (report.n_duplicates, report.n_conflicts, report.dead_letters) == (1, 1, {"conflict": 1})
    assert "1 of an earlier id, with another decision" in describe_sample(report)
