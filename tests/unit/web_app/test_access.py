"""Who may open what: every route with every role and method, logins, one-time links, headers."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group, User
from django.test import override_settings
from django.urls import URLPattern, get_resolver

from producers.simulated.control import StreamSetting
from stream_app.errors import ConfigError
from stream_app.policy import read_policy_text
from stream_app.programs.demo.web_pages import DemoSetup
from stream_app.web_app.accounts.access import PUBLIC
from stream_app.web_app.accounts.invitations import invite, invite_first
from stream_app.web_app.accounts.models import Invitation
from stream_app.web_app.accounts.roles import EVERY_ROLE, Role
from stream_app.web_app.api.access import tokens
from stream_app.web_app.cases.models import Case
from stream_app.web_app.demo import running
from stream_app.web_app.host import audit_trail
from stream_app.web_app.policies.drafts import propose
from stream_app.web_app.replays.periods import Period
from stream_app.web_app.replays.requests import Requester, cancel, start
from tests.support.web.pages import PASSWORD, add_user, browser
from tests.support.web.stored_alerts import BREACH, store_alerts
from tests.support.web.window_results import MODEL

DEMO_URLS = "stream_app.web_app.demo.urls"  # all others, and the page that only a demo has
ROUTES: dict[str, Any] = {
    pattern.name: pattern.callback
    for pattern in get_resolver(DEMO_URLS).url_patterns
    if isinstance(pattern, URLPattern) and pattern.name
}
ADDRESSES = {  # {alert} and {case} are stored by the test
    "overview": "/",
    "alerts": "/alerts",
    "alert": "/alerts/{alert}",
    "cases": "/cases",
    "case": "/cases/{case}",
    "case-about": f"/cases/about?model={MODEL.name}&attribute=race",
    "case-change": "/cases/{case}/change",
    "case-export": "/cases/{case}/export",
    "case-replay": "/cases/{case}/replay",
    "model": f"/models/{MODEL.name}",
    "cameras": "/cameras",
    "quality": "/quality",
    "model-quality": f"/quality/{MODEL.name}",
    "audit": "/audit",
    "audit-verify": "/audit/verify",
    "audit-proof": "/audit/1/proof",
    "privacy": "/privacy",
    "runbooks": "/runbooks",
    "runbook": "/runbooks/FairnessBreach",
    "policies": "/policies",
    "policy-comparison": "/policies/comparison",
    "policy": f"/policies/in-use/{MODEL.name}",
    "policy-download": f"/policies/in-use/{MODEL.name}/download",
    "draft-send": "/policies/send",
    "draft": "/policies/drafts/{draft}",
    "draft-decide": "/policies/drafts/{draft}/decide",
    "draft-download": "/policies/drafts/{draft}/download",
    "draft-compare": "/policies/drafts/{draft}/compare",
    "replays": "/replays",
    "replay": "/replays/{replay}",
    "replay-cancel": "/replays/{replay}/cancel",
    "replay-repeat": "/replays/{ended}/repeat",
    "users": "/users",
    "user-invite": "/users/invite",
    "user-change": "/users/{user}/change",
    "tokens": "/tokens",
    "token-create": "/tokens/create",
    "token-limit": "/tokens/{token}/limit",
    "token-revoke": "/tokens/{token}/revoke",
    "livez": "/livez",
    "readyz": "/readyz",
    "login": "/login",
    "logout": "/logout",
    "welcome": "/welcome/x",
    "asset": "/assets/x/app.css",
    "demo": "/demo",
    "demo-stream": "/demo/stream",
}
OPEN = {"livez", "readyz", "login", "logout", "welcome", "asset"}
SENT = {  # what a form sends, and the page then leads elsewhere
    "case-change": {"action": "note", "text": "seen"},
    "user-change": {"action": "role", "role": "viewer"},
    "draft-send": {"action": "propose", "reason": "x", "text": read_policy_text("loanapp")},
    "draft-decide": {"action": "approve"},
    "draft-compare": {"model": MODEL.name, "from": "2026-01-01T00:00", "to": "2026-01-02T00:00"},
    "case-replay": {"from": "2026-01-01T00:00", "to": "2026-01-02T00:00"},
    "replay-cancel": {},
    "replay-repeat": {},
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def stored_address(name: str) -> str:
    """Return an address where there is something: an alert, and its case."""
    store_alerts(BREACH)
    other = add_user("other", None)
    draft = propose(other, read_policy_text("loanapp"), "x")
    token, _ = tokens.create("x", Role.VIEWER, [], 1)
    replays = [start(Requester(other), MODEL, Period(0, 60)) for _ in range(2)]
    cancel(Requester(other), replays[1].pk)
    names = {"user": other.pk, "draft": draft.pk, "token": token.id, "replay": replays[0].pk, "ended": replays[1].pk}
    return ADDRESSES[name].format(alert=BREACH.id, case=Case.objects.get().pk, **names)


def test_every_route_is_listed_and_names_its_roles() -> None:
    assert ADDRESSES.keys() == ROUTES.keys()
    others = [pattern for pattern in get_resolver(DEMO_URLS).url_patterns if not isinstance(pattern, URLPattern)]
    assert [str(pattern.pattern) for pattern in others] == ["api/"]  # which test_api_access walks
    plain = {pattern.name for pattern in get_resolver().url_patterns if isinstance(pattern, URLPattern)}
    assert plain == ROUTES.keys() - {"demo", "demo-stream"}
    assert {name for name, route in ROUTES.items() if route.roles == PUBLIC} == OPEN


@pytest.mark.parametrize(("name", "role"), list(product(ADDRESSES, [*Role, None, "nobody"])))
@pytest.mark.usefixtures("log")
@override_settings(ROOT_URLCONF=DEMO_URLS)
def test_a_route_opens_to_its_roles_by_its_methods_only(
    name: str, role: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = ROUTES[name]
    monkeypatch.setattr(
        running, "_running", [DemoSetup("", str(tmp_path / "stream.json"), 0, StreamSetting(0.0, 50.0))]
    )
    is_logged_in = role != "nobody"
    address = stored_address(name)
    client = browser(role if is_logged_in else None, is_logged_in=is_logged_in)
    audit_trail.append("user-event", {"action": "created"})
    for method in METHODS:
        if name == "logout" and method == "POST":
            continue  # it would end the session; tested apart
        is_sent = method == "POST" and name in SENT
        answer = client.post(address, SENT[name]) if is_sent else client.generic(method, address)
        if view.roles and not is_logged_in:
            assert (answer.status_code, answer["Location"]) == (302, f"/login?next={quote(address)}")
        elif view.roles and role not in view.roles:
            assert answer.status_code == 403
        elif method not in view.methods:
            assert answer.status_code == 405
        else:
            assert answer.status_code in (200, 302, 400, 404, 409, 503)
            rejected = {"user-invite": 409, "demo-stream": 400, "token-create": 409}  # by an empty form
            rejected["case-about"] = 302  # to the case
            if name in ("token-limit", "token-revoke"):  # it was made by an operator
                rejected[name] = 302 if role == Role.ADMINISTRATOR else 404
            expected = rejected.get(name, 302 if is_sent else 200)
            assert not view.roles or answer.status_code == expected


def test_a_user_who_was_disabled_or_lost_the_role_sees_nothing() -> None:
    client = browser(Role.VIEWER)
    assert client.get("/").status_code == 200
    User.objects.get().groups.clear()
    assert client.get("/").status_code == 403
    User.objects.update(is_active=False)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/models/nothing", "/assets/x/app.js"])
def test_every_answer_has_the_headers_of_security(path: str) -> None:
    answer = browser(Role.VIEWER).get(path)
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_have_no_inline_script_or_style() -> None:
    client = browser(Role.VIEWER)
    for path in ("/", "/nowhere", f"/models/{MODEL.name}"):
        text = client.get(path).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert "<script>" not in text


def test_another_host_is_rejected() -> None:
    client = browser(Role.VIEWER)
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400
    assert client.get("/", headers={"host": "localhost:1"}).status_code == 200


def test_login_leads_only_to_this_site_and_changes_the_session() -> None:
    add_user("ada", Role.VIEWER)
    client = browser(is_logged_in=False)
    client.get("/login")
    for address in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"):
        form = {"username": "ada", "password": PASSWORD, "next": address}
        answer = client.post("/login", form)
        assert (answer.status_code, answer["Location"]) == (302, "/")
        first = client.cookies["fairstream"].value
        client.post("/logout")
        client.post("/login", form)
        assert client.cookies["fairstream"].value != first
    assert client.cookies["fairstream"]["httponly"]


def test_forms_without_their_token_are_rejected() -> None:
    add_user("ada", Role.VIEWER)
    client = browser(is_logged_in=False, enforce_csrf_checks=True)
    answer = client.post("/login", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 403
    assert b"Form expired" in answer.content


def test_guesses_of_a_password_are_slowed() -> None:
    add_user("ada", Role.VIEWER)
    client = browser(is_logged_in=False)
    codes = [client.post("/login", {"username": "ada", "password": "wrong"}).status_code for _ in range(6)]
    assert codes == [200, 200, 200, 200, 429, 429]
    answer = client.post("/login", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 429
    assert b"15 minutes" in answer.content


def redeem(token: str, name: str = "ada", password: str = PASSWORD, repeated: str | None = None) -> int:
    form = {"username": name, "password": password, "repeated": password if repeated is None else repeated}
    code: int = browser(is_logged_in=False).post(f"/welcome/{token}", form).status_code
    return code


def test_the_first_link_makes_one_administrator_once() -> None:
    replaced, token = invite_first(), invite_first()
    assert replaced is not None
    assert token is not None
    assert redeem(replaced) == 404
    for name, password, repeated in (
        ("ada", "short", "short"),
        ("ada", PASSWORD, PASSWORD + "x"),
        ("ada", "password1234", "password1234"),
        ("<script>", PASSWORD, PASSWORD),
        ("", PASSWORD, PASSWORD),
    ):
        assert redeem(token, name, password, repeated) == 200  # the form again
    assert not User.objects.exists()
    assert redeem(token) == 302
    assert redeem(token, "eve") == 404
    user = User.objects.get()
    assert (user.username, [group.name for group in user.groups.all()]) == ("ada", ["administrator"])
    assert (user.is_superuser, user.is_staff) == (False, False)
    assert invite_first() is None


def test_a_first_link_ends_when_there_is_a_user() -> None:
    first, second = invite_first(), invite("grace", Role.AUDITOR)
    assert first is not None
    assert redeem(second, "other-name") == 302
    assert User.objects.get().username == "grace"
    assert redeem(first) == 404


def test_a_link_ends_after_a_day_and_only_its_digest_is_stored() -> None:
    token = invite("grace", Role.AUDITOR)
    invitation = Invitation.objects.get()
    assert token not in {str(value) for value in Invitation.objects.values_list()[0]}
    invitation.expires_at -= timedelta(hours=25)
    invitation.save()
    assert redeem(token) == 404


@pytest.mark.parametrize("name", ["", "a b", "x" * 151, "ada\0", "<b>"])
def test_an_invalid_name_is_not_invited(name: str) -> None:
    with pytest.raises(ConfigError, match="Invalid user name"):
        invite(name, Role.VIEWER)


def test_a_taken_name_is_not_invited_and_a_second_link_ends_the_first() -> None:
    first = invite("ada", Role.VIEWER)
    second = invite("Ada", Role.VIEWER)
    assert redeem(first) == 404
    assert redeem(second) == 302
    with pytest.raises(ConfigError, match="already"):
        invite("ADA", Role.VIEWER)


def test_every_role_is_a_group() -> None:
    assert {group.name for group in Group.objects.all()} == {*EVERY_ROLE}
