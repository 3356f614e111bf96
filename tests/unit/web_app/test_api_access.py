"""Who may use the API: tokens, every route with every role and method, limits, errors without an echo."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from stream_app.errors import ConfigError
from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access import tokens
from stream_app.web_app.api.access.gate import PUBLIC
from stream_app.web_app.api.access.rates import Buckets
from stream_app.web_app.api.access.scopes import ALLOWED, Scope
from stream_app.web_app.api.access.tokens import Limits
from stream_app.web_app.api.models import Token
from stream_app.web_app.api.running import start_api
from stream_app.web_app.api.service import RESOURCES
from stream_app.web_app.host.database_faults import AWAY
from stream_app.web_app.projection.models import WindowRow
from tests.support.web.pages import browser
from tests.support.web.programs import Program, error_of, make_token

(API,) = [pattern for pattern in get_resolver().url_patterns if isinstance(pattern, URLResolver)]
ROUTES: dict[str, Any] = {f"/api/{pattern.pattern}": pattern.callback for pattern in API.url_patterns}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
SECRET = "hunter2"  # noqa: S105  # of nothing


def address_of(route: str) -> str:
    return re.sub(r"<[^>]*>", "0123456789ab", route)


def json_body(method: str) -> dict[str, Any]:
    return {"data": b"{}", "content_type": "application/json"} if method in ("POST", "PUT", "PATCH") else {}


def answered(ask: Callable[[int], Any], code: int) -> int:
    """Return how many requests are answered by a code before they are limited."""
    for number in range(1000):
        answer = ask(number)
        if answer.status_code == 429:
            return number
        assert answer.status_code == code
    raise AssertionError


def test_the_public_routes_are_these_and_every_module_has_a_route() -> None:
    assert {route for route, view in ROUTES.items() if not view.roles} == PUBLIC
    assert len(ROUTES) > len(RESOURCES)


@pytest.mark.parametrize(("route", "role"), list(product(ROUTES, [*Role, "nobody"])))
def test_a_route_opens_to_tokens_with_its_scope_by_its_methods_only(route: str, role: str) -> None:
    view = ROUTES[route]
    program = Program(None if role == "nobody" else make_token(role))
    for method in METHODS:
        for address in (address_of(route), address_of(route) + "/", address_of(route).replace("/api/", "/api//")):
            answer = program.ask(method, address, **json_body(method))
            is_route = address == address_of(route)
            if role == "nobody" and not (is_route and route in PUBLIC):
                assert answer.status_code == 401
                assert answer["WWW-Authenticate"].startswith("Bearer")
            elif not is_route:
                assert answer.status_code == 404
            elif view.roles and role not in view.roles:
                assert answer.status_code == 403
            elif method not in view.methods:
                assert answer.status_code == 405
                assert set(answer["Allow"].split(", ")) == set(view.methods)
            else:
                assert answer.status_code in (200, 404, 422, 503)
            if answer.status_code not in (200, 503) and method != "HEAD":
                error_of(answer)


@pytest.mark.parametrize("route", [route for route, view in ROUTES.items() if view.roles])
def test_a_token_without_the_scope_of_a_route_is_denied_whatever_its_role(route: str) -> None:
    needed = ROUTES[route].scope
    for role, allowed in ALLOWED.items():
        others = sorted(allowed - {needed})
        assert Program(make_token(role, others)).get(address_of(route)).status_code == 403


def test_an_administrator_reads_no_audit_log_and_asks_no_model() -> None:
    assert not ALLOWED[Role.ADMINISTRATOR] & {Scope.AUDIT, Scope.SCORE}
    with pytest.raises(ConfigError, match="does not have the scope audit"):
        make_token("administrator", ["audit"])


def test_a_role_that_loses_a_scope_takes_it_from_its_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(make_token("viewer"))
    assert program.get("/api/policies").status_code == 200
    monkeypatch.setitem(ALLOWED, Role.VIEWER, frozenset())
    assert program.get("/api/policies").status_code == 403


def test_only_a_hash_of_a_token_is_stored_and_its_last_day_is_noted() -> None:
    text = make_token("viewer")
    token = Token.objects.get()
    assert re.fullmatch(r"fs_[a-z2-7]{8}_[A-Za-z0-9_-]{43}", text)
    secret = text.split("_", 2)[2]
    assert not any(secret in str(value) for value in Token.objects.values_list()[0])
    assert token.last_used_on is None
    Program(text).get("/api/policies")
    assert Token.objects.get().last_used_on == timezone.now().date()


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"revoked_at": timezone.now() - timedelta(days=1)},
        {"revoked_at": timezone.now() + timedelta(days=1)},
        {"digest": "0" * 64},
        {"digest": ""},
        {"id": "aaaaaaaa"},
    ],
)
def test_a_token_that_ended_or_was_changed_is_not_accepted(change: dict[str, Any]) -> None:
    text = make_token("viewer")
    assert Program(text).get("/api/policies").status_code == 200
    Token.objects.update(**change)
    assert error_of(Program(text).get("/api/policies"))["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer {token} ",
        "Bearer  {token}",
        "Bearer {token}\t",
        "Bearer {token}a",
        "Bearer {other}",
        "Bearer fs_aaaaaaaa_",
        "Bearer \u0000",
        "Basic {token}",
        "{token}",
        "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW5pc3RyYXRvciJ9.",
        "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uL3gifQ.eyJleHAiOjB9.AAAA",
        "Bearer " + "x" * 8000,
    ],
)
def test_whatever_is_no_token_gets_the_same_answer(header: str) -> None:
    text = make_token("viewer")
    other = text[:-1] + ("A" if text[-1] != "A" else "B")
    answer = Program().get("/api/policies", {"Authorization": header.format(token=text, other=other)})
    assert answer.status_code == 401
    error = error_of(answer)
    assert error == {**error, "code": "unauthenticated", "message": "Send a valid token: Authorization: Bearer fs_..."}


def test_the_word_bearer_is_read_without_regard_to_case_and_cookies_are_not() -> None:
    text = make_token("viewer")
    assert Program().get("/api/policies", {"Authorization": f"bEaReR {text}"}).status_code == 200
    assert Program().get("/api/policies", {"Cookie": f"fairstream={text}"}).status_code == 401
    assert Program().get(f"/api/policies?token={text}").status_code == 401


def test_a_login_of_a_person_does_not_open_the_api() -> None:
    assert browser(Role.ADMINISTRATOR).get("/api/policies").status_code == 401


def test_tokens_have_their_own_limits_for_reading_and_writing() -> None:
    start_api(Settings(api_reads_per_min=3, api_writes_per_min=2))  # of which one comes back every 20 seconds or later
    first, second = (Program(make_token("viewer")) for _ in range(2))
    assert [first.get("/api/policies").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = first.get("/api/policies")
    assert error_of(answer)["code"] == "too_many_requests"
    assert 1 <= int(answer["Retry-After"]) <= 20
    assert second.get("/api/policies").status_code == 200
    codes = [first.ask("POST", "/api/policies", **json_body("POST")).status_code for _ in range(3)]
    assert codes == [405, 405, 429]


def test_a_token_with_limits_of_its_own_has_these_from_its_next_request_on() -> None:
    start_api(Settings(api_reads_per_min=3, api_writes_per_min=2))
    token, text = tokens.create("x", Role.ANALYST, [], 1, limits=Limits(1, 4))
    program = Program(text)
    assert [program.get("/api/policies").status_code for _ in range(2)] == [200, 429]
    codes = [program.ask("POST", "/api/policies", **json_body("POST")).status_code for _ in range(5)]
    assert codes == [405] * 4 + [429]
    costly = program.get("/api/monitor_fairness")  # counts as both, and neither is left
    assert costly.status_code == 429
    tokens.limit(token.id, Limits(60_000, None))  # one every millisecond
    assert answered_soon(lambda: program.get("/api/policies"), 200)
    assert Program(make_token("viewer")).get("/api/policies").status_code == 200


def answered_soon(ask: Callable[[], Any], code: int) -> bool:
    """Return whether one of many requests is answered so."""
    return any(ask().status_code == code for _ in range(1000))


@pytest.mark.parametrize("limits", [Limits(0, None), Limits(None, -1), Limits(1_000_001, None)])
def test_a_limit_that_is_none_is_rejected(limits: Limits) -> None:
    with pytest.raises(ConfigError, match="1 to 1,000,000 requests"):
        tokens.create("x", Role.VIEWER, [], 1, limits=limits)
    token, _ = tokens.create("x", Role.VIEWER, [], 1)
    with pytest.raises(ConfigError, match="1 to 1,000,000 requests"):
        tokens.limit(token.id, limits)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Request-Id"])
def test_requests_without_a_token_are_limited_by_address_whatever_headers_say(name: str) -> None:
    program = Program(peer=f"198.51.100.{len(name)}")
    n = answered(lambda number: program.get("/api/policies", {name: f"10.0.{number // 256}.{number % 256}"}), 401)
    assert n >= 60
    token = make_token("viewer")
    assert Program(token, peer=f"198.51.100.{len(name)}").get("/api/policies").status_code == 200


def test_the_addresses_of_one_network_are_one_peer() -> None:
    n = answered(lambda number: Program(peer=f"2001:db8:0:1::{number:x}").get("/api/health"), 503)
    assert n >= 60


def test_a_bucket_fills_again_and_the_oldest_are_dropped() -> None:
    now = [0.0]
    buckets = Buckets(60, now=lambda: now[0])
    assert [buckets.take("a") for _ in range(60)] == [0.0] * 60
    assert buckets.take("a") == pytest.approx(1.0)
    now[0] = 2.5
    assert [buckets.take("a") == 0.0 for _ in range(3)] == [True, True, False]
    for number in range(10_000):
        buckets.take(str(number))
    assert buckets.take("a") == 0.0


@pytest.mark.parametrize(
    "path",
    [
        f"/api/{SECRET}",
        f"/api/results/{SECRET}",
        f"/api/results?model={SECRET}",
        f"/api/results?{SECRET}=1",
        f"/api/results?model=loanapp&model={SECRET}",
        f"/api/results?attribute=race%22)+or+vector(1)+%23{SECRET}",
        f"/api/results?window={SECRET}' OR 1=1 --",
        f"/api/results?state={SECRET}",
        f"/api/results?since={SECRET}",
        f"/api/results?limit={SECRET}",
        "/api/results?limit=0",
        "/api/results?limit=1001",
        "/api/results?limit=" + "9" * 5000,
        f"/api/results?cursor={SECRET}",
        "/api/results?cursor=%00",
        "/api/results?cursor=OTk5OTk5OTk5OTk5OTk5LmFhYQ",
        "/api/results?model=%00",
        "/api/results?model=%ff",
        "/api/results?since=2026-01-01T00:00:00",
        "/api/results?since=1e400",
        "/api/results?since=99999999999999999999",
        f"/api/explanation?model={SECRET}&attribute=race",
        f"/api/explanation?model=loanapp&attribute={SECRET}",
        "/api/explanation?model=loanapp",
        f"/api/alerts/{SECRET}",
        "/api/alerts/..%2f..%2fetc%2fpasswd",
        "/api/alerts/%2e%2e",
        f"/api/alerts?change={SECRET}",
        f"/api/policies?x={SECRET}",
        f"/api/health?x={SECRET}",
    ],
)
def test_an_error_names_what_is_wrong_and_repeats_nothing(path: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = Program(make_token("viewer")).get(path, {"X-Request-Id": f"a{SECRET}"})
    assert answer.status_code in (404, 422)
    error_of(answer)
    assert SECRET not in answer.content.decode()
    assert SECRET not in json.dumps(dict(answer.headers))
    ours = [record for record in caplog.records if record.name.startswith("stream_app")]
    assert SECRET not in "".join(record.getMessage() for record in ours)


def test_another_host_and_a_large_body_get_json_too() -> None:
    program = Program(make_token("viewer"))
    answer = program.get("/api/policies", {"host": "elsewhere.example"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "bad_request")
    assert b"elsewhere" not in answer.content


def test_prometheus_may_use_any_name_of_the_process() -> None:
    scraped = Program(make_token("viewer", ["metrics"])).get("/api/metrics", {"host": "10.0.0.7:8600"})
    assert (scraped.status_code, b"# TYPE fairstream_model_extraction_level gauge" in scraped.content) == (200, True)
    assert Program().get("/api/metrics", {"host": "10.0.0.7:8600"}).status_code == 401


def test_a_failure_is_answered_by_its_id_which_the_log_has(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(WindowRow.objects, "filter", fail)
    with caplog.at_level(logging.ERROR):
        answer = Program(make_token("viewer")).get("/api/results")
    assert answer.status_code == 500
    error = error_of(answer)
    assert (error["code"], SECRET in answer.content.decode()) == ("internal", False)
    assert any(f"request_id={error['request_id']}" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("where", ["token", "route"])
def test_a_database_that_does_not_answer_is_said(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text = make_token("viewer")

    def fail(*_: Any, **__: Any) -> Any:
        raise DatabaseError

    objects, name = (Token.objects, "raw") if where == "token" else (WindowRow.objects, "filter")
    monkeypatch.setattr(objects, name, fail)
    answer = Program(text).get("/api/results")
    assert (answer.status_code, error_of(answer)["code"]) == (503, "unavailable")
    [line] = [record.getMessage() for record in caplog.records if record.name.startswith("stream_app")]
    assert line == f"API request failed request_id={answer['X-Request-Id']} status=503 fault={AWAY}"


def test_no_answer_is_kept_or_opened_to_other_origins() -> None:
    for answer in (Program().get("/api/health"), Program(make_token("viewer")).get("/api/policies")):
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "\x1b[0m"])
def test_a_token_needs_a_printable_name(name: str) -> None:
    with pytest.raises(ConfigError, match="printable"):
        tokens.create(name, Role.VIEWER, [], 90)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_ends(days: int) -> None:
    with pytest.raises(ConfigError, match="1 to 365 days"):
        tokens.create("a", Role.VIEWER, [], days)
