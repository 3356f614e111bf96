"""``/api/health``: one word, without a token."""

from __future__ import annotations

from typing import Literal

import msgspec
from django.http import HttpRequest, HttpResponse

from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.paging import answer
from stream_app.web_app.projection.freshness import freshness


class Health(msgspec.Struct, frozen=True):
    """How the web application is.

    Attributes:
        status: ``ok`` while the database answers and everything in Kafka is stored, else ``stale``.
    """

    status: Literal["ok", "stale"]


@route(Route("/health", answers=Health, example={"status": "ok"}, other_statuses=(503,)))
def health(request: HttpRequest) -> HttpResponse:
    """Say whether answers are current: 200, or 503 with the status stale."""
    is_current = freshness().is_current
    response = answer(Health("ok" if is_current else "stale"))
    response.status_code = 200 if is_current else 503
    return response
