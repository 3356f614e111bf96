"""What is kept of old results: all, then the worst of each hour, then of each day, however they arrive."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any, NamedTuple

import msgspec
import pytest
from django.apps import apps
from django.db.models import UniqueConstraint
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.groups.comparison import State
from stream_app.errors import ConfigError
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_RESULTS
from stream_app.web_app.cases.models import Case
from stream_app.web_app.history.bodies import compress, decompress
from stream_app.web_app.history.keeping import DAY_S, HOUR_S, Keeping, keeping_of
from stream_app.web_app.history.models import AppliedKeeping, ShownModel
from stream_app.web_app.history.names import models_in, series_in
from stream_app.web_app.projection.models import AlertRow, CameraWindow, RecordCount, WindowRow
from stream_app.web_app.projection.store import Store, empty, stored_positions
from stream_app.web_app.projection.thinned import thin_everything
from stream_app.web_app.replays.models import Replay
from tests.support.web.stored_alerts import breach, store_alerts
from tests.support.web.window_results import FAIR, MODEL, POLICY, UNFAIR, race_result, run_of

RULE = Keeping(every_days=1, hourly_days=3, daily_days=6)
NOW_S = 2_000_000_000  # when everything here was written to Kafka
STATES = [str(state) for state in State]
_templates = {counts: race_result(100, {"fair": FAIR, "unfair": UNFAIR}[counts]) for counts in ("fair", "unfair")}


class Drawn(NamedTuple):
    end_s: int
    is_unfair: bool


def result_of(drawn: Drawn, *, size_s: int = 600, revision: int = 0) -> Result:
    template = _templates["unfair" if drawn.is_unfair else "fair"]
    times = {"window": "10m", "size_s": size_s, "start_s": drawn.end_s - size_s, "end_s": drawn.end_s}
    return msgspec.structs.replace(template, revision=revision, **times)


def store(drawn: list[Drawn], rule: Keeping = RULE, **changes: int) -> None:
    before = stored_positions(FAIRNESS_RESULTS).get(0)
    start = 0 if before is None else before.next_offset
    results = [result_of(one, **changes) for one in drawn]
    Store(POLICY, rule).apply(FAIRNESS_RESULTS, before, run_of(results, start, at_s=NOW_S))


def kept() -> list[tuple[int, str]]:
    return [*WindowRow.objects.order_by("end_s").values_list("end_s", "state")]


def kept_by_definition(drawn: list[Drawn], rule: Keeping = RULE) -> list[tuple[int, str]]:
    """Return what the rule says, counted from the start."""
    newest_s = max(one.end_s for one in drawn)
    rows = {one.end_s: str(State.BREACH if one.is_unfair else State.OK) for one in drawn}
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for end_s, state in rows.items():
        width_s = 1
        if end_s <= rule.hours_until(newest_s):
            width_s = HOUR_S
        if end_s <= rule.days_until(newest_s):
            width_s = DAY_S
        if end_s > rule.nothing_until(newest_s):
            key, found = (width_s, (end_s - 1) // width_s), (STATES.index(state), end_s)
            spans[key] = max(found, spans.get(key, found))
    return sorted((end_s, STATES[severity]) for severity, end_s in spans.values())


def year(n_days: int, step_s: int = 7200) -> list[Drawn]:
    draw = random.Random(7)
    return [Drawn(end_s, draw.random() < 0.1) for end_s in range(step_s, n_days * DAY_S + 1, step_s)]


def test_of_a_steady_stream_every_result_then_hours_then_days_are_kept() -> None:
    drawn = year(12, 1800)
    store(drawn)
    assert kept() == kept_by_definition(drawn)
    assert len(kept()) == 48 + 2 * 24 + 3


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(1, 20 * 3600), st.booleans()), min_size=1, max_size=60))
def test_whatever_gaps_a_stream_has(steps: list[tuple[int, bool]]) -> None:
    WindowRow.objects.all().delete()
    end_s, drawn = 0, []
    for step_s, is_unfair in steps:
        end_s += step_s
        drawn.append(Drawn(end_s, is_unfair))
    store(drawn)
    assert kept() == kept_by_definition(drawn)


def test_a_late_result_replaces_a_better_one_of_its_hour_and_day_and_no_worse_one() -> None:
    bad = Drawn(4 * DAY_S + 1000, True)
    store([Drawn(end_s, end_s == bad.end_s) for end_s in range(1000, 10 * DAY_S, HOUR_S)])
    before = kept()
    assert bad.end_s in dict(before)
    fine_day, worse_day, worse_hour = 4 * DAY_S + 7260, 5 * DAY_S + 7260, 7 * DAY_S + 7260
    store([Drawn(60, True), Drawn(fine_day, False), Drawn(worse_day, True), Drawn(worse_hour, True)])
    assert len(kept()) == len(before)
    assert {*kept()} - {*before} == {(worse_day, "breach"), (worse_hour, "breach")}


def test_a_window_of_the_far_future_makes_at_most_a_day_old() -> None:
    first_s = NOW_S // DAY_S * DAY_S - 2 * DAY_S
    store([Drawn(first_s + number * 1800, number % 5 == 0) for number in range(1, 97)])
    before, future = kept(), Drawn(NOW_S + 5000 * DAY_S, False)
    store([future])
    left = [end_s for end_s, _ in kept()]
    assert left[-1] == future.end_s
    hours = {(end_s - 1) // HOUR_S for end_s, _ in before}
    assert {(end_s - 1) // HOUR_S for end_s in left[:-1]} == hours, "the worst of each hour is there"
    thin_everything(RULE, NOW_S, lambda: False)
    assert [end_s for end_s, _ in kept()] == left


def test_reading_a_topic_again_or_in_other_runs_leaves_the_same() -> None:
    drawn = year(10)
    store(drawn)
    once = kept()
    for start in range(0, len(drawn), 17):
        store(drawn[start : start + 17])
    assert kept() == once


def test_running_totals_and_other_attributes_are_not_touched() -> None:
    total = msgspec.structs.replace(race_result(100), window=TOTAL_WINDOW)
    other = msgspec.structs.replace(race_result(100), attribute="gender")
    Store(POLICY, RULE).apply(FAIRNESS_RESULTS, None, run_of([total, other]))
    store(year(10))
    assert WindowRow.objects.filter(window=TOTAL_WINDOW).count() == 1
    assert WindowRow.objects.filter(attribute="gender").count() == 1


@pytest.mark.parametrize("n_days", [2, 12])
def test_another_rule_is_applied_to_everything_that_is_stored_once(n_days: int) -> None:
    drawn = year(n_days, 1800)
    store(drawn, Keeping(1000, 1000, 1000))
    thin_everything(RULE, NOW_S, lambda: False)
    assert kept() == kept_by_definition(drawn)
    WindowRow.objects.filter(end_s=drawn[-1].end_s).update(end_s=drawn[-1].end_s + 50 * DAY_S)
    n = WindowRow.objects.count()
    thin_everything(RULE, NOW_S, lambda: False)
    assert WindowRow.objects.count() == n, "it was applied already"
    assert AppliedKeeping.objects.get().hourly_days == RULE.hourly_days


def test_a_thinning_that_is_stopped_goes_on_at_the_next_start() -> None:
    store(year(12, 1800), Keeping(1000, 1000, 1000))
    thin_everything(RULE, NOW_S, lambda: True)
    assert not AppliedKeeping.objects.exists()
    thin_everything(RULE, NOW_S, lambda: False)
    assert AppliedKeeping.objects.count() == 1


def test_the_days_must_not_decrease() -> None:
    assert keeping_of(Settings()) == Keeping() == Keeping(7, 35, 1100)
    assert keeping_of(Settings(web_every_days=3, web_hourly_days=3, web_daily_days=3)) == Keeping(3, 3, 3)
    for wrong in (Settings(web_every_days=36), Settings(web_daily_days=34)):
        with pytest.raises(ConfigError, match="must not decrease"):
            keeping_of(wrong)


def test_models_and_series_are_listed_each_once() -> None:
    assert models_in(AlertRow) == set()
    store_alerts(*(breach(model=f"m{number % 3}", pane_s=number) for number in range(9)))
    assert models_in(AlertRow) == {"m0", "m1", "m2"}
    results = [
        msgspec.structs.replace(race_result(100), model=model, attribute=attribute)
        for model in ("b", "a")
        for attribute in ("y", "x")
    ]
    Store(POLICY).apply(FAIRNESS_RESULTS, None, run_of([*results, *results]))
    found = [(one["model"], one["attribute"]) for one in series_in(WindowRow.objects.all(), ("model", "attribute"))]
    assert found == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]


@pytest.mark.parametrize("table", [AlertRow, CameraWindow, Case, RecordCount, Replay, WindowRow])
def test_the_models_of_a_table_are_listed_by_an_index(table: Any) -> None:
    """Without one, each model would cost a reading of all rows."""
    keys = [index.fields for index in table._meta.indexes]
    keys += [rule.fields for rule in table._meta.constraints if isinstance(rule, UniqueConstraint)]
    assert "model" in {fields[0] for fields in keys if fields}


def test_the_smallest_group_that_was_ever_shown_is_known() -> None:
    store(year(1))
    assert ShownModel.objects.get(model=MODEL.name).k == MODEL.privacy.k
    privacy = msgspec.structs.replace(MODEL.privacy, k=5)
    smaller = msgspec.structs.replace(POLICY, models=(msgspec.structs.replace(MODEL, privacy=privacy),))
    Store(smaller).apply(FAIRNESS_RESULTS, stored_positions(FAIRNESS_RESULTS)[0], run_of([race_result(50, k=5)], 12))
    assert ShownModel.objects.get(model=MODEL.name).k == 5
    store(year(1))
    assert ShownModel.objects.get(model=MODEL.name).k == 5


def test_a_rebuild_beside_a_running_process_forgets_no_model() -> None:
    running = Store(POLICY, RULE)
    running.apply(FAIRNESS_RESULTS, None, run_of([race_result(100)]))
    empty()
    running.apply(FAIRNESS_RESULTS, None, run_of([race_result(100)]))
    assert ShownModel.objects.get().model == MODEL.name


def test_models_that_are_stored_already_are_noted_when_the_table_is_made() -> None:
    store(year(1))
    store_alerts(breach(model="another"))
    noted = {*ShownModel.objects.values_list("model", "k")}
    ShownModel.objects.all().delete()
    import_module("stream_app.web_app.history.migrations.first_tables").fill(apps, None)
    assert {*ShownModel.objects.values_list("model", "k")} == noted


@given(st.binary(max_size=300).map(lambda body: b"{" + body + b"}"))
def test_what_is_stored_is_read_again(body: bytes) -> None:
    assert decompress(compress(body)) == body
    assert decompress(memoryview(body).tobytes()) == body  # stored before bodies were compressed


def test_a_result_is_stored_in_a_fifth_of_its_size_and_a_cut_one_is_not_read() -> None:
    store([Drawn(600, True)])
    body = WindowRow.objects.get().body
    assert len(compress(body)) < len(body) / 5
    with pytest.raises(ValueError, match="cut"):
        decompress(compress(body)[:-3])
    with pytest.raises(ValueError, match="later version"):
        decompress(b"\x02" + body)
