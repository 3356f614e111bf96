"""Every route of the API with every role, scope and method."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from django.urls import URLResolver, get_resolver

from stream_app.errors import ConfigError
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access.gate import PUBLIC
from stream_app.web_app.api.access.scopes import ALLOWED, Scope
from stream_app.web_app.api.service import RESOURCES
from tests.support.web.programs import Program, error_of, json_body, make_token

(API,) = [pattern for pattern in get_resolver().url_patterns if isinstance(pattern, URLResolver)]
ROUTES: dict[str, Any] = {f"/api/{pattern.pattern}": pattern.callback for pattern in API.url_patterns}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def address_of(route: str) -> str:
    return re.sub(r"<[^>]*>", "0123456789ab", route)


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
