"""Health for supervisors and load balancers: public, in one word."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import PUBLIC, page
from stream_app.web_app.projection.freshness import freshness


@page(PUBLIC)
def live(_request: HttpRequest) -> HttpResponse:
    """Answer while the process runs."""
    return _word("ok", 200)


@page(PUBLIC)
def ready(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the database answers and everything in Kafka is stored, else 503."""
    return _word("ok", 200) if freshness().is_current else _word("stale", 503)


def _word(word: str, status: int) -> HttpResponse:
    return HttpResponse(f"{word}\n", status=status, content_type="text/plain; charset=utf-8")
