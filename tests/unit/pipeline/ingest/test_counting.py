"""Counts by cell: exact sums of features, labels in their one spelling, memory that does not grow with spellings."""

from __future__ import annotations

import tracemalloc
from copy import copy
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.pipeline.ingest import counting
from stream_app.pipeline.ingest.counting import MAX_EVENTS, EventCounter
from stream_app.pipeline.ingest.fields import schema_of
from stream_app.policy import ModelPolicy, parse_policy
from tests.support.lanes.ingest_lane import LOANS, NOW_S, IngestLane, encode, iso, loan


def with_feature(**changes: Any) -> ModelPolicy:
    (feature,) = LOANS.features
    return msgspec.structs.replace(LOANS, features=(msgspec.structs.replace(feature, **changes),))


def sums(model: ModelPolicy, values: list[Any]) -> list[int]:
    """Count one event for each value of the feature, all in one cell."""
    lane = IngestLane(model)
    lane.feed([encode(loan(application_id=f"A-{n}", credit_score=value)) for n, value in enumerate(values)])
    lane.flush()
    assert lane.reasons == []
    (vector,) = lane.labels().values()
    return vector


def test_sums_of_the_widest_feature_are_exact_over_more_than_one_part() -> None:
    widest = 2**20 - 1
    n = MAX_EVENTS + 7
    assert sums(with_feature(minimum=0, maximum=2**20), [widest] * n) == [n, n, n * widest, n * widest**2]
    assert n * widest**2 > 2**52  # more than one sum of floats could represent exactly


def test_negative_values_and_both_zeros_are_summed_exactly() -> None:
    model = with_feature(minimum=-1000, maximum=1000, scale=100)
    assert sums(model, [-1000, 0.0, -0.0, 0.01, -0.01, 999.99]) == [6, 6, -1, 100_000**2 + 2 + 99_999**2]


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20), st.sampled_from((1, 10, 1000, 100_000)))
def test_fixed_point_is_the_nearest_multiple_and_sums_are_those_of_whole_numbers(
    values: list[float], scale: int
) -> None:
    fixed = [round(value * scale) for value in values]
    assert all(
        abs(Fraction(f) - Fraction(v) * scale) <= Fraction(1, 2) + Fraction(1, 2**30)
        for f, v in zip(fixed, values, strict=True)
    )
    expected = [len(values), len(values), sum(fixed), sum(f * f for f in fixed)]
    assert sums(with_feature(minimum=-10, maximum=10, scale=scale), values) == expected


def test_an_optional_feature_counts_only_where_it_is_present() -> None:
    model = with_feature(is_required=False)
    assert sums(model, [500, None, ..., 700]) == [4, 2, 1200, 740_000]
    assert sums(model, [None, ...]) == [2, 0, 0, 0]


def test_an_optional_feature_is_absent_null_or_a_number_in_the_output_as_in_the_input() -> None:
    lane = IngestLane(with_feature(is_required=False))
    lane.feed([encode(loan(application_id=f"A-{n}", credit_score=v)) for n, v in enumerate((500, None, ...))])
    assert [event.get("credit_score", "absent") for event in lane.events] == [500, None, "absent"]


THIN_FILE = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "d" }
identifiers = [{ path = "bureau.file", link_domain = "file", is_required = false }]
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s" }
attributes = [{ name = "g", path = "g", groups = ["a", "b"], reference = "a" }]
features = [{ name = "score", path = "bureau.scores.main", minimum = 0, maximum = 999, is_required = false }]
keep = ["bureau.note"]
""").models[0]


@pytest.mark.parametrize(
    "bureau", [..., None, {}, {"scores": None}, {"scores": {}}, {"note": "none", "scores": {"main": None}}]
)
def test_a_person_without_a_file_is_counted_like_any_other(bureau: Any) -> None:
    """An object with optional fields only may be absent: people without a file must stay in the rates."""
    lane = IngestLane(THIN_FILE)
    record = {"id": "1", "t": NOW_S, "ok": True, "g": "a"} | ({} if bureau is ... else {"bureau": bureau})
    full = {
        "id": "2",
        "t": NOW_S,
        "ok": True,
        "g": "a",
        "bureau": {"file": "F-1", "scores": {"main": 700}, "note": "x"},
    }
    lane.feed([encode(record), encode(full), encode(record | {"id": "3"})[:-1] + b', "ok": false}'])
    lane.flush()
    assert lane.reasons == ["dup_key"]
    assert list(lane.labels().values()) == [[2, 1, 700, 490_000]]
    assert lane.events[1]["bureau"]["file"].startswith("hm1.")
    assert lane.events[0].get("bureau", ...) == bureau


@pytest.mark.parametrize(("pane_s", "panes"), [(1, {-4: 1, -3: 1, -1: 1, 0: 1}), (2, {-4: 2, -2: 1, 0: 1})])
def test_panes_before_the_epoch_are_counted(pane_s: int, panes: dict[int, int]) -> None:
    time = msgspec.structs.replace(LOANS.event_time, pane_s=pane_s, max_age_s=4_000_000_000)
    lane = IngestLane(msgspec.structs.replace(LOANS, event_time=time))
    lane.feed([encode(loan(application_id=str(n), ts=iso(second))) for n, second in enumerate((-3.5, -3, -0.25, 0))])
    lane.flush()
    assert {start_s: sum(v[0] for v in cells.values()) for start_s, cells in lane.counted.items()} == panes


def test_groups_that_are_numbers_may_be_json_numbers() -> None:
    (race, *_) = LOANS.attributes
    model = msgspec.structs.replace(
        LOANS, attributes=(msgspec.structs.replace(race, groups=("0", "1"), reference="0"), *LOANS.attributes[1:])
    )
    lane = IngestLane(model)
    lane.feed(
        [encode(loan(application_id=str(n), gender=value)) for n, value in enumerate((0, "0", 1, " 1", 2, -1, None))]
    )
    lane.flush()
    counted = {labels[0]: vector[0] for labels, vector in lane.labels().items()}
    assert counted == {"0": 2, "1": 2, "__other__": 2, "unknown": 1}


@pytest.mark.parametrize("value", [1.0, True, [1], {}])
def test_groups_that_are_neither_text_nor_integers_are_rejected(value: Any) -> None:
    lane = IngestLane()
    lane.feed([encode(loan(gender=value))])
    assert lane.reasons == ["type"]


def test_values_that_are_not_listed_are_counted_by_dimension() -> None:
    lane = IngestLane()
    records = [loan(gender="x", race="y"), loan(application_id="2", product="z"), loan(application_id="3", gender=None)]
    lane.feed([encode(record) for record in records])
    lane.flush()
    assert lane.counts.overflow == {"gender": 1, "race": 1, "product": 1}


@pytest.mark.parametrize("length", [8, 3000])
def test_200_000_spellings_of_a_group_cost_bounded_memory_and_are_all_counted(length: int) -> None:
    model = msgspec.structs.replace(LOANS, features=())
    schema = schema_of(model)
    counter = EventCounter(model, schema)
    event, spell = schema.decode(encode(loan(credit_score=...))), schema.setter("gender")
    n_counted = 0
    tracemalloc.start()
    try:
        for first in range(0, 200_000, 2_000):
            events = [copy(event) for _ in range(2_000)]
            spell(events, [f"{number:0{length}d}" for number in range(first, first + 2_000)])
            for _, cells in counter.count(events, np.full(len(events), NOW_S)):
                n_counted += sum(vector[0] for vector in cells.values())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_counted == 200_000
    assert peak_bytes < 12_000_000


def test_a_full_cache_is_cleared_and_counting_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_MAX_CACHED", 3)
    lane = IngestLane()
    groups = ["female", "male", "Female", "MALE", "x", None, "female", "male"] * 4
    lane.feed([encode(loan(application_id=str(n), gender=group)) for n, group in enumerate(groups)])
    lane.flush()
    counted = {labels[0]: vector[0] for labels, vector in lane.labels().items()}
    assert counted == {"female": 12, "male": 12, "__other__": 4, "unknown": 4}
