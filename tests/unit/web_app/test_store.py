"""The projection: what is stored of a run, once, whatever is read again, and what is disclosed of it."""

from __future__ import annotations

import msgspec
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.records.results import Result
from stream_app.policy import Policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from stream_app.web_app.projection.models import AlertRow, Reading, TopicPartition, Verdict, WindowRow
from stream_app.web_app.projection.store import (
    PositionMovedError,
    Store,
    empty,
    models_disclosed_below,
    stored_positions,
)
from tests.support.sample_alert import ALERT
from tests.support.web.window_results import FAIR, MODEL, POLICY, UNFAIR, race_result, run_of

STORE = Store(POLICY)


def contents() -> list[tuple[object, ...]]:
    """Return everything that pages can show."""
    rows: list[tuple[object, ...]] = []
    for table in (WindowRow, Verdict, AlertRow):
        names = [field.name for field in table._meta.fields if field.name != "id" or table is AlertRow]
        rows += [tuple(row) for row in table.objects.order_by(*names).values_list(*names)]
    return rows


def test_a_run_and_its_position_are_stored_together() -> None:
    STORE.apply(FAIRNESS_RESULTS, None, run_of([race_result(100), race_result(200)]))
    assert [row.end_s for row in WindowRow.objects.order_by("end_s")] == [100, 200]
    assert stored_positions(FAIRNESS_RESULTS)[0].next_offset == 2


def test_a_run_that_fails_half_way_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(POLICY)
    write = store._write[FAIRNESS_RESULTS]

    def fail_at_the_second(record: object) -> bool:
        if record.offset:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        return write(record)  # type: ignore[arg-type]

    monkeypatch.setitem(store._write, FAIRNESS_RESULTS, fail_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        store.apply(FAIRNESS_RESULTS, None, run_of([race_result(100), race_result(200)]))
    assert contents() == []
    assert stored_positions(FAIRNESS_RESULTS) == {}


def test_a_run_from_another_position_is_rejected() -> None:
    STORE.apply(FAIRNESS_RESULTS, None, run_of([race_result(100)]))
    before = stored_positions(FAIRNESS_RESULTS)[0]
    STORE.apply(FAIRNESS_RESULTS, before, run_of([race_result(200)], 1))
    for stale in (None, before):
        with pytest.raises(PositionMovedError):
            STORE.apply(FAIRNESS_RESULTS, stale, run_of([race_result(300)], 1))
    assert WindowRow.objects.count() == 2


REVISED = [
    race_result(100 * number, UNFAIR if number in (3, 4, 6) else FAIR, revision=revision)
    for number in range(1, 7)
    for revision in (0, 1)
]


@settings(max_examples=15)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=10))
def test_records_that_are_read_again_change_nothing(repeats: list[int]) -> None:
    values = REVISED
    with transaction.atomic():
        STORE.apply(FAIRNESS_RESULTS, None, run_of(values))
        stored = contents()
        for number in repeats:
            STORE.apply(FAIRNESS_RESULTS, stored_positions(FAIRNESS_RESULTS)[0], run_of([values[number]], 12))
            windows = [row for row in contents() if len(row) == len(stored[0])]
            assert windows == [row for row in stored if len(row) == len(stored[0])]
        STORE.apply(FAIRNESS_RESULTS, stored_positions(FAIRNESS_RESULTS)[0], run_of(values, 12))
        assert contents() == stored
        transaction.set_rollback(True)


def test_only_the_newest_revision_is_kept() -> None:
    first, second = race_result(100, FAIR), race_result(100, UNFAIR, revision=1)
    STORE.apply(FAIRNESS_RESULTS, None, run_of([first, second, first]))
    (row,) = WindowRow.objects.all()
    assert (row.revision, row.state) == (1, "breach")
    assert Verdict.objects.get().state == "breach"


def test_a_state_is_since_the_first_window_that_had_it_without_a_break() -> None:
    states = [FAIR, UNFAIR, FAIR, UNFAIR, UNFAIR, UNFAIR]
    values = [race_result(100 * number, counts) for number, counts in enumerate(states, 1)]
    STORE.apply(FAIRNESS_RESULTS, None, run_of([*values]))
    assert Verdict.objects.get().since_s == 400
    position = stored_positions(FAIRNESS_RESULTS)[0]
    STORE.apply(FAIRNESS_RESULTS, position, run_of([race_result(600, FAIR, revision=1)], 6))
    verdict = Verdict.objects.get()
    assert (verdict.state == "breach", verdict.since_s) == (False, 600)


def test_the_verdict_is_that_of_the_smallest_window() -> None:
    large = race_result(1000, UNFAIR, window=MODEL.windows[-1].name, size_s=MODEL.windows[-1].size_s)
    STORE.apply(FAIRNESS_RESULTS, None, run_of([large, race_result(900), large]))
    assert (Verdict.objects.get().window, Verdict.objects.get().end_s) == ("100s", 900)


def test_small_groups_are_not_stored() -> None:
    STORE.apply(FAIRNESS_RESULTS, None, run_of([race_result(100, FAIR | {"hispan": (3, 2)})]))
    result = msgspec.json.decode(bytes(WindowRow.objects.get().body), type=DisclosedResult)
    groups = {group.group: group for group in result.groups}
    assert groups["hispan"].n is None
    assert groups["hispan"].hidden == "small_cell"


def test_an_alert_is_stored_once_and_its_small_numbers_are_not() -> None:
    small = msgspec.structs.replace(ALERT, n=3)
    STORE.apply(FAIRNESS_ALERTS, None, run_of([small, small]))
    row = AlertRow.objects.get()
    assert row.id == small.id
    assert b'"is_hidden":true' in bytes(row.body)


def test_what_is_no_result_is_counted_and_passed() -> None:
    good = race_result(300)
    hostile: list[Result | bytes] = [
        b"{}",
        b"\xff",
        b"[" * 100_000,
        msgspec.structs.replace(good, end_s=2**62),
        msgspec.structs.replace(good, model="a\0b"),
        msgspec.structs.replace(good, attribute="x" * 301),
        msgspec.structs.replace(good, window="w" * 21),
        msgspec.structs.replace(good, revision=-1),
    ]
    STORE.apply(FAIRNESS_RESULTS, None, run_of([*hostile, good]))
    assert Reading.objects.get().n_unreadable == len(hostile)
    assert [row.end_s for row in WindowRow.objects.all()] == [300]


def test_rows_that_show_smaller_groups_than_the_policy_are_named() -> None:
    STORE.apply(FAIRNESS_RESULTS, None, run_of([race_result(100)]))
    assert models_disclosed_below(POLICY) == []
    privacy = msgspec.structs.replace(MODEL.privacy, k=MODEL.privacy.k + 10)
    stricter = Policy(schema=1, models=(msgspec.structs.replace(MODEL, privacy=privacy),))
    assert models_disclosed_below(stricter) == [(MODEL.name, MODEL.privacy.k, MODEL.privacy.k + 10)]


def test_a_rebuild_empties_rows_and_positions() -> None:
    STORE.apply(FAIRNESS_RESULTS, None, run_of([race_result(100)]))
    empty()
    assert (contents(), TopicPartition.objects.count()) == ([], 0)
    STORE.apply(FAIRNESS_RESULTS, None, run_of([race_result(100)]))
    assert WindowRow.objects.count() == 1
