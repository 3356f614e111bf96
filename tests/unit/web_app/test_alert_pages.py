"""The pages of alerts: what is said, what stays sealed, and that names of others do no harm."""

from __future__ import annotations

import time

import pytest

from stream_app.pipeline.records.amounts.values import AlertAmounts, Measured
from stream_app.pipeline.records.evidence import PairTest
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.cases.models import Case
from stream_app.web_app.projection.models import AlertRow, Reading
from stream_app.web_app.projection.store import TOPICS
from tests.support.web.pages import browser, text_of
from tests.support.web.stored_alerts import BREACH, SEALED, breach, store_alerts
from tests.support.web.window_results import MODEL

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 8000|add:777 }}{% now 'Y' %}",
    "a\u202eb\x1b[2J",
]


def test_the_page_says_what_how_sure_since_when_and_why() -> None:
    store_alerts(BREACH)
    text = text_of(f"/alerts/{BREACH.id}")
    assert "black approved 55% as often as white; limit 80%" in text
    assert "evidence 10^20.0 that the limit is exceeded; 10^8.0 needed" in text
    assert "99% interval 1970-01-01 00:00:00 UTC to 1970-01-01 00:00:30 UTC" in text
    assert "0.549" in text
    assert "Contribution to the gap by segment" in text
    assert "ifferent decisions within the same segment" in text
    command = f"fairstream replay verify --published --model {MODEL.name}"
    assert f"{command} --policy loans --from 1970-01-01T00:00:00Z --to 1970-01-01T00:01:01Z" in text
    assert f"/cases/{Case.objects.get().pk}" in text
    assert "no recovery was reported" in text


def test_an_alert_about_amounts_says_means_and_no_rate() -> None:
    means = AlertAmounts(
        name="rate", mean=9.226, mean_reference=8.523, difference=Measured(0.703, 0.532, 0.873), limit=0.25
    )
    of_means = breach(
        test=PairTest.MEAN_LOW, rate=None, disparate_impact_ratio=None, gap=None, cause=None, favorable=0, amounts=means
    )
    store_alerts(of_means)
    text = text_of(f"/alerts/{of_means.id}")
    assert "black worse off: mean rate 0.703 higher than white; limit 0.25" in text
    assert "9.226 of black, 8.523 of white" in text
    assert "+0.703 (95% interval 0.532 to 0.873); limit 0.25" in text
    assert "Ratio" not in text
    assert "%" not in text.partition("Counted")[2].partition("Unknown groups")[0].replace("95%", "")


def test_breach_and_recovery_of_a_pair_lead_to_each_other() -> None:
    recovery = breach(change="recovery", pane_s=100, at_s=160)
    others = [breach(change="recovery", pane_s=70, at_s=130, group="hispan"), breach(pane_s=200, at_s=260)]
    store_alerts(BREACH, recovery, *others)
    assert f"/alerts/{recovery.id}" in text_of(f"/alerts/{BREACH.id}")
    assert f"/alerts/{BREACH.id}" in text_of(f"/alerts/{recovery.id}")
    assert "within the limit again" in text_of(f"/alerts/{recovery.id}")


def test_an_alert_about_few_decisions_has_no_numbers() -> None:
    small = breach(n=3)
    store_alerts(small)
    text = text_of(f"/alerts/{small.id}")
    assert "Numbers are suppressed" in text
    assert "0.549" not in text
    assert "Contribution to the gap" not in text


def test_a_sealed_alert_shows_nothing_but_its_envelope() -> None:
    store_alerts(SEALED)
    text = text_of(f"/alerts/{SEALED.id}")
    assert "Sealed to auditors" in text
    assert "<code>auditor-1</code>" in text
    assert f"fairstream alerts decrypt --alert {SEALED.id}" in text
    assert b"secret" not in bytes(AlertRow.every_alert.get().body)
    assert "sealed" in text_of("/alerts")
    assert AlertRow.objects.count() == 0


def test_alerts_are_listed_by_model_change_and_attribute() -> None:
    store_alerts(BREACH, breach(attribute="sex", group="female", reference="male", change="recovery"), SEALED)
    assert text_of("/alerts").count('<th scope="row"') == 3
    assert text_of("/alerts?change=recovery").count('<th scope="row"') == 1
    assert text_of("/alerts?search=sex").count('<th scope="row"') == 1
    assert text_of(f"/alerts?model={MODEL.name}%2Foutcomes").count('<th scope="row"') == 0
    assert "No alert is like this" in text_of("/alerts?search=nothing")


def test_many_alerts_are_on_several_pages_that_keep_the_choice() -> None:
    store_alerts(*(breach(pane_s=60 * number, at_s=60 * number) for number in range(120)))
    text = text_of("/alerts?change=breach&search=race&page=2")
    assert "Page 2 of 3" in text
    assert "?change=breach&amp;search=race&amp;page=3" in text


def test_without_alerts_the_list_says_so_and_stale_pages_say_it() -> None:
    assert "No breach and no recovery was reported" in text_of("/alerts")
    for topic in TOPICS:
        Reading.objects.create(topic=topic, current_at_s=time.time() - 3600, fault="No Kafka broker answers")
    assert "Stale since" in text_of("/alerts")
    assert "Stale since" in text_of("/cases")


@pytest.mark.parametrize("path", ["x", "0" * 12, "%00", "..%2f", "0123456789aB", "<b>", "0123456789ab\n"])
def test_what_is_no_alert_is_not_found(path: str) -> None:
    answer = browser(Role.AUDITOR).get(f"/alerts/{path}")
    assert answer.status_code == 404
    assert b"<b>" not in answer.content


@pytest.mark.parametrize("query", ["model=other", "change=x", "change=%00", "model=<script>"])
def test_an_unknown_choice_is_not_found(query: str) -> None:
    assert browser(Role.VIEWER).get(f"/alerts?{query}").status_code == 404


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_sentences_of_others_are_text(name: str) -> None:
    hostile = breach(attribute=name, group=name, reference=name, sentence=name, policy_hash=name, code_version=name)
    sealed = SEALED
    store_alerts(hostile, sealed)
    for path in ("/alerts", f"/alerts/{hostile.id}", "/cases", *(f"/cases/{case.pk}" for case in Case.objects.all())):
        text = text_of(path)
        assert "<script>" not in text
        assert "<img" not in text
        assert "<svg/" not in text
        assert "\u202e" not in text
        assert 'href="javascript' not in text
        assert "8777" not in text
