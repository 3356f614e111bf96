"""Requests that mean harm: forms of other sites, other methods, other hosts, a database that does not answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.urls import URLPattern, get_resolver

from stream_app.web_app.accounts.roles import EVERY_ROLE, Role
from stream_app.web_app.cases.models import Case
from tests.support.web.pages import browser
from tests.support.web.stored_alerts import BREACH, store_alerts

POSTED: dict[str | None, Any] = {
    pattern.name: pattern.callback
    for pattern in get_resolver().url_patterns
    if isinstance(pattern, URLPattern) and "POST" in getattr(pattern.callback, "methods", ())
}
ADDRESSES = {
    "case-change": "/cases/1/change",
    "case-export": "/cases/1/export",
    "case-replay": "/cases/1/replay",
    "audit-verify": "/audit/verify",
    "draft-send": "/policies/send",
    "draft-decide": "/policies/drafts/1/decide",
    "draft-compare": "/policies/drafts/1/compare",
    "replay-cancel": "/replays/1/cancel",
    "replay-repeat": "/replays/1/repeat",
    "token-create": "/tokens/create",
    "token-limit": "/tokens/1/limit",
    "token-revoke": "/tokens/1/revoke",
    "user-invite": "/users/invite",
    "user-change": "/users/1/change",
    "login": "/login",
    "logout": "/logout",
    "welcome": "/welcome/x",
}


def fail(*_: Any) -> None:
    raise OperationalError("password=secret")


def test_every_form_is_listed() -> None:
    assert ADDRESSES.keys() == POSTED.keys()


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_a_form_of_another_site_is_rejected_for_every_role(name: str) -> None:
    for role in POSTED[name].roles or [Role.VIEWER]:
        client = browser(role, enforce_csrf_checks=True)
        headers: dict[str, str]
        for headers in ({}, {"origin": "https://elsewhere.example"}, {"referer": "https://elsewhere.example/"}):
            answer = client.post(ADDRESSES[name], {"action": "note"}, headers=headers)
            assert answer.status_code == 403
            assert b"Form expired" in answer.content


@pytest.mark.parametrize("path", ["/", "/alerts", "/cases", "/cases/1", "/audit", "/users", "/policies", "/privacy"])
def test_a_database_that_does_not_answer_is_said_to_everybody(path: str) -> None:
    client = browser(Role.AUDITOR)
    with connection.execute_wrapper(fail):
        answer = client.get(path)
    assert answer.status_code == 503
    assert b"The database does not answer" in answer.content
    assert b"secret" not in answer.content


@pytest.mark.parametrize(
    "next_page", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/cases"]
)
def test_who_is_not_logged_in_is_sent_back_to_this_site_only(next_page: str) -> None:
    answer = browser(is_logged_in=False).get("/cases", {"next": next_page})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=/cases")


def test_a_user_without_a_role_finds_out_nothing_about_what_there_is() -> None:
    store_alerts(BREACH)
    client = browser()
    answers = [client.get(f"/cases/{number}") for number in (Case.objects.get().pk, 99_999)]
    assert {answer.status_code for answer in answers} == {403}
    first, second = (re.sub(rb'value="\w{64}"', b"", answer.content) for answer in answers)  # the token of the form
    assert first == second


@pytest.mark.parametrize("role", sorted(EVERY_ROLE))
def test_the_navigation_leads_only_where_the_user_may_go(role: str) -> None:
    client = browser(role)
    text = client.get("/").content.decode()
    for address in ("/alerts", "/cases", "/policies", "/privacy", "/audit", "/users", "/runbooks"):
        assert (f'href="{address}"' in text) == (client.get(address).status_code == 200), address
