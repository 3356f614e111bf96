"""Puts the API together: its routes, who may use them, and how it says that something is wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import HttpBearer

from stream_app.errors import FairStreamError
from stream_app.web_app.accounts.access import PUBLIC
from stream_app.web_app.api.access.faults import ApiError, answer_error, request_id
from stream_app.web_app.api.access.gate import holder_of
from stream_app.web_app.api.access.tokens import Holder
from stream_app.web_app.api.document import DECLARED, openapi_document, routes
from stream_app.web_app.api.resources import (
    alerts,
    audit_history,
    explanation,
    health,
    metrics,
    monitor_fairness,
    policies,
    results,
    score,
)

# Importing them declares their routes.
RESOURCES = (health, results, explanation, alerts, policies, monitor_fairness, audit_history, score, metrics)
_VERSION = "1.0"
_DESCRIPTION = (
    "Fairness of monitored models: what was judged, and why. Times are seconds since the epoch where their "
    "name ends in _s, else ISO 8601. Send a token as Authorization: Bearer fs_...; one is created with: fairstream web "
    "tokens create."
)


log = logging.getLogger(__name__)


class BearerToken(HttpBearer):
    """A token of ``fairstream web tokens create``; the gate has checked it before."""

    def authenticate(self, request: HttpRequest, token: str) -> Holder | None:
        """Return who makes the request."""
        del token
        return holder_of(request)


class StrictParser(Parser):
    """Reads JSON without NaN, infinity or repeated names."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the JSON object of a body; whatever this raises is answered by 400."""
        body = json.loads(request.body.decode(), object_pairs_hook=_once_each, parse_constant=_reject_constant)
        if not isinstance(body, dict):
            raise TypeError
        return body


api = NinjaAPI(
    title="FairStream",
    version=_VERSION,
    description=_DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
    auth=BearerToken(),
    parser=StrictParser(),
    servers=[{"url": "/"}],
)
api.add_router("", routes)


@api.exception_handler(ApiError)
def _answer_api_error(request: HttpRequest, error: ApiError) -> HttpResponse:
    return answer_error(request, error.status, error.message, parameters=error.parameters)


@api.exception_handler(FairStreamError)
def _answer_failure(request: HttpRequest, error: FairStreamError) -> HttpResponse:
    log.warning("API request failed request_id=%s fault=%s", request_id(request), error.message)
    return answer_error(request, 503)


@api.exception_handler(HttpError)
def _answer_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return answer_error(request, error.status_code)


@api.exception_handler(ValidationError)
def _answer_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the parameters that are invalid, of those that are declared; a client may have made up the others."""
    match = request.resolver_match
    declared: frozenset[str] = frozenset() if match is None else match.func.fields  # type: ignore[attr-defined]
    named = {part for fault in error.errors for part in fault["loc"] if part in declared}
    return answer_error(request, 422, parameters=named)


def api_document(request: HttpRequest) -> HttpResponse:
    """Return this document: OpenAPI 3.1."""
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    return HttpResponse(openapi_document(api), content_type="application/json")


api_document.roles = PUBLIC  # type: ignore[attr-defined]  # for the test that walks every route
api_document.methods = frozenset({"GET", "HEAD"})  # type: ignore[attr-defined]  # the same


def api_routes() -> Iterator[URLPattern]:
    """Yield the addresses below ``/api/``; each knows who may open it, by which method, with which parameters."""
    yield path("openapi.json", api_document, name="api_document")
    for pattern in api.urls[0]:
        declared = DECLARED.get(str(pattern.name).removeprefix("api_")) if isinstance(pattern, URLPattern) else None
        if declared is not None and isinstance(pattern, URLPattern):
            view: Any = pattern.callback
            view.scope, view.roles, view.methods = declared.scope, declared.roles, declared.methods
            view.is_costly = declared.is_costly
            view.parameters, view.fields = declared.parameters, declared.parameters | declared.fields
            yield pattern


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError
    return names


def _reject_constant(_text: str) -> None:
    raise ValueError
