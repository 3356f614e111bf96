"""What the pages show: verdicts in words and numbers, nothing suppressed, and how current it is."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from django.db import OperationalError

from stream_app.policy import Policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.pages import overview
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.projection.models import Reading
from stream_app.web_app.projection.store import TOPICS, Store
from tests.support.sample_alert import ALERT
from tests.support.web.pages import browser, text_of
from tests.support.web.window_results import FAIR, MODEL, POLICY, UNFAIR, race_result, run_of

PAGE = f"/models/{MODEL.name}"
STORE = Store(POLICY)


def store(*results: Any, at_s: float | None = None) -> None:
    STORE.apply(FAIRNESS_RESULTS, None, run_of([*results], at_s=int(time.time() if at_s is None else at_s)))


def read_to_end(seconds_ago: float = 0.0, fault: str = "") -> None:
    for topic in TOPICS:
        Reading.objects.create(topic=topic, current_at_s=time.time() - seconds_ago, fault=fault)


def test_without_results_the_pages_say_so_and_not_that_all_is_well() -> None:
    read_to_end()
    assert "No verdict yet." in text_of("/")
    assert "No window of 100s has closed yet" in browser(Role.AUDITOR).get(PAGE).content.decode()


def test_a_breach_is_shown_in_words_with_interval_and_time() -> None:
    read_to_end()
    store(race_result(100), race_result(200, UNFAIR), race_result(300, UNFAIR))
    text = text_of("/")
    assert "1 of 1 attributes is in breach." in text
    assert '<span class="state breach">breach</span>' in text
    assert "0.333 (0.282 to 0.393)" in text or "0.333 (" in text
    assert "1970-01-01 00:03:20 UTC" in text  # since
    assert "Stale" not in text


def test_the_overview_says_how_many_false_alarms_the_policy_permits() -> None:
    store(race_result(100))
    assert '<td data-name="False-alarm budget">0.1 per million decisions</td>' in text_of("/")
    detection = msgspec.structs.replace(MODEL.detection, procedure="fdr", false_discovery_rate=0.05)
    watch(Policy(schema=1, models=(msgspec.structs.replace(MODEL, detection=detection),)))
    assert '<td data-name="False-alarm budget">false discovery rate 0.05</td>' in text_of("/")


def test_a_limit_that_is_exceeded_without_proof_is_not_called_fine() -> None:
    read_to_end()
    result = race_result(100, UNFAIR)
    groups = tuple(msgspec.structs.replace(group, state="ok" if group.state else None) for group in result.groups)
    store(msgspec.structs.replace(result, groups=groups, state="ok"))
    assert "limit exceeded, not proven" in text_of("/")


def test_stale_pages_say_since_when() -> None:
    read_to_end(3600, "No Kafka broker answers")
    store(race_result(100))
    text = text_of("/")
    assert "Stale since " in text
    assert "No Kafka broker answers." in text
    assert '<span class="stale">stale</span>' in text


def test_readiness_is_that_of_what_is_stored() -> None:
    client = browser(is_logged_in=False)
    assert (client.get("/livez").status_code, client.get("/readyz").status_code) == (200, 503)
    read_to_end()
    assert (client.get("/readyz").status_code, client.get("/readyz").content) == (200, b"ok\n")
    Reading.objects.update(current_at_s=0.0)
    assert client.get("/readyz").status_code == 503


def test_a_topic_that_was_never_read_makes_the_page_stale() -> None:
    Reading.objects.create(topic=FAIRNESS_RESULTS, current_at_s=time.time())
    assert "Not read yet." in text_of("/")


def test_a_model_that_ended_to_publish_is_marked() -> None:
    read_to_end()
    store(race_result(100), at_s=time.time() - 3600)
    assert "no newer result since" in text_of("/")


def test_suppressed_groups_show_no_number() -> None:
    read_to_end()
    store(race_result(100, FAIR | {"hispan": (3, 2)}))
    text = text_of(PAGE)
    assert f"suppressed: fewer than {MODEL.privacy.k} decisions" in text
    assert "66.7%" not in text


def test_a_model_page_draws_states_rates_and_ratios() -> None:
    read_to_end()
    store(*(race_result(100 * number, UNFAIR if number > 2 else FAIR) for number in range(1, 6)))
    text = text_of(PAGE)
    assert text.count("<figure tabindex=") >= 3
    assert "State by window of 100s" in text
    assert "disparate impact ratio" in text


def test_alerts_are_listed_newest_first() -> None:
    read_to_end()
    alerts = [msgspec.structs.replace(ALERT, model=MODEL.name, at_s=at_s, pane_s=at_s) for at_s in (60, 120)]
    STORE.apply(FAIRNESS_ALERTS, None, run_of([*alerts]))
    text = text_of(PAGE)
    assert text.index("00:02:00 UTC") < text.index("00:01:00 UTC")


@pytest.mark.parametrize(
    "query", ["attribute=nothing", "window=total", "window=%00", "attribute=race%27--", "attribute=<script>"]
)
def test_an_unknown_choice_is_not_found_and_not_repeated(query: str) -> None:
    answer = browser(Role.VIEWER).get(f"{PAGE}?{query}")
    assert answer.status_code == 404
    assert b"nothing" not in answer.content
    assert b"script>" not in answer.content.replace(b"</script>", b"")


@pytest.mark.parametrize("query", ["page=-1", "page=x", "page=99999999999", "search=%00", "search=%25'\"<script>"])
def test_hostile_queries_of_the_overview_are_harmless(query: str) -> None:
    store(race_result(100))
    text = text_of(f"/?{query}")
    assert "<script>" not in text


def test_names_from_the_topic_are_escaped() -> None:
    read_to_end()
    name = '<img src=x onerror="alert(1)">'
    result = race_result(100, UNFAIR)
    groups = tuple(
        msgspec.structs.replace(group, group=name, labels=(name,)) if group.group == "black" else group
        for group in result.groups
    )
    store(msgspec.structs.replace(result, groups=groups))
    alert = msgspec.structs.replace(ALERT, model=MODEL.name, group=name, sentence=f"{name} {{{{ 7|add:7 }}}}")
    STORE.apply(FAIRNESS_ALERTS, None, run_of([alert]))
    for path in ("/", PAGE):
        text = text_of(path)
        assert "<img" not in text
        assert "&lt;img" in text


def test_a_forged_attribute_or_model_leads_nowhere() -> None:
    read_to_end()
    store(race_result(100), race_result(100, model="a/b?c#d"), race_result(100, attribute="x&window=1h"))
    text = text_of("/")
    assert "a/b?c" not in text  # no model of the policy
    assert "attribute=x%26window%3D1h" in text


def test_without_a_database_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(Role.VIEWER)

    def fail(*_: object) -> None:
        raise OperationalError("password=secret")

    monkeypatch.setattr(overview, "show", fail)
    answer = client.get("/")
    assert answer.status_code == 503
    assert b"The database does not answer" in answer.content
    assert b"secret" not in answer.content
