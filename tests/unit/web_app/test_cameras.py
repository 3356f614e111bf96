"""Cameras: published counts are stored once and shown with what protects people; budget and its renewal."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from stream_app.pipeline.records.aggregates import AggregateCell, encode_aggregate
from stream_app.policy import Policy
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.history.keeping import Keeping
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.projection.models import CameraWindow, Reading
from stream_app.web_app.projection.store import CAMERA_TOPICS, empty
from stream_app.web_app.projection.thinned import thin_everything
from tests.support.web.camera_counts import DAY_S, MODEL, POLICY, counts, noisy, store_counts, with_noise
from tests.support.web.pages import browser, text_of

HALL = ("hall", "person")
STREET = ("street", "car")


@pytest.fixture(autouse=True)
def cameras() -> None:
    watch(POLICY)


PAGE = f"/cameras?model={MODEL.name}"


def test_counts_are_stored_once_by_model_window_and_end() -> None:
    first, second = counts(60, {HALL: 12}), counts(120, {HALL: 15, STREET: 20})
    store_counts(first, second, first)
    assert [(row.window, row.end_s) for row in CameraWindow.objects.order_by("end_s")] == [("1m", 60), ("1m", 120)]
    assert bytes(CameraWindow.objects.get(end_s=120).body) == encode_aggregate(second)
    empty()
    assert not CameraWindow.objects.exists()


def test_of_old_windows_the_busiest_of_each_hour_and_then_of_each_day_is_kept() -> None:
    rule, n_days = Keeping(every_days=1, hourly_days=2, daily_days=4), 6
    ends = range(600, n_days * DAY_S + 1, 600)
    busiest = {number: 10 + (number * 7919) % 501 for number in range(len(ends))}
    store_counts(*(counts(end_s, {HALL: busiest[n], STREET: 5}) for n, end_s in enumerate(ends)), keeping=rule)
    rows = [*CameraWindow.objects.order_by("end_s").values_list("end_s", "n_tracks")]
    newest_s = ends[-1]
    assert len(rows) == 144 + 24 + 2
    for width_s, first_s, last_s in ((3600, newest_s - 2 * DAY_S, newest_s - DAY_S), (DAY_S, 2 * DAY_S, 4 * DAY_S)):
        for start_s in range(first_s, last_s, width_s):
            of_span = [(busiest[n] + 5, end_s) for n, end_s in enumerate(ends) if start_s < end_s <= start_s + width_s]
            n_tracks, end_s = max(of_span)
            assert (end_s, n_tracks) in rows
    assert rows[0][0] > 2 * DAY_S


def test_counts_that_were_stored_under_another_rule_are_thinned_once() -> None:
    many = Keeping(1000, 1000, 1000)
    store_counts(*(counts(end_s, {HALL: 12}) for end_s in range(600, 6 * DAY_S, 600)), keeping=many)
    long = counts(3600, {HALL: 12}, window="1h", start_s=0)
    store_counts(long, keeping=many)
    thin_everything(Keeping(1, 2, 4), 6 * DAY_S, lambda: False)
    assert CameraWindow.objects.filter(window="1m").count() < 200
    assert CameraWindow.objects.filter(window="1h").count() == 1  # whose age counts from its own newest


@pytest.mark.parametrize(
    "value",
    [
        b"{}",
        b"\xff",
        counts(2**50, {HALL: 12}),
        counts(60, {HALL: 12}, start_s=60),
        counts(60, {HALL: 12}, model="x" * 301),
        counts(60, {HALL: 12}, model="a\0"),
        counts(60, {HALL: 12}, window="w" * 21),
        counts(60, {HALL: 12}, window="\0"),
        counts(60, {HALL: 12}, policy_hash="h" * 301),
        counts(60, {HALL: 12}, epsilon="1" * 51),
        counts(60, {HALL: 12}, epsilon="\0"),
    ],
)
def test_what_is_no_record_of_published_counts_is_left_out(value: Any) -> None:
    store_counts(value, counts(60, {HALL: 12}))
    assert Reading.objects.get().n_unreadable == 1
    assert [row.model for row in CameraWindow.objects.all()] == [MODEL.name]


def test_exact_counts_are_shown_by_zone_and_class_with_how_many_cells_are_suppressed() -> None:
    store_counts(counts(60, {HALL: 12, STREET: 1200}))
    text = text_of(PAGE)
    assert '<td data-name="zone">hall</td><td data-name="class">person</td><td data-name="Tracks" class="n">12<' in text
    assert 'class="n">1,200<' in text
    assert "10 of 12 cells suppressed: fewer than 10 tracks, maybe none." in text
    assert '<span class="state ok">exact</span>' in text
    assert "No noise: what may leave is exact, so there is no budget." in text


def test_counts_with_noise_are_marked_and_say_how_far_they_may_be_off() -> None:
    watch(noisy())
    store_counts(with_noise(DAY_S + 60, {HALL: 33}))
    text = text_of(PAGE)
    assert 'class="n">≈ 33<' in text
    assert '<span class="state beyond">with noise</span>' in text
    assert "in 95% of cells at most 48 more or less than the true count" in text
    assert "Epsilon spent of the day from 1970-01-02 00:00:00 UTC: 0.5 of 1." in text
    assert "It renews at 1970-01-03 00:00:00 UTC." in text


def test_a_spent_budget_is_shown_with_its_renewal() -> None:
    watch(noisy(epsilon="1", budget="1"))
    store_counts(
        with_noise(60, {HALL: 33}, epsilon="1"),
        with_noise(120, {}, epsilon="1", policy_hash="another", renews_s=DAY_S),
    )
    text = text_of(PAGE)
    assert "1 of 1. It renews at 1970-01-02 00:00:00 UTC." in text
    assert text.count('<span class="state warning">budget spent</span>') == 2
    assert "Nothing published: the budget of this day is spent. It renews at 1970-01-02 00:00:00 UTC." in text


def test_a_day_under_several_policies_gives_a_bound_and_never_more_than_the_budget() -> None:
    watch(noisy(budget="1"))
    store_counts(*(with_noise(60 * number, {HALL: 33}, policy_hash=f"p{number}") for number in range(1, 6)))
    assert "at most 1 of 1." in text_of(PAGE)


def test_days_have_budgets_of_their_own() -> None:
    watch(noisy())
    store_counts(with_noise(60, {HALL: 33}), with_noise(DAY_S + 60, {HALL: 33}, policy_hash="another"))
    assert "of the day from 1970-01-02 00:00:00 UTC: 0.5 of 1." in text_of(PAGE)


def test_a_policy_with_a_larger_k_hides_what_it_does_not_permit_any_more() -> None:
    store_counts(counts(60, {HALL: 12, STREET: 30}))
    privacy = msgspec.structs.replace(MODEL.privacy, k=20)
    watch(Policy(schema=1, models=(msgspec.structs.replace(MODEL, privacy=privacy),)))
    text = text_of(PAGE)
    assert 'class="n">30<' in text
    assert 'class="n">12<' not in text
    assert "11 of 12 cells suppressed: fewer than 20 tracks" in text


def test_a_longer_window_says_that_it_has_only_the_rest_and_what_was_added_up() -> None:
    rest = counts(3600, {("*", "person"): 14}, window="1h", start_s=0, is_rest=True)
    store_counts(rest)
    text = text_of(f"{PAGE}&window=1h")
    assert "Only what no shorter window has shown, added up." in text
    assert 'data-name="zone">all together<' in text


def test_without_a_choice_the_first_model_with_counts_is_shown() -> None:
    other = min(model.name for model in POLICY.models)
    assert f'<option value="{other}" selected' in text_of("/cameras")
    last = max(model.name for model in POLICY.models)
    store_counts(counts(60, {HALL: 12}, model=last))
    assert f'<option value="{last}" selected' in text_of("/cameras")


def test_windows_are_chosen_within_each_model() -> None:
    assert "No counts of 15m yet" in text_of(f"/cameras?model={MODEL.name}&window=15m")
    for query in ("model=none", "window=2m", "model=%00"):
        assert browser(Role.VIEWER).get(f"/cameras?{query}").status_code == 404
    short = msgspec.structs.replace(POLICY.models[1], publication=None)
    watch(Policy(schema=1, models=(MODEL, short)))
    assert "No counts of 1m yet" in text_of(f"/cameras?model={short.name}&window=15m")  # which only the other has


def test_pages_say_where_there_is_nothing_and_when_they_are_stale() -> None:
    text = text_of(PAGE)
    assert "No counts of 1m yet" in text
    assert "Not read yet." in text
    Reading.objects.create(topic=CAMERA_TOPICS[0], current_at_s=0.0, fault="Kafka denies READ")
    assert "Stale since 1970-01-01 00:00:00 UTC.</strong> Kafka denies READ." in text_of(PAGE)
    Reading.objects.update(current_at_s=time.time(), fault="")
    assert "Current as of" in text_of(PAGE)
    watch(Policy(schema=1, models=()))
    assert "No cameras" in text_of("/cameras")


def test_many_windows_are_listed_on_several_pages() -> None:
    store_counts(*(counts(60 * number, {HALL: 12}) for number in range(1, 31)))
    text = text_of(f"{PAGE}&page=2")
    assert "Page 2 of 5" in text
    assert "page=3" in text


@pytest.mark.parametrize("scale", ["x", "1/0", "-1", "0", "1e400", "9" * 500])
def test_a_record_whose_numbers_are_none_makes_no_page_fail(scale: str) -> None:
    watch(noisy())
    store_counts(with_noise(60, {HALL: 33}, scale=scale, epsilon="1/0"))
    text = text_of(PAGE)
    assert "≈ 33" in text
    assert ": 0 of 1." in text


def test_labels_are_text_and_nothing_else() -> None:
    hostile = "</td><script>alert(1)</script>\u202e"
    store_counts(msgspec.structs.replace(counts(60, {}), cells=(AggregateCell(labels={hostile: hostile}, n=33),)))
    text = text_of(PAGE)
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;" in text
