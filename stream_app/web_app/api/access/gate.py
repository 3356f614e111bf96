"""Guards the API before any route is known: who asks, how often, with which right. Every error becomes JSON.

A request without a valid token gets 401 whatever it asks for, so it learns nothing of what exists; one with a token
that lacks the right of a route gets 403, by every method.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from stream_app.web_app.api.access.faults import answer_error, request_id
from stream_app.web_app.api.access.rates import peer_of
from stream_app.web_app.api.access.tokens import Holder, authenticate
from stream_app.web_app.api.running import running
from stream_app.web_app.host.api_errors import PREFIX, is_api
from stream_app.web_app.host.database_faults import NOTED, fault_of

PUBLIC = frozenset({f"{PREFIX}/health", f"{PREFIX}/openapi.json"})
METRICS = f"{PREFIX}/metrics"
_ANY_HOST = "localhost"  # Prometheus asks each process by its own address; nothing in the answer depends on that
_READING = ("GET", "OPTIONS")
_SCHEME = "bearer "
_ERROR = 400
_SERVER_ERROR = 500

log = logging.getLogger(__name__)


class Gate:
    """Guards every path of the API, and no other.

    Args:
        get_response: The next middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        if not is_api(request.path_info):
            return self._get_response(request)
        if request.path_info == METRICS:
            request.META["HTTP_HOST"] = _ANY_HOST
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"  # the server sends the head of the answer only
        try:
            response = self._admit(request) or self._get_response(request)
        except DatabaseError as error:
            request.META[NOTED] = fault_of(error)
            response = answer_error(request, 503)
        if is_head:
            request.method = "HEAD"
        response = _as_json(request, response)
        response["X-Request-Id"] = request_id(request)
        response["Cache-Control"] = "no-store"
        response["Content-Length"] = str(len(response.content))
        if response.status_code >= _SERVER_ERROR and request.path_info not in PUBLIC:
            fault = request.META.get(NOTED, "")
            line = "API request failed request_id=%s status=%d fault=%s"
            log.error(line, request_id(request), response.status_code, fault)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, options: Mapping[str, Any]
    ) -> HttpResponse | None:
        """Reject a request whose token lacks the right of its route."""
        del args, options
        if not is_api(request.path_info):
            return None
        if request.path_info in PUBLIC:
            return _reject_query(request, frozenset())
        scope = getattr(view, "scope", None)
        holder = holder_of(request)
        if holder is None or scope is None or scope not in holder.scopes:
            return answer_error(request, 403)
        if request.method not in getattr(view, "methods", ()):
            return None  # which the view answers by 405
        if request.method == "POST" and request.content_type != "application/json":
            return answer_error(request, 415)
        rejected = _reject_query(request, getattr(view, "parameters", frozenset()))
        if rejected is None and getattr(view, "is_costly", False):
            rejected = _limited(request, _count_write(holder))
        return rejected

    def _admit(self, request: HttpRequest) -> HttpResponse | None:
        """Return the answer to a request that goes no further; None for one that does."""
        peer = peer_of(request.META.get("REMOTE_ADDR", ""))
        if request.path_info in PUBLIC:
            return _limited(request, running().anonymous.take(f"public {peer}"))
        header = request.headers.get("Authorization", "")
        holder = authenticate(header[len(_SCHEME) :]) if header[: len(_SCHEME)].lower() == _SCHEME else None
        if holder is None:
            limited = _limited(request, running().anonymous.take(f"rejected {peer}"))
            return limited or _unauthenticated(request)
        request.META["fairstream.holder"] = holder
        return _limited(request, _count_read(holder) if request.method in _READING else _count_write(holder))


def holder_of(request: HttpRequest) -> Holder | None:
    """Return who makes a request; None on a public route."""
    holder = request.META.get("fairstream.holder")
    return holder if isinstance(holder, Holder) else None


def _reject_query(request: HttpRequest, known: frozenset[str]) -> HttpResponse | None:
    """Reject unknown and repeated names: with fewer filters than were meant, the answer would be wrong."""
    if not known.issuperset(request.GET):
        names = f"Known: {', '.join(sorted(known))}." if known else "There are none."
        return answer_error(request, 422, f"A parameter is unknown. {names}")
    repeated = [name for name in request.GET if len(request.GET.getlist(name)) > 1]
    return answer_error(request, 422, "A parameter is given more than once.", parameters=repeated) if repeated else None


def _count_read(holder: Holder) -> float:
    return running().reads.take(holder.token_id, holder.limits.reads_per_min)


def _count_write(holder: Holder) -> float:
    return running().writes.take(holder.token_id, holder.limits.writes_per_min)


def _limited(request: HttpRequest, wait_s: float) -> HttpResponse | None:
    if not wait_s:
        return None
    response = answer_error(request, 429)
    response["Retry-After"] = str(math.ceil(wait_s))
    return response


def _unauthenticated(request: HttpRequest) -> HttpResponse:
    response = answer_error(request, 401)
    response["WWW-Authenticate"] = 'Bearer realm="FairStream"'
    return response


def _as_json(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return an answer; an error that is a page, such as one of Django's own, is replaced."""
    if response.status_code < _ERROR or response.get("Content-Type") == "application/json":
        return response
    replaced = answer_error(request, response.status_code)
    if "Allow" in response:
        replaced["Allow"] = response["Allow"].replace("GET", "GET, HEAD")
    return replaced
