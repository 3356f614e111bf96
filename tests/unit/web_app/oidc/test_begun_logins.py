"""Logins that were begun: what is stored of them, where, how many and for how long."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session

from stream_app.web_app.oidc.begun import COOKIE
from tests.support.web.oidc.logins import assert_rejected, log_in, someone, way_back
from tests.support.web.provider import Provider


def test_strangers_store_nothing_however_often_they_begin_or_come_back(provider: Provider) -> None:
    client = someone()
    for _ in range(30):
        client.get("/oidc/login")
    for _ in range(3):
        begun = someone()
        way_back(begun)
        state = parse_qs(urlsplit(begun.get("/oidc/login")["Location"]).query)["state"][0]
        assert begun.get(f"/oidc/callback?code=guessed&state={state}").status_code == 403
    provider.claims["roles"] = []
    assert log_in(someone()).status_code == 403
    assert not Session.objects.exists()
    provider.claims["roles"] = ["fair-audit"]
    log_in(client)
    assert Session.objects.count() == 1


def test_what_was_begun_is_sent_to_the_two_pages_of_the_login_only_and_cannot_be_read_by_scripts() -> None:
    client = someone()
    client.get("/oidc/login")
    sent = client.cookies[COOKIE]
    assert (sent["path"], sent["httponly"], sent["samesite"], sent["max-age"]) == ("/oidc/", True, "Lax", 900)
    log_in(client)
    assert client.cookies[COOKIE].value != sent.value


def test_logins_in_several_tabs_come_back_and_the_oldest_are_forgotten() -> None:
    client = someone()
    backs = [way_back(client) for _ in range(7)]
    assert len(client.cookies[COOKIE].value) < 4000
    assert client.get(backs[0]).status_code == 403
    assert client.get(backs[2]).status_code == 302
    assert client.get(backs[-1]).status_code == 302


@pytest.mark.parametrize("change", ["sign", "content", "empty", "long", "late"])
def test_a_begun_login_that_was_changed_or_is_too_old_does_not_come_back(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = someone()
    back = way_back(client)
    value = client.cookies[COOKIE].value
    changed = {"sign": value[:-1] + ("a" if value[-1] != "a" else "b"), "content": "e30" + value, "empty": ""}
    client.cookies[COOKIE] = changed.get(change, "x" * 9000 if change == "long" else value)
    if change == "late":
        now_s = time.time()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now_s + 901)
    assert_rejected(client, client.get(back))


def test_a_long_address_to_go_on_to_does_not_stop_a_login() -> None:
    client = someone()
    answer = log_in(client, f"/oidc/login?next=/models/{'x%20' * 1500}")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_who_is_logged_in_stays_so_while_another_login_is_begun_or_fails() -> None:
    client = someone()
    log_in(client)
    back = way_back(client)
    assert client.get("/").status_code == 200
    answer = client.get(back.replace("state=", "state=x"))
    assert (answer.status_code, b"Log out" in answer.content) == (403, True)
    assert client.get("/").status_code == 200
    assert client.get(back).status_code == 302
    assert client.get("/").status_code == 200
