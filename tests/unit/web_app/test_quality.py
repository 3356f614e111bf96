"""Data quality: rejected and late records are counted once, by hour and reason, and small counts are never shown."""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy import Policy
from stream_app.topics import DEAD_LETTERS, FAIRNESS_RESULTS, LATE_DECISIONS
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.history.keeping import Keeping
from stream_app.web_app.pages.quality.reasons import WORDS
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.projection.models import Reading, RecordCount
from stream_app.web_app.projection.quality import DAY_S, WHOLE_DAY, day_counts, days_of
from stream_app.web_app.projection.record_counts import add_up_days
from stream_app.web_app.projection.store import PositionMovedError, Store, empty, stored_positions, topics_of
from tests.support.web.pages import browser, text_of
from tests.support.web.set_aside import late, letter, store_late, store_letters, store_records
from tests.support.web.window_results import FAIR, MODEL, POLICY, race_result, run_of

NOW_S = int(time.time())
RULE = Keeping(every_days=1, hourly_days=3, daily_days=6)
K = MODEL.privacy.k
COUNTS = st.dictionaries(
    st.integers(0, 23).map(lambda hour: hour * 3600),
    st.dictionaries(st.sampled_from(["late", "schema", "missing", "json"]), st.integers(1, 40), max_size=4),
    max_size=6,
)


def counted() -> dict[tuple[str, int, str], int]:
    return {(row.model, row.hour_s, row.what): row.n for row in RecordCount.objects.all()}


def test_rejected_and_late_records_are_counted_by_hour_and_reason() -> None:
    store_records(DEAD_LETTERS, letter(), letter(), letter(Reason.MISSING, n_records=7), at_s=3599)
    store_records(DEAD_LETTERS, letter(), letter(model="other"), at_s=3600)
    store_records(LATE_DECISIONS, late(), late(), at_s=7300)
    assert counted() == {
        (MODEL.name, 0, "schema"): 2,
        (MODEL.name, 0, "missing"): 7,
        (MODEL.name, 3600, "schema"): 1,
        ("other", 3600, "schema"): 1,
        (MODEL.name, 7200, "late"): 2,
    }


def test_a_run_is_counted_once_whoever_reads_it() -> None:
    store, run = Store(POLICY), run_of([letter()] * 5)
    store.apply(DEAD_LETTERS, None, run)
    for before in (None, stored_positions(DEAD_LETTERS)[0]._replace(next_offset=1)):
        with pytest.raises(PositionMovedError):
            store.apply(DEAD_LETTERS, before, run)
    assert [*counted().values()] == [5]
    empty()
    assert counted() == {}
    store.apply(DEAD_LETTERS, None, run)
    assert [*counted().values()] == [5]


def hours(n_days: int, newest_s: int) -> list[int]:
    """Return four times of each of some days, oldest first."""
    return [newest_s - n_days * DAY_S + step * DAY_S // 4 for step in range(1, 4 * n_days + 1)]


def test_hours_of_old_days_are_added_up_and_very_old_days_deleted() -> None:
    newest_s = NOW_S // DAY_S * DAY_S - 1
    for at_s in hours(9, newest_s):
        store_records(DEAD_LETTERS, letter(), letter(Reason.MISSING, n_records=7), at_s=at_s, keeping=RULE)
        store_records(LATE_DECISIONS, late(), at_s=at_s, keeping=RULE)
    rows = RecordCount.objects.filter(model=MODEL.name)
    until_s = newest_s // 3600 * 3600 - 3 * DAY_S
    assert {row.is_day for row in rows.filter(hour_s__gte=until_s)} == {False}
    old = rows.filter(is_day=True)
    assert {(row.what, row.n) for row in old} == {("schema", 4), ("missing", 28), ("late", 4)}
    assert old.count() == rows.filter(hour_s__lt=until_s - DAY_S).count() == 9
    first_s = rows.order_by("hour_s")[0].hour_s
    assert first_s // DAY_S == (newest_s - 6 * DAY_S) // DAY_S
    assert rows.filter(is_day=False).count() == 4 * 4 * 3


def test_a_record_of_an_old_day_is_added_to_it() -> None:
    store_records(DEAD_LETTERS, letter(), at_s=NOW_S, keeping=RULE)
    day_s = NOW_S // DAY_S * DAY_S - 5 * DAY_S
    for at_s in (day_s + 7200, day_s + 100, day_s + 7200):
        store_records(DEAD_LETTERS, letter(), at_s=at_s, keeping=RULE)
    (row,) = RecordCount.objects.filter(hour_s__lt=day_s + DAY_S)
    assert (row.hour_s, row.what, row.n, row.is_day) == (day_s, "schema", 3, True)


def test_a_worker_whose_clock_is_years_ahead_makes_nothing_old() -> None:
    store_records(DEAD_LETTERS, letter(), at_s=NOW_S - 7200, keeping=RULE)
    store_records(DEAD_LETTERS, letter(), at_s=NOW_S + 5000 * DAY_S, keeping=RULE)
    assert [*counted().values()] == [1, 1]
    assert all(hour_s <= time.time() for _, hour_s, _ in counted())


def test_an_added_up_day_shows_its_totals_and_no_hours() -> None:
    day_s = NOW_S // DAY_S * DAY_S - 5 * DAY_S
    for hour in (0, 3, 9):
        store_letters(Reason.JSON, 20, at_s=day_s + hour * 3600)
    before = days_of(MODEL, day_s, day_s + DAY_S)
    add_up_days(MODEL.name, Keeping(1, 1, 1000))
    assert RecordCount.objects.count() == 3  # of the newest day nothing is old
    store_records(DEAD_LETTERS, letter(model=MODEL.name), at_s=NOW_S)
    add_up_days(MODEL.name, Keeping(1, 1, 1000))
    (day,) = days_of(MODEL, day_s, day_s + DAY_S)
    assert (day.rejected, day.reasons, day.hours) == (60, {"json": 60}, ())
    assert before == [msgspec.structs.replace(day, hours=before[0].hours)]
    assert "its hours were added up since" in text_of(
        f"/quality/{MODEL.name}?day={time.strftime('%Y-%m-%d', time.gmtime(day_s))}"
    )


def test_hours_beside_an_added_up_part_of_their_day_give_no_small_count_away() -> None:
    assert day_counts(0, {WHOLE_DAY: {"json": 3}, 7200: {"json": 30}}, K).hours == ()
    (hour,) = day_counts(0, {WHOLE_DAY: {"json": 30}, 7200: {"json": 30}}, K).hours
    assert (hour.start_s, hour.reasons) == (7200, {"json": 30})


@pytest.mark.parametrize(
    "value",
    [
        b"{}",
        b"\xff",
        late(),
        letter().replace(b'"schema"', b'"<script>"'),
        letter(n_records=0),
        letter(n_records=-5),
        letter(n_records=2**40),
        letter(model="a\0b"),
        letter(model="x" * 301),
    ],
)
def test_what_is_no_dead_letter_is_left_out(value: bytes) -> None:
    store_records(DEAD_LETTERS, value, letter(), at_s=0)
    assert [*counted().values()] == [1]
    assert Reading.objects.get().n_unreadable == 1


def test_a_time_that_no_calendar_has_is_left_out() -> None:
    store_records(DEAD_LETTERS, letter(), at_s=10**15)
    store_records(DEAD_LETTERS, letter(), at_s=-1)
    assert counted() == {}


def test_topics_of_cameras_are_read_only_where_the_policy_has_some() -> None:
    cameras = msgspec.structs.replace(MODEL, kind="counts")
    assert "camera-aggregates" not in topics_of(POLICY)
    assert "camera-aggregates" in topics_of(Policy(schema=1, models=(cameras,)))


@given(COUNTS)
def test_no_count_below_k_is_shown_or_follows_from_what_is_shown(hours: dict[int, dict[str, int]]) -> None:
    day = day_counts(0, hours, K)
    totals: dict[str, int] = {}
    for counts in hours.values():
        for what, n in counts.items():
            totals[what] = totals.get(what, 0) + n
    late_n = totals.pop("late", 0)
    shown = [day.rejected, day.late, *day.reasons.values()]
    for hour in day.hours:
        shown += [hour.late, *hour.reasons.values()]
        assert hour.reasons.keys() <= day.reasons.keys()
    assert all(n is None or n >= K for n in shown)
    if day.rejected is not None:
        assert day.rejected == sum(totals.values())
        assert_hides_enough(day.rejected - sum(day.reasons.values()))
    for what, n in (*day.reasons.items(), *([("late", day.late)] if day.late else [])):
        assert n == (late_n if what == "late" else totals[what])
        of_hours = [hour.late if what == "late" else hour.reasons.get(what) for hour in day.hours]
        assert_hides_enough(n - sum(n_hour or 0 for n_hour in of_hours))


def assert_hides_enough(n_hidden: int) -> None:
    """Check that what is left after the subtraction of shown counts is nothing, or no small number."""
    assert n_hidden == 0 or n_hidden >= K


def test_pages_show_counts_by_reason_and_hide_small_ones() -> None:
    store_letters(Reason.CONFLICT, 1200, at_s=NOW_S)
    store_letters(Reason.MISSING, 45, at_s=NOW_S)
    store_letters(Reason.BBOX, 11, at_s=NOW_S)
    store_letters(Reason.XML, 3, at_s=NOW_S)
    store_late(K - 1, at_s=NOW_S)
    listed = text_of("/quality")
    assert 'class="n">1,259<' in listed
    assert 'class="n">1,200<' in listed
    assert 'data-name="Late today" class="n">fewer than 10<' in listed
    shown = text_of(f"/quality/{MODEL.name}")
    assert "1,200 conflict (an id again with another decision), 45 missing (a field is missing)" in shown
    assert "bbox" not in shown  # else the three others would follow from the total
    assert "xml" not in shown
    assert "Today (UTC) 1,259 records rejected, fewer than 10 events late." in shown


def test_a_day_with_few_records_looks_like_one_without_any() -> None:
    def content() -> str:
        page = text_of(f"/quality/{MODEL.name}").partition("<main")[2]
        return re.sub(r"\d\d:\d\d:\d\d UTC", "", page)  # when it was opened

    before = content()
    store_letters(Reason.JSON, K - 1, at_s=NOW_S)
    store_late(K - 1, at_s=NOW_S - 86_400)
    assert content() == before


def test_a_day_is_opened_hour_by_hour() -> None:
    day_s = NOW_S // 86_400 * 86_400 - 40 * 86_400
    store_letters(Reason.JSON, 20, at_s=day_s)
    store_letters(Reason.JSON, 30, at_s=day_s + 3 * 3600)
    day = time.strftime("%Y-%m-%d", time.gmtime(day_s))
    text = text_of(f"/quality/{MODEL.name}?day={day}")
    assert '>03:00</th><td data-name="Rejected, by reason">30 json (not JSON)<' in text
    assert '>00:00</th><td data-name="Rejected, by reason">20 json (not JSON)<' in text
    assert "No day of the last 14 has 10 records that may be shown" in text


def test_shares_of_unknown_groups_are_those_of_the_disclosed_results() -> None:
    values = [
        race_result(100, FAIR | {"unknown": (60, 30)}),
        race_result(200, FAIR | {"unknown": (3, 1)}),
        race_result(300),
    ]
    Store(POLICY).apply(FAIRNESS_RESULTS, None, run_of(values))
    text = text_of(f"/quality/{MODEL.name}?window=100s")
    few = f"fewer than {MODEL.privacy.k}"  # or none: both look the same
    cells = text.split('data-name="race: unknown (not listed)" class="n">')[1:]
    assert [cell.partition("<")[0] for cell in cells] == [f"{few} ({few})", f"{few} ({few})", f"4.8% ({few})"]
    assert text.count('data-name="sex: unknown (not listed)" class="n">–<') == 3  # which has no results
    assert "<svg" in text
    assert f"{few} of race, 100s" in text_of("/quality")


def test_pages_say_where_there_is_nothing_and_up_to_when_it_is_true() -> None:
    text = text_of(f"/quality/{MODEL.name}")
    assert "No day of the last 14 has 10 records that may be shown" in text
    assert "No window of 1h has closed yet" in text
    assert "Not read yet." in text
    for topic in (FAIRNESS_RESULTS, DEAD_LETTERS):
        Reading.objects.create(topic=topic, current_at_s=time.time())
    Reading.objects.create(topic=LATE_DECISIONS, current_at_s=0.0, fault="Kafka denies READ on topic late-decisions")
    text = text_of("/quality")
    assert "Stale since 1970-01-01 00:00:00 UTC." in text
    assert "Kafka denies READ on topic late-decisions." in text


def test_topics_of_data_quality_make_no_other_page_stale() -> None:
    for topic in topics_of(POLICY)[:2]:
        Reading.objects.create(topic=topic, current_at_s=time.time())
    Reading.objects.create(topic=DEAD_LETTERS, fault="denied", n_unreadable=7)
    text = text_of("/")
    assert "Current as of" in text
    assert "denied" not in text
    assert browser().get("/readyz").status_code == 200


@pytest.mark.parametrize("query", ["day=x", "day=1969-12-31", "day=2026-13-01", "window=x", "day=%00"])
def test_a_day_or_window_that_does_not_exist_is_not_found(query: str) -> None:
    assert browser(Role.VIEWER).get(f"/quality/{MODEL.name}?{query}").status_code == 404


def test_another_policys_model_is_not_shown() -> None:
    store_letters(Reason.JSON, 20, at_s=NOW_S, model="other")
    assert browser(Role.VIEWER).get("/quality/other").status_code == 404
    assert "other" not in text_of("/quality?search=the")


def test_every_reason_has_words() -> None:
    assert WORDS.keys() == {*Reason}


def test_names_are_text_and_nothing_else() -> None:
    hostile: Any = msgspec.structs.replace(MODEL, name='<img src=x onerror="alert(1)">\u202e')
    watch(Policy(schema=1, models=(hostile,)))
    store_letters(Reason.JSON, 20, at_s=NOW_S, model=hostile.name)
    for path in ("/quality", "/quality/" + "%3Cimg%20src%3Dx%20onerror%3D%22alert(1)%22%3E%E2%80%AE"):
        text = text_of(path)
        assert "<img" not in text
        assert "\u202e" not in text
        assert "20" in text
