"""Requests that mean harm: forms of other sites, other methods, other hosts, a database that does not answer."""

from __future__ import annotations

import hmac
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import OperationalError, connection
from django.urls import URLPattern, get_resolver

from stream_app.web_app.accounts.roles import EVERY_ROLE, Role
from stream_app.web_app.cases.models import Case
from tests.support.web.pages import PASSWORD, add_user, browser
from tests.support.web.programs import Program, error_of, make_token
from tests.support.web.provider import encoded, signed
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


# What follows are rows 75, 76 and 77 of the list of hostile inputs; test_api_access, test_oidc and the real server of
# tests/e2e/test_web_api.py have more of each.


@pytest.mark.parametrize(
    "sent", ["a\r\nSet-Cookie: x", "a\nX-Admin: 1", "\x1b]0;owned\x07", "0123456789abcdef" * 900, "{{7*7}}", "\u0000"]
)
@pytest.mark.parametrize("path", ["/api/policies", "/api/health", "/api/nothing", "/alerts", "/audit/99"])
def test_a_request_has_an_id_of_ours_whatever_it_brings(path: str, sent: str, caplog: pytest.LogCaptureFixture) -> None:
    client = browser(Role.AUDITOR)
    with connection.execute_wrapper(fail):  # so that a line of the log names the request
        answer = client.get(path, headers={"X-Request-Id": sent, "Authorization": "Bearer fs_x"})
    assert answer.status_code in (401, 404, 503)
    head = str(dict(answer.headers))
    assert sent not in head + answer.content.decode() + caplog.text
    assert not {"Set-Cookie", "X-Admin"} & answer.headers.keys()
    if "X-Request-Id" in answer:
        assert re.fullmatch("[0-9a-f]{16}", answer["X-Request-Id"])


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"])
def test_an_address_that_is_changed_a_thousand_times_is_still_limited(header: str) -> None:
    program = Program(peer="192.0.2.76")
    forms = ("10.0.{0}.{1}", "10.0.{0}.{1}, 192.0.2.77", "for=10.0.{0}.{1};by=127.0.0.1", "127.0.0.1, 10.0.{0}.{1}")
    codes = [
        program.get("/api/policies", {header: forms[number % 4].format(number // 256, number % 256)}).status_code
        for number in range(1_000)
    ]
    assert codes[0] == 401
    assert codes.count(429) > 800
    assert Program(make_token("viewer"), peer="192.0.2.76").get("/api/policies").status_code == 200


def test_a_password_that_is_guessed_from_changing_addresses_is_still_locked() -> None:
    add_user("grace", Role.ADMINISTRATOR)
    client = browser(is_logged_in=False)
    codes = []
    for number in range(100):
        form = {"username": "grace", "password": f"guess-{number}"}
        headers = {"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.1.0.{number}", "Forwarded": "for=10.2.0.1"}
        codes.append(client.post("/login", form, headers=headers).status_code)
    assert codes[:4] == [200] * 4  # the form again
    assert set(codes[5:]) == {429}
    assert client.post("/login", {"username": "grace", "password": PASSWORD}).status_code == 429


KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
GOOD = {"iss": "https://login.example", "aud": "fairstream", "sub": "root", "roles": ["administrator"], "exp": 4e9}


def by_hmac(header: dict[str, Any], claims: dict[str, Any], secret: bytes = PUBLIC) -> str:
    content = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{content}.{encoded(hmac.digest(secret, content.encode(), 'sha256'))}"


JWTS = {
    "alg none": signed(None, {"alg": "none"}, GOOD),
    "alg None": signed(None, {"alg": "None"}, GOOD),
    "no signature": signed(None, {"alg": "RS256"}, GOOD),
    "HS256 with the public key": by_hmac({"alg": "HS256"}, GOOD),
    "expired": signed(KEY, {"alg": "RS256"}, GOOD | {"exp": 1}),
    "of another audience": signed(KEY, {"alg": "RS256"}, GOOD | {"aud": "another"}),
    "kid outside": signed(KEY, {"alg": "RS256", "kid": "../../x"}, GOOD),
    "kid of a device, empty secret": by_hmac({"alg": "HS256", "kid": "/dev/null"}, GOOD, b""),
    "kid with SQL": by_hmac({"alg": "HS256", "kid": "x' UNION SELECT 'k' --"}, GOOD, b"k"),
    "keys of its own": signed(KEY, {"alg": "RS256", "jku": "http://127.0.0.1:1/keys"}, GOOD),
    "signed by a provider": signed(KEY, {"alg": "RS256", "kid": "key-1"}, GOOD),
}


@pytest.mark.parametrize("name", JWTS)
def test_no_json_web_token_opens_the_api(name: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = Program(JWTS[name]).get("/api/policies")
    assert answer.status_code == 401
    assert error_of(answer) == error_of(answer) | {"code": "unauthenticated"}
    assert JWTS[name] not in answer.content.decode() + caplog.text
    assert Program(JWTS[name]).ask("POST", "/api/score", data=b"{}", content_type="application/json").status_code == 401
